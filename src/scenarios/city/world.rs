//! The scenario: what the city declares to the engine, and its two systems.

use std::sync::Arc;

use super::founding::NewYork;
use super::kinds::{Activity, Tally};
use super::ledger::Ledger;
use super::legal;
use super::live;
use super::place::{place_receive, place_wake};
use super::preset::CityParams;
use super::rows::{Body, Contacts, Note, Person, Place};
use super::scan;
use super::settle::settle;
use super::town::{Effects, Env};
use super::{report, validate};
use crate::prelude::*;
use crate::sim::Tally as TallyOf;

/// A resident's rows.
pub type Resident = (Body, Person, Contacts);

/// Ticks of 100 ms between two exchanges: what is said takes 10 seconds to be heard.
const EXCHANGE_TICKS: u32 = 100;

/// Days of measured weather that a run must find in a weather file, beyond those that it simulates.
const SPARE_DAYS: u32 = 1;

/// New York, 1999.
pub struct City;

impl Scenario for City {
    type Params = CityParams;
    const NAME: &'static str = "city";
    const ABOUT: &'static str =
        "New York, 1999: residents with needs, jobs, households and friends in 2,217 census tracts";

    fn timing(_: &CityParams) -> Timing {
        Timing {
            tick_ms: 100,
            exchange_ticks: EXCHANGE_TICKS,
            // A Tuesday without rain, school or public holiday in its way.
            start: DateTime::date(1999, 5, 4),
            span: Span::Seconds(86_400.0),
            agents: 1_000_000,
        }
    }

    fn files(params: &CityParams) -> Vec<String> {
        let named = ["population", "weather", "map"].map(|name| params.text(name).to_owned());
        named.into_iter().filter(|path| !path.is_empty()).collect()
    }

    fn build(params: &CityParams, sim: &mut Builder) -> Result<(), RunError> {
        let (calendar, seed, residents) = (sim.calendar(), sim.seed(), sim.agents());
        let days = calendar.day(sim.end(&Self::timing(params))) + 1 + SPARE_DAYS;
        let city = NewYork::found(params, residents, calendar, seed, (EXCHANGE_TICKS, days))?;
        let city = Arc::new(city);
        sim.zones(city.atlas.len());
        sim.costs(city.people.tracts.iter().map(|tract| 1 + tract.residents as u64).collect());
        sim.messages::<Note>().tally::<Ledger>().share(city.clone());

        let founded = city.clone();
        sim.settle::<Resident>(residents, move |zone, settlement| {
            let city = &*founded;
            let (zone, env) = (zone.0 as u16, env(city));
            let settlers = city.people.settlers(zone, &city.atlas, &city.jobs, &city.places, &city.rules);
            settlement.reserve(settlers.len(), city.visitors(zone));
            let first = city.people.first[zone as usize];
            for (id, settler) in (first..).map(AgentId).zip(&settlers) {
                let rows = settle(id, settler, &env);
                let wake = rows.0.next_wake(&city.rules.rates);
                settlement.add(id, rows, Some(Tick(wake as u64)));
            }
        });
        let founded = city.clone();
        sim.settle::<(Place,)>(city.places.count() as u64, move |zone, settlement| {
            for (id, place) in founded.places.rows(zone.0 as u16, &founded.rules, &founded.calendar) {
                let wake = place.next_wake();
                settlement.add(id, (place,), (wake < u32::MAX).then_some(Tick(wake as u64)));
            }
        });

        let (simd, rules) = (sim.simd(), city.clone());
        let nobody = (Body::NOBODY, Person::zeroed(), Contacts::NOBODY);
        sim.closed_form::<Resident>(nobody, move |(bodies, _, _), tick, due| {
            scan::due(simd, bodies, tick, &rules.rules.rates, due);
        });
        let nowhere = Place { next: u32::MAX, ..Place::zeroed() };
        sim.closed_form::<(Place,)>((nowhere,), |(places,), tick, due| {
            due.extend((0..places.len() as u32).filter(|&slot| places[slot as usize].is_due(tick)));
        });
        let [residents, places, notes] = std::array::from_fn(|_| city.clone());
        sim.check_rows::<Resident>(move |standing, rows| legal::resident(&residents, standing, rows));
        sim.check_rows::<(Place,)>(move |standing, rows| legal::place(&places, standing, rows));
        sim.check_letters::<Note>(move |sent, note| legal::note(&notes, sent, note));
        sim.on_due(residents_live).on_due(places_live);
        sim.invariant("money: purses + tills + on the way is constant", report::money_is_conserved);
        sim.report(report::tell);
        Ok(())
    }

