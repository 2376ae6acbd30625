//! `kept-day`: a day that is kept in a folder, saved every hour, held against the same day that is not. `checkpoint`:
//! one whole world saved while it runs on, and brought back, held against the disk.

use std::path::PathBuf;

use super::measure::{Case, Sample};
use super::plain::disk;
use super::workload::{EVERYBODY, Workload, sample, sized};
use crate::base::DateTime;
use crate::scenarios::City;
use crate::sim::{Begin, Every, Keep, NoWatch, Params, RunError, RunOptions, RunReport, Simulation, Span};
use crate::store::Fs;

/// Ticks of a simulated hour.
const HOUR_TICKS: u64 = 36_000;

/// A folder for what is measured, gone afterwards.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        Self(std::env::temp_dir().join(format!("myriad-bench-{}", std::process::id())))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left lies in the folder for temporary files.
        let _ = Fs.remove_folder(&self.0);
    }
}

fn run(case: &Case, start: DateTime, ticks: u64, keep: Option<Keep>) -> Result<RunReport, RunError> {
    let options = RunOptions {
        agents: Some(case.agents),
        workers: Some(case.workers),
        start: Some(start),
        span: Some(Span::Ticks(ticks)),
        pin: true,
        keep,
        ..RunOptions::default()
    };
    Simulation::of::<City>(Params::defaults()).options(options).watch(&mut NoWatch)
}

pub struct KeptDay;

const MIDNIGHT: DateTime = DateTime::new_const(1999, 5, 4, 0, 0, 0);

impl Workload for KeptDay {
    fn name(&self) -> &'static str {
        "kept-day"
    }

    fn unit(&self) -> &'static str {
        "transitions"
    }

    fn about(&self) -> &'static str {
        "kept-day: a weekday kept in the folder for temporary files, with journal and a checkpoint every hour; bound: \
         the same day, not kept"
    }

    fn bound_name(&self) -> &'static str {
        "a day not kept"
    }

    fn cases(&self, quick: bool, workers: usize) -> Vec<Case> {
        sized(&[if quick { 100_000 } else { 1_000_000 }], workers)
    }

    fn guess(&self, case: &Case) -> f64 {
        1.0 + case.agents as f64 * 30e-6 / case.workers as f64
    }

    fn measure(&self, case: &Case) -> Result<Sample, RunError> {
        let folder = Folder::new();
        let keep = Keep { every: Every::Ticks(HOUR_TICKS), begin: Begin::Fresh, ..Keep::new(&folder.0, 1) };
        let report = run(case, MIDNIGHT, 24 * HOUR_TICKS, Some(keep))?;
        let transitions = report.transitions as f64;
        sample(report, transitions)
    }

    fn bound(&self, case: &Case, _: u64) -> Sample {
        let plain = run(case, MIDNIGHT, 24 * HOUR_TICKS, None).and_then(|report| {
            let transitions = report.transitions as f64;
            sample(report, transitions)
        });
        plain.expect("a day that is not kept runs soundly")
    }
}

pub struct Checkpoint;

const MORNING: DateTime = DateTime::new_const(1999, 5, 4, 7, 0, 0);
/// An hour, in whose second half everybody is saved.
const TICKS: u64 = HOUR_TICKS;

impl Workload for Checkpoint {
    fn name(&self) -> &'static str {
        "checkpoint"
    }

    fn unit(&self) -> &'static str {
        "GB"
    }

    fn about(&self) -> &'static str {
        "checkpoint: the whole city saved at 07:30 while it runs on, from the exchange until it is on disk in the \
         folder for temporary files; bound: as many bytes written there and made durable, without the page cache"
    }

    fn bound_name(&self) -> &'static str {
        "the disk"
    }

    fn cases(&self, quick: bool, workers: usize) -> Vec<Case> {
        sized(if quick { &[100_000] } else { &[1_000_000, EVERYBODY] }, workers)
    }

    fn guess(&self, case: &Case) -> f64 {
        1.0 + case.agents as f64 * 8e-6 / case.workers as f64
    }

    fn measure(&self, case: &Case) -> Result<Sample, RunError> {
        let folder = Folder::new();
        let keep = |begin, ticks| Keep { every: Every::Ticks(ticks), begin, ..Keep::new(&folder.0, 1) };
        // The second one is that of the end.
        let report = run(case, MORNING, TICKS, Some(keep(Begin::Fresh, TICKS / 2)))?;
        let resumed = run(case, MORNING, TICKS + 100, Some(keep(Begin::Resume, 10 * TICKS)))?;
        let (saved, back) = (report.kept.clone().unwrap_or_default(), resumed.kept.unwrap_or_default());
        let mut sample = sample(report, 0.0)?;
        sample.count = saved.checkpoint_bytes as f64 / saved.checkpoints.max(1) as f64 / 1e9;
        sample.seconds = saved.checkpoint_seconds_max;
        sample.facts.extend([
            ("stall_ms".to_owned(), saved.stall_seconds_max * 1e3),
            ("on_disk_seconds".to_owned(), saved.checkpoint_seconds_max),
            ("recovery_seconds".to_owned(), back.recovery_seconds),
        ]);
        Ok(sample)
    }

    fn bound(&self, case: &Case, _: u64) -> Sample {
        let folder = Folder::new();
        disk::write(&folder.0, case.agents * disk::BYTES_AN_AGENT)
    }
}
