//! The wealth exchange gives the distribution that theory predicts, and the same digest however it is run.

use myriad::prelude::*;
use myriad::scenarios::Wealth;

#[test]
fn gini_approaches_one_half() {
    let report = Simulation::of::<Wealth>(Params::defaults()).agents(2_000).seed(42).run(3_000).unwrap();
    assert!(report.invariants.values().all(|held| *held), "{:?}", report.invariants);
    let gini = &report.series[0];
    assert_eq!((gini.ticks.len(), gini.values[0]), (301, 0.0), "everybody starts with the same");
    let last = gini.values.last().unwrap();
    assert!((last - 21.0 / 41.0).abs() < 0.03, "{last}");
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
