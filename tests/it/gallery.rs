//! The models of the gallery: what does not define a run never shows in its digest; and each behaves as the literature
//! says.

use myriad::prelude::*;
use myriad::scenarios::gallery::*;

/// The digests of a run, one for each tick asked for.
fn digests<S: Scenario>(experiment: Experiment<S>, ticks: &[u64]) -> Vec<Digest> {
    let mut engine = experiment.build().unwrap();
    let reach = |tick: &u64| {
        while engine.now() < Tick(*tick) {
            engine.advance(Tick(*tick)).unwrap();
        }
        engine.digest()
    };
    ticks.iter().map(reach).collect()
}

/// A run that is put away at each of these ticks, and brought back with another number of shards and workers.
fn put_away<S: Scenario>(new: impl Fn(usize, usize) -> Experiment<S>, ticks: &[u64]) -> Vec<Digest> {
    let mut engine = new(2, 24).build().unwrap();
    let mut seen = Vec::new();
    for (nth, &tick) in ticks.iter().enumerate() {
        while engine.now() < Tick(tick) {
            engine.advance(Tick(tick)).unwrap();
        }
        let saved = engine.save().unwrap();
        engine = new(1 + nth % 2, [5, 1, 24][nth % 3]).revive(&saved).unwrap();
        seen.push(engine.digest());
    }
    seen
}

fn same_however_it_is_run<S: Scenario>(params: S::Params, agents: u64, ticks: u64, is_cut: bool)
where
    S::Params: Clone,
{
    let new = |workers: usize, shards: usize| {
        Simulation::of::<S>(params.clone()).agents(agents).workers(workers).shards(shards).seed(7)
    };
    let marks: Vec<u64> = (1..=4).map(|nth| ticks * nth / 4).collect();
    let right = digests(new(1, 1), &marks);
    assert!(right.windows(2).any(|pair| pair[0] != pair[1]), "{}: something happens", S::NAME);
    for (workers, shards) in [(2, 1), (1, 24), (2, 24), (2, 7)] {
        assert_eq!(digests(new(workers, shards), &marks), right, "{}: {workers} workers, {shards} shards", S::NAME);
    }
    assert_eq!(digests(new(2, 5).stepping(Stepping::Dense), &marks), right, "{}: dense stepping", S::NAME);
    let mut options =
        RunOptions { agents: Some(agents), seed: 7, upheaval: 3, shards: Some(6), ..RunOptions::default() };
    assert_eq!(
        digests(Simulation::of::<S>(params.clone()).options(options.clone()), &marks),
        right,
        "{}: moves",
        S::NAME
    );
    for zones in if is_cut { &[2, 3, 13, 40][..] } else { &[] } {
        options.zones = Some(*zones);
        let cut = Simulation::of::<S>(params.clone()).options(options.clone());
        assert_eq!(digests(cut, &marks), right, "{}: {zones} zones", S::NAME);
    }
    assert_eq!(put_away(new, &marks), right, "{}: put away and brought back", S::NAME);
    assert_ne!(digests(new(1, 1).seed(8), &marks), right, "{}: another seed", S::NAME);
}

macro_rules! same {
    ($($name:ident: $model:ident, $agents:literal, $ticks:literal, $is_cut:literal;)*) => {$(
        #[test]
        fn $name() {
            same_however_it_is_run::<$model>(Params::defaults(), $agents, $ticks, $is_cut);
        }
    )*};
}
same! {
    wealth_is_the_same_however_it_is_run: Wealth, 500, 40, false;
    schelling_is_the_same_however_it_is_run: Schelling, 1_000, 8, false;
    flocking_is_the_same_however_it_is_run: Flocking, 900, 24, true;
    circles_are_the_same_however_they_are_run: Circles, 700, 12, true;
    wolves_are_the_same_however_they_are_run: WolfSheep, 60, 40, false;
    sir_is_the_same_however_it_is_run: Sir, 1_000, 8_000, false;
    fires_are_the_same_however_they_are_run: ForestFire, 10_000, 24, true;
    sugarscape_is_the_same_however_it_is_run: Sugarscape, 250, 120, false;
    life_is_the_same_however_it_is_run: Life, 4_700, 40, true;
    pphpc_is_the_same_however_it_is_run: Pphpc, 400, 60, false;
}
