//! `journal`: what it costs to write down what is said to a run, by itself: a day that is journaled, and the same day
//! that is kept nowhere, in one process and hour by hour in turn, so that whatever else the machine does falls on both.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::kept::Folder;
use super::measure::{Case, Sample};
use super::plain::disk;
use super::workload::{Workload, sample, sized};
use crate::base::{AgentId, DateTime, mix};
use crate::exec::{Elapsed, cpu_seconds};
use crate::scenarios::City;
use crate::scenarios::city::{Note, NoteKind};
use crate::sim::{
    Begin, Control, Every, Keep, Params, Progress, RunError, RunOptions, RunReport, Simulation, Span, Voice, Watch,
};

/// Letters from outside at each exchange, 8,640 times a day.
const INPUTS_AN_EXCHANGE: u64 = 10;
/// Ticks of an hour, and hours of a day.
const HOUR_TICKS: u64 = 36_000;
const HOURS: u64 = 24;
/// How long an hour's end waits for the journal to write what came last, so that it does so at its own expense.
const SETTLED: Duration = Duration::from_millis(60);

/// Whose turn it is; nobody else computes meanwhile.
#[derive(Default)]
struct Turn {
    /// Whose it is, and whether one of the two has ended.
    state: Mutex<(usize, bool)>,
    changed: Condvar,
}

impl Turn {
    fn lock(&self) -> MutexGuard<'_, (usize, bool)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, own: usize) {
        let theirs = |state: &mut (usize, bool)| state.0 != own && !state.1;
        drop(self.changed.wait_while(self.lock(), theirs).unwrap_or_else(PoisonError::into_inner));
    }

    fn pass(&self, own: usize, has_ended: bool) {
        let mut state = self.lock();
        *state = (1 - own, state.1 || has_ended);
        self.changed.notify_all();
    }
}

/// Passes the turn on however a day ends: the other one must not wait for ever.
struct Last<'a>(&'a Turn, usize);

impl Drop for Last<'_> {
    fn drop(&mut self) {
        self.0.pass(self.1, true);
    }
}

/// Writes to some residents at each exchange, and measures each hour of its own: on the wall and of processors.
struct Speaker<'a> {
    turn: &'a Turn,
    own: usize,
    agents: u64,
    said: u64,
    begun: Option<(Elapsed, f64)>,
    hours: Vec<[f64; 2]>,
}

impl Speaker<'_> {
    fn begin(&mut self) {
        self.turn.wait(self.own);
        self.begun = Some((Elapsed::start(), cpu_seconds()));
    }

    fn end(&mut self) {
        if let Some((wall, cpu)) = self.begun.take() {
            let wall = wall.seconds();
            std::thread::sleep(SETTLED);
            self.hours.push([wall, cpu_seconds() - cpu]);
        }
    }
}

impl Watch for Speaker<'_> {
    fn speak(&mut self, voice: &mut Voice<'_>) {
        if self.begun.is_none() {
            self.begin();
        }
        for _ in 0..INPUTS_AN_EXCHANGE {
            self.said += 1;
            // A benefit of no cents: it is delivered, and changes nothing.
            voice.tell(AgentId((mix(self.said) % self.agents) as u32), Note::of(NoteKind::Benefit));
        }
    }

    fn progress(&mut self, progress: &Progress) -> Control {
        if progress.tick.0.is_multiple_of(HOUR_TICKS) && progress.tick.0 < progress.ticks_total {
            self.end();
            self.turn.pass(self.own, false);
        }
        Control::Continue
    }
}

/// A day that was measured, hour by hour and without setting up.
struct Day {
    hours: Vec<[f64; 2]>,
    said: u64,
    report: RunReport,
}

fn day(case: &Case, turn: &Turn, own: usize, keep: Option<Keep>) -> Result<Day, RunError> {
    let _last = Last(turn, own);
    let options = RunOptions {
        agents: Some(case.agents),
        workers: Some(case.workers),
        start: Some(DateTime::new_const(1999, 5, 4, 0, 0, 0)),
        span: Some(Span::Ticks(HOURS * HOUR_TICKS)),
        pin: true,
        keep,
        ..RunOptions::default()
    };
    let mut speaker = Speaker { turn, own, agents: case.agents, said: 0, begun: None, hours: Vec::new() };
    let report = Simulation::of::<City>(Params::defaults()).options(options).watch(&mut speaker)?;
    speaker.end();
    Ok(Day { hours: speaker.hours, said: speaker.said, report })
}

