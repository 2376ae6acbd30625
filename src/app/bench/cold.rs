//! `cold-zones`: zones that work in turns, nine in ten of them out of memory, held against the disk.

use super::measure::{Case, Sample};
use super::plain::disk;
use super::workload::{Workload, sample, sized};
use crate::prelude::*;

myriad::params! {
    /// Nothing can be varied.
    struct Nothing {}
}

/// Zones, of which a few work at each tick.
const ZONES: u32 = 2_400;
/// Ticks from one turn of a zone to its next.
const TURN: u32 = 240;
/// Turns that each zone has.
const TURNS: u32 = 3;
/// What of the agents may be in memory.
const PERCENT: u64 = 10;

/// What an agent remembers.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Ledger([u64; 14]);

/// Everybody of the zone whose turn it is adds up what it remembers.
fn work(mut due: Due<(Ledger,)>) {
    let mut due = due.open();
    while let Some(mut event) = due.next() {
        let (Ledger(words),) = &mut event.rows;
        words[(event.tick.0 % 14) as usize] =
            words.iter().fold(event.id.0 as u64, |sum, word| sum.rotate_left(5) ^ word);
        let next = event.tick + TURN as u64;
        event.wake_at(next);
    }
}

/// The model.
struct Shifts;

impl Scenario for Shifts {
    type Params = Nothing;
    const NAME: &'static str = "shifts";
    const ABOUT: &'static str = "zones work in turns";

    fn build(_: &Nothing, sim: &mut Builder) -> Result<(), RunError> {
        let agents = sim.agents() as u32;
        sim.zones(ZONES as usize);
        sim.settle::<(Ledger,)>(agents as u64, move |zone, settlement| {
            for id in (zone.0..agents).step_by(ZONES as usize) {
                settlement.add(AgentId(id), (Ledger([id as u64; 14]),), Some(Tick((zone.0 % TURN) as u64)));
            }
        });
        sim.on_due(work);
        Ok(())
    }
}

fn run(case: &Case, memory: Option<Budget>) -> Result<RunReport, RunError> {
    let options = RunOptions {
        agents: Some(case.agents),
        workers: Some(case.workers),
        span: Some(Span::Ticks((TURN * TURNS) as u64)),
        pin: true,
        memory,
        ..RunOptions::default()
    };
    Simulation::of::<Shifts>(Params::defaults()).options(options).watch(&mut NoWatch)
}

pub struct ColdZones;

impl Workload for ColdZones {
    fn name(&self) -> &'static str {
        "cold-zones"
    }

    fn unit(&self) -> &'static str {
        "GB"
    }

    fn about(&self) -> &'static str {
        "cold-zones: agents of 124 bytes in 2,400 zones that work in turns, at a memory budget of 10%: a zone is read \
         from the disk, visited and written again; bound: as many bytes written there and read back in pieces as \
         large, past the page cache, by one thread"
    }

    fn bound_name(&self) -> &'static str {
        "the disk"
    }

    fn cases(&self, quick: bool, workers: usize) -> Vec<Case> {
        sized(&[if quick { 240_000 } else { 4_000_000 }], workers)
    }

    fn guess(&self, case: &Case) -> f64 {
        1.0 + case.agents as f64 * 3e-6
    }

    fn measure(&self, case: &Case) -> Result<Sample, RunError> {
        let report = run(case, Some(Budget::new(Allowance::Rows(PERCENT), std::env::temp_dir())))?;
        let Some(tiers) = report.tiers.clone() else { unreachable!("there was a budget") };
        let mut sample = sample(report, 0.0)?;
        let bytes_each = tiers.frozen_bytes as f64 / tiers.frozen.max(1) as f64;
        sample.count = bytes_each * (tiers.frozen + tiers.thawed) as f64 / 1e9;
        sample.facts.extend([
            ("thawed".to_owned(), tiers.thawed as f64),
            ("foreseen".to_owned(), tiers.foreseen as f64),
            ("thaw_ms_p50".to_owned(), tiers.thaw_ns.p50 as f64 / 1e6),
            ("thaw_ms_p99".to_owned(), tiers.thaw_ns.p99 as f64 / 1e6),
            ("thaw_ms_max".to_owned(), tiers.thaw_ns.max as f64 / 1e6),
        ]);
        Ok(sample)
    }

    fn bound(&self, case: &Case, _: u64) -> Sample {
        let zone = case.agents.div_ceil(ZONES as u64) * (12 + size_of::<Ledger>() as u64);
        disk::there_and_back(&std::env::temp_dir(), zone, (ZONES * (TURNS - 1)) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_are_out_of_memory_and_nothing_shows_it() {
        let case = Case { what: String::new(), agents: 24_000, workers: 2 };
        let plain = run(&case, None).unwrap();
        let tiered = run(&case, Some(Budget::new(Allowance::Rows(PERCENT), std::env::temp_dir()))).unwrap();
        assert_eq!((plain.digest, plain.transitions), (tiered.digest, tiered.transitions));
        let tiers = tiered.tiers.unwrap();
        assert!(tiers.thawed > (ZONES * (TURNS - 1) * 8 / 10) as u64, "{tiers:?}");
        assert!(tiers.foreseen > tiers.thawed * 9 / 10, "{tiers:?}");
    }
}
