//! What is to be measured: workloads, sizes, how often.

use super::measure::{Case, Part};
use super::workload::{ALL, Workload, find, names};
use crate::app::args::BenchArgs;
use crate::app::error::{Error, nearest};
use crate::app::layers::{Given, Origin};
use crate::app::style::bytes;
use crate::app::values;
use crate::exec::cores;

/// What a resident takes at most, everything of the process included: for whether a case fits into memory.
const BYTES_AN_AGENT: u64 = 800;

/// The most workers: each pair of them has trays of its own in the plain loops.
const WORKERS_MAX: u64 = 1_024;

/// A row of the table to come.
#[derive(Clone)]
pub struct Job {
    /// The workload.
    pub workload: &'static dyn Workload,
    /// Which case of it.
    pub case: Case,
}

impl Job {
    /// Its parts, in the order in which they are measured.
    pub fn parts(&self) -> &'static [Part] {
        if self.workload.bound_name().is_empty() { &[Part::Engine] } else { &[Part::Engine, Part::Bound] }
    }
}

/// What is to be measured.
pub struct Plan {
    /// The rows.
    pub jobs: Vec<Job>,
    /// How often each.
    pub repeat: usize,
    /// Small sizes only.
    pub quick: bool,
    /// Cases that do not fit into this machine, and why.
    pub left_out: Vec<String>,
}

impl Plan {
    /// What was asked for, on a machine with so much memory available.
    pub fn of(args: &BenchArgs, available_bytes: Option<u64>) -> Result<Self, Error> {
        let number = |flag: &str, text: &Option<String>, noun, high, otherwise| {
            let given = |text: &String| Given { text: text.clone(), origin: Origin::Flag(flag.to_owned()) };
            text.as_ref().map_or(Ok(otherwise), |text| values::count(&given(text), noun, 1, high))
        };
        let repeat = number("--repeat", &args.repeat, "repeats", 1_000, 3)? as usize;
        let workers = number("--workers", &args.workers, "workers", WORKERS_MAX, cores::count() as u64)? as usize;
        for name in &args.only {
            if find(name).is_none() {
                return Err(Error::Usage(unknown(name)));
            }
        }
        let chosen = |name: &str| args.only.is_empty() || args.only.iter().any(|only| only == name);
        let mut plan = Self { jobs: Vec::new(), repeat, quick: args.quick, left_out: Vec::new() };
        for workload in ALL.into_iter().filter(|workload| chosen(workload.name())) {
            for case in workload.cases(args.quick, workers) {
                let needs = case.agents * BYTES_AN_AGENT;
                match available_bytes.filter(|available| *available < needs) {
                    None => plan.jobs.push(Job { workload, case }),
                    Some(available) => plan.left_out.push(format!(
                        "{} at {} agents is left out: it needs about {}, and {} are free",
                        workload.name(),
                        crate::app::style::thousands(case.agents),
                        bytes(needs),
                        bytes(available)
                    )),
                }
            }
        }
        Ok(plan)
    }
}

fn unknown(name: &str) -> String {
    let known = names();
    let hint = nearest(name, known).map_or(String::new(), |near| format!(" did you mean `{near}`?"));
    format!("there is no workload `{name}`, in --only;{hint} there are {}", known.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(args: BenchArgs, available: Option<u64>) -> Result<Plan, String> {
        Plan::of(&args, available).map_err(|error| error.to_string())
    }

    fn only(names: &[&str]) -> BenchArgs {
        BenchArgs { only: names.iter().map(|name| name.to_string()).collect(), quick: true, ..BenchArgs::default() }
    }

    #[test]
    fn workloads_are_chosen_by_name() {
        let of = |names: &[&str]| -> Vec<&str> {
            let mut names: Vec<_> =
                plan(only(names), None).unwrap().jobs.iter().map(|job| job.workload.name()).collect();
            names.dedup();
            names
        };
        assert_eq!(of(&["setup", "bandwidth"]), ["setup", "bandwidth"]);
        assert_eq!(of(&[]), names());
        assert_eq!(
            plan(only(&["setpu"]), None).err().unwrap(),
            "there is no workload `setpu`, in --only; did you mean `setup`? there are city-day, city-dense, messages, \
             skewed-city, setup, kept-day, checkpoint, journal, cold-zones, bandwidth"
        );
    }

    #[test]
    fn counts_are_checked() {
        let args = |repeat: &str| BenchArgs { repeat: Some(repeat.to_owned()), ..BenchArgs::default() };
        assert!(plan(args("0"), None).err().unwrap().starts_with("0 repeats are too few, in --repeat"));
        assert!(plan(args("x"), None).err().unwrap().starts_with("`x` is no number of repeats, in --repeat"));
        assert_eq!(plan(args("5"), None).unwrap().repeat, 5);
    }

    #[test]
    fn what_does_not_fit_into_memory_is_left_out_and_said() {
        let plan = plan(BenchArgs::default(), Some(4 << 30)).unwrap();
        assert!(plan.jobs.iter().all(|job| job.case.agents <= 4_000_000));
        assert!(plan.left_out[0].starts_with("city-day at 8,008,278 agents is left out"), "{:?}", plan.left_out);
    }
}