/// Two days in turn, each in a thread of its own.
fn both(case: &Case, [first, second]: [Option<Keep>; 2]) -> Result<[Day; 2], RunError> {
    let turn = Turn::default();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| day(case, &turn, 0, first));
        let second = scope.spawn(|| day(case, &turn, 1, second));
        let done = [first, second].map(|day| day.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        let [first, second] = done;
        Ok([first?, second?])
    })
}

/// By how many per cent hours of one day take more than those of the other: the median, and how far the middle half
/// lies apart. `of` is 0 for the wall, 1 for processors.
fn more(kept: &Day, plain: &Day, of: usize) -> [f64; 2] {
    // While one begins with its first hour, the other may still be setting up.
    let hours = kept.hours.iter().zip(&plain.hours).skip(1);
    let mut more: Vec<f64> = hours.map(|(kept, plain)| 100.0 * (kept[of] / plain[of].max(1e-9) - 1.0)).collect();
    more.sort_by(f64::total_cmp);
    let at = |quarter: usize| more.get(quarter * more.len() / 4).copied().unwrap_or_default();
    [at(2), at(3) - at(1)]
}

pub struct JournaledDay;

impl Workload for JournaledDay {
    fn name(&self) -> &'static str {
        "journal"
    }

    fn unit(&self) -> &'static str {
        "inputs"
    }

    fn about(&self) -> &'static str {
        "journal: a weekday to which ten letters are written at each exchange, journaled in the folder for temporary \
         files and never saved, hour by hour in turn with the same day that is kept nowhere"
    }

    fn bound_name(&self) -> &'static str {
        ""
    }

    fn cases(&self, quick: bool, workers: usize) -> Vec<Case> {
        sized(&[if quick { 100_000 } else { 1_000_000 }], workers)
    }

    fn guess(&self, case: &Case) -> f64 {
        10.0 + 4.0 * case.agents as f64 * 25e-6 / case.workers as f64
    }

    fn measure(&self, case: &Case) -> Result<Sample, RunError> {
        let folder = Folder::new();
        let keep = Keep { every: Every::Wall(Duration::MAX), begin: Begin::Fresh, ..Keep::new(&folder.0, 1) };
        // Whoever is first may have the better memory or the worse core: each is, once.
        let [plain, kept] = both(case, [None, Some(keep.clone())])?;
        let [kept_first, plain_second] = both(case, [Some(keep), None])?;
        if [&kept, &kept_first].iter().any(|day| day.report.digest != plain.report.digest) {
            return Err(RunError::Replay("a day that is journaled is not the day that is not".to_owned()));
        }
        let [[wall, wall_apart], [cpu, cpu_apart]] = [0, 1].map(|of| {
            let (one, other) = (more(&kept, &plain, of), more(&kept_first, &plain_second, of));
            [0, 1].map(|nth| (one[nth] + other[nth]) / 2.0)
        });
        let written = kept.report.kept.clone().unwrap_or_default();
        let bare = disk::append(&folder.0, written.journal_bytes, written.journal_commits);
        let mut sample = sample(kept.report, kept.said as f64)?;
        sample.seconds = kept.hours.iter().map(|hour| hour[0]).sum();
        let facts = [
            ("overhead_wall_percent", wall),
            ("overhead_cpu_percent", cpu),
            ("apart_wall_percent", wall_apart),
            ("apart_cpu_percent", cpu_apart),
            ("inputs", kept.said as f64),
            ("journal_bytes", written.journal_bytes as f64),
            ("journal_commits", written.journal_commits as f64),
            ("bare_append_seconds", bare),
        ];
        sample.facts.extend(facts.map(|(name, value)| (name.to_owned(), value)));
        Ok(sample)
    }

    fn bound(&self, _: &Case, _: u64) -> Sample {
        Sample::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_that_is_journaled_is_measured_beside_one_that_is_not() {
        let case = Case { what: String::new(), agents: 1_000, workers: 1 };
        let sample = JournaledDay.measure(&case).unwrap();
        let fact = |name: &str| sample.facts[name];
        assert_eq!((sample.count, fact("inputs")), (86_400.0, 86_400.0));
        // A letter has 24 bytes and its length; a record of ten of them a header of 72 and their number.
        let bytes = 8_640.0 * 360.0;
        assert!((bytes..bytes + 4_096.0).contains(&fact("journal_bytes")), "{:?}", sample.facts);
        assert!(fact("journal_commits") >= 2.0 && sample.seconds > 0.0 && fact("bare_append_seconds") > 0.0);
        assert_eq!(sample.digest.len(), 16);
    }
}