    fn validate(
        params: &CityParams,
        options: &RunOptions,
        watch: &mut dyn Watch,
    ) -> Option<Result<Validation, RunError>> {
        Some(validate::compare(params, options, watch))
    }
}

fn env(city: &NewYork) -> Env<'_, NewYork> {
    Env { rules: &city.rules, calendar: &city.calendar, seed: city.seed, town: city }
}

/// What a transition does outside the agent's rows, until the event is over.
struct Desk<'a, 'w> {
    now: Tick,
    id: AgentId,
    calendar: &'a Calendar,
    mail: &'a mut Mailbox<'w, Note>,
    ledger: &'a mut Ledger,
    leaves_for: Option<u16>,
}

impl Effects for Desk<'_, '_> {
    #[inline]
    fn send(&mut self, to: AgentId, note: Note) {
        self.mail.send(self.now, self.id, to, note);
    }
    #[inline]
    fn travel(&mut self, zone: u16) {
        self.leaves_for = Some(zone);
    }
    #[inline]
    fn spent(&mut self, person: &Person, activity: Activity, from: u32, to: u32) {
        self.ledger.spend(self.calendar, person, activity, from, to);
    }
    #[inline]
    fn count(&mut self, what: Tally) {
        self.ledger.count(what);
    }
}

fn residents_live(
    mut due: Due<Resident, Note>,
    city: Shared<NewYork>,
    here: Here,
    mut mail: Mailbox<Note>,
    mut ledger: TallyOf<Ledger>,
) {
    let (env, zone) = (env(&city), here.zone().0 as u16);
    let rates = &city.rules.rates;
    let mut due = due.open();
    while let Some(mut event) = due.next() {
        let (now, id) = (event.tick.0 as u32, event.id);
        let mut desk = Desk {
            now: event.tick,
            id,
            calendar: &city.calendar,
            mail: &mut mail,
            ledger: &mut ledger,
            leaves_for: None,
        };
        let (body, person, contacts) = &mut event.rows;
        let changed = match &event.cause {
            Cause::Wake => {
                live::wake(now, id, zone, body, person, contacts, &env, &mut desk);
                true
            }
            Cause::Message { from, body: note } => {
                live::receive(now, id, zone, *from, note, body, person, contacts, &env, &mut desk)
            }
        };
        let leaves_for = desk.leaves_for;
        if changed {
            let wake = event.rows.0.next_wake(rates);
            event.wake_at(Tick(wake as u64));
        }
        if let Some(zone) = leaves_for {
            event.travel(ZoneId(zone as u32));
        }
    }
}

fn places_live(
    mut due: Due<(Place,), Note>,
    city: Shared<NewYork>,
    mut mail: Mailbox<Note>,
    mut ledger: TallyOf<Ledger>,
) {
    let env = env(&city);
    let mut due = due.open();
    while let Some(mut event) = due.next() {
        let (now, id) = (event.tick.0 as u32, event.id);
        let mut desk = Desk {
            now: event.tick,
            id,
            calendar: &city.calendar,
            mail: &mut mail,
            ledger: &mut ledger,
            leaves_for: None,
        };
        let (place,) = &mut event.rows;
        match &event.cause {
            Cause::Wake => place_wake(now, id, place, &env, &mut desk),
            Cause::Message { from, body: note } => place_receive(now, id, *from, note, place, &env, &mut desk),
        }
        let wake = event.rows.0.next_wake();
        event.wake_at(Tick(wake as u64));
    }
}

