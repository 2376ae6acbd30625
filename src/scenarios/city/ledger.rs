//! What is counted while the city lives: how time is spent, and how often things happen. Whole numbers, so that it does
//! not matter which shard counted.

use super::kinds::{ACTIVITY_COUNT, Activity, Role, Tally};
use super::rows::Person;
use crate::base::Calendar;
use crate::sim::Tallied;

/// Half-hours of a day.
pub const SLOTS: usize = 48;

/// The youngest that surveys of time use ask.
const SURVEYED_AGE: u8 = 15;

/// Whom time is counted for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group {
    /// At work, 15 years and older.
    Employed,
    /// Not at work, 15 years and older.
    Other,
    /// Younger.
    Child,
}

impl Group {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Employed, Self::Other, Self::Child];

    fn of(person: &Person) -> Self {
        match (person.role == Role::Worker as u8, person.age < SURVEYED_AGE) {
            (_, true) => Self::Child,
            (true, false) => Self::Employed,
            (false, false) => Self::Other,
        }
    }
}

/// Ticks by day (of work for most, or free), group, half-hour and activity.
type Spent = [[[[u64; ACTIVITY_COUNT]; SLOTS]; Group::ALL.len()]; 2];

/// The city's counts.
#[derive(Clone)]
pub struct Ledger {
    spent: Box<Spent>,
    counts: [u64; Tally::ALL.len()],
}

impl Default for Ledger {
    fn default() -> Self {
        let spent = Box::new([[[[0; ACTIVITY_COUNT]; SLOTS]; Group::ALL.len()]; 2]);
        Self { spent, counts: [0; Tally::ALL.len()] }
    }
}

impl Tallied for Ledger {
    fn merge(&mut self, other: &Self) {
        let all = self.spent.as_flattened_mut().as_flattened_mut().as_flattened_mut();
        let others = other.spent.as_flattened().as_flattened().as_flattened();
        all.iter_mut().zip(others).for_each(|(sum, more)| *sum += more);
        self.counts.iter_mut().zip(other.counts).for_each(|(sum, more)| *sum += more);
    }
}

impl Ledger {
    /// Something happened.
    #[inline]
    pub fn count(&mut self, what: Tally) {
        self.counts[what.index()] += 1;
    }

    /// How often it happened.
    pub fn times(&self, what: Tally) -> u64 {
        self.counts[what.index()]
    }

    /// Somebody did something from one tick to another.
    pub fn spend(&mut self, calendar: &Calendar, person: &Person, activity: Activity, from: u32, to: u32) {
        let group = Group::of(person) as usize;
        let slot_ticks = (30 * calendar.ticks_per_minute()) as u32;
        let start = (calendar.start().second_of_day() as u64 * calendar.ticks_per_minute() / 60) as u32;
        let (mut from, to) = (from + start, to + start);
        while from < to {
            let slot = from / slot_ticks;
            let end = to.min((slot + 1) * slot_ticks);
            let free = calendar.weekday_of_day(slot / SLOTS as u32).is_weekend() as usize;
            self.spent[free][group][slot as usize % SLOTS][activity.index()] += (end - from) as u64;
            from = end;
        }
    }

    /// Ticks spent on each activity in a half-hour, summed over the chosen days and groups.
    pub fn slot(&self, free: &[bool], groups: &[Group], slot: usize) -> [u64; ACTIVITY_COUNT] {
        let mut sum = [0; ACTIVITY_COUNT];
        for &free in free {
            for &group in groups {
                let spent = &self.spent[free as usize][group as usize][slot];
                sum.iter_mut().zip(spent).for_each(|(sum, more)| *sum += more);
            }
        }
        sum
    }

    /// Share of time spent on an activity in a half-hour: the share of people who are at it.
    pub fn share(&self, free: &[bool], groups: &[Group], slot: usize, activity: Activity) -> f64 {
        let spent = self.slot(free, groups, slot);
        spent[activity.index()] as f64 / spent.iter().sum::<u64>().max(1) as f64
    }

    /// Mean hours a day spent on an activity: the sum over the half-hours of the day, each by its own count of people.
    pub fn hours(&self, free: &[bool], groups: &[Group], activity: Activity) -> f64 {
        (0..SLOTS).map(|slot| self.share(free, groups, slot, activity) / 2.0).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::DateTime;
    use bytemuck::Zeroable;

    #[test]
    fn time_is_counted_in_its_half_hours() {
        // A Friday, from 23:40 on.
        let calendar = Calendar::new(DateTime::new_const(1999, 5, 7, 23, 40, 0), 100);
        let minute = 600;
        let mut ledger = Ledger::default();
        let worker = Person { role: Role::Worker as u8, age: 30, ..Person::zeroed() };
        ledger.spend(&calendar, &worker, Activity::Leisure, 0, 10 * minute);
        ledger.spend(&calendar, &worker, Activity::Sleep, 10 * minute, 60 * minute);
        let group = [Group::Employed];
        assert_eq!(ledger.slot(&[false], &group, 47)[Activity::Leisure.index()], 10 * minute as u64);
        assert_eq!(ledger.slot(&[false], &group, 47)[Activity::Sleep.index()], 10 * minute as u64);
        assert_eq!(ledger.share(&[false], &group, 47, Activity::Sleep), 0.5);
        assert_eq!(ledger.slot(&[true], &group, 0)[Activity::Sleep.index()], 30 * minute as u64);
        assert_eq!(ledger.slot(&[true], &group, 1)[Activity::Sleep.index()], 10 * minute as u64);
        assert_eq!(ledger.slot(&[true, false], &[Group::Other, Group::Child], 0), [0; ACTIVITY_COUNT]);
        let mut sum = Ledger::default();
        sum.merge(&ledger);
        sum.merge(&ledger);
        assert_eq!(sum.slot(&[true], &group, 0)[Activity::Sleep.index()], 60 * minute as u64);
    }
}
