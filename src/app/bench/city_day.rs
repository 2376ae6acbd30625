//! `city-day`: a weekday of the city in event stepping, held against plain rows.

use super::measure::{Case, Sample};
use super::plain::rows;
use super::workload::{EVERYBODY, Workload, sample, sized};
use crate::scenarios::City;
use crate::sim::{NoWatch, Params, RunError, RunOptions, Simulation, Span};

/// Rows of the bound at most: beyond the caches anyway, and a larger world would take minutes.
const PLAIN_AGENTS_MAX: u64 = 2_000_000;

pub struct CityDay;

impl Workload for CityDay {
    fn name(&self) -> &'static str {
        "city-day"
    }

    fn unit(&self) -> &'static str {
        "transitions"
    }

    fn about(&self) -> &'static str {
        "city-day: a weekday, event stepping; bound: plain rows of 148 bytes with a timing wheel, as many wakes, \
         messages and handoffs, trivial updates, no canonical order (at most 2,000,000 rows)"
    }

    fn bound_name(&self) -> &'static str {
        "plain rows"
    }

    fn cases(&self, quick: bool, workers: usize) -> Vec<Case> {
        let (sizes, alone): (&[u64], u64) =
            if quick { (&[10_000, 100_000], 100_000) } else { (&[100_000, 1_000_000, EVERYBODY], 1_000_000) };
        let mut cases = sized(sizes, workers);
        if workers > 1 {
            cases.extend(sized(&[alone], 1));
        }
        cases
    }

    fn guess(&self, case: &Case) -> f64 {
        1.0 + case.agents as f64 * 60e-6 / case.workers as f64
    }

    fn measure(&self, case: &Case) -> Result<Sample, RunError> {
        let options = RunOptions {
            agents: Some(case.agents),
            workers: Some(case.workers),
            span: Some(Span::Seconds(86_400.0)),
            pin: true,
            ..RunOptions::default()
        };
        let report = Simulation::of::<City>(Params::defaults()).options(options).watch(&mut NoWatch)?;
        let transitions = report.transitions as f64;
        sample(report, transitions)
    }

    fn bound(&self, case: &Case, _: u64) -> Sample {
        rows::day(case.agents.min(PLAIN_AGENTS_MAX) as u32, case.workers)
    }
}