#[cfg(test)]
mod tests {
    use super::super::reference::Reference;
    use super::*;

    type Rows = (Vec<(ZoneId, AgentId, Body)>, Vec<(AgentId, Person)>, Vec<(AgentId, Contacts)>, Vec<(AgentId, Place)>);

    fn rows(bodies: All<Body>, people: All<Person>, contacts: All<Contacts>, places: All<Place>) -> Rows {
        let mut bodies: Vec<_> = bodies.by_zone().map(|(zone, id, row)| (zone, id, *row)).collect();
        let mut people: Vec<_> = people.iter().map(|(id, row)| (id, *row)).collect();
        let mut contacts: Vec<_> = contacts.iter().map(|(id, row)| (id, *row)).collect();
        let mut places: Vec<_> = places.iter().map(|(id, row)| (id, *row)).collect();
        bodies.sort_by_key(|row| row.1);
        people.sort_by_key(|row| row.0);
        contacts.sort_by_key(|row| row.0);
        places.sort_by_key(|row| row.0);
        (bodies, people, contacts, places)
    }

    /// The engine against two pages without zones, shards or a wheel: every row of every agent, after a morning.
    #[test]
    fn the_engine_agrees_with_the_sequential_reference() {
        let (agents, ticks) = (1_500, 4 * 36_000);
        let options = RunOptions {
            agents: Some(agents),
            start: Some(DateTime::new_const(1999, 5, 4, 6, 0, 0)),
            span: Some(Span::Ticks(ticks)),
            ..RunOptions::default()
        };
        let mut engine = Simulation::of::<City>(Params::defaults()).options(options.clone()).build().unwrap();
        while engine.now() < Tick(ticks) {
            engine.advance(Tick(ticks)).unwrap();
        }
        let (bodies, people, contacts, places) = engine.ask(rows).unwrap();

        let (calendar, seed) = (engine.calendar(), Seed(options.seed));
        let city = NewYork::found(&Params::defaults(), agents, calendar, seed, (EXCHANGE_TICKS, 3)).unwrap();
        let zones = 0..city.atlas.len() as u16;
        let settlers: Vec<_> = zones
            .clone()
            .flat_map(|zone| city.people.settlers(zone, &city.atlas, &city.jobs, &city.places, &city.rules))
            .collect();
        let mut founded: Vec<_> = zones.flat_map(|zone| city.places.rows(zone, &city.rules, &calendar)).collect();
        founded.sort_by_key(|(id, _)| *id);
        let founded = founded.into_iter().map(|(_, place)| place).collect();
        let mut reference = Reference::new(env(&city), &settlers, founded);
        reference.run_to(ticks as u32 - 1);

        assert_eq!(reference.residents.len(), bodies.len());
        for (index, resident) in reference.residents.iter().enumerate() {
            let id = AgentId(index as u32);
            assert_eq!((ZoneId(resident.zone as u32), id, resident.rows.0), bodies[index], "body and zone of {id:?}");
            assert_eq!((id, resident.rows.1), people[index], "person of {id:?}");
            assert_eq!((id, resident.rows.2), contacts[index], "contacts of {id:?}");
        }
        for (place, (id, row)) in reference.places.iter().zip(&places) {
            assert_eq!(place, row, "place {id:?}");
        }
        assert!(places.iter().all(|(_, place)| place.next_wake() > ticks as u32), "tills are settled at night");
        assert_eq!(reference.figures.transitions, engine.transitions());
        assert!(reference.figures.transitions > 5_000 && reference.figures.notes > 1_000, "something happened");
    }
}
