//! What is told of a plan that was carried out: the one object that `--json` prints, and the table's source.

use std::collections::BTreeMap;

use serde::Serialize;

use super::conduct::{Harvest, Taken};
use super::machine::Machine;
use super::measure::{Sample, Spread};
use super::plan::{Job, Plan};
use super::ratios::{Ratio, ratios};

/// The whole.
#[derive(Clone, Debug, Serialize)]
pub struct BenchReport {
    /// Where.
    pub machine: Machine,
    /// Whether only small sizes were measured.
    pub quick: bool,
    /// How often each was to be measured.
    pub repeat: usize,
    /// Whether a person ended it before that.
    pub interrupted: bool,
    /// The rows.
    pub results: Vec<Measured>,
    /// What follows from several rows.
    pub ratios: Vec<Ratio>,
    /// What could not be measured, and why.
    pub failed: Vec<String>,
    /// What was not tried, and why.
    pub left_out: Vec<String>,
}

/// A row.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// The workload.
    pub workload: &'static str,
    /// What of it; "" if it has one side only.
    pub what: String,
    /// Agents; 0 where there are none.
    pub agents: u64,
    /// Worker threads.
    pub workers: usize,
    /// How often it was measured.
    pub samples: usize,
    /// What is counted.
    pub unit: &'static str,
    /// Units a second.
    pub rate: Spread,
    /// Seconds that it took.
    pub seconds: Spread,
    /// What it is held against; none for what is a bound itself.
    pub bound: Option<Bound>,
    /// The largest resident set.
    pub peak_rss_bytes: u64,
    /// The same over the agents.
    pub bytes_an_agent: Option<f64>,
    /// The digest, where there is one.
    pub digest: Option<String>,
    /// Nanoseconds of all workers together for a unit.
    pub cpu_ns_a_unit: f64,
    /// The same by phase.
    pub phases: BTreeMap<String, Phase>,
    /// What else was counted, the median of each.
    pub facts: BTreeMap<String, f64>,
}

/// What a row is held against.
#[derive(Clone, Debug, Serialize)]
pub struct Bound {
    /// What it is.
    pub name: &'static str,
    /// Units a second.
    pub rate: Spread,
    /// What part of it the engine reaches: median over median.
    pub share_percent: f64,
}

/// A phase's part in a unit.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Phase {
    /// Nanoseconds of all workers together for a unit.
    pub cpu_ns: f64,
    /// Of all phases.
    pub percent: f64,
}

impl BenchReport {
    /// Of what was planned and what came of it.
    pub fn new(machine: Machine, plan: Plan, harvest: Harvest) -> Self {
        let rows = plan.jobs.iter().zip(&harvest.taken);
        let results: Vec<Measured> = rows.filter_map(|(job, taken)| measured(job, taken)).collect();
        Self {
            machine,
            quick: plan.quick,
            repeat: plan.repeat,
            interrupted: harvest.interrupted,
            ratios: ratios(&results),
            results,
            failed: harvest.failed,
            left_out: plan.left_out,
        }
    }
}

/// A job's row; `None` if there was no time for it.
fn measured(job: &Job, taken: &Taken) -> Option<Measured> {
    let engine = &taken.engine;
    let rate = Spread::of(engine.iter().map(Sample::rate))?;
    let seconds = Spread::of(engine.iter().map(|sample| sample.seconds))?;
    let bound = Spread::of(taken.bound.iter().map(Sample::rate)).map(|bound| Bound {
        name: job.workload.bound_name(),
        rate: bound,
        share_percent: 100.0 * rate.median / bound.median.max(1e-9),
    });
    let case = &job.case;
    let peak_rss_bytes = Spread::of(engine.iter().map(|sample| sample.peak_rss_bytes as f64))?.median as u64;
    let digest = engine.iter().map(|sample| &sample.digest).find(|digest| !digest.is_empty());
    let cpu_ns_a_unit = 1e9 * case.workers as f64 / rate.median.max(1e-9);
    Some(Measured {
        workload: job.workload.name(),
        what: case.what.clone(),
        agents: case.agents,
        workers: case.workers,
        samples: engine.len(),
        unit: job.workload.unit(),
        rate,
        seconds,
        bound,
        peak_rss_bytes,
        bytes_an_agent: (case.agents > 0).then(|| peak_rss_bytes as f64 / case.agents as f64),
        digest: digest.cloned(),
        cpu_ns_a_unit,
        phases: phases(engine, cpu_ns_a_unit),
        facts: medians(engine, |sample| &sample.facts),
    })
}

