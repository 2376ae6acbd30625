//! What the city tells at the end of a run, and what must hold throughout.

use std::collections::BTreeMap;

use serde_json::json;

use super::founding::NewYork;
use super::inputs::{BOROUGH_COUNT, BOROUGHS};
use super::kinds::{Activity, Role, Tally};
use super::ledger::{Group, Ledger, SLOTS};
use super::rows::{Body, Note, Person, Place};
use crate::base::units;
use crate::prelude::*;

/// The city in view at an exchange.
#[derive(SystemParam)]
pub struct Sight<'w, 's> {
    total: Res<'w, Total<Ledger>>,
    city: Shared<'s, NewYork>,
    bodies: All<'w, Body>,
    people: All<'w, Person>,
    places: All<'w, Place>,
    notes: InFlight<'w, Note>,
    clock: Clock<'s>,
}

impl Sight<'_, '_> {
    /// Cents in purses.
    fn purses(&self) -> i64 {
        self.people.sum(|_, person| person.money)
    }

    /// Cents in all: purses, tills, and notes on the way.
    fn money(&self) -> i64 {
        self.purses()
            + self.places.sum(|_, place| place.till)
            + self.notes.iter().map(|(_, note)| note.cents as i64).sum::<i64>()
    }

    /// The counts so far, with what residents are still at.
    pub fn ledger(&self) -> Ledger {
        let now = self.clock.now().0 as u32;
        let mut ledger = self.total.0.clone();
        for ((_, body), (_, person)) in self.bodies.iter().zip(self.people.iter()) {
            if body.since < now {
                ledger.spend(&self.city.calendar, person, body.doing(), body.since, now);
            }
        }
        ledger
    }

    /// Residents and commuters, by borough.
    pub fn commutes(&self) -> [Commute; BOROUGH_COUNT] {
        let borough = |zone: u16| self.city.atlas.zones[zone as usize].borough as usize;
        let mut commutes = [Commute::default(); BOROUGH_COUNT];
        for (_, person) in self.people.iter() {
            let commute = &mut commutes[borough(person.home)];
            commute.residents += 1;
            if person.role != Role::Worker as u8 {
                continue;
            }
            commute.employed += 1;
            commute.minutes += person.commute_minutes as u64;
            if self.city.places.is_gate(AgentId(person.workplace)) {
                commute.outside += 1;
            } else {
                commute.to[borough(person.work)] += 1;
            }
        }
        commutes
    }

    /// What was approximated.
    pub fn notes(&self) -> Vec<String> {
        self.city.notes.clone()
    }
}

/// Whether there are as many cents as at the start.
pub fn money_is_conserved(sight: Sight, mut at_first: Local<Option<i64>>) -> bool {
    let now = sight.money();
    *at_first.get_or_insert(now) == now
}

/// Residents and jobs by borough.
#[derive(Clone, Copy, Default)]
pub struct Commute {
    /// Residents.
    pub residents: u64,
    /// Residents at work.
    pub employed: u64,
    /// Where they work, by borough.
    pub to: [u64; BOROUGH_COUNT],
    /// Of them outside the city.
    pub outside: u64,
    /// Sum of their one-way commutes in minutes.
    pub minutes: u64,
}

