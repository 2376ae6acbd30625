//! A crash after every operation, and a second one while the first is got over.

use std::sync::Arc;

use super::mutants::NO_RECORD_CHECKSUMS;
use super::script::{History, Step, create, draws, steps};
use crate::store::journal::Journal;
use crate::store::{Omit, Sim};

/// A script that was played to its end, and what was known after how many operations.
struct Played {
    sim: Sim,
    known: Vec<(usize, History)>,
    /// Every record that was appended.
    last: History,
}

/// Plays a script. What was acknowledged at the time of a crash is what was known then; what may be found is anything
/// appended by the end.
fn play(sim: Sim, mut history: History, journal: &mut Journal, steps: &[Step], is_early: bool) -> Played {
    let mut known = vec![(sim.operations(), history.clone())];
    for step in steps {
        // Not known to be done, but from here on they may be gone. A checkpoint may be published before the new file
        // is there that begins with it.
        let from = match step {
            Step::Forget(tick) => Some(*tick),
            Step::Roll(tick) => is_early.then_some(*tick),
            _ => None,
        };
        if let Some(from) = from {
            history.from = history.from.max(from);
            known.push((sim.operations(), history.clone()));
        }
        history.step(journal, step).unwrap();
        known.push((sim.operations(), history.clone()));
    }
    Played { sim, known, last: history }
}

impl Played {
    /// What is to be expected of a disk after so many operations.
    fn expected(&self, after: usize) -> History {
        let known = self.known.iter().rev().find(|(operations, _)| *operations <= after);
        let known = known.map_or_else(History::default, |(_, history)| history.clone());
        History { all: self.last.all.clone(), ..known }
    }
}

/// What is looked at.
#[derive(Clone, Copy)]
struct Suite {
    scripts: u64,
    seeds: u64,
}

impl Suite {
    /// Crashes everywhere. Says how many images there were and what was wrong with some of them.
    fn run(self, new: impl Fn() -> Sim) -> (usize, Vec<String>) {
        let (mut images, mut wrong) = (0, Vec::new());
        for script in 0..self.scripts {
            let sim = new();
            let mut first = create(Arc::new(sim.clone())).unwrap();
            let all = steps(&mut draws("script", script), 0, None, 30);
            let played = play(sim, History::default(), &mut first, &all, script % 2 == 1);
            for after in 0..=played.sim.operations() {
                for seed in 0..self.seeds {
                    let crash = Crash { script, after, seed };
                    images += 1;
                    if let Err(why) = crash.happens(&played, &mut images) {
                        let done = after.checked_sub(1).map_or("nothing".to_owned(), |last| played.sim.describe(last));
                        wrong.push(format!("script {script}, seed {seed}, after {after} ({done}): {why}"));
                    }
                }
            }
        }
        (images, wrong)
    }
}

struct Crash {
    script: u64,
    after: usize,
    seed: u64,
}

impl Crash {
    fn happens(&self, played: &Played, images: &mut usize) -> Result<(), String> {
        let image = played.sim.crash(self.after, self.seed);
        let mut history = played.expected(self.after);
        let found = history.judge(&image, self.seed.is_multiple_of(2))?;
        let before = history.clone();
        let resumed = history.resume(Arc::new(image.clone()), &found);
        let (mut journal, first_tick) = resumed.map_err(|error| format!("cannot resume: {error}"))?;
        let recovery = image.operations();
        let mut draws = draws("resumed", self.script << 32 | self.seed);
        let more = steps(&mut draws, first_tick, found.last_tick, 8);
        let again = play(image, history, &mut journal, &more, self.script % 2 == 1);
        again.last.judge(&again.sim, true).map_err(|why| format!("resumed and read again: {why}"))?;
        if !self.seed.is_multiple_of(3) {
            return Ok(());
        }
        // The second crash, half of the time within the recovery.
        *images += 1;
        let range = if draws.below(2) == 0 { recovery } else { again.sim.operations() };
        let after = draws.below(range as u32 + 1) as usize;
        let expected = if after < recovery { before } else { again.expected(after) };
        let image = again.sim.crash(after, self.seed);
        let mut expected =
            History { all: if after < recovery { expected.all } else { again.last.all.clone() }, ..expected };
        let judged = expected.judge(&image, true).and_then(|found| {
            let resumed = expected.resume(Arc::new(image.clone()), &found);
            resumed.map_err(|error| error.to_string())?;
            expected.judge(&image, true)
        });
        judged.map(|_| ()).map_err(|why| format!("a second crash after {after} of {recovery} operations: {why}"))
    }
}

#[test]
fn what_was_committed_is_there_after_any_crash() {
    let (images, wrong) = Suite { scripts: 6, seeds: 12 }.run(Sim::default);
    println!("{images} images, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{} of {images}, first {:#?}", wrong.len(), &wrong[..wrong.len().min(5)]);
    assert!(images > 5_000, "{images}");
}

#[test]
fn a_step_left_out_is_noticed() {
    let suite = Suite { scripts: 3, seeds: 8 };
    for omit in [Omit::FileSync, Omit::SyncOf("wal-"), Omit::FolderSync] {
        let (images, wrong) = suite.run(|| Sim::without(omit));
        println!("{omit:?}: {} of {images} images", wrong.len());
        assert!(!wrong.is_empty(), "{omit:?}");
    }
    NO_RECORD_CHECKSUMS.set(true);
    let (images, wrong) = suite.run(Sim::default);
    NO_RECORD_CHECKSUMS.set(false);
    println!("no record checksums: {} of {images} images", wrong.len());
    assert!(!wrong.is_empty());
}

#[test]
fn marks_are_not_needed_after_a_crash() {
    // They are the one file that is never synced: that their syncs are left out changes nothing.
    let (_, wrong) = Suite { scripts: 1, seeds: 6 }.run(|| Sim::without(Omit::SyncOf("mark-")));
    assert!(wrong.is_empty(), "{wrong:#?}");
}
