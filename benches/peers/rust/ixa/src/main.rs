//! Drives ixa: an epidemic among people who meet anybody, in two ways.
//!
//! As ixa's own benchmark has it, one plan is due at a time: the next thing that happens to anybody, an infectious
//! contact or a recovery (Gillespie's direct method). With `--set by_person=1` each who is infectious has a plan of its
//! own, as people in Myriad have, and as a model needs in which people differ.

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

/// A time from now, exponential with this rate: by inversion; 1 less a number below 1 is never 0.
fn after(context: &Context, rate: f64) -> f64 {
    let unit: f64 = context.sample_range(NextRng, 0.0..1.0);
    context.get_current_time() - (1.0 - unit).ln() / rate
}

fn plan_next(context: &mut Context, rates: Rates) {
    let infectious = count(context, Status::Infectious) as f64;
    if infectious > 0.0 {
        let at = after(context, infectious * (rates.contact + rates.recovery));
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

fn infect(context: &mut Context, who: PersonId, rates: Rates) {
    context.set_property(who, Status::Infectious);
    let recovers = after(context, rates.recovery);
    plan_of(context, who, recovers, rates);
}

/// What one who is infectious does next.
fn plan_of(context: &mut Context, who: PersonId, recovers: f64, rates: Rates) {
    let at = after(context, rates.contact);
    if at < recovers {
        context.add_plan(at, move |context| meet(context, who, recovers, rates));
    } else {
        context.add_plan(recovers, move |context| context.set_property(who, Status::Recovered));
    }
}

fn meet(context: &mut Context, who: PersonId, recovers: f64, rates: Rates) {
    let whom = context.sample_entity(WhomRng, Person).expect("there are people");
    if context.get_property::<Person, Status>(whom) == Status::Susceptible {
        infect(context, whom, rates);
    }
    plan_of(context, who, recovers, rates);
}

fn set_up(task: &Task) -> Context {
    let mut context = Context::new();
    context.init_random(task.seed);
    let recovery = 1.0 / task.set("infectious");
    let (rates, by_person) = (Rates { contact: task.set("r0") * recovery, recovery }, task.is_on("by_person"));
    if !by_person {
        // To count, and to draw one of those who are infectious.
        context.index_property::<Person, Status>();
    }
    let first = (task.set("first") / 100.0 * task.agents as f64).ceil() as usize;
    for nth in 0..task.agents {
        let status = if nth < first && !by_person { Status::Infectious } else { Status::Susceptible };
        let who = context.add_entity(with!(Person, status)).expect("a person");
        if nth < first && by_person {
            infect(&mut context, who, rates);
        }
    }
    if !by_person {
        plan_next(&mut context, rates);
    }
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
