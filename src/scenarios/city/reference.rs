//! A sequential engine without zones, shards or wheels: what any other engine must agree with.
//!
//! At one tick: first arrivals, then notes in the order (to, tick due, from, sequence), then wake-ups that are due.
//! Notes for one who is on the way wait for the arrival.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::kinds::{ACTIVITY_COUNT, Activity, Tally};
use super::live;
use super::place::{place_receive, place_wake};
use super::rows::{Body, Contacts, Note, Person, Place};
use super::settle::{Settler, settle};
use super::town::{Effects, Env, Town};
use crate::base::AgentId;

/// A resident: rows, zone, and the tick before which it is on the way between zones.
#[derive(Clone, Debug)]
pub struct Resident {
    /// The rows.
    pub rows: (Body, Person, Contacts),
    /// Where it is, or will be.
    pub zone: u16,
    /// Not there before.
    pub arrives: u32,
    /// The tick in the heap.
    scheduled: u32,
    /// Transitions so far.
    pub transitions: u32,
}

/// Statistics of a run.
#[derive(Clone, Default, Debug)]
pub struct Figures {
    /// By `Tally`.
    pub tallies: [u64; Tally::ALL.len()],
    /// Spans of time: (day, employed, age of 15 or more, activity) -> ticks.
    pub ticks: BTreeMap<(u32, bool, bool, u8), u64>,
    /// Activities at given ticks: (index of the tick, employed, adult) -> residents by activity.
    pub at: BTreeMap<(usize, bool, bool), [u64; ACTIVITY_COUNT]>,
    /// Sampled ticks.
    pub samples: Vec<u32>,
    /// Notes sent.
    pub notes: u64,
    /// Transitions of residents.
    pub transitions: u64,
}

/// The engine.
pub struct Reference<'a, T: Town> {
    env: Env<'a, T>,
    /// By id.
    pub residents: Vec<Resident>,
    /// By id, after the residents.
    pub places: Vec<Place>,
    wakes: BinaryHeap<Reverse<(u32, u32)>>,
    notes: BTreeMap<(u32, u32, u32, u32, u64), Note>,
    sequence: u64,
    /// Statistics.
    pub figures: Figures,
}

struct Desk<'a> {
    sent: Vec<(AgentId, Note)>,
    travels: Option<u16>,
    figures: &'a mut Figures,
    day_ticks: u32,
    start_ticks: u32,
}

impl Effects for Desk<'_> {
    fn send(&mut self, to: AgentId, note: Note) {
        assert!(to.is_some());
        self.sent.push((to, note));
    }
    fn travel(&mut self, zone: u16) {
        assert!(self.travels.replace(zone).is_none(), "one trip at a time");
    }
    fn spent(&mut self, person: &Person, activity: Activity, from: u32, to: u32) {
        assert!(from < to);
        let employed = person.role == super::kinds::Role::Worker as u8;
        let adult = person.age >= 15;
        for (index, &tick) in self.figures.samples.iter().enumerate() {
            if (from..to).contains(&tick) {
                self.figures.at.entry((index, employed, adult)).or_default()[activity.index()] += 1;
            }
        }
        let mut from = from + self.start_ticks;
        let to = to + self.start_ticks;
        while from < to {
            let day = from / self.day_ticks;
            let end = to.min((day + 1) * self.day_ticks);
            *self.figures.ticks.entry((day, employed, adult, activity as u8)).or_default() += (end - from) as u64;
            from = end;
        }
    }
    fn count(&mut self, what: Tally) {
        self.figures.tallies[what.index()] += 1;
    }
}

impl<'a, T: Town> Reference<'a, T> {
    /// A world of settlers and places at tick 0.
    pub fn new(env: Env<'a, T>, settlers: &[Settler], places: Vec<Place>) -> Self {
        let mut this = Self {
            env,
            residents: Vec::new(),
            places,
            wakes: BinaryHeap::new(),
            notes: BTreeMap::new(),
            sequence: 0,
            figures: Figures::default(),
        };
        for (id, settler) in settlers.iter().enumerate() {
            let rows = settle(AgentId(id as u32), settler, &env);
            let next = rows.0.next_wake(&env.rules.rates);
            this.wakes.push(Reverse((next, id as u32)));
            this.residents.push(Resident { rows, zone: settler.home, arrives: 0, scheduled: next, transitions: 0 });
        }
        for (index, place) in this.places.iter().enumerate() {
            this.wakes.push(Reverse((place.next_wake(), (settlers.len() + index) as u32)));
        }
        this
    }

