//! Drives ixa: an epidemic among people who meet anybody, as ixa's own benchmark has it. One plan is due at a time: the
//! next thing that happens to anybody, an infectious contact or a recovery (Gillespie's direct method).

use driver::{Figures, Task};
use ixa::prelude::*;
use ixa::with;

define_entity!(Person);
define_property!(
    enum Status {
        Susceptible,
        Infectious,
        Recovered,
    },
    Person,
    default_const = Status::Susceptible
);
define_rng!(NextRng);
define_rng!(WhomRng);

/// Rates of one who is infectious, a day.
#[derive(Clone, Copy)]
struct Rates {
    contact: f64,
    recovery: f64,
}

fn count(context: &Context, status: Status) -> usize {
    context.query_entity_count(with!(Person, status))
}

fn plan_next(context: &mut Context, rates: Rates) {
    let infectious = count(context, Status::Infectious) as f64;
    if infectious > 0.0 {
        // An exponential time, by inversion; 1 less a number below 1 is never 0.
        let unit: f64 = context.sample_range(NextRng, 0.0..1.0);
        let wait = -(1.0 - unit).ln() / (infectious * (rates.contact + rates.recovery));
        let at = context.get_current_time() + wait;
        context.add_plan(at, move |context| happen(context, rates));
    }
}

fn happen(context: &mut Context, rates: Rates) {
    if context.sample_bool(NextRng, rates.contact / (rates.contact + rates.recovery)) {
        let whom = context.sample_entity(WhomRng, Person).expect("there are people");
        if context.get_property::<Person, Status>(whom) == Status::Susceptible {
            context.set_property(whom, Status::Infectious);
        }
    } else {
        let who = context.sample_entity(WhomRng, with!(Person, Status::Infectious)).expect("somebody is infectious");
        context.set_property(who, Status::Recovered);
    }
    plan_next(context, rates);
}

fn set_up(task: &Task) -> Context {
    let mut context = Context::new();
    context.init_random(task.seed);
    // By status: to count, and to draw one of those who are infectious.
    context.index_property::<Person, Status>();
    let first = (task.set("first") / 100.0 * task.agents as f64).ceil() as usize;
    for nth in 0..task.agents {
        let status = if nth < first { Status::Infectious } else { Status::Susceptible };
        context.add_entity(with!(Person, status)).expect("a person");
    }
    let recovery = 1.0 / task.set("infectious");
    plan_next(&mut context, Rates { contact: task.set("r0") * recovery, recovery });
    context
}

fn day(context: &mut Context) {
    let end = context.get_current_time() + 1.0;
    context.schedule_shutdown(end);
    context.execute();
}

fn look(context: &Context, day: u64, figures: &mut Figures) {
    let people = context.get_entity_count::<Person>() as f64;
    for (name, status) in [("susceptible", Status::Susceptible), ("infectious", Status::Infectious)] {
        figures.insert(format!("{name} on day {day}"), count(context, status) as f64 / people);
    }
}

fn main() {
    let task = Task::of_command_line();
    match task.model.as_str() {
        "sir" => task.run("ixa", "4.0.0", set_up, day, look),
        _ => task.unknown(),
    }
}
