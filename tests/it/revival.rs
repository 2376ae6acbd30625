//! A world that is saved and brought back at every exchange goes on as if nothing had been.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use myriad::prelude::*;
use myriad::scenarios::City;
use myriad::store::{Chunk, Memory, Saved, Sink};

use crate::law::{Law, NoParams, Woken};

/// What of a run can be told from outside: it may not show that the run was ever put away.
#[derive(PartialEq, Debug)]
struct Seen {
    digests: Vec<Digest>,
    transitions: u64,
    counted: u64,
}

fn law(workers: usize, shards: usize, stepping: Stepping) -> Experiment<Law> {
    let options = RunOptions {
        agents: Some(500),
        workers: Some(workers),
        shards: Some(shards),
        stepping,
        upheaval: if shards > 1 { 3 } else { 0 },
        ..RunOptions::default()
    };
    Simulation::of::<Law>(NoParams::defaults()).options(options)
}

fn counted(total: Res<Total<Woken>>) -> u64 {
    total.0.0
}

/// Runs in steps of so many ticks, and puts the world away at each if `revive` says with what it comes back.
fn run(steps: &[u64], revive: impl Fn(u64) -> Option<Experiment<Law>>) -> Seen {
    let mut engine = law(2, 24, Stepping::Event).build().unwrap();
    let mut digests = Vec::new();
    let mut step = steps.iter().cycle();
    while engine.now() < Tick(400) {
        let end = Tick((engine.now().0 + step.next().unwrap()).min(400));
        while engine.now() < end {
            engine.advance(end).unwrap();
        }
        if let Some(experiment) = revive(engine.now().0) {
            let saved = engine.save().unwrap();
            assert_eq!(saved.digest(), engine.digest(), "the digest of the pieces is that of the world");
            engine = experiment.revive(&saved).unwrap();
            assert_eq!((engine.now(), engine.digest()), (Tick(saved.tick()), saved.digest()));
        }
        digests.push(engine.digest());
    }
    let counted = engine.ask(counted).unwrap();
    Seen { digests, transitions: engine.transitions(), counted }
}

#[test]
fn a_world_put_away_at_every_exchange_goes_on_as_if_nothing_had_been() {
    // Whole intervals of 10 ticks, and pauses inside them.
    for steps in [vec![10], vec![1, 4, 7, 13]] {
        let straight = run(&steps, |_| None);
        assert!(straight.transitions > 2_000, "{}", straight.transitions);
        for (workers, shards) in [(1, 1), (2, 24), (1, 24), (2, 5)] {
            for stepping in [Stepping::Event, Stepping::Dense] {
                let revived = run(&steps, |_| Some(law(workers, shards, stepping)));
                assert_eq!(straight, revived, "{workers} workers, {shards} shards, {stepping}, steps of {steps:?}");
            }
        }
        let turns = [(1, 1, Stepping::Event), (2, 24, Stepping::Dense), (2, 7, Stepping::Event)];
        let changing = run(&steps, |tick| {
            let (workers, shards, stepping) = turns[tick as usize % turns.len()];
            Some(law(workers, shards, stepping))
        });
        assert_eq!(straight, changing, "another machine every time");
    }
}

#[test]
fn a_city_put_away_goes_on_as_if_nothing_had_been() {
    let city = |workers, shards: usize, stepping| {
        let options = RunOptions {
            agents: Some(2_000),
            workers: Some(workers),
            shards: Some(shards),
            stepping,
            start: Some(DateTime::new_const(1999, 5, 4, 7, 30, 0)),
            ..RunOptions::default()
        };
        Simulation::of::<City>(Params::defaults()).options(options)
    };
    let run = |revive: Option<[(usize, usize, Stepping); 3]>| {
        let mut engine = city(2, 24, Stepping::Event).build().unwrap();
        let mut digests = Vec::new();
        for turn in 1..=18 {
            while engine.now() < Tick(turn * 1_900) {
                engine.advance(Tick(turn * 1_900)).unwrap();
            }
            if let Some(turns) = revive {
                let (workers, shards, stepping) = turns[turn as usize % 3];
                engine = city(workers, shards, stepping).revive(&engine.save().unwrap()).unwrap();
            }
            digests.push(engine.digest());
        }
        (digests, engine.transitions())
    };
    let straight = run(None);
    assert!(straight.1 > 1_000, "{}", straight.1);
    let event = Stepping::Event;
    assert_eq!(straight, run(Some([(1, 1, event), (2, 24, event), (1, 24, event)])));
    assert_eq!(straight, run(Some([(2, 3, Stepping::Dense), (1, 64, event), (2, 24, Stepping::Dense)])));
}