/// The median of each number that the samples have by name.
fn medians(samples: &[Sample], of: fn(&Sample) -> &BTreeMap<String, f64>) -> BTreeMap<String, f64> {
    let names = samples.iter().flat_map(|sample| of(sample).keys().cloned());
    let median = |name: &String| Spread::of(samples.iter().filter_map(|sample| of(sample).get(name).copied()));
    names.filter_map(|name| median(&name).map(|spread| (name, spread.median))).collect()
}

fn phases(samples: &[Sample], cpu_ns_a_unit: f64) -> BTreeMap<String, Phase> {
    let seconds = medians(samples, |sample| &sample.phase_seconds);
    let total: f64 = seconds.values().sum();
    let share = |seconds: f64| if total > 0.0 { seconds / total } else { 0.0 };
    let phase = |seconds: f64| Phase { cpu_ns: cpu_ns_a_unit * share(seconds), percent: 100.0 * share(seconds) };
    seconds.into_iter().map(|(name, seconds)| (name, phase(seconds))).collect()
}

#[cfg(test)]
pub mod tests {
    use super::super::measure::Case;
    use super::super::workload::find;
    use super::*;

    fn sample(count: f64, seconds: f64) -> Sample {
        let phase_seconds = [("zones".to_owned(), 3.0 * seconds / 4.0), ("order".to_owned(), seconds / 4.0)].into();
        let digest = "0123456789abcdef".to_owned();
        Sample { count, seconds, peak_rss_bytes: 64_000_000, digest, phase_seconds, ..Sample::default() }
    }

    /// A report of two rows of a day and one of the memory.
    pub fn report() -> BenchReport {
        let job = |name: &str, what: &str, agents, workers| {
            let case = Case { what: what.to_owned(), agents, workers };
            Job { workload: find(name).unwrap(), case }
        };
        let jobs = vec![
            job("city-day", "", 10_000, 2),
            job("city-day", "", 100_000, 2),
            job("city-day", "", 100_000, 1),
            job("bandwidth", "read", 0, 2),
            job("setup", "", 100_000, 2),
        ];
        let taken = vec![
            Taken { engine: vec![sample(240e3, 0.2)], bound: vec![sample(240e3, 0.01)] },
            Taken {
                engine: [2.0, 4.0, 3.0].map(|seconds| sample(2.4e6, seconds)).to_vec(),
                bound: vec![sample(2.4e6, 0.24)],
            },
            Taken { engine: vec![sample(2.4e6, 4.5)], bound: Vec::new() },
            Taken { engine: vec![Sample { count: 17.7, seconds: 1.0, ..Sample::default() }], bound: Vec::new() },
            Taken::default(),
        ];
        let machine = Machine {
            processor: "A Fine Processor".to_owned(),
            cores: 2,
            memory_bytes: 8 << 30,
            available_bytes: None,
            kernel: "Linux 6.1".to_owned(),
            myriad: "0.1.0",
        };
        let plan = Plan { jobs, repeat: 3, quick: true, left_out: Vec::new() };
        BenchReport::new(machine, plan, Harvest { taken, ..Harvest::default() })
    }

    #[test]
    fn rows_hold_medians_and_shares() {
        let report = report();
        assert_eq!(report.results.len(), 4, "what was not measured has no row");
        let row = &report.results[1];
        assert_eq!((row.seconds.median, row.seconds.min, row.seconds.max), (3.0, 2.0, 4.0));
        assert_eq!((row.rate.median, row.samples), (800e3, 3));
        assert_eq!(row.cpu_ns_a_unit, 2_500.0);
        assert_eq!(row.bytes_an_agent, Some(640.0));
        let bound = row.bound.as_ref().unwrap();
        assert!((bound.rate.median - 10e6).abs() < 1.0 && (bound.share_percent - 8.0).abs() < 1e-6);
        let phase = row.phases["zones"];
        assert!((phase.percent - 75.0).abs() < 1e-6 && (phase.cpu_ns - 1_875.0).abs() < 1e-6, "{phase:?}");
        assert_eq!((&report.results[3].digest, report.results[3].bytes_an_agent), (&None, None));
    }
}