/// The report: figures for the `--json` object, tables and a chart for people.
pub fn tell(sight: Sight) -> Extra {
    let mut extra = Extra { notes: sight.notes(), ..Extra::default() };
    let mut put = |name: &str, value: serde_json::Value| {
        extra.values.insert(name.to_owned(), value);
    };
    let (commutes, ledger, purses) = (sight.commutes(), sight.ledger(), sight.purses());
    let (mut visits, mut refused) = (0, 0);
    for (_, place) in sight.places.iter() {
        visits += place.visits as u64;
        refused += place.refused as u64;
    }

    put("population_by_borough", by_borough(|borough| commutes[borough].residents));
    put("employed_by_borough", by_borough(|borough| commutes[borough].employed));
    put("places", json!(sight.city.places.count()));
    put("visits", json!(visits));
    put("money_total", json!(sight.money()));
    for what in Tally::ALL {
        put(what.name(), json!(ledger.times(what)));
    }
    let mut shares = BTreeMap::new();
    let mut by_hour = BTreeMap::new();
    for activity in Activity::ALL {
        shares.insert(activity.name(), ledger.hours(&[false, true], &Group::ALL, activity) / 24.0);
        let share = |slot| ledger.share(&[false, true], &Group::ALL, slot, activity);
        by_hour.insert(
            activity.name(),
            (0..24).map(|hour| (share(2 * hour) + share(2 * hour + 1)) / 2.0).collect::<Vec<_>>(),
        );
    }
    put("activity_shares", json!(shares));
    put("activity_shares_by_hour", json!(by_hour));

    extra.sections.push(boroughs(&commutes));
    extra.sections.push(day(&ledger));
    let residents: u64 = commutes.iter().map(|commute| commute.residents).sum();
    let each = |count: u64| format!("{:.2}", count as f64 / residents.max(1) as f64);
    let dollars = |cents: i64| format!("${}", units::count((cents.max(0) / 100) as u64));
    let mut rows = vec![["", "count", "a resident"].map(str::to_owned).to_vec()];
    for what in [Tally::Trip, Tally::Crossing, Tally::Meeting, Tally::Accepted, Tally::Critical] {
        let name = what.name().replace('_', " ");
        rows.push(vec![name, units::count(ledger.times(what)), each(ledger.times(what))]);
    }
    rows.push(vec!["visits to places".to_owned(), units::count(visits), each(visits)]);
    rows.push(vec!["turned away".to_owned(), units::count(refused), each(refused)]);
    rows.push(vec!["money in purses".to_owned(), dollars(purses), dollars(purses / residents.max(1) as i64)]);
    extra.sections.push(Section { title: "Life".to_owned(), rows, grid: true });
    extra
}

fn by_borough(of: impl Fn(usize) -> u64) -> serde_json::Value {
    (0..BOROUGH_COUNT).map(|borough| (BOROUGHS[borough].0.to_owned(), json!(of(borough)))).collect()
}

fn boroughs(commutes: &[Commute; BOROUGH_COUNT]) -> Section {
    let mut rows = vec![
        [
            "borough",
            "residents",
            "at work",
            "of them in the borough",
            "elsewhere in the city",
            "outside",
            "minutes to work",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    let mut all = Commute::default();
    let mut within_all = 0;
    let mut row = |name: &str, commute: &Commute, within: u64| {
        let city: u64 = commute.to.iter().sum();
        let minutes = commute.minutes as f64 / commute.employed.max(1) as f64;
        let counts = [commute.residents, commute.employed, within, city - within, commute.outside];
        let cells = counts.map(units::count);
        rows.push([name.to_owned()].into_iter().chain(cells).chain([format!("{minutes:.1}")]).collect());
    };
    for (borough, commute) in commutes.iter().enumerate() {
        row(BOROUGHS[borough].0, commute, commute.to[borough]);
        within_all += commute.to[borough];
        all.residents += commute.residents;
        all.employed += commute.employed;
        all.outside += commute.outside;
        all.minutes += commute.minutes;
        all.to.iter_mut().zip(commute.to).for_each(|(sum, more)| *sum += more);
    }
    row("New York", &all, within_all);
    Section { title: "Boroughs".to_owned(), rows, grid: true }
}

/// A line for each activity, a column for each half-hour: the fuller the block, the more are at it.
fn day(ledger: &Ledger) -> Section {
    const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let known = |slot: usize| ledger.slot(&[false, true], &Group::ALL, slot).iter().sum::<u64>() > 0;
    let mut rows =
        vec![vec![format!("{:<10}  {:<48}  {:>6}", "", "0     3     6     9     12    15    18    21", "h/day")]];
    for activity in Activity::ALL {
        let share = |slot| ledger.share(&[false, true], &Group::ALL, slot, activity);
        let line: String = (0..SLOTS)
            .map(|slot| match share(slot) {
                _ if !known(slot) => '·',
                share if share < 0.005 => ' ',
                // Eighths of everybody on a square-root scale, so that what few do can be seen.
                share => BLOCKS[((share.sqrt() * 8.0).ceil() as usize).min(8)],
            })
            .collect();
        let hours = ledger.hours(&[false, true], &Group::ALL, activity);
        rows.push(vec![format!("{:<10}  {line}  {hours:>6.2}", activity.name())]);
    }
    Section { title: "What residents do, by the clock".to_owned(), rows, grid: false }
}
