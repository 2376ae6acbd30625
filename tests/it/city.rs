//! New York: the same digest however a run is carried out, nothing lost, and people as the census has them.

use myriad::prelude::*;
use myriad::scenarios::City;

/// A run from seven in the morning.
fn run(agents: u64, ticks: u64, change: impl Fn(&mut RunOptions)) -> RunReport {
    let mut options = RunOptions {
        agents: Some(agents),
        start: Some(DateTime::new_const(1999, 5, 4, 7, 0, 0)),
        span: Some(Span::Ticks(ticks)),
        ..RunOptions::default()
    };
    change(&mut options);
    let report = Simulation::of::<City>(Params::defaults()).options(options).watch(&mut NoWatch).unwrap();
    assert!(report.invariants.values().all(|held| *held), "{:?}", report.invariants);
    assert_eq!((report.agents, report.zones, report.ticks), (agents, 2_217, ticks));
    report
}

const HOUR: u64 = 36_000;

#[test]
fn digest_does_not_show_workers_shards_deal_or_detail() {
    let reference = run(4_000, HOUR, |_| ());
    assert!(reference.transitions > 3_000 && reference.handoffs > 300 && reference.messages > 300, "something happens");
    let same = |what: &str, change: &dyn Fn(&mut RunOptions)| {
        assert_eq!(reference.digest, run(4_000, HOUR, change).digest, "{what}");
    };
    same("again", &|_| ());
    for workers in [1, 2] {
        same(&format!("{workers} workers"), &|options| options.workers = Some(workers));
    }
    for shards in [1, 24, 64] {
        same(&format!("{shards} shards"), &|options| options.shards = shards);
    }
    for deal in [1, 2] {
        same(&format!("deal {deal}"), &|options| options.deal = deal);
    }
    same("every zone once an interval", &|options| options.detail = DetailPolicy::Abstracted);
    assert_ne!(reference.digest, run(4_000, HOUR, |options| options.seed = 2_000).digest, "another seed");
}

#[test]
fn active_zones_live_the_same_life() {
    let by_need = run(1_000, 3_000, |_| ());
    let active = run(1_000, 3_000, |options| options.detail = DetailPolicy::Active);
    assert_eq!(by_need.digest, active.digest);
    assert!(active.zone_visits["active"] == 30 * 2_217 && by_need.zone_visits["active"] == 0);
}

/// Dense stepping evaluates every agent at every tick of 100 ms, and finds what the agenda found by arithmetic.
#[test]
fn event_and_dense_stepping_agree() {
    let event = run(20_000, 2 * HOUR, |_| ());
    let dense = run(20_000, 2 * HOUR, |options| options.stepping = Stepping::Dense);
    assert_eq!(event.digest, dense.digest);
    assert_eq!((event.transitions, event.messages), (dense.transitions, dense.messages));
    assert!(event.transitions > 50_000);
}

#[test]
fn nothing_is_lost_in_three_days() {
    let report = run(2_000, 72 * HOUR, |_| ());
    assert_eq!(report.invariants.len(), 4);
    // Some 23 transitions of a resident a day, and a settlement of each place every night.
    let places = report.extra["places"].as_u64().unwrap();
    let a_day = (report.transitions - 3 * places) as f64 / (3.0 * 2_000.0);
    assert!((18.0..28.0).contains(&a_day), "{a_day}");
}

#[test]
fn boroughs_keep_their_shares_at_any_number_of_agents() {
    let published = [
        ("Bronx", 1_332_650),
        ("Brooklyn", 2_465_326),
        ("Manhattan", 1_537_195),
        ("Queens", 2_229_379),
        ("Staten Island", 443_728),
    ];
    for agents in [30, 372, 5_000] {
        let report = run(agents, 100, |_| ());
        for (borough, count) in published {
            let here = report.extra["population_by_borough"][borough].as_u64().unwrap() as f64;
            let quota = agents as f64 * count as f64 / 8_008_278.0;
            assert!((here - quota).abs() < 1.0, "{borough} of {agents}: {here}, {quota}");
        }
    }
}

#[test]
fn the_city_is_credible() {
    let options = RunOptions { agents: Some(40_000), ..RunOptions::default() };
    let entry: &dyn AnyScenario = &Entry::<City>::NEW;
    let validation = entry.validate(&[], &options, &mut NoWatch).expect("the city has figures").unwrap();
    let missed: Vec<_> = validation.rows.iter().filter(|row| !row.ok).collect();
    assert!(validation.rows.len() == 32 && missed.is_empty(), "{missed:#?}");
}

/// A tract with its people, as a population file has it.
fn line(geoid: &str, scale: u32) -> (String, u64) {
    let ages = [6, 17, 6, 13, 17, 14, 15, 12].map(|share| share * scale);
    let residents: u32 = ages.iter().sum();
    let households = [10, 8, 5, 4, 2, 1, 1].map(|count| count * scale);
    let cells = |counts: &[u32]| counts.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
    let (male, female) = (residents / 2, residents - residents / 2);
    let line = format!("{geoid},{residents},{male},{female},{},{},{}\n", cells(&ages), cells(&households), 40 * scale);
    (line, residents as u64)
}

#[test]
fn a_population_file_is_followed_to_the_head() {
    let tracts =
        include_str!("../../assets/city/tracts.csv").lines().skip(1).map(|line| line.split(',').next().unwrap());
    let mut text =
        "geoid,pop,male,female,age_0_4,age_5_17,age_18_21,age_22_29,age_30_39,age_40_49,age_50_64,age_65_up,\
                    hh_1,hh_2,hh_3,hh_4,hh_5,hh_6,hh_7plus,employed_20_64\n"
            .to_owned();
    let mut by_county = std::collections::BTreeMap::<String, u64>::new();
    for (index, geoid) in tracts.enumerate() {
        let (line, residents) = line(geoid, index as u32 % 3);
        text.push_str(&line);
        *by_county.entry(geoid[..5].to_owned()).or_default() += residents;
    }
    let folder = std::env::temp_dir().join(format!("myriad-population-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("tracts.csv");
    std::fs::write(&path, text).unwrap();
    let mut params = <City as Scenario>::Params::defaults();
    params.try_set("population", Value::Text(path.to_string_lossy().into_owned())).unwrap();
    let agents = by_county.values().sum();
    let report = Simulation::of::<City>(params).agents(agents).run(100).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    let counties = [
        ("Bronx", "36005"),
        ("Brooklyn", "36047"),
        ("Manhattan", "36061"),
        ("Queens", "36081"),
        ("Staten Island", "36085"),
    ];
    for (borough, county) in counties {
        assert_eq!(report.extra["population_by_borough"][borough], by_county[county], "{borough}");
    }
    assert!(
        !report.notes.iter().any(|note| note.starts_with("residents:")),
        "nothing is approximated: {:?}",
        report.notes
    );
}
