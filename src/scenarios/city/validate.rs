//! The city beside the census and the surveys: a simulated week against published figures.

use super::inputs::{BOROUGH_COUNT, BOROUGHS, Commuters, FULL_POPULATION};
use super::kinds::Activity;
use super::ledger::{Group, Ledger, SLOTS};
use super::preset::CityParams;
use super::report::{Commute, Sight};
use super::world::City;
use crate::prelude::*;

const ATUS: &str = "ATUS 2003-04";
const CENSUS: &str = "Census 2000";
const STATED: &str = "stated";

/// Simulates a week from Monday, 3 May 1999, with 100,000 residents unless told otherwise, and compares.
pub fn compare(params: &CityParams, options: &RunOptions, watch: &mut dyn Watch) -> Result<Validation, RunError> {
    let mut options = options.clone();
    options.agents = options.agents.or(Some(100_000));
    options.start = options.start.or(Some(DateTime::date(1999, 5, 3)));
    options.span = options.span.or(Some(Span::Seconds(7.0 * 86_400.0)));
    let mut week: Option<Week> = None;
    let report = Simulation::of::<City>(params.clone()).options(options).watch_to(watch, |engine| {
        let look = |sight: Sight| Week { ledger: sight.ledger(), commutes: sight.commutes(), notes: sight.notes() };
        week = Some(engine.ask(look)?);
        Ok(())
    })?;
    let week = week.expect("the run has ended");
    let mut validation = Validation { notes: week.notes, ..Validation::default() };
    let simulated =
        format!("{} residents from {} to {}", crate::base::units::count(report.agents), report.start, report.end);
    let sources = "ATUS: American Time Use Survey of the Bureau of Labor Statistics, means of ages 15 and over, \
                   rounded; Census 2000: county-to-county worker flows, scaled to the residents simulated, and mean \
                   travel time to work; stated: a bound that the model sets itself";
    validation.notes.insert(0, simulated);
    validation.notes.insert(1, sources.to_owned());
    time_use(&week.ledger, &mut validation);
    commuting(&week.commutes, report.agents, &mut validation);
    Ok(validation)
}

struct Week {
    ledger: Ledger,
    commutes: [Commute; BOROUGH_COUNT],
    notes: Vec<String>,
}

fn time_use(ledger: &Ledger, validation: &mut Validation) {
    let (weekday, weekend) = ([false], [true]);
    let surveyed = [Group::Employed, Group::Other];
    let everybody = Group::ALL;
    let percent =
        |free: &[bool], groups: &[Group], hour: usize, activity| 100.0 * ledger.share(free, groups, 2 * hour, activity);
    let mut row = |name: &str, unit: &str, got: f64, target: f64, passes: (f64, f64), source: &str| {
        validation.row(name, unit, got, target, passes, source);
    };
    row(
        "weekday: asleep at 04:00",
        "%",
        percent(&weekday, &everybody, 4, Activity::Sleep),
        95.0,
        (85.0, 100.0),
        STATED,
    );
    row("weekday: asleep at noon", "%", percent(&weekday, &everybody, 12, Activity::Sleep), 5.0, (0.0, 12.0), STATED);
    let at_work = percent(&weekday, &[Group::Employed], 11, Activity::Work);
    row("weekday: employed at work at 11:00", "%", at_work, 66.0, (55.0, 80.0), STATED);
    let hours = |free: &[bool], groups: &[Group], activity| ledger.hours(free, groups, activity);
    let sleep = hours(&weekday, &surveyed, Activity::Sleep);
    row("weekday: sleep", "h/day", sleep, 8.4, (7.5, 9.2), ATUS);
    let work = hours(&weekday, &[Group::Employed], Activity::Work);
    row("weekday: work of the employed", "h/day", work, 6.6, (6.0, 9.0), ATUS);
    let travel = hours(&weekday, &surveyed, Activity::Travel);
    row("weekday: travel", "h/day", travel, 1.3, (0.9, 1.7), ATUS);
    let leisure: f64 = [Activity::Leisure, Activity::Rest, Activity::Socialise, Activity::Outing]
        .map(|activity| hours(&weekday, &surveyed, activity))
        .iter()
        .sum();
    row("weekday: leisure and company", "h/day", leisure, 4.8, (3.5, 6.5), ATUS);
    row("weekday: eating", "h/day", hours(&weekday, &surveyed, Activity::Eat), 1.1, (0.8, 1.5), ATUS);
    let has_weekend = (0..SLOTS).all(|slot| ledger.slot(&weekend, &surveyed, slot).iter().sum::<u64>() > 0);
    if has_weekend {
        let more_sleep = hours(&weekend, &surveyed, Activity::Sleep) - sleep;
        row("weekend: more sleep than on a weekday", "h/day", more_sleep, 0.9, (0.2, 2.0), ATUS);
        let less_work = work - hours(&weekend, &[Group::Employed], Activity::Work);
        row("weekend: less work of the employed", "h/day", less_work, 4.8, (3.0, 7.0), ATUS);
        let later = percent(&weekend, &surveyed, 8, Activity::Sleep) - percent(&weekday, &surveyed, 8, Activity::Sleep);
        row("weekend: more asleep at 08:00", "points", later, 25.0, (5.0, 60.0), STATED);
    }
}

fn commuting(commutes: &[Commute; BOROUGH_COUNT], residents: u64, validation: &mut Validation) {
    let flows = Commuters::builtin();
    let scale = residents as f64 / FULL_POPULATION as f64;
    for home in 0..BOROUGH_COUNT {
        for work in (0..BOROUGH_COUNT).filter(|&work| work != home) {
            let target = flows.between(home, work) as f64 * scale;
            // A flow of a few workers can not be closer than one.
            let slack = (0.05 * target).max(1.0);
            let name = format!("commuters {} to {}", BOROUGHS[home].0, BOROUGHS[work].0);
            let got = commutes[home].to[work] as f64;
            validation.row(&name, "workers", got, target, (target - slack, target + slack), CENSUS);
        }
    }
    let sum = |of: &dyn Fn(&Commute) -> u64| commutes.iter().map(of).sum::<u64>() as f64;
    let mean = sum(&|commute| commute.minutes) / sum(&|commute| commute.employed).max(1.0);
    validation.row("one-way commute", "min", mean, 40.0, (30.0, 45.0), CENSUS);
}
