//! One part after another: rounds over all rows, so that a slow minute of the machine falls on all of them alike.

use std::collections::BTreeMap;

use super::measure::{Order, Part, Sample};
use super::plan::{Job, Plan};
use super::process::{NoSample, ask};
use crate::app::progress::Reporter;
use crate::app::style::{duration, thousands};
use crate::exec::Elapsed;

/// What was measured of a row.
#[derive(Clone, Default)]
pub struct Taken {
    /// Of the workload, in order.
    pub engine: Vec<Sample>,
    /// Of what it is held against.
    pub bound: Vec<Sample>,
}

/// What came of a plan.
#[derive(Default)]
pub struct Harvest {
    /// For each job of the plan.
    pub taken: Vec<Taken>,
    /// What could not be measured, and why.
    pub failed: Vec<String>,
    /// Whether a person ended it.
    pub interrupted: bool,
}

/// Measures all that is planned, or what there was time for.
pub fn conduct(plan: &Plan, reporter: &mut Reporter<'_>) -> Harvest {
    let mut harvest = Harvest { taken: vec![Taken::default(); plan.jobs.len()], ..Harvest::default() };
    let mut clock = Clock::new(plan);
    let mut broken = vec![false; plan.jobs.len()];
    for _ in 0..plan.repeat {
        for (index, job) in plan.jobs.iter().enumerate() {
            for &part in job.parts() {
                if broken[index] {
                    clock.skip((index, part));
                    continue;
                }
                match take(job, part, &harvest.taken[index], &mut clock, index, reporter) {
                    Ok(sample) => match part {
                        Part::Engine => harvest.taken[index].engine.push(sample),
                        Part::Bound => harvest.taken[index].bound.push(sample),
                    },
                    Err(NoSample::Stopped) => {
                        harvest.interrupted = true;
                        return harvest;
                    }
                    Err(NoSample::Failed(why)) => {
                        harvest.failed.push(format!("{}: {why}", title(job, part)));
                        broken[index] = true;
                    }
                }
                let digests = harvest.taken[index].engine.windows(2).all(|pair| pair[0].digest == pair[1].digest);
                if !digests && !broken[index] {
                    harvest.failed.push(format!("{}: two runs of it have different digests", title(job, part)));
                    broken[index] = true;
                }
            }
        }
    }
    harvest
}

fn take(
    job: &Job,
    part: Part,
    taken: &Taken,
    clock: &mut Clock,
    index: usize,
    reporter: &mut Reporter<'_>,
) -> Result<Sample, NoSample> {
    let resident_bytes = taken.engine.iter().map(|sample| sample.peak_rss_bytes).max().unwrap_or(0);
    let order = Order { workload: job.workload.name().to_owned(), case: job.case.clone(), part, resident_bytes };
    let what = title(job, part);
    clock.begin((index, part));
    let mut look = || {
        let (share, left) = clock.now();
        reporter.tell(share, &|| format!("{what} · {} left", duration(left.max(1.0).round())))
    };
    if look() {
        return Err(NoSample::Stopped);
    }
    let sample = ask(&order, look);
    clock.end();
    sample
}

/// `city-day, 1,000,000 agents, 2 workers: plain rows`.
pub fn title(job: &Job, part: Part) -> String {
    let mut text = job.workload.name().to_owned();
    if !job.case.what.is_empty() {
        text += &format!(" {}", job.case.what);
    }
    if job.case.agents > 0 {
        text += &format!(", {} agents", thousands(job.case.agents));
    }
    let workers = job.case.workers;
    text += &format!(", {workers} worker{}", if workers == 1 { "" } else { "s" });
    if part == Part::Bound {
        text += &format!(": {}", job.workload.bound_name());
    }
    text
}

/// A part of a job, by the job's index.
type Key = (usize, Part);

/// How far the whole is: by guesses until a part was done once, then by what it took.
struct Clock {
    guess: BTreeMap<Key, f64>,
    left: Vec<Key>,
    known: BTreeMap<Key, f64>,
    spent: f64,
    current: Option<Key>,
    started: Elapsed,
}

impl Clock {
    fn new(plan: &Plan) -> Self {
        let mut guess = BTreeMap::new();
        let mut left = Vec::new();
        for (index, job) in plan.jobs.iter().enumerate() {
            for &part in job.parts() {
                // Bounds are quicker than what they bound.
                let seconds = job.workload.guess(&job.case) * if part == Part::Bound { 0.3 } else { 1.0 };
                guess.insert((index, part), seconds);
                left.extend(std::iter::repeat_n((index, part), plan.repeat));
            }
        }
        Self { guess, left, known: BTreeMap::new(), spent: 0.0, current: None, started: Elapsed::start() }
    }

    fn skip(&mut self, key: Key) {
        if let Some(at) = self.left.iter().position(|left| *left == key) {
            self.left.swap_remove(at);
        }
    }

    fn begin(&mut self, key: Key) {
        self.skip(key);
        self.current = Some(key);
        self.started = Elapsed::start();
    }

    fn end(&mut self) {
        if let Some(key) = self.current.take() {
            let seconds = self.started.seconds();
            self.spent += seconds;
            self.known.insert(key, seconds);
        }
    }

    fn cost(&self, key: &Key, pace: f64) -> f64 {
        self.known.get(key).copied().unwrap_or_else(|| pace * self.guess[key])
    }

    /// The share that is done, 0 to 1, and the seconds that are left.
    fn now(&self) -> (f64, f64) {
        let guessed: f64 = self.known.keys().map(|key| self.guess[key]).sum();
        let took: f64 = self.known.values().sum();
        let pace = if guessed > 0.0 { took / guessed } else { 1.0 };
        let current = self.current.as_ref().map_or((0.0, 0.0), |key| {
            let running = self.started.seconds();
            (running, (self.cost(key, pace) - running).max(0.0))
        });
        let left = current.1 + self.left.iter().map(|key| self.cost(key, pace)).sum::<f64>();
        let done = self.spent + current.0;
        (done / (done + left).max(1e-9), left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::args::BenchArgs;

    fn plan() -> Plan {
        let args = BenchArgs { quick: true, only: vec!["city-day".to_owned()], ..BenchArgs::default() };
        Plan::of(&args, None).unwrap()
    }

    #[test]
    fn a_row_is_named_in_full() {
        let plan = plan();
        let title = title(&plan.jobs[1], Part::Bound);
        assert!(title.starts_with("city-day, 100,000 agents, ") && title.ends_with(": plain rows"), "{title}");
    }

    #[test]
    fn the_clock_runs_from_nothing_to_all() {
        let plan = plan();
        let mut clock = Clock::new(&plan);
        assert_eq!(clock.now().0, 0.0);
        let keys = clock.left.clone();
        let before = clock.now().1;
        for key in keys {
            clock.begin(key);
            clock.end();
        }
        let (share, left) = clock.now();
        assert!(share == 1.0 && left == 0.0 && before > 0.0, "{share} {left}");
    }

    #[test]
    fn what_one_part_took_tells_of_the_others() {
        let plan = plan();
        let mut clock = Clock::new(&plan);
        let key = (0, Part::Engine);
        clock.skip(key);
        // Half as quick as was thought.
        clock.known.insert(key, 2.0 * clock.guess[&key]);
        let other = (1, Part::Engine);
        assert_eq!(clock.cost(&other, 2.0), 2.0 * clock.guess[&other]);
        let all: f64 = clock.left.iter().map(|key| clock.cost(key, 2.0)).sum();
        assert!((clock.now().1 - all).abs() < 1e-9);
    }
}