    /// Runs to the end of a tick.
    pub fn run_to(&mut self, end: u32) {
        loop {
            let wake = self.wakes.peek().map_or(u32::MAX, |Reverse((tick, _))| *tick);
            let note = self.notes.first_key_value().map_or(u32::MAX, |(key, _)| key.0);
            let now = wake.min(note);
            if now > end {
                return;
            }
            while let Some(entry) = self.notes.first_entry() {
                let (tick, to, due, from, sequence) = *entry.key();
                if tick != now {
                    break;
                }
                let note = entry.remove();
                self.deliver(now, (to, due, from, sequence), note);
            }
            while let Some(&Reverse((tick, id))) = self.wakes.peek() {
                if tick != now {
                    break;
                }
                self.wakes.pop();
                self.wake(now, id);
            }
        }
    }

    fn deliver(&mut self, now: u32, (to, due, from, sequence): (u32, u32, u32, u64), note: Note) {
        let env = self.env;
        let count = self.residents.len();
        if (to as usize) < count && self.residents[to as usize].arrives > now {
            // Arrivals come first at a tick, so the note finds the resident there.
            self.notes.insert((self.residents[to as usize].arrives, to, due, from, sequence), note);
            return;
        }
        self.act(now, to, |this, desk| {
            if to as usize >= count {
                place_receive(
                    now,
                    AgentId(to),
                    AgentId(from),
                    &note,
                    &mut this.places[to as usize - count],
                    &env,
                    desk,
                );
                return;
            }
            let Resident { rows: (body, person, contacts), zone, .. } = &mut this.residents[to as usize];
            let before = body.next_wake(&env.rules.rates);
            let changed =
                live::receive(now, AgentId(to), *zone, AgentId(from), &note, body, person, contacts, &env, desk);
            assert!(changed || before == body.next_wake(&env.rules.rates), "an unannounced change: {note:?}");
        });
    }

    fn wake(&mut self, now: u32, id: u32) {
        let env = self.env;
        let count = self.residents.len();
        if id as usize >= count {
            let index = id as usize - count;
            assert!(self.places[index].is_due(now));
            self.act(now, id, |this, desk| place_wake(now, AgentId(id), &mut this.places[index], &env, desk));
            self.wakes.push(Reverse((self.places[index].next_wake(), id)));
            return;
        }
        let resident = &mut self.residents[id as usize];
        if resident.scheduled != now {
            return;
        }
        assert!(resident.arrives <= now && resident.rows.0.is_due(now, &env.rules.rates));
        resident.transitions += 1;
        self.figures.transitions += 1;
        self.act(now, id, |this, desk| {
            let Resident { rows: (body, person, contacts), zone, .. } = &mut this.residents[id as usize];
            live::wake(now, AgentId(id), *zone, body, person, contacts, &env, desk);
        });
    }

    /// Lets one agent act, then posts what it sent.
    fn act(&mut self, now: u32, id: u32, action: impl FnOnce(&mut Self, &mut Desk)) {
        let calendar = self.env.calendar;
        let day_ticks = calendar.ticks_per_day() as u32;
        let start_ticks = calendar.start().second_of_day() * (day_ticks / 86_400);
        let interval = self.env.rules.interval_ticks;
        let mut figures = std::mem::take(&mut self.figures);
        let mut desk = Desk { sent: Vec::new(), travels: None, figures: &mut figures, day_ticks, start_ticks };
        action(self, &mut desk);
        let Desk { sent, travels, .. } = desk;
        figures.notes += sent.len() as u64;
        self.figures = figures;
        for (to, note) in sent {
            self.notes.insert((now + interval, to.0, now + interval, id, self.sequence), note);
            self.sequence += 1;
        }
        let Some(resident) = self.residents.get_mut(id as usize) else { return };
        if let Some(zone) = travels {
            assert_ne!(zone, resident.zone);
            resident.zone = zone;
            resident.arrives = now + interval;
        }
        let next = resident.rows.0.next_wake(&self.env.rules.rates).max(resident.arrives);
        assert!(next > now);
        if next != resident.scheduled {
            resident.scheduled = next;
            self.wakes.push(Reverse((next, id)));
        }
    }

    /// Cents in purses, tills and notes.
    pub fn money(&self) -> i64 {
        self.residents.iter().map(|resident| resident.rows.1.money).sum::<i64>()
            + self.places.iter().map(|place| place.till).sum::<i64>()
            + self.notes.values().map(|note| note.cents as i64).sum::<i64>()
    }
}

#[path = "reference_tests.rs"]
mod tests;
