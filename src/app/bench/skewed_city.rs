//! `skewed-city`: a city with one district at fifty times its density, held against the city as it was.

use super::measure::{Case, Sample};
use super::workload::{Workload, sample, sized};
use crate::base::DateTime;
use crate::scenarios::City;
use crate::scenarios::city::CityParams;
use crate::sim::{NoWatch, Params, RunError, RunOptions, RunReport, Simulation, Span, Value};

/// From 06:00 on: the rush hour of the morning.
const HOURS: f64 = 6.0;
const START: DateTime = DateTime::new_const(1999, 5, 4, 6, 0, 0);

pub struct SkewedCity;

fn run(case: &Case, density: f64) -> Result<RunReport, RunError> {
    let options = RunOptions {
        agents: Some(case.agents),
        workers: Some(case.workers),
        start: Some(START),
        span: Some(Span::Seconds(HOURS * 3_600.0)),
        pin: true,
        ..RunOptions::default()
    };
    let mut params = CityParams::defaults();
    params.set("density.factor", Value::Float(density));
    Simulation::of::<City>(params).options(options).watch(&mut NoWatch)
}

impl Workload for SkewedCity {
    fn name(&self) -> &'static str {
        "skewed-city"
    }

    fn unit(&self) -> &'static str {
        "transitions"
    }

    fn about(&self) -> &'static str {
        "skewed-city: six hours from 06:00, one district at 50 times its density; bound: the same hours of the city as \
         it was"
    }

    fn bound_name(&self) -> &'static str {
        "the city as it was"
    }

    fn cases(&self, quick: bool, workers: usize) -> Vec<Case> {
        sized(&[if quick { 50_000 } else { 1_000_000 }], workers)
    }

    fn guess(&self, case: &Case) -> f64 {
        1.0 + case.agents as f64 * 10e-6 / case.workers as f64
    }

    fn measure(&self, case: &Case) -> Result<Sample, RunError> {
        let report = run(case, 50.0)?;
        let busy = &report.worker_seconds;
        let mean = busy.iter().sum::<f64>() / busy.len() as f64;
        let busiest = busy.iter().copied().fold(0.0, f64::max) / mean;
        let divided = report.zones_divided as f64;
        let transitions = report.transitions as f64;
        let mut sample = sample(report, transitions)?;
        sample.facts.extend([("busiest_to_mean".to_owned(), busiest), ("zones_divided".to_owned(), divided)]);
        Ok(sample)
    }

    fn bound(&self, case: &Case, _: u64) -> Sample {
        let even = run(case, 1.0).and_then(|report| {
            let transitions = report.transitions as f64;
            sample(report, transitions)
        });
        even.expect("the city as it was runs soundly")
    }
}
