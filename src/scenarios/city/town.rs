//! What the behaviour asks of its surroundings, and what it does to them: the seam between the model and an engine.

use super::kinds::{Activity, PlaceKind, Tally};
use super::rows::{Note, Person};
use super::rules::Rules;
use crate::base::{AgentId, Calendar, Seed, Tick};

/// The weather of a day.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Weather {
    /// Tenths of a degree Celsius, mean of the day.
    pub temperature: i16,
    /// Tenths of a millimetre of rain or melted snow.
    pub rain: u16,
}

/// The map and the published globals, as lookups. All are constant within a run or a day.
pub trait Town {
    /// Metres between the middles of two zones, or a typical way inside one if both are the same.
    fn distance_m(&self, from: u16, to: u16) -> u32;
    /// How many places of that kind a zone has.
    fn places(&self, zone: u16, kind: PlaceKind) -> u32;
    /// The nth of them, `nth < places(zone, kind)`.
    fn place(&self, zone: u16, kind: PlaceKind, nth: u32) -> AgentId;
    /// The nth nearest zone: 0 is the zone itself. Beyond the last it stays at the last.
    fn nearby(&self, zone: u16, nth: u32) -> u16;
    /// The zone of a place.
    fn zone_of(&self, place: AgentId) -> u16;
    /// What a place is.
    fn kind_of(&self, place: AgentId) -> PlaceKind;
    /// The bank that settles the tills of a zone.
    fn bank(&self, zone: u16) -> AgentId;
    /// The weather of a day of the run.
    fn weather(&self, day: u32) -> Weather;
    /// Prices on a day of the run, as a share of the preset's: 65,536 is 1.
    fn price_index(&self, day: u32) -> u32;
}

/// All that a resident or a place may look at besides its own rows and the note in its hand.
pub struct Env<'a, T: Town> {
    /// The model's numbers, compiled.
    pub rules: &'a Rules,
    /// The calendar.
    pub calendar: &'a Calendar,
    /// The run's seed.
    pub seed: Seed,
    /// The map.
    pub town: &'a T,
}

impl<T: Town> Clone for Env<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T: Town> Copy for Env<'_, T> {}

impl<T: Town> Env<'_, T> {
    /// Day of the run and minute of the day.
    #[inline]
    pub fn moment(&self, now: u32) -> Moment {
        let tick = Tick(now as u64);
        Moment { day: self.calendar.day(tick), minute: self.calendar.minute_of_day(tick) as i32 }
    }

    /// A preset price at the prices of a day, in cents.
    #[inline]
    pub fn price(&self, cents: u32, day: u32) -> i32 {
        ((cents as u64 * self.town.price_index(day) as u64) >> 16) as i32
    }
}

/// A point of civil time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Moment {
    /// Days from the start's date.
    pub day: u32,
    /// Minute of the day, 0 to 1,439.
    pub minute: i32,
}

/// What follows from a transition outside the agent's own rows.
pub trait Effects {
    /// Sends a note. It is delivered an exchange interval later.
    fn send(&mut self, to: AgentId, note: Note);
    /// Hands the resident over to another zone. It arrives an exchange interval later and cannot act before.
    fn travel(&mut self, zone: u16);
    /// Statistics: an activity was pursued from a tick to a later one. The spans of a resident follow without a gap.
    fn spent(&mut self, person: &Person, activity: Activity, from: u32, to: u32);
    /// Statistics: something happened once.
    fn count(&mut self, what: Tally);
}
