//! `journal`: what it costs to write down what is said to a run, by itself: a day that is journaled, and the same day
//! that is kept nowhere, by turns and in one process.

use std::time::Duration;

use super::kept::Folder;
use super::measure::{Case, Sample, Spread};
use super::plain::disk;
use super::workload::{Workload, sample, sized};
use crate::base::{AgentId, DateTime, mix};
use crate::exec::{Elapsed, cpu_seconds};
use crate::scenarios::City;
use crate::scenarios::city::{Note, NoteKind};
use crate::sim::{Begin, Every, Keep, Params, RunError, RunOptions, RunReport, Simulation, Span, Voice, Watch};

/// Letters from outside at each exchange, 8,640 times a day.
const INPUTS_AN_EXCHANGE: u64 = 10;
/// Ticks of a day.
const DAY_TICKS: u64 = 864_000;

/// Writes to some residents at each exchange, and notes when the first one begins.
struct Speaker {
    agents: u64,
    said: u64,
    begun: Option<(Elapsed, f64)>,
}

impl Watch for Speaker {
    fn speak(&mut self, voice: &mut Voice<'_>) {
        self.begun.get_or_insert_with(|| (Elapsed::start(), cpu_seconds()));
        for _ in 0..INPUTS_AN_EXCHANGE {
            self.said += 1;
            // A benefit of no cents: it is delivered, and changes nothing.
            voice.tell(AgentId((mix(self.said) % self.agents) as u32), Note::of(NoteKind::Benefit));
        }
    }
}

/// A day that was measured: seconds on the wall and of processors, without setting up.
struct Day {
    wall: f64,
    cpu: f64,
    said: u64,
    report: RunReport,
}

fn day(case: &Case, keep: Option<Keep>) -> Result<Day, RunError> {
    let options = RunOptions {
        agents: Some(case.agents),
        workers: Some(case.workers),
        start: Some(DateTime::new_const(1999, 5, 4, 0, 0, 0)),
        span: Some(Span::Ticks(DAY_TICKS)),
        pin: true,
        keep,
        ..RunOptions::default()
    };
    let mut speaker = Speaker { agents: case.agents, said: 0, begun: None };
    let report = Simulation::of::<City>(Params::defaults()).options(options).watch(&mut speaker)?;
    let (wall, cpu) = speaker.begun.map_or((0.0, 0.0), |(wall, cpu)| (wall.seconds(), cpu_seconds() - cpu));
    Ok(Day { wall, cpu, said: speaker.said, report })
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
         files and never saved, by turns and in one process with the same day that is kept nowhere"
    }

    fn bound_name(&self) -> &'static str {
        ""
    }

    fn cases(&self, quick: bool, workers: usize) -> Vec<Case> {
        sized(&[if quick { 100_000 } else { 1_000_000 }], workers)
    }

    fn guess(&self, case: &Case) -> f64 {
        2.0 * pairs(case) as f64 * (1.0 + case.agents as f64 * 25e-6 / case.workers as f64)
    }

    fn measure(&self, case: &Case) -> Result<Sample, RunError> {
        let folder = Folder::new();
        let keep = || Keep { every: Every::Wall(Duration::MAX), begin: Begin::Fresh, ..Keep::new(&folder.0, 1) };
        let (mut plain, mut kept) = (Vec::new(), Vec::new());
        for nth in 0..pairs(case) {
            // Each is as often the first of a pair: a machine that grows slower slows both.
            for is_kept in [nth % 2 == 1, nth % 2 == 0] {
                let day = day(case, is_kept.then(keep))?;
                (if is_kept { &mut kept } else { &mut plain }).push(day);
            }
        }
        let more = |seconds: fn(&Day) -> f64| {
            let ratios = kept.iter().zip(&plain).map(|(kept, plain)| seconds(kept) / seconds(plain).max(1e-9));
            100.0 * (Spread::of(ratios).map_or(1.0, |spread| spread.median) - 1.0)
        };
        let apart = |seconds: fn(&Day) -> f64| {
            let spread = Spread::of(plain.iter().map(seconds));
            spread.map_or(0.0, |spread| 100.0 * (spread.max - spread.min) / spread.median.max(1e-9))
        };
        let wall = Spread::of(kept.iter().map(|day| day.wall)).map_or(0.0, |spread| spread.median);
        let facts = [
            ("overhead_wall_percent", more(|day| day.wall)),
            ("overhead_cpu_percent", more(|day| day.cpu)),
            ("apart_wall_percent", apart(|day| day.wall)),
            ("apart_cpu_percent", apart(|day| day.cpu)),
        ];
        if kept.iter().any(|kept| kept.report.digest != plain[0].report.digest) {
            return Err(RunError::Replay("a day that is journaled is not the day that is not".to_owned()));
        }
        let Day { said, report, .. } = kept.pop().expect("there is a pair");
        let written = report.kept.clone().unwrap_or_default();
        let bare = disk::append(&folder.0, written.journal_bytes, written.journal_commits);
        let mut sample = sample(report, said as f64)?;
        sample.seconds = wall;
        sample.facts.extend(facts.map(|(name, value)| (name.to_owned(), value)));
        sample.facts.extend([
            ("inputs".to_owned(), said as f64),
            ("journal_bytes".to_owned(), written.journal_bytes as f64),
            ("journal_commits".to_owned(), written.journal_commits as f64),
            ("bare_append_seconds".to_owned(), bare),
        ]);
        Ok(sample)
    }

    fn bound(&self, _: &Case, _: u64) -> Sample {
        Sample::default()
    }
}

/// How many pairs of days: more of short ones, which a machine's moods reach further.
fn pairs(case: &Case) -> usize {
    if case.agents > 100_000 { 3 } else { 7 }
}
