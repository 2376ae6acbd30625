//! `setup`: building the city, held against touching the memory that it takes for the first time.

use super::measure::{Case, Sample};
use super::plain::memory;
use super::workload::{EVERYBODY, Workload, sized};
use crate::exec::{Elapsed, peak_rss_bytes};
use crate::scenarios::City;
use crate::sim::{Params, RunError, RunOptions, Simulation};

pub struct Setup;

impl Workload for Setup {
    fn name(&self) -> &'static str {
        "setup"
    }

    fn unit(&self) -> &'static str {
        "agents"
    }

    fn about(&self) -> &'static str {
        "setup: building the city; bound: all workers together writing as many bytes, never touched before, as it takes"
    }

    fn bound_name(&self) -> &'static str {
        "first touch of its memory"
    }

    fn cases(&self, quick: bool, workers: usize) -> Vec<Case> {
        sized(if quick { &[100_000] } else { &[1_000_000, EVERYBODY] }, workers)
    }

    fn guess(&self, case: &Case) -> f64 {
        0.5 + case.agents as f64 * 1.5e-6
    }

    fn measure(&self, case: &Case) -> Result<Sample, RunError> {
        let options =
            RunOptions { agents: Some(case.agents), workers: Some(case.workers), pin: true, ..RunOptions::default() };
        let experiment = Simulation::of::<City>(Params::defaults()).options(options);
        let started = Elapsed::start();
        let engine = experiment.build()?;
        let seconds = started.seconds();
        // Not that the world be gone before its size is known.
        std::hint::black_box(&engine);
        Ok(Sample { count: case.agents as f64, seconds, peak_rss_bytes: peak_rss_bytes(), ..Sample::default() })
    }

    fn bound(&self, case: &Case, resident_bytes: u64) -> Sample {
        let mut touched = memory::first_touch(resident_bytes, case.workers);
        touched.count = case.agents as f64;
        touched
    }
}
