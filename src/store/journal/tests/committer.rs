//! Commits in groups by a thread of its own.

use std::sync::{Arc, Barrier};
use std::time::Duration;

use super::script::{RUN, create, folder};
use crate::store::journal::{Committer, Known, Record, read};
use crate::store::{Fault, Refusal, Sim};

const SOON: Duration = Duration::from_millis(2);
/// A test that waits for so long has failed.
const NEVER: Duration = Duration::from_secs(3_600);

fn start() -> Record {
    Record::Start { engine: "myriad 1".to_owned(), resumed_from: None }
}

fn input(len: usize) -> Record {
    Record::Inputs(vec![vec![7; len]])
}

fn committer(sim: &Sim, within: Duration) -> Committer {
    let committer = Committer::start(create(Arc::new(sim.clone())).unwrap(), within).unwrap();
    committer.append(0, start()).unwrap();
    committer
}

/// What a crash now leaves: the ticks that have records, with the unkindest of some disks.
fn ticks_left(sim: &Sim) -> Vec<u64> {
    let left = (0..20).map(|seed| {
        let found = read(&sim.crash(sim.operations(), seed), folder(), RUN, Known::default()).unwrap();
        found.records.into_iter().map(|(tick, _)| tick).collect::<Vec<_>>()
    });
    left.min_by_key(Vec::len).unwrap()
}

#[test]
fn what_is_appended_is_durable_soon() {
    let sim = Sim::default();
    let committer = committer(&sim, SOON);
    (0..50).for_each(|tick| committer.append(tick, Record::Sealed).unwrap());
    while committer.durable_tick() != Some(49) {
        std::thread::yield_now();
    }
    assert_eq!(ticks_left(&sim).last(), Some(&49));
}

#[test]
fn a_group_is_one_sync_and_who_waits_need_not_wait_for_the_group() {
    let sim = Sim::default();
    let committer = committer(&sim, NEVER);
    let before = sim.operations();
    (0..50).for_each(|tick| committer.append(tick, Record::Sealed).unwrap());
    assert_eq!((committer.durable_tick(), sim.operations()), (None, before));
    assert_eq!(committer.flush().unwrap(), Some(49));
    assert_eq!(sim.operations(), before + 3, "records, one sync, a mark");
    assert_eq!(ticks_left(&sim).len(), 51);
    assert_eq!(committer.flush().unwrap(), Some(49));
    assert_eq!(sim.operations(), before + 3);
}

#[test]
fn commands_are_done_in_order() {
    let sim = Sim::default();
    let committer = committer(&sim, NEVER);
    for tick in 1..30 {
        committer.append(tick, input(100)).unwrap();
        if tick % 10 == 9 {
            committer.roll(tick + 1).unwrap();
        }
    }
    committer.forget_before(20).unwrap();
    assert_eq!(committer.finish().unwrap(), Some(29));
    let found = read(&sim, folder(), RUN, Known { from: 20, durable_tick: Some(29) }).unwrap();
    assert_eq!(found.records.iter().map(|(tick, _)| *tick).collect::<Vec<_>>(), (20..30).collect::<Vec<_>>());
    assert!(read(&sim, folder(), RUN, Known::default()).is_err());
}

#[test]
fn one_that_is_dropped_commits_what_it_took() {
    let sim = Sim::default();
    let committer = committer(&sim, NEVER);
    committer.append(3, Record::Sealed).unwrap();
    drop(committer);
    assert_eq!(ticks_left(&sim), [0, 3]);
}

#[test]
fn a_full_disk_pauses_it() {
    let sim = Sim::default();
    let committer = committer(&sim, SOON);
    committer.flush().unwrap();
    sim.set_capacity(Some(0));
    committer.append(1, input(30_000)).unwrap();
    assert!(committer.flush().unwrap_err().is_disk_full());
    assert!(committer.append(2, Record::Sealed).unwrap_err().is_disk_full(), "it was not taken");
    assert!(committer.roll(2).unwrap_err().is_disk_full() && committer.forget_before(0).is_err());
    assert!(committer.flush().unwrap_err().is_disk_full());
    assert_eq!((committer.durable_tick(), ticks_left(&sim)), (Some(0), vec![0]));
    sim.set_capacity(None);
    assert!(committer.append(2, Record::Sealed).is_err(), "only a flush tries again");
    assert_eq!(committer.flush().unwrap(), Some(1));
    committer.append(2, Record::Sealed).unwrap();
    // A file that cannot be made: what follows it waits.
    committer.flush().unwrap();
    sim.fail(0, Fault::Change, Refusal::Full);
    committer.roll(3).unwrap();
    let kept = committer.append(3, Record::Sealed).is_ok();
    let _ = committer.flush();
    let _ = kept || committer.append(3, Record::Sealed).is_ok();
    assert_eq!(committer.finish().unwrap(), Some(3));
    let found = read(&sim, folder(), RUN, Known { from: 3, durable_tick: Some(3) }).unwrap();
    assert_eq!(found.records, [(3, Record::Sealed)]);
}

#[test]
fn a_broken_disk_ends_it() {
    let sim = Sim::default();
    let committer = committer(&sim, NEVER);
    committer.flush().unwrap();
    committer.append(1, Record::Sealed).unwrap();
    sim.fail(0, Fault::Sync, Refusal::Broken);
    for _ in 0..3 {
        let error = committer.flush().unwrap_err();
        assert!(!error.is_disk_full() && error.to_string().contains("cannot sync"), "{error}");
        assert!(committer.append(2, Record::Sealed).is_err() && committer.roll(3).is_err());
    }
    assert_eq!(committer.durable_tick(), Some(0));
    assert!(committer.finish().is_err());
    assert_eq!(ticks_left(&sim), [0]);
}

#[test]
fn who_appends_too_much_waits_and_not_for_ever() {
    let sim = Sim::default();
    let journal = create(Arc::new(sim.clone())).unwrap();
    let committer = Committer::start_with(journal, NEVER, 1_000).unwrap();
    committer.append(0, start()).unwrap();
    // Each fills what may wait, so that the thread is called before its time.
    for tick in 1..40 {
        committer.append(tick, input(990)).unwrap();
    }
    assert!(committer.durable_tick() >= Some(38));
    committer.append(40, input(5_000)).unwrap();
    sim.fail(0, Fault::Sync, Refusal::Broken);
    assert!(committer.append(41, input(990)).is_err(), "who waits is told");
}

#[test]
fn several_wait_at_once() {
    let sim = Sim::default();
    let committer = committer(&sim, NEVER);
    let begin = Barrier::new(4);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                begin.wait();
                for _ in 0..50 {
                    committer.append(1, Record::Sealed).unwrap();
                    assert_eq!(committer.flush().unwrap(), Some(1));
                }
            });
        }
    });
    assert_eq!(ticks_left(&sim).len(), 201);
}

#[test]
fn a_mistake_is_the_callers_and_leaves_the_thread() {
    let sim = Sim::default();
    let committer = committer(&sim, NEVER);
    committer.append(5, Record::Sealed).unwrap();
    let wrong = || drop(committer.append(4, Record::Sealed));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(wrong)).is_err());
    assert!(committer.append(6, Record::Inputs(vec![vec![0; 65 << 20]])).is_err(), "too long");
    assert_eq!(committer.finish().unwrap(), Some(5));
}
