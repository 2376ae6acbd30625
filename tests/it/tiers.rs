//! Zones that leave memory while they sleep, and what comes of it: nothing that a result shows.

use std::sync::Arc;

use myriad::prelude::*;
use myriad::scenarios::City;
use myriad::sim::Engine;
use myriad::store::{Backend, Fault, Mem, Refusal, Saved, Sim};

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
        shards: Some(shards),
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

#[test]
fn a_city_is_the_same_at_any_budget() {
    let run = |stepping, detail, memory| {
        let options = RunOptions {
            agents: Some(3_000),
            workers: Some(2),
            stepping,
            detail,
            start: Some(DateTime::new_const(1999, 5, 4, 7, 30, 0)),
            memory,
            ..RunOptions::default()
        };
        let mut engine = Simulation::of::<City>(Params::defaults()).options(options).build().unwrap();
        let mut digests = Vec::new();
        for turn in 1..=5 {
            while engine.now() < Tick(turn * 650) {
                engine.advance(Tick(turn * 650)).unwrap();
            }
            digests.push(engine.digest());
        }
        (digests, engine.transitions(), engine.tiers().map_or(0, |tiers| tiers.thawed))
    };
    let straight = run(Stepping::Event, DetailPolicy::Auto, None);
    assert!(straight.1 > 100, "{}", straight.1);
    for percent in [100, 30, 10] {
        let event = run(Stepping::Event, DetailPolicy::Auto, Some(memory(percent)));
        assert_eq!((&straight.0, straight.1), (&event.0, event.1), "{percent}%");
        assert!(percent == 100 || event.2 > 50, "{} came back", event.2);
    }
    let active = run(Stepping::Event, DetailPolicy::Active, Some(memory(50)));
    assert_eq!((&straight.0, straight.1), (&active.0, active.1), "visited at every tick");
}

/// Saved while it runs, with zones out of memory that were and were not changed since; and brought back to any budget.
#[test]
fn what_is_out_of_memory_is_saved_and_brought_back() {
    let straight = run(law(2, 24, Stepping::Event, None), &[10], 400, fuel);
    let mut engine = law(2, 3, Stepping::Event, Some(memory(10))).build().unwrap();
    let mut digests = Vec::new();
    for turn in 1..=40 {
        while engine.now() < Tick(turn * 10) {
            engine.advance(Tick(turn * 10)).unwrap();
        }
        digests.push(engine.digest());
        let saved = engine.save().unwrap();
        assert_eq!(saved.digest(), engine.digest());
        if turn % 3 == 0 {
            let memory = [None, Some(memory(10)), Some(memory(60))][turn as usize % 9 / 3].clone();
            engine = law(2, 5, Stepping::Event, memory).revive(&saved).unwrap();
        }
    }
    assert_eq!(straight.0.digests, digests);
}

struct Warned(Vec<String>);

impl Watch for Warned {
    fn warn(&mut self, what: &str) {
        self.0.push(what.to_owned());
    }
}

/// A disk on which something goes wrong once so many things were done to it.
fn faulty(nth: usize, fault: Fault, refusal: Refusal) -> Budget {
    let disk = Sim::default();
    disk.create_folder("cold".as_ref()).unwrap();
    disk.fail(nth, fault, refusal);
    Budget { disk: Arc::new(disk), ..Budget::new(Allowance::Rows(10), "cold") }
}

#[test]
fn zones_stay_in_memory_if_the_disk_takes_no_more() {
    let watched = |memory| {
        let mut warned = Warned(Vec::new());
        let options = RunOptions {
            agents: Some(500),
            workers: Some(1),
            shards: Some(2),
            upheaval: 3,
            span: Some(Span::Ticks(400)),
            memory,
            ..RunOptions::default()
        };
        let report = Simulation::of::<Law>(NoParams::defaults()).options(options).watch(&mut warned).unwrap();
        (report, warned.0)
    };
    let (straight, _) = watched(None);
    let mut refused = 0;
    for nth in (0..400).step_by(23) {
        for (fault, refusal) in
            [(Fault::Change, Refusal::Full), (Fault::ShortWrite, Refusal::Full), (Fault::Change, Refusal::Broken)]
        {
            let (report, warned) = watched(Some(faulty(nth, fault, refusal)));
            assert_eq!((&report.digest, report.transitions), (&straight.digest, straight.transitions));
            assert!(report.invariants.values().all(|&held| held));
            let named = |warning: &String| warning.contains("`cold`") && warning.ends_with("zones stay in memory");
            assert!(warned.iter().all(named), "{warned:?}");
            refused += warned.len();
        }
    }
    assert!(refused > 30, "{refused} refusals");
}

#[test]
fn a_zone_that_cannot_be_read_ends_the_run_by_name() {
    let mut ended = 0;
    for nth in (0..300).step_by(17) {
        let mut engine = law(2, 3, Stepping::Event, Some(faulty(nth, Fault::Read, Refusal::Broken))).build().unwrap();
        let error = loop {
            if engine.now() == Tick(400) {
                break None;
            }
            if let Err(error) = engine.advance(Tick(400)) {
                break Some(error.to_string());
            }
            // Nothing is saved of which a part is missing.
            match engine.save() {
                Ok(saved) => assert_eq!(saved.digest(), engine.digest()),
                Err(error) => break Some(error.to_string()),
            }
        };
        if let Some(error) = error {
            assert!(error.starts_with("cannot bring a cold zone back from `cold`"), "{error}");
            ended += 1;
        }
    }
    assert!(ended > 10, "{ended} ended");
}

/// MiB that a process has in memory; `None` if it has ended.
#[cfg(target_os = "linux")]
fn resident_mib(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))?;
    Some(kilobytes.parse::<u64>().unwrap() >> 10)
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_keeps_within_its_memory_budget_once_it_is_under_way() {
    const BUDGET: u64 = 150;
    let words = format!(
        "--agents 400k --ticks 2000 --start 1999-05-04T07:00 --json --progress none --memory-budget {BUDGET}MiB"
    );
    let mut child = crate::command::myriad(words.split(' ')).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut seen = Vec::new();
    while child.try_wait().unwrap().is_none() {
        seen.extend(resident_mib(child.id()));
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let said = child.wait_with_output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
    // What setting up took is let go of in the first half; at the end all zones are looked at once more.
    let half = seen.len() / 2;
    seen[half..].sort_unstable();
    let (mostly, most) = (seen[half + half * 3 / 4], seen[seen.len() - 1]);
    assert!(mostly <= BUDGET * 17 / 16 && most <= BUDGET * 5 / 4, "{mostly} to {most} MiB of {BUDGET}: {seen:?}");
    let tiers = |name: &str| report["tiers"][name].as_u64().unwrap() >> 20;
    let without = mostly + tiers("all_bytes") - tiers("awake_bytes");
    assert!(without > BUDGET * 5 / 4, "{without} MiB would do without: {}", report["tiers"]);
}
