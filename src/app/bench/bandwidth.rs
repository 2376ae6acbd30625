//! `bandwidth`: what the memory gives, read and updated in place. It is a bound itself.

use super::measure::{Case, Sample};
use super::plain::memory;
use super::workload::Workload;
use crate::sim::RunError;

pub struct Bandwidth;

impl Workload for Bandwidth {
    fn name(&self) -> &'static str {
        "bandwidth"
    }

    fn unit(&self) -> &'static str {
        "GB"
    }

    fn about(&self) -> &'static str {
        "bandwidth: 512 MiB read, or updated in place (read and written, both counted), best of 5 passes"
    }

    fn bound_name(&self) -> &'static str {
        ""
    }

    fn cases(&self, _: bool, workers: usize) -> Vec<Case> {
        let mut crews = vec![1, workers];
        crews.dedup();
        let case = |what: &str, workers| Case { what: what.to_owned(), agents: 0, workers };
        crews.into_iter().flat_map(|workers| ["read", "update"].map(|what| case(what, workers))).collect()
    }

    fn guess(&self, _: &Case) -> f64 {
        0.8
    }

    fn measure(&self, case: &Case) -> Result<Sample, RunError> {
        let mut sample = if case.what == "update" { memory::update(case.workers) } else { memory::read(case.workers) };
        sample.count /= 1e9;
        Ok(sample)
    }

    fn bound(&self, _: &Case, _: u64) -> Sample {
        Sample::default()
    }
}
