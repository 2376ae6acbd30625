//! New York: the same however a run is carried out, nothing lost, and days as the surveys have them.

use myriad::base::Simd;
use myriad::prelude::*;
use myriad::scenarios::City;

/// Rush hour: wakes, messages and handoffs in every borough.
const MORNING: DateTime = DateTime::new_const(1999, 5, 4, 7, 0, 0);
const HOUR: u64 = 36_000;

/// A run from seven in the morning. Whatever is changed, its report has to make sense.
fn run(agents: u64, ticks: u64, change: impl Fn(&mut RunOptions)) -> RunReport {
    let mut options = RunOptions { agents: Some(agents), start: Some(MORNING), ..RunOptions::default() };
    options.span = Some(Span::Ticks(ticks));
    change(&mut options);
    let start = options.start.unwrap();
    let report = Simulation::of::<City>(Params::defaults()).options(options.clone()).watch(&mut NoWatch).unwrap();
    assert_eq!((report.scenario.as_str(), report.backend.as_str()), ("city", "cpu"));
    assert_eq!((report.agents, report.zones, report.ticks), (agents, 2_217, ticks));
    assert_eq!(
        (report.seed, report.shards, report.interrupted),
        (options.seed, options.shards.map_or(report.workers, |shards| shards as u64), false)
    );
    assert!(options.workers.is_none_or(|workers| workers as u64 == report.workers));
    assert_eq!(report.stepping, options.stepping.to_string());
    assert_eq!(report.sim_seconds, ticks as f64 / 10.0);
    assert_eq!(report.start, start.to_string());
    assert_eq!(report.end, start.plus_seconds((ticks / 10) as i64).to_string());
    assert!(report.digest.len() == 16 && report.digest.chars().all(|digit| digit.is_ascii_hexdigit()));

    let held: Vec<_> = report.invariants.iter().map(|(name, held)| (name.as_str(), *held)).collect();
    let names = [
        "agents: settled = present",
        "handoffs: left = arrived",
        "messages: sent = applied + in flight",
        "money: purses + tills + on the way is constant",
    ];
    assert_eq!(held, names.map(|name| (name, true)));

    let visits: u64 = report.zone_visits.values().sum();
    assert!(visits >= 2_217 * ticks.div_ceil(100), "each zone is visited or passed over in each interval: {visits}");
    assert!(report.wall_seconds > 0.0 && report.setup_seconds > 0.0 && report.realtime_factor > 0.0);
    assert!(report.peak_rss_bytes > 10 << 20 && report.agent_ticks_per_second > 0.0);
    assert!(report.tick_ns.p50 <= report.tick_ns.p99 && report.tick_ns.p99 <= report.tick_ns.max);
    let sum = |name: &str| -> f64 {
        report.extra[name].as_object().unwrap().values().map(|value| value.as_f64().unwrap()).sum()
    };
    assert_eq!(sum("population_by_borough"), agents as f64);
    assert!((0.0..=1.0 + 1e-9).contains(&sum("activity_shares")), "{}", report.extra["activity_shares"]);
    report
}

/// All of a report that a run is defined by: not how, nor how fast, it was carried out.
fn outcome(report: &RunReport) -> serde_json::Value {
    let mut object = serde_json::to_value(report).unwrap();
    let how = "shards workers stepping wall_seconds setup_seconds agent_ticks_per_second realtime_factor \
               messages_spilled tick_ns phase_seconds worker_seconds cells_moved zones_divided zone_visits \
               peak_rss_bytes";
    for name in how.split_whitespace() {
        assert!(object.as_object_mut().unwrap().remove(name).is_some(), "{name} is missing");
    }
    object
}

#[test]
fn workers_shards_deal_and_detail_do_not_show() {
    let reference = run(4_000, HOUR, |_| ());
    assert!(reference.transitions > 3_000 && reference.handoffs > 300 && reference.messages > 300, "something happens");
    let same = |what: &str, change: &dyn Fn(&mut RunOptions)| {
        assert_eq!(outcome(&reference), outcome(&run(4_000, HOUR, change)), "{what}");
    };
    same("again", &|_| ());
    for workers in [1, 2, 3] {
        same(&format!("{workers} workers"), &|options| options.workers = Some(workers));
    }
    for shards in [1, 24, 64] {
        same(&format!("{shards} shards"), &|options| options.shards = Some(shards));
    }
    for deal in [1, 2] {
        same(&format!("deal {deal}"), &|options| options.deal = deal);
    }
    same("every zone once an interval", &|options| options.detail = DetailPolicy::Abstracted);
}

#[test]
fn active_zones_live_the_same_life() {
    let by_need = run(1_000, 3_000, |_| ());
    let active = run(1_000, 3_000, |options| options.detail = DetailPolicy::Active);
    assert_eq!(outcome(&by_need), outcome(&active));
    assert!(active.zone_visits["active"] == 30 * 2_217 && by_need.zone_visits["active"] == 0);
}

/// Dense stepping evaluates every agent at every tick of 100 ms, and finds what the agenda found by arithmetic.
#[test]
fn event_and_dense_stepping_agree() {
    let event = run(20_000, 2 * HOUR, |_| ());
    let dense = run(20_000, 2 * HOUR, |options| options.stepping = Stepping::Dense);
    assert_eq!(outcome(&event), outcome(&dense));
    assert!(event.transitions > 50_000);
}

/// Whatever vector instructions the closed form uses.
#[test]
fn vector_instructions_do_not_show() {
    let run = |level| run(3_000, HOUR / 2, |options| (options.stepping, options.simd) = (Stepping::Dense, Some(level)));
    let reference = run(Simd::Scalar);
    assert!(reference.transitions > 1_000);
    // All of them: one that the processor lacks has to give way to one that it has.
    for level in Simd::ALL {
        assert_eq!(outcome(&reference), outcome(&run(level)), "{level}");
    }
}

#[test]
fn what_defines_a_run_shows() {
    let mut digests = vec![
        run(2_000, HOUR / 4, |_| ()).digest,
        run(2_000, HOUR / 4, |options| options.seed = 2_000).digest,
        run(2_000, HOUR / 4, |options| options.seed = 2_001).digest,
        run(2_000, HOUR / 4, |options| options.start = Some(MORNING.plus_seconds(600))).digest,
        run(2_001, HOUR / 4, |_| ()).digest,
        run(2_000, HOUR / 4 - 100, |_| ()).digest,
    ];
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), 6, "{digests:?}");
}

#[test]
fn nothing_is_lost_in_three_days() {
    let report = run(2_000, 72 * HOUR, |_| ());
    // Some 23 transitions of a resident a day, and a settlement of each place every night.
    let places = report.extra["places"].as_u64().unwrap();
    let a_day = (report.transitions - 3 * places) as f64 / (3.0 * 2_000.0);
    assert!((18.0..28.0).contains(&a_day), "{a_day}");
}

/// A week beside the census and the surveys.
#[test]
fn the_city_is_credible() {
    let options = RunOptions { agents: Some(20_000), ..RunOptions::default() };
    let entry: &dyn AnyScenario = &Entry::<City>::NEW;
    let validation = entry.validate(&[], &options, &mut NoWatch).expect("the city has figures").unwrap();
    let missed: Vec<_> = validation.rows.iter().filter(|row| !row.ok).collect();
    assert!(validation.rows.len() >= 30 && missed.is_empty(), "of {} rows: {missed:#?}", validation.rows.len());
}
