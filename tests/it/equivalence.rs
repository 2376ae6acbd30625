//! The models of the gallery give what independent programs give: means and spreads over many seeds.
//!
//! The references are the programs in `benches/peers/reference`, written from the literature and not from the models
//! here; one command makes their figures again. Where the literature has a value of its own, that is compared too.

use myriad::prelude::*;
use myriad::scenarios::gallery::*;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// A figure of a reference: its name, its mean over seeds, its standard deviation, and how many seeds there were. What
/// is known exactly has no deviation.
type Figure = (&'static str, f64, f64, u32);

/// The probability that sound models fail any test of this file, were the seeds drawn anew. They are fixed: a test
/// passes or fails for ever.
const FALSE_ALARM: f64 = 1e-4;
/// Figures that are compared in this file, or more.
const FIGURES: usize = 80;
/// Variances may differ by this factor: of 30 and 40 normal values they do so in less than one case of a million. Those
/// of fewer are not compared.
const SPREAD: f64 = 6.0;

/// Compares figures over seeds with those of a reference.
///
/// Means by Welch's test, two-sided, at the level [`FALSE_ALARM`] / [`FIGURES`] (Bonferroni): `t` is the difference of
/// the means over the root of `s1² / n1 + s2² / n2`, and has Student's distribution with the degrees of freedom of
/// Welch and Satterthwaite. Variances may not differ by more than [`SPREAD`].
fn compare<const N: usize>(model: &str, reference: [Figure; N], seeds: u64, run: impl Fn(u64) -> [f64; N]) {
    let runs: Vec<[f64; N]> = (1..=seeds).map(run).collect();
    let mut complaints = Vec::new();
    for (nth, (name, theirs, deviation, count)) in reference.into_iter().enumerate() {
        let values = runs.iter().map(|run| run[nth]);
        let ours = values.clone().sum::<f64>() / seeds as f64;
        let variance = values.map(|value| (value - ours).powi(2)).sum::<f64>() / (seeds - 1) as f64;
        let (our_part, their_part) = (variance / seeds as f64, deviation.powi(2) / count as f64);
        let error = our_part + their_part;
        let freedom = error.powi(2) / (our_part.powi(2) / (seeds - 1) as f64 + their_part.powi(2) / (count - 1) as f64);
        let p = match error > 0.0 {
            true => 2.0 * StudentsT::new(0.0, 1.0, freedom).unwrap().sf((ours - theirs).abs() / error.sqrt()),
            false => f64::from(ours == theirs),
        };
        let ratio = if deviation > 0.0 && count >= 30 { variance / deviation.powi(2) } else { 1.0 };
        let line = format!(
            "{model}, {name}: {ours:.6} ± {:.6} ({seeds}), reference {theirs:.6} ± {deviation:.6} ({count}), p = {p:.2e}, \
             variances as {ratio:.2} to 1",
            variance.sqrt()
        );
        println!("{line}");
        let is_close = p > FALSE_ALARM / FIGURES as f64 && (1.0 / SPREAD..SPREAD).contains(&ratio);
        complaints.extend((!is_close).then_some(line));
    }
    assert!(complaints.is_empty(), "differ from the reference:\n{}", complaints.join("\n"));
}

fn options(agents: u64, ticks: u64, seed: u64) -> RunOptions {
    let span = Some(Span::Ticks(ticks));
    RunOptions { agents: Some(agents), seed, span, workers: Some(1), shards: Some(1), ..RunOptions::default() }
}

/// What a run collected, and what `last` sees at its end.
fn run<S: Scenario, T>(
    params: S::Params,
    options: RunOptions,
    last: impl FnOnce(&mut Engine) -> T,
) -> (impl Fn(&str, u64) -> f64, T) {
    let mut seen = None;
    let look = |engine: &mut Engine| {
        seen = Some(last(engine));
        Ok(())
    };
    let report = Simulation::of::<S>(params).options(options).watch_to(&mut NoWatch, look).unwrap();
    let at = move |name: &str, tick: u64| {
        let series = report.series.iter().find(|series| series.name == name).unwrap();
        series.values[series.ticks.iter().position(|&at| at == tick).unwrap()]
    };
    (at, seen.unwrap())
}

fn reach(engine: &mut Engine, tick: u64) {
    while engine.now() < Tick(tick) {
        engine.advance(Tick(tick)).unwrap();
    }
}

fn mean_of(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    sum / count
}

/// As all give at once, a purse is a queue: its law is that of one server with Poisson arrivals, from which exchanges
/// one after the other (the geometric law, and the exponential one of many coins: a Gini coefficient of a half) differ.
/// Means in the limit of many agents are exact, by the recursion in `wealth.py`.
#[test]
fn wealth_spreads_as_in_the_reference() {
    // benches/peers/reference/wealth.py
    const REFERENCE: [Figure; 3] = [
        ("gini at 1000", 0.58109252, 0.0143, 400),
        ("variance at 1000", 23.250288, 2.073, 400),
        ("share of empty at 1000", 0.244535, 0.0168, 400),
    ];
    compare("wealth", REFERENCE, 40, |seed| {
        let purses = |all: All<wealth::Purse>| all.iter().map(|(_, purse)| purse.0 as f64).collect::<Vec<f64>>();
        let look = |engine: &mut Engine| engine.ask(purses).unwrap();
        let settings = wealth::Settings { coins: 5 };
        let (at, purses) = run::<Wealth, _>(settings, options(500, 1_000, seed), look);
        let mean = mean_of(purses.iter().copied());
        let variance = mean_of(purses.iter().map(|coins| (coins - mean).powi(2)));
        [at("gini", 1_000), variance, mean_of(purses.iter().map(|&coins| f64::from(coins == 0.0)))]
    });
}

#[test]
fn schelling_parts_as_in_the_reference() {
    // benches/peers/reference/schelling.py
    const REFERENCE: [Figure; 3] = [
        ("alike at 0", 0.49992009, 0.01073, 400),
        ("alike at 5", 0.81052247, 0.0137, 400),
        ("alike at 20", 0.86286722, 0.01353, 400),
    ];
    compare("schelling", REFERENCE, 200, |seed| {
        let (at, ()) = run::<Schelling, _>(Params::defaults(), options(1_000, 20, seed), |_| ());
        [at("alike", 0), at("alike", 5), at("alike", 20)]
    });
}

/// The reference is synchronous, as the model is; the published comparison updates birds one after the other, which
/// `flocking.py` measures too.
#[test]
fn birds_flock_as_in_the_reference() {
    // benches/peers/reference/flocking.py
    const REFERENCE: [Figure; 6] = [
        ("order at 10", 0.072351133, 0.03914, 400),
        ("neighbours at 10", 1.84035, 0.1475, 400),
        ("order at 30", 0.096967277, 0.05292, 400),
        ("neighbours at 30", 2.234975, 0.1864, 400),
        ("order at 100", 0.20245278, 0.1069, 400),
        ("neighbours at 100", 3.71765, 0.3917, 400),
    ];
    /// How many others a bird sees.
    fn seen(birds: All<flocking::Bird>) -> f64 {
        let gap = |a: f64, b: f64| (a - b).abs().min(100.0 - (a - b).abs());
        let square =
            |a: &flocking::Bird, b: &flocking::Bird| gap(a.at[0], b.at[0]).powi(2) + gap(a.at[1], b.at[1]).powi(2);
        let of = |one: &flocking::Bird| birds.iter().filter(|(_, other)| square(one, other) <= 25.0).count() - 1;
        mean_of(birds.iter().map(|(_, one)| of(one) as f64))
    }
    compare("flocking", REFERENCE, 100, |seed| {
        let mut engine =
            Simulation::of::<Flocking>(Params::defaults()).options(options(200, 100, seed)).build().unwrap();
        let mut figures = [0.0; 6];
        for (nth, tick) in [10, 30, 100].into_iter().enumerate() {
            reach(&mut engine, tick);
            let course = |birds: All<flocking::Bird>| {
                [0, 1].map(|axis| mean_of(birds.iter().map(|(_, bird)| bird.course[axis])))
            };
            let [x, y] = engine.ask(course).unwrap();
            (figures[2 * nth], figures[2 * nth + 1]) = (x.hypot(y), engine.ask(seen).unwrap());
        }
        figures
    });
}

#[test]
fn circles_form_as_in_the_reference() {
    // benches/peers/reference/circles.py
    const REFERENCE: [Figure; 3] = [
        ("drift at 20", 2193.4564, 109.5, 40),
        ("drift at 100", 2932.98, 260.1, 40),
        ("drift at 200", 3154.8817, 855.0, 40),
    ];
    compare("circles", REFERENCE, 40, |seed| {
        let settings = circles::Settings { force: 0.001, ..Params::defaults() };
        let (at, ()) = run::<Circles, _>(settings, options(343, 200, seed), |_| ());
        [20, 100, 200].map(|tick| at("drift", tick))
    });
}

#[test]
fn wolves_and_sheep_fare_as_in_the_reference() {
    // benches/peers/reference/wolf_sheep.py
    const REFERENCE: [Figure; 15] = [
        ("sheep at 1", 64.662, 4.193, 1000),
        ("wolves at 1", 42.498, 2.363, 1000),
        ("grass at 1", 299.892, 11.87, 1000),
        ("sheep at 10", 96.362, 14.32, 1000),
        ("wolves at 10", 54.707, 7.952, 1000),
        ("grass at 10", 221.489, 19.54, 1000),
        ("sheep at 25", 62.179, 14.9, 1000),
        ("wolves at 25", 56.382, 11.97, 1000),
        ("grass at 25", 263.721, 31.68, 1000),
        ("sheep at 50", 79.846, 18.89, 1000),
        ("wolves at 50", 38.61, 11.37, 1000),
        ("grass at 50", 266.305, 51.17, 1000),
        ("sheep at 100", 87.355, 19.91, 1000),
        ("wolves at 100", 36.812, 12.24, 1000),
        ("grass at 100", 242.744, 43.3, 1000),
    ];
    /// Of worlds of 10 by 10 with 10 sheep and 6 wolves, those in which a kind dies out.
    const EXTINCT: [Figure; 2] = [("no sheep at 100", 0.1685, 0.3744, 2000), ("no wolves at 100", 0.5105, 0.5, 2000)];
    compare("wolf-sheep", REFERENCE, 200, |seed| {
        let (at, ()) = run::<WolfSheep, _>(Params::defaults(), options(60, 100, seed), |_| ());
        let mut figures = [0.0; 15];
        for (nth, tick) in [1, 10, 25, 50, 100].into_iter().enumerate() {
            figures[3 * nth..][..3].copy_from_slice(&["sheep", "wolves", "grass"].map(|name| at(name, tick)));
        }
        figures
    });
    compare("wolf-sheep, side 10", EXTINCT, 400, |seed| {
        let settings = wolf_sheep::Settings { side: 10, wolves: 6, ..Params::defaults() };
        let (at, ()) = run::<WolfSheep, _>(settings, options(10, 100, seed), |_| ());
        ["sheep", "wolves"].map(|name| f64::from(at(name, 100) == 0.0))
    });
}

/// The exact process in continuous time, and what Kermack and McKendrick say of the end of an epidemic among many
/// people: of `s0` susceptible `s0 exp(-r0 (1 - s))` are never infected.
#[test]
fn an_epidemic_goes_as_theory_says() {
    // benches/peers/reference/sir.py
    const REFERENCE: [Figure; 8] = [
        ("susceptible on day 2", 0.8055055, 0.004445, 1000),
        ("infectious on day 2", 0.1205266, 0.00431, 1000),
        ("susceptible on day 5", 0.6637766, 0.009538, 1000),
        ("infectious on day 5", 0.1331646, 0.006373, 1000),
        ("susceptible on day 10", 0.4886246, 0.01386, 1000),
        ("infectious on day 10", 0.1043328, 0.005278, 1000),
        ("susceptible on day 60", 0.3286908, 0.01224, 1000),
        ("never infected, of many people", 1.0 - 0.671106, 0.0, 2),
    ];
    compare("sir", REFERENCE, 50, |seed| {
        let (at, ()) = run::<Sir, _>(Params::defaults(), options(10_000, 60_000, seed), |_| ());
        let mut figures = [at("susceptible", 60_000); 8];
        for (nth, day) in [2, 5, 10].into_iter().enumerate() {
            figures[2 * nth..][..2].copy_from_slice(&["susceptible", "infectious"].map(|name| at(name, day * 1_000)));
        }
        figures
    });
}

#[test]
fn forests_burn_as_in_the_reference() {
    // benches/peers/reference/forest_fire.py. Trees that are there at the end and were not at the
    // beginning grew and did not burn: exact.
    const REFERENCE: [Figure; 3] = [
        ("trees from 500 on", 0.3814889, 0.004108, 200),
        ("fires from 500 on", 0.0062323333, 0.0001874, 200),
        ("trees burnt to trees grown, less 1", 0.0, 0.0, 2),
    ];
    compare("forest-fire", REFERENCE, 30, |seed| {
        let (at, ()) = run::<ForestFire, _>(Params::defaults(), options(10_000, 1_000, seed), |_| ());
        let mean = |name: &str| mean_of((500..=1_000).step_by(10).map(|tick| at(name, tick) / 10_000.0));
        let (trees, fires) = (mean("trees"), mean("fires"));
        let more = (at("trees", 1_000) - at("trees", 500)) / 10_000.0;
        [trees, fires, (500.0 * fires + more) / (500.0 * 0.01 * (1.0 - trees - fires)) - 1.0]
    });
}

#[test]
fn sugar_is_shared_as_in_the_reference() {
    // benches/peers/reference/sugarscape.py
    const REFERENCE: [Figure; 6] = [
        ("of the first ones at 50", 148.95, 7.863, 200),
        ("mean sugar at 200", 44.4999, 2.544, 200),
        ("gini at 200", 0.47688664, 0.01441, 200),
        ("mean vision at 200", 3.75182, 0.1069, 200),
        ("mean metabolism at 200", 1.99796, 0.06339, 200),
        ("sugar of the land at 200", 2885.455, 20.33, 200),
    ];
    type Person = sugarscape::Person;
    fn means(all: All<Person>, land: All<sugarscape::Sugar>) -> [f64; 5] {
        let values = |of: fn(&Person) -> u32| all.iter().map(|(_, one)| of(one) as f64).collect::<Vec<f64>>();
        let sugar = values(|one| one.sugar);
        assert_eq!(sugar.len(), 250, "for each one who dies another one comes");
        let mean = |of| mean_of(values(of).into_iter());
        let left = land.sum(|_, sugar| sugar.now as u64) as f64;
        [mean(|one| one.sugar), gini(&sugar), mean(|one| one.vision), mean(|one| one.metabolism), left]
    }
    compare("sugarscape", REFERENCE, 60, |seed| {
        let new = Simulation::of::<Sugarscape>(Params::defaults()).options(options(250, 200, seed));
        let mut engine = new.build().unwrap();
        reach(&mut engine, 50);
        let first = engine.ask(|all: All<Person>| all.iter().filter(|(id, _)| id.0 < 250).count()).unwrap();
        reach(&mut engine, 200);
        let [sugar, gini, vision, metabolism, land] = engine.ask(means).unwrap();
        [first as f64, sugar, gini, vision, metabolism, land]
    });
}

/// Square by square as a plain loop over neighbours has it, from what the model began with.
#[test]
fn life_goes_as_a_plain_loop_has_it() {
    const WIDTH: usize = 94;
    const HEIGHT: usize = 50;
    fn squares(all: All<life::Square>) -> Vec<u32> {
        let mut squares = vec![0; WIDTH * HEIGHT];
        all.iter().for_each(|(id, square)| squares[id.0 as usize] = square.0);
        squares
    }
    let next = |now: &[u32]| -> Vec<u32> {
        let at = |x: usize, y: usize| now[y % HEIGHT * WIDTH + x % WIDTH];
        let lives = |index: usize| {
            let (x, y) = (index % WIDTH + WIDTH, index / WIDTH + HEIGHT);
            let block: u32 = (0..9).map(|nth| at(x - 1 + nth % 3, y - 1 + nth / 3)).sum();
            // With itself: three, or four of which it is one.
            u32::from(block == 3 || block == 4 && at(x, y) == 1)
        };
        (0..WIDTH * HEIGHT).map(lives).collect()
    };
    for seed in 1..=30 {
        let new = Simulation::of::<Life>(Params::defaults()).options(options((WIDTH * HEIGHT) as u64, 50, seed));
        let mut engine = new.build().unwrap();
        let mut right = engine.ask(squares).unwrap();
        for tick in 1..=50 {
            reach(&mut engine, tick);
            right = next(&right);
            assert!(engine.ask(squares).unwrap() == right, "seed {seed}, tick {tick}");
        }
        assert!(right.contains(&1), "seed {seed}: something lives");
    }
}

/// Of a large soup 2.87 % live in the end (the ash of random soups; Bagnoli, Rechtman and Ruffo, Physica A 171, 1991,
/// have 0.0287): a small torus comes near to it.
#[test]
fn life_settles_at_the_known_density() {
    let density = |seed: u64| {
        let (at, ()) = run::<Life, _>(Params::defaults(), options(10_000, 3_000, seed), |_| ());
        at("living", 3_000) / 10_000.0
    };
    let mean = mean_of((1..=5).map(density).collect::<Vec<f64>>().into_iter());
    println!("life, density at 3000: {mean:.5}");
    assert!((mean - 0.0287).abs() < 0.006, "{mean}");
}

#[test]
fn predators_and_prey_fare_as_in_the_reference() {
    // benches/peers/reference/pphpc.py
    const REFERENCE: [Figure; 15] = [
        ("prey at 10", 329.43333, 14.34, 30),
        ("predators at 10", 212.6, 10.53, 30),
        ("grass at 10", 8571.4667, 51.32, 30),
        ("prey at 50", 781.36667, 44.2, 30),
        ("predators at 50", 37.9, 8.21, 30),
        ("grass at 50", 7373.9, 118.6, 30),
        ("prey at 100", 1978.4333, 68.74, 30),
        ("predators at 100", 36.033333, 15.86, 30),
        ("grass at 100", 4696.2333, 139.7, 30),
        ("prey at 200", 2096.3333, 179.0, 30),
        ("predators at 200", 205.16667, 76.27, 30),
        ("grass at 200", 4414.1, 318.9, 30),
        ("prey from 250 on", 1358.0513, 163.5, 30),
        ("predators from 250 on", 359.04359, 41.14, 30),
        ("grass from 250 on", 5871.3359, 319.6, 30),
    ];
    const NAMES: [&str; 3] = ["prey", "predators", "grass"];
    compare("pphpc", REFERENCE, 40, |seed| {
        let (at, ()) = run::<Pphpc, _>(Params::defaults(), options(400, 500, seed), |_| ());
        let mut figures = [0.0; 15];
        for (nth, tick) in [10, 50, 100, 200].into_iter().enumerate() {
            figures[3 * nth..][..3].copy_from_slice(&NAMES.map(|name| at(name, tick)));
        }
        let late = |name: &str| mean_of((250..=500).step_by(10).map(|tick| at(name, tick)));
        figures[12..].copy_from_slice(&NAMES.map(late));
        figures
    });
}

/// Six runs of its authors' programs, of the size 400: beginnings of series that their package of comparisons is tested
/// with (github.com/nunofachada/micompr, inst/extdata/testdata/NA, stats400v1r1n20A.tsv to stats400v1r6n20B.tsv).
#[test]
fn predators_and_prey_fare_as_their_authors_published() {
    const PREY_AT_19: [f64; 6] = [6127.0, 5979.0, 6069.0, 5999.0, 6079.0, 6020.0];
    const PREDATORS_AT_9: [f64; 6] = [3465.0, 3494.0, 3470.0, 3449.0, 3407.0, 3425.0];
    const GRASS_AT_4: [f64; 6] = [102_366.0, 102_281.0, 102_337.0, 102_277.0, 102_256.0, 102_114.0];
    let figure = |name: &'static str, runs: [f64; 6]| -> Figure {
        let mean = mean_of(runs.into_iter());
        (name, mean, (runs.map(|run| (run - mean).powi(2)).into_iter().sum::<f64>() / 5.0).sqrt(), 6)
    };
    let published =
        [figure("grass at 4", GRASS_AT_4), figure("predators at 9", PREDATORS_AT_9), figure("prey at 19", PREY_AT_19)];
    let count =
        |kind: u32| move |all: All<pphpc::Animal>| all.iter().filter(|(_, one)| one.is_predator == kind).count();
    let grown = |all: All<pphpc::Grass>| all.iter().filter(|(_, grass)| grass.0 == 0).count();
    compare("pphpc, size 400", published, 30, |seed| {
        let settings = pphpc::Settings { side: 400, predators: 3_200, ..Params::defaults() };
        let mut engine = Simulation::of::<Pphpc>(settings).options(options(6_400, 19, seed)).build().unwrap();
        reach(&mut engine, 4);
        let grass = engine.ask(grown).unwrap();
        reach(&mut engine, 9);
        let predators = engine.ask(count(1)).unwrap();
        reach(&mut engine, 19);
        [grass as f64, predators as f64, engine.ask(count(0)).unwrap() as f64]
    });
}
