//! A full disk, a broken one, a failed sync, at every operation.

use std::sync::Arc;

use super::script::{History, OPTIONS, RUN, Step, create, draws, folder, record, steps};
use crate::store::journal::{Journal, Known, Record, read};
use crate::store::{Backend, Fault, Refusal, Sim, StoreError};

const FAULTS: [(Fault, Refusal); 6] = [
    (Fault::Change, Refusal::Full),
    (Fault::Change, Refusal::Broken),
    (Fault::ShortWrite, Refusal::Full),
    (Fault::ShortWrite, Refusal::Broken),
    (Fault::Sync, Refusal::Full),
    (Fault::Sync, Refusal::Broken),
];

/// Plays steps until the fault was met; a step that failed for want of room is made again. Says with which error it
/// ended, and at which step.
fn play(history: &mut History, journal: &mut Journal, steps: &[Step]) -> Result<(), (usize, StoreError)> {
    for (nth, step) in steps.iter().enumerate() {
        let mut done = history.step(journal, step);
        for _ in 0..3 {
            if done.as_ref().is_err_and(StoreError::is_disk_full) {
                done = history.step(journal, step);
            }
        }
        done.map_err(|error| (nth, error))?;
    }
    Ok(())
}

/// Every later call returns the error, and that it is not the disk that is full.
fn expect_given_up(journal: &mut Journal, first: &StoreError) {
    let calls = [
        journal.append(u64::MAX, &Record::Sealed).err(),
        journal.commit().err(),
        journal.forget_before(0).err(),
        journal.roll(u64::MAX).err(),
        journal.commit().err(),
    ];
    for error in calls {
        let error = error.expect("after a failed sync nothing is done any more");
        assert!(!error.is_disk_full() && error.to_string() == first.to_string(), "{error}");
    }
}

/// Judges what a crash now may leave, and that a run can be resumed from that.
fn judge_crashes(history: &History, sim: &Sim, what: &str) {
    for seed in 0..6 {
        let image = sim.crash(sim.operations(), seed);
        image.set_capacity(None);
        let mut history = history.clone();
        let found = history.judge(&image, true).unwrap_or_else(|why| panic!("{what}, crash {seed}: {why}"));
        history.resume(Arc::new(image.clone()), &found).unwrap_or_else(|why| panic!("{what}, crash {seed}: {why}"));
        history.judge(&image, true).unwrap_or_else(|why| panic!("{what}, crash {seed}, resumed: {why}"));
    }
}

#[test]
fn no_fault_loses_what_was_acknowledged() {
    let (mut met_count, mut given_up_count) = (0, 0);
    for script in 0..3 {
        let all = steps(&mut draws("faulty", script), 0, None, 30);
        for (fault, refusal) in FAULTS {
            for nth in 0.. {
                let what = format!("script {script}, {fault:?} {nth}: {refusal:?}");
                let sim = Sim::default();
                let (mut history, mut journal) = (History::default(), create(Arc::new(sim.clone())).unwrap());
                sim.fail(nth, fault, refusal);
                let played = play(&mut history, &mut journal, &all);
                if sim.has_faults() {
                    assert!(nth > 5, "{what}: it was never met");
                    break;
                }
                met_count += 1;
                match &played {
                    Ok(()) => {
                        assert!(refusal == Refusal::Full && fault != Fault::Sync, "{what}: it was passed over");
                        assert_eq!(history.acknowledged, history.all.len());
                    }
                    Err((step, error)) => {
                        given_up_count += 1;
                        assert!(!error.is_disk_full(), "{what}: a full disk ends nothing, {:?}", all[*step]);
                        expect_given_up(&mut journal, error);
                    }
                }
                judge_crashes(&history, &sim, &what);
                // The process ends and another one reads what the system still shows, synced or not, and goes on.
                drop(journal);
                let found = history.judge(&sim, true).unwrap_or_else(|why| panic!("{what}: {why}"));
                let (mut journal, first_tick) = history.resume(Arc::new(sim.clone()), &found).unwrap();
                let more = steps(&mut draws("after", script), first_tick, found.last_tick, 6);
                play(&mut history, &mut journal, &more).unwrap();
                judge_crashes(&history, &sim, &format!("{what}, resumed"));
            }
        }
    }
    println!("{met_count} faults met, {given_up_count} ended the process");
    assert!(met_count > 500 && given_up_count > 200);
}

