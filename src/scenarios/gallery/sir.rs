//! An epidemic (W. O. Kermack and A. G. McKendrick, "A Contribution to the Mathematical Theory of Epidemics",
//! Proceedings of the Royal Society A 115, 1927) among people who meet anybody, with the parameters of ixa's benchmark
//! (github.com/CDCgov/ixa): in continuous time whoever is infectious meets others at a constant rate and recovers after
//! an exponential time. A tick is a thousandth of a day. Only those to whom something happens cost anything.

use crate::prelude::*;

params! {
    /// What can be varied.
    pub struct Settings {
        /// People whom one infects on average, were all others susceptible.
        r0: f64 = 1.5, 0.0 ..= 100.0;
        /// Days for which one is infectious, on average.
        infectious: f64 = 3.0, 0.01 ..= 1_000.0;
        /// People infected at the start, of a hundred.
        first: f64 = 10.0, 0.0 ..= 100.0;
    }
}

const SUSCEPTIBLE: u32 = 0;
const INFECTIOUS: u32 = 1;
const RECOVERED: u32 = 2;
/// Ticks in a day.
const DAY: f64 = 1_000.0;

/// Somebody: what one is, and the tick of recovery.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Person {
    state: u32,
    recovers: u32,
}
/// A meeting with somebody infectious.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Contact(u32);

/// The tick at which one who is infectious meets the next, if that is before the recovery.
fn next(person: &Person, tick: Tick, settings: &Settings, draws: &mut Draws) -> Tick {
    let wait = exponential(draws, settings.infectious / settings.r0 * DAY);
    (tick + wait.min(1e9) as u64).min(Tick(person.recovers as u64))
}

fn infect(person: &mut Person, tick: Tick, settings: &Settings, draws: &mut Draws) -> Tick {
    let recovers = tick + 1 + exponential(draws, settings.infectious * DAY).min(1e9) as u64;
    *person = Person { state: INFECTIOUS, recovers: recovers.0 as u32 };
    next(person, tick, settings, draws)
}

fn live(mut due: Due<(Person,), Contact>, settings: Shared<Settings>, dice: Dice, mut mail: Mailbox<Contact>) {
    let mut due = due.open();
    while let Some(mut event) = due.next() {
        let (tick, id) = (event.tick, event.id);
        let mut draws = dice.draws(Stream::named("sir"), id, tick);
        match event.cause {
            Cause::Message { .. } if event.rows.0.state == SUSCEPTIBLE => {
                let next = infect(event.rows.0, tick, &settings, &mut draws);
                event.wake_at(next);
            }
            Cause::Message { .. } => {}
            Cause::Wake if tick >= Tick(event.rows.0.recovers as u64) => event.rows.0.state = RECOVERED,
            Cause::Wake => {
                let whom = dice.anyone(Stream::named("sir/whom"), id, tick);
                mail.send(tick, id, whom, Contact(0));
                let next = next(event.rows.0, tick, &settings, &mut draws);
                event.wake_at(next);
            }
        }
    }
}

fn share(state: u32, of: u64) -> impl Fn(All<Person>) -> f64 {
    move |all: All<Person>| all.sum(|_, person| u64::from(person.state == state)) as f64 / of.max(1) as f64
}

/// The model.
pub struct Sir;

impl Scenario for Sir {
    type Params = Settings;
    const NAME: &'static str = "sir";
    const ABOUT: &'static str = "an epidemic among people who meet anybody (Kermack and McKendrick, 1927)";

    fn timing(_: &Settings) -> Timing {
        Timing { tick_ms: 86_400, exchange_ticks: 10, agents: 10_000, span: Span::Ticks(10_000), ..Timing::default() }
    }

    fn build(settings: &Settings, sim: &mut Builder) -> Result<(), RunError> {
        let (seed, zones) = (sim.seed(), sim.agents().div_ceil(4_096).max(1) as u32);
        let (agents, settings) = (sim.agents(), std::sync::Arc::new(settings.clone()));
        sim.zones(zones as usize).share(settings.clone()).messages::<Contact>();
        sim.settle::<(Person,)>(agents, move |zone, settlement| {
            for id in (zone.0..agents as u32).step_by(zones as usize).map(AgentId) {
                let mut draws = seed.draws(Stream::named("sir/first"), id, Tick(0));
                let mut person = Person { state: SUSCEPTIBLE, recovers: 0 };
                let is_first = (id.0 as f64) < settings.first / 100.0 * agents as f64;
                let wake = is_first.then(|| infect(&mut person, Tick(0), &settings, &mut draws));
                settlement.add(id, (person,), wake);
            }
        });
        sim.on_due(live).collect("susceptible", 1_000, share(SUSCEPTIBLE, agents));
        sim.collect("infectious", 1_000, share(INFECTIOUS, agents));
        sim.collect("recovered", 1_000, share(RECOVERED, agents));
        Ok(())
    }
}
