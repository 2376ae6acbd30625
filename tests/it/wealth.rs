//! The example of a model of one's own gives the distribution that theory predicts, and the same digest however it is
//! run.
//!
//! Dragulescu and Yakovenko, "Statistical mechanics of money", European Physical Journal B 17, 2000: from equal purses
//! the Boltzmann-Gibbs distribution emerges. Coins are whole, so purses become geometric: with `m` coins each the Gini
//! coefficient approaches (m + 1) / (2 m + 1), 2/3 for one coin and 1/2 for many, in some `m * m` ticks.

use myriad::prelude::*;

#[path = "../../examples/wealth.rs"]
mod example;
use example::{Coin, Purse, WealthExchange};

fn coins(all: All<Purse>, flight: InFlight<Coin>) -> i64 {
    all.iter().map(|(_, purse)| purse.0).sum::<i64>() + flight.iter().map(|(_, coin)| coin.0).sum::<i64>()
}

#[test]
fn gini_approaches_one_half() {
    let report = Simulation::of::<WealthExchange>(Params::defaults()).agents(2_000).seed(42).run(3_000).unwrap();
    assert!(report.invariants.values().all(|held| *held), "{:?}", report.invariants);
    let gini = &report.series[0];
    assert_eq!((gini.ticks.len(), gini.values[0]), (31, 0.0), "everybody starts with the same");
    let last = gini.values.last().unwrap();
    assert!((last - 21.0 / 41.0).abs() < 0.03, "{last}");
}

#[test]
fn coins_are_conserved() {
    let mut engine = Simulation::of::<WealthExchange>(Params::defaults()).agents(300).build().unwrap();
    for tick in 0..50 {
        assert_eq!(engine.ask(coins).unwrap(), 300 * 20);
        engine.advance(Tick(tick + 1)).unwrap();
    }
}

#[test]
fn digest_does_not_show_workers_or_shards() {
    let digest = |workers, shards, stepping| {
        let run = Simulation::of::<WealthExchange>(Params::defaults()).agents(300).workers(workers).shards(shards);
        run.stepping(stepping).run(60).unwrap().digest
    };
    let reference = digest(1, 1, Stepping::Event);
    for (workers, shards) in [(2, 24), (1, 64), (3, 5)] {
        assert_eq!(reference, digest(workers, shards, Stepping::Event));
        assert_eq!(reference, digest(workers, shards, Stepping::Dense));
    }
}