#[test]
fn a_disk_that_is_full_twice_is_tried_again_twice() {
    // The second time, what the first one left cannot be removed.
    for script in 0..3 {
        let all = steps(&mut draws("faulty", script), 0, None, 30);
        for nth in 0.. {
            let sim = Sim::default();
            let (mut history, mut journal) = (History::default(), create(Arc::new(sim.clone())).unwrap());
            sim.fail(nth, Fault::Change, Refusal::Full);
            sim.fail(nth + 1, Fault::Change, Refusal::Full);
            let played = play(&mut history, &mut journal, &all);
            if let Err((step, error)) = &played {
                assert!(error.to_string().contains("cannot sync"), "script {script}, {nth}, {step}: {error}");
            }
            judge_crashes(&history, &sim, &format!("script {script}, {nth}"));
            if played.is_ok() && sim.has_faults() {
                assert!(nth > 20, "script {script}: {nth}");
                break;
            }
        }
    }
}

#[test]
fn a_fault_while_a_run_begins_or_resumes_leaves_what_was_there() {
    let all = steps(&mut draws("resuming", 0), 0, None, 20);
    for (fault, refusal) in FAULTS {
        for nth in 0.. {
            let what = format!("{fault:?} {nth}: {refusal:?}");
            // A run that begins.
            let sim = Sim::default();
            sim.fail(nth, fault, refusal);
            let begun = create(Arc::new(sim.clone()));
            assert!(begun.is_ok() == sim.has_faults(), "{what}: it was passed over");
            judge_crashes(&History::default(), &sim, &what);
            // One that resumes, with something to cut off.
            let sim = Sim::default();
            let (mut history, mut journal) = (History::default(), create(Arc::new(sim.clone())).unwrap());
            play(&mut history, &mut journal, &all).unwrap();
            let torn = sim.open(journal.path(), crate::store::Access::Write).unwrap();
            torn.write_at(torn.len().unwrap(), &[7; 700]).unwrap();
            let found = history.judge(&sim, true).unwrap();
            assert!(found.torn.is_some());
            sim.fail(nth, fault, refusal);
            let resumed = history.clone().resume(Arc::new(sim.clone()), &found);
            assert!(resumed.is_ok() == sim.has_faults(), "{what}: it was passed over");
            judge_crashes(&history, &sim, &what);
            let found = history.judge(&sim, true).unwrap_or_else(|why| panic!("{what}: {why}"));
            if sim.has_faults() {
                assert!(nth > 0, "{what}: it was never met");
                break;
            }
            history.resume(Arc::new(sim.clone()), &found).unwrap();
            judge_crashes(&history, &sim, &what);
        }
    }
}

#[test]
fn a_disk_that_is_full_for_long_pauses_and_loses_nothing() {
    for capacity in [0, 300, 5_000, 21_000, 40_000, 60_000] {
        let sim = Sim::default();
        let (mut history, mut journal) = (History::default(), create(Arc::new(sim.clone())).unwrap());
        sim.set_capacity(Some(capacity));
        let (mut draws, mut full_count) = (draws("full", capacity), 0);
        let start = Record::Start { engine: String::new(), resumed_from: None };
        history.step(&mut journal, &Step::Append(0, start)).unwrap();
        for tick in 1..60 {
            history.step(&mut journal, &Step::Append(tick, record(&mut draws))).unwrap();
            let wish = if tick % 9 == 0 { Step::Roll(tick + 1) } else { Step::Commit };
            match history.step(&mut journal, &wish) {
                Err(error) => {
                    assert!(error.is_disk_full(), "{error}");
                    full_count += 1;
                    judge_crashes(&history, &sim, &format!("capacity {capacity}, tick {tick}"));
                }
                Ok(()) => assert_eq!(history.acknowledged, history.all.len()),
            }
        }
        assert!(full_count > 5, "capacity {capacity}: {full_count}");
        sim.set_capacity(None);
        history.step(&mut journal, &Step::Commit).unwrap();
        assert_eq!(history.acknowledged, 60);
        judge_crashes(&history, &sim, "there is room again");
    }
}

#[test]
fn what_cannot_be_read_is_an_error_of_the_disk() {
    let sim = Sim::default();
    let (mut history, mut journal) = (History::default(), create(Arc::new(sim.clone())).unwrap());
    play(&mut history, &mut journal, &steps(&mut draws("reading", 0), 0, None, 40)).unwrap();
    let known = Known { from: history.from, durable_tick: None };
    for nth in 0.. {
        sim.fail(nth, Fault::Read, Refusal::Broken);
        let found = read(&sim, folder(), RUN, known);
        if sim.has_faults() {
            assert!(nth > 3 && found.is_ok());
            break;
        }
        assert!(matches!(found, Err(StoreError::Io { act: "read", .. })), "{nth}");
    }
    assert!(Journal::create(Arc::new(sim.clone()), folder(), RUN, 0, 9, OPTIONS).is_err(), "there is a journal");
}
