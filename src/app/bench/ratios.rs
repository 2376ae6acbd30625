//! What follows from several rows: how a day scales with workers and with size.

use serde::Serialize;

use super::report::Measured;
use crate::app::style::{digits, thousands};

/// A quotient of two rows.
#[derive(Clone, Debug, Serialize)]
pub struct Ratio {
    /// "workers" or "size".
    pub name: &'static str,
    /// The quotient.
    pub value: f64,
    /// What it would be if nothing were lost.
    pub ideal: f64,
    /// What it says, in words.
    pub text: String,
}

/// The ratios that these rows allow.
pub fn ratios(results: &[Measured]) -> Vec<Ratio> {
    let days: Vec<&Measured> = results.iter().filter(|row| row.workload == "city-day").collect();
    workers(&days).into_iter().chain(size(&days)).collect()
}

/// How much quicker many workers are than one, at the same size.
fn workers(days: &[&Measured]) -> Option<Ratio> {
    let one = days.iter().find(|row| row.workers == 1)?;
    let many = days.iter().find(|row| row.agents == one.agents && row.workers > 1)?;
    let value = many.rate.median / one.rate.median;
    let text = format!(
        "{} workers are {} times as fast as 1, at {} agents",
        many.workers,
        digits(value),
        thousands(many.agents)
    );
    Some(Ratio { name: "workers", value, ideal: many.workers as f64, text })
}

/// How much longer a day of one agent takes in the largest city than in the next smaller one.
fn size(days: &[&Measured]) -> Option<Ratio> {
    let workers = days.iter().map(|row| row.workers).max()?;
    let mut sizes: Vec<&&Measured> = days.iter().filter(|row| row.workers == workers).collect();
    sizes.sort_by_key(|row| row.agents);
    let (large, small) = (sizes.pop()?, sizes.pop()?);
    let an_agent = |row: &Measured| row.seconds.median / row.agents as f64;
    let value = an_agent(large) / an_agent(small);
    let text = format!(
        "an agent's day takes {} times as long at {} agents as at {}",
        digits(value),
        thousands(large.agents),
        thousands(small.agents)
    );
    Some(Ratio { name: "size", value, ideal: 1.0, text })
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::*;

    #[test]
    fn ratios_compare_what_can_be_compared() {
        let found = report().ratios;
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].value, found[0].ideal), (1.5, 2.0));
        assert_eq!(found[0].text, "2 workers are 1.5 times as fast as 1, at 100,000 agents");
        assert!((found[1].value - 1.5).abs() < 1e-9);
        assert_eq!(found[1].text, "an agent's day takes 1.5 times as long at 100,000 agents as at 10,000");
    }

    #[test]
    fn without_a_pair_there_is_no_ratio() {
        let mut results = report().results;
        results.truncate(1);
        assert!(ratios(&results).is_empty());
    }
}
