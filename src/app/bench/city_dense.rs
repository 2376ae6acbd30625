//! `city-dense`: every resident's closed form at every tick, held against reading what must be read of each.

use super::measure::{Case, Sample};
use super::plain::memory;
use super::workload::{EVERYBODY, Workload, sample, sized};
use crate::base::DateTime;
use crate::scenarios::City;
use crate::sim::{NoWatch, Params, RunError, RunOptions, Simulation, Span, Stepping};

/// Twelve exchange intervals: from the first minute on people come to the end of what they were at.
const TICKS: u64 = 1_200;
/// What a closed form reads of a resident at least: a row's part that says since when and how fast needs change.
const BYTES_READ: f64 = 32.0;

pub struct CityDense;

impl Workload for CityDense {
    fn name(&self) -> &'static str {
        "city-dense"
    }

    fn unit(&self) -> &'static str {
        "agent-ticks"
    }

    fn about(&self) -> &'static str {
        "city-dense: 1,200 ticks from 10:00, dense stepping, set-up excluded; bound: the rate at which all workers \
         together read memory, over 32 bytes an agent and tick"
    }

    fn bound_name(&self) -> &'static str {
        "memory read, 32 bytes an agent"
    }

    fn cases(&self, quick: bool, workers: usize) -> Vec<Case> {
        sized(&[if quick { 100_000 } else { EVERYBODY }], workers)
    }

    fn guess(&self, case: &Case) -> f64 {
        1.0 + case.agents as f64 * 5e-6
    }

    fn measure(&self, case: &Case) -> Result<Sample, RunError> {
        let ten = "1999-05-04T10:00".parse::<DateTime>().map_err(|error| RunError::Input(error.to_string()))?;
        let options = RunOptions {
            agents: Some(case.agents),
            workers: Some(case.workers),
            start: Some(ten),
            span: Some(Span::Ticks(TICKS)),
            stepping: Stepping::Dense,
            pin: true,
            ..RunOptions::default()
        };
        let report = Simulation::of::<City>(Params::defaults()).options(options).watch(&mut NoWatch)?;
        let (agent_ticks, ticks, wall) = ((report.agents * report.ticks) as f64, report.ticks, report.wall_seconds);
        let mut sample = sample(report, agent_ticks)?;
        sample.facts.insert("ms_a_tick".to_owned(), wall * 1e3 / ticks.max(1) as f64);
        Ok(sample)
    }

    fn bound(&self, case: &Case, _: u64) -> Sample {
        let mut read = memory::read(case.workers);
        read.count /= BYTES_READ;
        read
    }
}
