//! A small model whose systems trust their rows, as models do: what its checks let through must not make it panic.

use myriad::params;
use myriad::prelude::*;

pub const ZONES: u32 = 4;
pub const WALKERS: u64 = 10;
pub const INTERVAL: u32 = 5;
const STEPS: [u32; 4] = [1, 2, 3, 5];
const FUEL_MAX: i64 = 1 << 40;

/// Walks on at `next`, by the step of its gait.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Walker {
    pub fuel: i64,
    pub gait: u32,
    pub next: u32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Inn {
    pub last_guest: u32,
}

/// Fuel, and a gait to take up.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Word {
    pub fuel: i32,
    pub gait: u32,
}

params! {
    /// What can be varied of it.
    pub struct WalkParams {
        /// Steps.
        steps: i64 = 3, 1 ..= 100;
        /// Haste.
        haste: f64 = 0.5, 0.0 ..= 1.0;
    }
}

pub struct Walk;

impl Scenario for Walk {
    type Params = WalkParams;
    const NAME: &'static str = "walk";
    const ABOUT: &'static str = "walkers and inns";

    fn timing(_: &WalkParams) -> Timing {
        Timing { exchange_ticks: INTERVAL, agents: WALKERS, span: Span::Ticks(100), ..Timing::default() }
    }

    fn build(_: &WalkParams, sim: &mut Builder) -> Result<(), RunError> {
        sim.zones(ZONES as usize).messages::<Word>();
        sim.settle::<(Walker,)>(WALKERS, |zone, settlement| {
            for id in (zone.0..WALKERS as u32).step_by(ZONES as usize) {
                settlement.add(
                    AgentId(id),
                    (Walker { fuel: 100, gait: id % 4, next: 1 + id },),
                    Some(Tick(1 + id as u64)),
                );
            }
        });
        sim.settle::<(Inn,)>(ZONES as u64, |zone, settlement| {
            settlement.add(AgentId(WALKERS as u32 + zone.0), (Inn { last_guest: 0 },), None);
        });
        sim.check_rows::<(Walker,)>(|standing, (walker,)| {
            let is_woken = standing.wake == Some(Tick((walker.next as u64).max(standing.arrives.0)));
            match walker.gait < 4 && walker.fuel.unsigned_abs() < FUEL_MAX as u64 && is_woken {
                true => Ok(()),
                false => Err(format!("gait {}, fuel {}, next {}", walker.gait, walker.fuel, walker.next)),
            }
        });
        sim.check_rows::<(Inn,)>(|standing, (inn,)| match inn.last_guest < WALKERS as u32 && standing.wake.is_none() {
            true => Ok(()),
            false => Err(format!("guest {}", inn.last_guest)),
        });
        sim.check_letters::<Word>(|sent, word| match word.gait < 4 && sent.from.is_some() {
            true => Ok(()),
            false => Err(format!("gait {}", word.gait)),
        });
        sim.on_due(walk).on_due(host);
        sim.collect("fuel", 10, |all: All<Walker>| all.iter().map(|(_, walker)| walker.fuel as f64).sum::<f64>());
        Ok(())
    }
}

fn walk(mut due: Due<(Walker,), Word>, here: Here, mut mail: Mailbox<Word>) {
    let mut due = due.open();
    while let Some(mut event) = due.next() {
        let (walker,) = &mut event.rows;
        match event.cause {
            Cause::Message { from: _, body } => {
                walker.fuel += body.fuel as i64;
                walker.gait = body.gait;
            }
            Cause::Wake => {
                let step = STEPS[walker.gait as usize];
                walker.fuel -= step as i64;
                walker.next = event.tick.0 as u32 + step;
                let (gait, inn) = ((walker.gait + 1) % 4, AgentId(WALKERS as u32 + (here.zone().0 + step) % ZONES));
                mail.send(event.tick, event.id, inn, Word { fuel: step as i32, gait });
                let next = walker.next;
                event.wake_at(Tick(next as u64));
                if step == 5 {
                    event.travel(ZoneId((here.zone().0 + 1) % ZONES));
                }
            }
        }
    }
}

fn host(mut due: Due<(Inn,), Word>, mut mail: Mailbox<Word>) {
    let mut due = due.open();
    while let Some(mut event) = due.next() {
        let (inn,) = &mut event.rows;
        if let Cause::Message { from, body } = event.cause {
            mail.send(event.tick, event.id, AgentId(inn.last_guest), body);
            inn.last_guest = if from.0 < WALKERS as u32 { from.0 } else { 0 };
        }
    }
}
