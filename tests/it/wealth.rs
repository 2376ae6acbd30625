//! The wealth exchange gives the distribution that theory predicts, and the same digest however it is run.

use myriad::prelude::*;
use myriad::scenarios::Wealth;

#[test]
fn gini_approaches_one_half() {
    let report = Simulation::of::<Wealth>(Params::defaults()).agents(2_000).seed(42).run(500).unwrap();
    assert!(report.invariants.values().all(|held| *held), "{:?}", report.invariants);
    let gini = &report.series[0];
    assert_eq!((gini.values[0], gini.ticks.len()), (0.0, 51));
    // One coin each: purses settle near the geometric distribution of mean 1, whose Gini coefficient is 2/3; with many
    // coins each it is 1/2.
    let last = *gini.values.last().unwrap();
    assert!((0.6..0.72).contains(&last), "{last}");

    let mut params = <Wealth as Scenario>::Params::defaults();
    params.try_set("coins", Value::Int(100)).unwrap();
    let report = Simulation::of::<Wealth>(params).agents(500).seed(42).run(30_000).unwrap();
    let last = *report.series[0].values.last().unwrap();
    assert!((0.45..0.55).contains(&last), "{last}");
}

#[test]
fn digest_does_not_show_workers_or_shards() {
    let digest = |workers, shards, stepping| {
        let run = Simulation::of::<Wealth>(Params::defaults()).agents(300).workers(workers).shards(shards);
        run.stepping(stepping).run(60).unwrap().digest
    };
    let reference = digest(1, 1, Stepping::Event);
    for (workers, shards) in [(2, 24), (1, 64), (3, 5)] {
        assert_eq!(reference, digest(workers, shards, Stepping::Event));
        assert_eq!(reference, digest(workers, shards, Stepping::Dense));
    }
}
