//! What a workload is, and the list of them.

use super::measure::{Case, Sample};
use super::{bandwidth, city_day, city_dense, cold, journal, kept, messages, setup, skewed_city};
use crate::sim::{RunError, RunReport};

/// Residents of New York in the census of 2000: the largest city.
pub const EVERYBODY: u64 = 8_008_278;

/// Something that the engine does and that can be held against what the machine can do.
pub trait Workload: Sync {
    /// The name by which it is chosen.
    fn name(&self) -> &'static str;
    /// What is counted.
    fn unit(&self) -> &'static str;
    /// What it is and what it is held against, in a sentence.
    fn about(&self) -> &'static str;
    /// What it is held against, in a word or two; "" if it is a bound itself, or measures both by turns.
    fn bound_name(&self) -> &'static str;
    /// The cases to be measured.
    fn cases(&self, quick: bool, workers: usize) -> Vec<Case>;
    /// About how many seconds a case takes: for the first estimate of the time that is left.
    fn guess(&self, case: &Case) -> f64;
    /// Measures a case.
    fn measure(&self, case: &Case) -> Result<Sample, RunError>;
    /// Measures what it is held against.
    fn bound(&self, case: &Case, resident_bytes: u64) -> Sample;
}

/// All of them, in the order of the table.
pub const ALL: [&dyn Workload; 10] = [
    &city_day::CityDay,
    &city_dense::CityDense,
    &messages::Messages,
    &skewed_city::SkewedCity,
    &setup::Setup,
    &kept::KeptDay,
    &kept::Checkpoint,
    &journal::JournaledDay,
    &cold::ColdZones,
    &bandwidth::Bandwidth,
];

/// Their names.
pub fn names() -> [&'static str; ALL.len()] {
    ALL.map(|workload| workload.name())
}

/// The one of that name.
pub fn find(name: &str) -> Option<&'static dyn Workload> {
    ALL.into_iter().find(|workload| workload.name() == name)
}

/// Cases of these sizes with so many workers.
pub fn sized(agents: &[u64], workers: usize) -> Vec<Case> {
    agents.iter().map(|&agents| Case { what: String::new(), agents, workers }).collect()
}

/// A sample of a run, once it is sure that the run was sound: figures of a broken one are worth nothing.
pub fn sample(report: RunReport, count: f64) -> Result<Sample, RunError> {
    let broken: Vec<&str> =
        report.invariants.iter().filter(|(_, held)| !**held).map(|(name, _)| name.as_str()).collect();
    if !broken.is_empty() {
        return Err(RunError::Panic(format!("invariant missed: {}", broken.join(", "))));
    }
    let facts = [
        ("transitions", report.transitions as f64),
        ("messages", report.messages as f64),
        ("messages_spilled", report.messages_spilled as f64),
        ("handoffs", report.handoffs as f64),
        ("ticks", report.ticks as f64),
        ("setup_seconds", report.setup_seconds),
        ("realtime_factor", report.realtime_factor),
    ];
    Ok(Sample {
        count,
        seconds: report.wall_seconds,
        peak_rss_bytes: report.peak_rss_bytes,
        digest: report.digest,
        phase_seconds: report.phase_seconds,
        facts: facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workloads_are_found_by_name_and_have_cases() {
        for workload in ALL {
            assert_eq!(find(workload.name()).map(|found| found.unit()), Some(workload.unit()));
            for quick in [true, false] {
                let cases = workload.cases(quick, 2);
                assert!(
                    !cases.is_empty() && cases.iter().all(|case| workload.guess(case) > 0.0),
                    "{}",
                    workload.name()
                );
            }
        }
        assert!(find("city").is_none());
    }

    #[test]
    fn the_help_names_each() {
        let help = crate::app::args::bench_help();
        for name in names() {
            assert!(help.contains(&format!("\n  {name} ")), "{name}: {help}");
        }
    }

    #[test]
    fn no_case_is_measured_twice_on_one_core() {
        for workload in ALL {
            let cases = workload.cases(false, 1);
            let distinct: std::collections::BTreeSet<_> = cases.iter().collect();
            assert_eq!(distinct.len(), cases.len(), "{}", workload.name());
        }
    }

    #[test]
    fn a_broken_run_gives_no_figures() {
        let mut report = crate::app::fake::report(10, 1);
        assert!(sample(report.clone(), 5.0).is_ok_and(|sample| sample.count == 5.0));
        report.invariants.insert("money".to_owned(), false);
        assert!(sample(report, 5.0).is_err_and(|error| error.to_string() == "invariant missed: money"));
    }
}
