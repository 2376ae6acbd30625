//! What is measured, and what came of it: these cross from the process that measures to the one that asked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One row of the table: a workload at a size.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default, Serialize, Deserialize)]
pub struct Case {
    /// What of the workload, where it has several sides ("read"); "" otherwise.
    pub what: String,
    /// Agents; 0 where there are none.
    pub agents: u64,
    /// Worker threads.
    pub workers: usize,
}

/// What a process is asked to measure.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The workload.
    Engine,
    /// What it is held against.
    Bound,
}

/// The whole order to a process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Order {
    /// The workload's name.
    pub workload: String,
    /// Which case of it.
    pub case: Case,
    /// Which part of it.
    pub part: Part,
    /// The largest resident set that the engine had in this case, which some bounds need.
    pub resident_bytes: u64,
}

/// What a process measured.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Sample {
    /// How much was done, in the workload's unit.
    pub count: f64,
    /// How long it took.
    pub seconds: f64,
    /// The process's largest resident set.
    pub peak_rss_bytes: u64,
    /// The digest, where there is one.
    pub digest: String,
    /// Wall seconds by phase, averaged over the workers.
    pub phase_seconds: BTreeMap<String, f64>,
    /// What else is worth keeping, by name.
    pub facts: BTreeMap<String, f64>,
}

impl Sample {
    /// Units a second.
    pub fn rate(&self) -> f64 {
        self.count / self.seconds.max(1e-9)
    }
}

/// The median of several measurements, and how far they lie apart.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Spread {
    /// Half are below.
    pub median: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
}

impl Spread {
    /// Of these numbers; `None` if there are none.
    pub fn of(numbers: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = numbers.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
        Some(Self { median: (low + high) / 2.0, min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let of = |numbers: &[f64]| Spread::of(numbers.iter().copied()).map(|spread| spread.median);
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[7.0]), Some(7.0));
        assert_eq!(of(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(of(&[4.0, 1.0, 2.0, 9.0]), Some(3.0));
        assert_eq!(Spread::of([3.0, 1.0, 2.0]), Some(Spread { median: 2.0, min: 1.0, max: 3.0 }));
    }

    #[test]
    fn what_crosses_between_processes_comes_back_as_it_was() {
        let case = Case { what: "read".to_owned(), agents: 5, workers: 2 };
        let order = Order { workload: "setup".to_owned(), case: case.clone(), part: Part::Bound, resident_bytes: 9 };
        let back: Order = serde_json::from_str(&serde_json::to_string(&order).unwrap()).unwrap();
        assert_eq!((back.case, back.part, back.resident_bytes), (case, Part::Bound, 9));
        let sample = Sample { count: 10.0, seconds: 4.0, ..Sample::default() };
        let back: Sample = serde_json::from_str(&serde_json::to_string(&sample).unwrap()).unwrap();
        assert_eq!((back.rate(), back), (2.5, sample));
    }
}
