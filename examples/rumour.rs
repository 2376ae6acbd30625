//! A rumour among people who wander about and call each other: `cargo run --release --example rumour -- --agents 10k`.
//! The tutorial grows it step by step.

use myriad::prelude::*;

myriad::params! {
    /// What can be varied.
    pub struct Settings {
        /// Metres of square for each person.
        space: f64 = 10.0, 0.1 ..= 1e6;
        /// Metres within which people hear each other.
        hearing: f64 = 2.0, 0.1 ..= 100.0;
        /// Probability that somebody who knows tells one who is near, in a tick.
        telling: f64 = 0.2, 0.0 ..= 1.0;
        /// Probability that somebody who knows calls anybody, in a tick.
        calling: f64 = 0.02, 0.0 ..= 1.0;
    }
}

located! {
    /// Somebody: where, and whether the rumour has come there (1) or not (0).
    pub struct Person { at: [f64; 2], knows: u64 }
}
/// The rumour, by telephone.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Call {
    ticks_old: u32,
}

fn answer(mut due: Due<(Person,), Call>) {
    let mut due = due.open();
    while let Some(Event { rows: (person,), .. }) = due.next() {
        person.knows = 1;
    }
}

fn wander(
    mut people: Field<Person, 2>,
    settings: Shared<Settings>,
    dice: Dice,
    clock: Clock,
    mut calls: Mailbox<Call>,
) {
    people.step(|id, person, near| {
        let mut draws = dice.draws(Stream::named("wander"), id, clock.now());
        if person.knows == 1 {
            if draws.unit() < settings.calling {
                let whom = dice.anyone(Stream::named("call"), id, clock.now());
                calls.send(clock.now(), id, whom, Call { ticks_old: clock.now().0 as u32 });
            }
        } else {
            near.each(|other, _, _| {
                if other.knows == 1 && draws.unit() < settings.telling {
                    person.knows = 1;
                }
            });
        }
        person.at = person.at.map(|at| at + draws.unit() - 0.5);
    });
}

/// The share of people who know.
fn share(people: All<Person>) -> f64 {
    people.sum(|_, person| person.knows) as f64 / people.sum(|_, _| 1_u64) as f64
}

/// The model.
pub struct Rumour;

impl Scenario for Rumour {
    type Params = Settings;
    const NAME: &'static str = "rumour";
    const ABOUT: &'static str = "a rumour goes around among people who wander about";

    fn timing(_: &Settings) -> Timing {
        Timing { agents: 1_000, span: Span::Ticks(200), ..Timing::default() }
    }

    fn build(settings: &Settings, sim: &mut Builder) -> Result<(), RunError> {
        let side = (sim.agents() as f64 * settings.space).sqrt();
        let square = Continuous::new([side, side], settings.hearing);
        sim.share(settings.clone().into()).messages::<Call>();
        sim.field(square, sim.agents(), move |id, draws| Person {
            at: [side * draws.unit(), side * draws.unit()],
            knows: u64::from(id.0 < 5),
        });
        sim.on_due(answer).every_tick(wander).collect("share", 10, share);
        Ok(())
    }
}

fn main() -> std::process::ExitCode {
    myriad::app::main_with(&[&Entry::<Rumour>::NEW])
}
