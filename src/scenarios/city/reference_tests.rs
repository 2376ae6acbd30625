use super::super::kinds::{Activity, PlaceKind, Role, Tally};
use super::super::preset::CityParams;
use super::super::rules::Rules;
use super::super::town::Env;
use super::super::toy::{ToyTown, toy};
use super::Reference;
use crate::base::{AgentId, Calendar, DateTime, Seed, Stream, Tick};
use crate::sim::{Params, Value};

const DAY: u32 = 864_000;
const HOUR: u32 = 36_000;

fn with_town(residents: u32, check: impl FnOnce(Reference<ToyTown>)) {
    with_params(residents, DateTime::date(1999, 5, 3), &CityParams::defaults(), check);
}

fn with_params(residents: u32, start: DateTime, params: &CityParams, check: impl FnOnce(Reference<ToyTown>)) {
    let calendar = Calendar::new(start, 100);
    let rules = Rules::compile(params, &calendar, 100).unwrap();
    let seed = Seed(1999);
    let (town, settlers, places) = toy(residents, &rules, &calendar, seed);
    let env = Env { rules: &rules, calendar: &calendar, seed, town: &town };
    check(Reference::new(env, &settlers, places));
}

#[test]
fn money_and_presence_are_conserved_and_nobody_loops() {
    with_town(2_000, |mut world| {
        let money = world.money();
        for day in 0..7 {
            let before: Vec<u32> = world.residents.iter().map(|resident| resident.transitions).collect();
            world.run_to((day + 1) * DAY);
            assert_eq!(world.money(), money, "day {day}");
            for (resident, before) in world.residents.iter().zip(before) {
                let day = resident.transitions - before;
                assert!((6..=70).contains(&day), "{day} transitions in a day: {resident:?}");
            }
        }
        // Places agree with residents about who is where, but for what is in flight at this tick.
        let inside = |index: usize| {
            let id = (world.residents.len() + index) as u32;
            let here =
                |resident: &&super::Resident| resident.rows.0.place == id && !resident.rows.0.does(Activity::Travel);
            world.residents.iter().filter(here).count() as i32
        };
        let in_flight = world.notes.len() as i32;
        let differences: i32 =
            world.places.iter().enumerate().map(|(index, place)| (place.present - inside(index)).abs()).sum();
        assert!(differences <= in_flight, "{differences} of {in_flight}");
        assert!(world.places.iter().map(|place| place.visits).sum::<u32>() > 15_000);
        for kind in [Tally::Refusal, Tally::Accepted, Tally::Critical, Tally::Meeting] {
            assert!(world.figures.tallies[kind.index()] > 0, "{}", kind.name());
        }
        // Settled every night, tills stay near a day's turnover.
        assert!(world.places.iter().all(|place| place.kind == PlaceKind::Bank as u8 || place.till.abs() < 100_000_000));
        let mut purses: Vec<i64> = world.residents.iter().map(|resident| resident.rows.1.money).collect();
        purses.sort();
        assert!(purses[20] > -200_000 && purses[1_000] > 0 && purses[1_980] < 2_000_000, "{purses:?}");
        assert!(world.residents.iter().any(|resident| resident.rows.2.who[7] != AgentId::NONE.0));
    });
}

