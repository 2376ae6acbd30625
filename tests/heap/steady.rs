//! Once its buffers have grown to what a model needs, a running engine allocates nothing.

use std::sync::atomic::Ordering::Relaxed;

use myriad::prelude::*;

use crate::{ALLOCATIONS, alone};

const AGENTS: u32 = 20_000;
const ZONES: u32 = 100;
const INTERVAL: u64 = 10;

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Walker {
    heard: u64,
    walks: u64,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Word(pub u64);

/// Everybody wakes once in an interval, writes to two others and walks on to the next zone: the same traffic always.
fn walk(mut due: Due<(Walker,), Word>, here: Here, mut mail: Mailbox<Word>) {
    let mut due = due.open();
    while let Some(mut event) = due.next() {
        let (walker,) = &mut event.rows;
        match event.cause {
            Cause::Message { body, .. } => walker.heard += body.0,
            Cause::Wake => {
                walker.walks += 1;
                for step in [7_919, 104_729] {
                    mail.send(event.tick, event.id, AgentId((event.id.0 + step) % AGENTS), Word(1));
                }
                event.wake_at(event.tick + INTERVAL);
                event.travel(ZoneId((here.zone().0 + 1) % ZONES));
            }
        }
    }
}

myriad::params! {
    /// None.
    pub struct Nothing {}
}

pub struct Walkers;

impl Scenario for Walkers {
    type Params = Nothing;
    const NAME: &'static str = "walkers";
    const ABOUT: &'static str = "the same traffic in every interval";

    fn timing(_: &Nothing) -> Timing {
        Timing { exchange_ticks: INTERVAL as u32, ..Timing::default() }
    }

    fn build(_: &Nothing, sim: &mut Builder) -> Result<(), RunError> {
        sim.zones(ZONES as usize).messages::<Word>();
        sim.settle::<(Walker,)>(AGENTS as u64, |zone, settlement| {
            for id in (zone.0..AGENTS).step_by(ZONES as usize) {
                settlement.add(AgentId(id), (Walker { heard: 0, walks: 0 },), Some(Tick(id as u64 % INTERVAL)));
            }
        });
        sim.on_due(walk);
        Ok(())
    }
}

#[test]
fn a_steady_engine_allocates_nothing() {
    let _alone = alone();
    for stepping in [Stepping::Event, Stepping::Dense] {
        let options = RunOptions { stepping, workers: Some(2), balance: false, ..RunOptions::default() };
        let mut engine = Simulation::of::<Walkers>(Nothing::defaults()).options(options).build().unwrap();
        let mut run_to = |interval: u64| {
            while engine.now() < Tick(interval * INTERVAL) {
                engine.advance(Tick(interval * INTERVAL)).unwrap();
            }
            engine.transitions()
        };
        let before = run_to(3 * ZONES as u64);
        let allocated = ALLOCATIONS.load(Relaxed);
        // Short of the simulated hour at whose end invariants are checked.
        let after = run_to(3 * ZONES as u64 + 50);
        let allocated = ALLOCATIONS.load(Relaxed) - allocated;
        assert_eq!(after - before, 50 * AGENTS as u64);
        assert_eq!(allocated, 0, "allocations in 50 intervals, {stepping} stepping");
    }
}
