//! A scenario beside the world: figures of the simulation, each with the measured one.

use serde::Serialize;

/// A figure of the simulation beside the measured one.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct ValidationRow {
    /// What is compared.
    pub name: String,
    /// The simulation's figure.
    pub got: f64,
    /// The measured figure.
    pub target: f64,
    /// The unit of both, or "".
    pub unit: String,
    /// The least that passes.
    pub low: f64,
    /// The most that passes.
    pub high: f64,
    /// Whether it passes.
    pub ok: bool,
    /// Where the measured figure stands.
    pub source: String,
}

/// The outcome of a comparison.
#[derive(Clone, PartialEq, Debug, Default, Serialize)]
pub struct Validation {
    /// Figure by figure.
    pub rows: Vec<ValidationRow>,
    /// What a reader needs to know of the comparison.
    pub notes: Vec<String>,
}

impl Validation {
    /// Adds a figure that passes from `low` to `high`, both included.
    pub fn row(&mut self, name: &str, unit: &str, got: f64, target: f64, passes: (f64, f64), source: &str) {
        let (low, high) = passes;
        let ok = (low..=high).contains(&got);
        let [name, unit, source] = [name, unit, source].map(str::to_owned);
        self.rows.push(ValidationRow { name, got, target, unit, low, high, ok, source });
    }
}