#[test]
fn the_day_is_that_of_the_time_use_survey() {
    with_town(4_000, |mut world| {
        let (weekday, saturday) = (3, 5);
        world.figures.samples = vec![weekday * DAY + 4 * HOUR, weekday * DAY + 11 * HOUR, weekday * DAY + 12 * HOUR];
        world.run_to(9 * DAY);
        let adults = |employed| {
            let here = |resident: &&super::Resident| {
                let person = &resident.rows.1;
                person.age >= 15 && (person.role == Role::Worker as u8) == employed
            };
            world.residents.iter().filter(here).count() as f64
        };
        let minutes = |day: u32, employed: bool, activity: Activity| {
            let ticks = world.figures.ticks.get(&(day, employed, true, activity as u8)).copied().unwrap_or(0);
            ticks as f64 / 600.0 / adults(employed)
        };
        println!("{:12}{:>24}{:>24}{:>24}", "minutes", "weekday", "saturday", "sunday");
        for activity in Activity::ALL {
            print!("{:12}", activity.name());
            for day in [weekday, saturday, 6] {
                print!("{:>12.1}{:>12.1}", minutes(day, true, activity), minutes(day, false, activity));
            }
            println!();
        }
        let at = |sample: usize, activity: Activity, who: &[bool]| {
            let all: u64 = who.iter().map(|&e| world.figures.at[&(sample, e, true)].iter().sum::<u64>()).sum();
            let some: u64 = who.iter().map(|&e| world.figures.at[&(sample, e, true)][activity.index()]).sum();
            some as f64 / all as f64
        };
        let (asleep, noon) = (at(0, Activity::Sleep, &[true, false]), at(2, Activity::Sleep, &[true, false]));
        let working = at(1, Activity::Work, &[true]);
        println!("asleep at 4 {asleep:.3}, at noon {noon:.3}; employed at work at 11 {working:.3}");
        let days = 9.0 * world.residents.len() as f64;
        let per_day = |count: u64| count as f64 / days;
        println!(
            "a resident and day: {:.1} transitions, {:.1} notes, {:.2} trips, {:.2} crossings",
            per_day(world.figures.transitions),
            per_day(world.figures.notes),
            per_day(world.figures.tallies[Tally::Trip.index()]),
            per_day(world.figures.tallies[Tally::Crossing.index()]),
        );
        for tally in Tally::ALL {
            println!("  {:22}{:.4}", tally.name(), per_day(world.figures.tallies[tally.index()]));
        }
        let all = |day, activity| {
            let (e, n) = (adults(true), adults(false));
            (minutes(day, true, activity) * e + minutes(day, false, activity) * n) / (e + n)
        };
        let leisure = |day| {
            [Activity::Leisure, Activity::Outing, Activity::Socialise, Activity::Rest]
                .iter()
                .map(|&activity| all(day, activity))
                .sum::<f64>()
        };
        println!(
            "all: sleep {:.0} travel {:.0} leisure {:.0} chores {:.0} eat {:.0} wash {:.0}",
            all(weekday, Activity::Sleep),
            all(weekday, Activity::Travel),
            leisure(weekday),
            all(weekday, Activity::Chores),
            all(weekday, Activity::Eat),
            all(weekday, Activity::Wash)
        );
        assert!(asleep >= 0.85 && noon <= 0.12, "{asleep} {noon}");
        assert!((0.55..=0.80).contains(&working), "{working}");
        assert!((450.0..=552.0).contains(&all(weekday, Activity::Sleep)));
        assert!((360.0..=450.0).contains(&minutes(weekday, true, Activity::Work)));
        assert!(minutes(saturday, true, Activity::Work) < 170.0);
        assert!((65.0..=100.0).contains(&all(weekday, Activity::Travel)));
        assert!((240.0..=345.0).contains(&leisure(weekday)) && leisure(saturday) > leisure(weekday));
        assert!((90.0..=160.0).contains(&all(weekday, Activity::Chores)));
        assert!((50.0..=85.0).contains(&all(weekday, Activity::Eat)));
        assert!((32.0..=60.0).contains(&all(weekday, Activity::Wash)));
        assert!((17.0..=27.0).contains(&per_day(world.figures.transitions)));
        assert!((2.5..=5.5).contains(&per_day(world.figures.tallies[Tally::Trip.index()])));
    });
}

#[test]
fn a_run_is_a_function_of_its_seed() {
    let run = || {
        let mut bodies = Vec::new();
        with_town(300, |mut world| {
            world.run_to(2 * DAY);
            bodies = world.residents.iter().map(|resident| resident.rows).collect();
        });
        bodies
    };
    assert!(run() == run());
}

#[test]
fn any_start_and_any_allowed_value_keep_the_invariants() {
    let check = |start: &str, sets: &[(&str, Value)]| {
        let mut params = CityParams::defaults();
        for (name, value) in sets {
            params.try_set(name, value.clone()).unwrap();
        }
        with_params(300, start.parse().unwrap(), &params, |mut world| {
            let money = world.money();
            world.run_to(3 * DAY);
            assert_eq!(world.money(), money, "{start} {sets:?}");
            let most = world.residents.iter().map(|resident| resident.transitions).max().unwrap();
            assert!(most < 3 * 500, "{most} transitions in three days: {start} {sets:?}");
        });
    };
    for start in ["1999-05-04T13:20:07", "1999-12-31T23:59:59", "1999-07-04T03:00"] {
        check(start, &[]);
    }
    // Each number at one end of its range, an eighth of them at once.
    let specs = CityParams::specs();
    for round in 0..6 {
        let mut sets = Vec::new();
        for (index, spec) in specs.iter().enumerate() {
            let Some((low, high)) = spec.range else { continue };
            let draw = Seed(round).draws(Stream::named("ends"), AgentId(index as u32), Tick(0)).u32();
            let end = if draw & 1 == 0 { low } else { high };
            match spec.default {
                Value::Int(_) if draw >> 1 & 7 == 0 => sets.push((spec.name.as_str(), Value::Int(end as i64))),
                Value::Float(_) if draw >> 1 & 7 == 0 => sets.push((spec.name.as_str(), Value::Float(end))),
                _ => {}
            }
        }
        assert!(sets.len() > 15);
        check("1999-05-04", &sets);
    }
}