fn saved() -> Memory {
    let mut engine = law(1, 3, Stepping::Event).build().unwrap();
    engine.advance(Tick(10)).unwrap();
    engine.save().unwrap()
}

#[test]
fn a_snapshot_of_another_model_is_refused() {
    let error = Simulation::of::<City>(Params::defaults()).agents(500).revive(&saved()).map(|_| ()).unwrap_err();
    assert!(matches!(&error, RunError::Input(text) if text.contains("another model")), "{error}");
}

#[test]
fn a_snapshot_of_other_agents_is_refused() {
    let error = law(1, 3, Stepping::Event).agents(499).revive(&saved()).map(|_| ()).unwrap_err();
    assert!(matches!(error, RunError::Store(_)), "{error}");
    let error = law(1, 3, Stepping::Event).agents(501).revive(&saved()).map(|_| ()).unwrap_err();
    assert!(matches!(error, RunError::Store(_)), "{error}");
}

/// A sink that is full for a while.
#[derive(Default)]
struct Slow {
    memory: Memory,
    asked: AtomicU32,
}

impl Sink for Slow {
    fn put(&self, chunk: Chunk) {
        self.memory.put(chunk);
    }
    fn has_room(&self) -> bool {
        self.asked.fetch_add(1, Relaxed) % 20 > 16
    }
}

/// The world that is saved is that of the moment when saving began, however long it takes.
#[test]
fn a_world_is_saved_as_it_was_while_it_runs_on() {
    for (workers, shards, stepping) in [(1, 2, Stepping::Event), (2, 5, Stepping::Event), (2, 3, Stepping::Dense)] {
        let mut engine = law(workers, shards, stepping).build().unwrap();
        let mut longest = 0;
        for _ in 0..6 {
            let (tick, digest) = (engine.now(), engine.digest());
            let slow = Arc::new(Slow::default());
            let sink: Arc<dyn Sink> = slow.clone();
            let snapshot = engine.begin_save(&sink, true).unwrap();
            let mut intervals = 0;
            while engine.is_saving() {
                engine.advance(Tick(10_000)).unwrap();
                intervals += 1;
            }
            longest = longest.max(intervals);
            let saved = slow.memory.sealed(snapshot.tick.0, snapshot.schema);
            assert_eq!((saved.tick(), saved.digest()), (tick.0, digest), "{stepping}, {shards} shards");
            let mut revived = law(1, 24, Stepping::Event).revive(&saved).unwrap();
            assert_eq!((revived.now(), revived.digest()), (tick, digest));
            while revived.now() < engine.now() {
                revived.advance(engine.now()).unwrap();
            }
            assert_eq!(revived.digest(), engine.digest());
        }
        assert!(longest > 5, "it took a while: {longest} intervals");
    }
}

/// Only what was touched is saved again; what is kept is as it was.
#[test]
fn cells_that_nothing_happened_to_are_not_saved_again() {
    let mut engine = Simulation::of::<City>(Params::defaults()).agents(300).build().unwrap();
    let first = Arc::new(Memory::default());
    let sink: Arc<dyn Sink> = first.clone();
    assert!(engine.begin_save(&sink, false).unwrap().kept.is_empty());
    engine.finish_save().unwrap();
    let first = first.sealed(0, String::new());
    engine.advance(Tick(100)).unwrap();
    let second = Arc::new(Memory::default());
    let sink: Arc<dyn Sink> = second.clone();
    let kept = engine.begin_save(&sink, false).unwrap().kept;
    engine.finish_save().unwrap();
    let second = second.sealed(100, String::new());
    assert!(kept.len() > 2_000, "it is midnight: {} zones sleep", kept.len());
    assert_eq!(kept.len() + second.pieces().len(), first.pieces().len());
    let mut digest = second.digest();
    first.pieces().iter().filter(|info| kept.contains(&info.id)).for_each(|info| digest.merge(info.digest));
    assert_eq!(digest, engine.digest());
}
