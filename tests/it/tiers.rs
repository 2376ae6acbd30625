//! Zones that leave memory while they sleep, and what comes of it: nothing that a result shows.

use std::sync::Arc;

use myriad::prelude::*;
use myriad::store::{Backend, Mem};

use crate::law::{Courier, Law, NoParams};

fn memory(percent: u64) -> Budget {
    let disk = Mem::default();
    disk.create_folder("cold".as_ref()).unwrap();
    Budget { disk: Arc::new(disk), ..Budget::new(Allowance::Rows(percent), "cold") }
}

/// What of a run can be told from outside.
#[derive(PartialEq, Debug)]
struct Seen {
    digests: Vec<Digest>,
    transitions: u64,
    /// What a system of the hub says that looks at everybody.
    counted: i64,
}

/// Runs in steps of so many ticks, and tells the digest after each; with what became of zones.
fn run<S: Scenario>(
    experiment: Experiment<S>,
    steps: &[u64],
    end: u64,
    ask: impl Fn(&mut Engine) -> i64,
) -> (Seen, Option<Tiers>) {
    let mut engine = experiment.build().unwrap();
    let mut digests = Vec::new();
    let mut step = steps.iter().cycle();
    while engine.now() < Tick(end) {
        let next = Tick((engine.now().0 + step.next().unwrap()).min(end));
        while engine.now() < next {
            engine.advance(next).unwrap();
        }
        digests.push(engine.digest());
    }
    (Seen { digests, transitions: engine.transitions(), counted: ask(&mut engine) }, engine.tiers())
}

fn fuel(engine: &mut Engine) -> i64 {
    let all =
        |all: All<Courier>| all.sum(|id, courier| courier.fuel * (1 + id.0 as i64 % 7)) + all.iter().count() as i64;
    engine.ask(all).unwrap()
}

fn law(workers: usize, shards: usize, stepping: Stepping, memory: Option<Budget>) -> Experiment<Law> {
    let options = RunOptions {
        agents: Some(500),
        workers: Some(workers),
        shards,
        stepping,
        upheaval: if shards > 1 { 3 } else { 0 },
        memory,
        ..RunOptions::default()
    };
    Simulation::of::<Law>(NoParams::defaults()).options(options)
}

#[test]
fn whoever_is_out_of_memory_comes_back_as_if_nothing_had_been() {
    for steps in [vec![10], vec![1, 4, 7, 13]] {
        let (straight, none) = run(law(2, 24, Stepping::Event, None), &steps, 400, fuel);
        assert!(straight.transitions > 2_000 && none.is_none());
        for percent in [100, 30, 10] {
            for (workers, shards) in [(1, 1), (2, 24), (2, 5)] {
                for stepping in [Stepping::Event, Stepping::Dense] {
                    let (seen, tiers) = run(law(workers, shards, stepping, Some(memory(percent))), &steps, 400, fuel);
                    let case =
                        format!("{percent}%, {workers} workers, {shards} shards, {stepping}, steps of {steps:?}");
                    assert_eq!(straight, seen, "{case}");
                    let tiers = tiers.unwrap();
                    assert_eq!(tiers.frozen - tiers.thawed, tiers.asleep, "{case}: {tiers:?}");
                    assert!(percent == 100 || tiers.thawed > 100, "{case}: {tiers:?}");
                }
            }
        }
    }
}
