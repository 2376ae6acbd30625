//! What is counted while the city lives: how time is spent, and how often things happen. Whole numbers, so that it does
//! not matter which shard counted.

use super::kinds::{ACTIVITY_COUNT, Activity, Role, Tally};
use super::rows::Person;
use crate::base::{Calendar, Tick};
use crate::sim::Tallied;

/// Half-hours of a day.
pub const SLOTS: usize = 48;
const HALF_HOUR_MS: u64 = 30 * 60_000;

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

/// Milliseconds by day (of work for most, or free), group, activity and half-hour: a span is written to neighbours.
type Spent = [[[[u64; SLOTS]; ACTIVITY_COUNT]; Group::ALL.len()]; 2];

/// The city's counts.
#[derive(Clone)]
pub struct Ledger {
    spent: Box<Spent>,
    counts: [u64; Tally::ALL.len()],
}

impl Default for Ledger {
    fn default() -> Self {
        let spent = Box::new([[[[0; SLOTS]; ACTIVITY_COUNT]; Group::ALL.len()]; 2]);
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

    fn numbers(&self) -> Vec<u64> {
        let spent = self.spent.as_flattened().as_flattened().as_flattened();
        spent.iter().chain(&self.counts).copied().collect()
    }

    fn from_numbers(numbers: &[u64]) -> Option<Self> {
        let mut ledger = Self::default();
        let spent = ledger.spent.as_flattened_mut().as_flattened_mut().as_flattened_mut();
        let (minutes, counts) = numbers.split_at_checked(spent.len())?;
        spent.copy_from_slice(minutes);
        ledger.counts = counts.try_into().ok()?;
        Some(ledger)
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
        // Milliseconds, whose half-hours are divided by a constant: this is a tenth of a transition.
        let (mut from, to) = (calendar.ms(Tick(from as u64)), calendar.ms(Tick(to as u64)));
        let half_hours = from / HALF_HOUR_MS;
        let mut end = (half_hours + 1) * HALF_HOUR_MS;
        let (mut day, mut slot) = ((half_hours / SLOTS as u64) as u32, half_hours as usize % SLOTS);
        while from < to {
            let free = calendar.weekday_of_day(day).is_weekend() as usize;
            for spent in &mut self.spent[free][group][activity.index()][slot..] {
                *spent += end.min(to) - from;
                if to <= end {
                    return;
                }
                from = end;
                end += HALF_HOUR_MS;
            }
            (day, slot) = (day + 1, 0);
        }
    }

    /// Milliseconds spent on each activity in a half-hour, summed over the chosen days and groups.
    pub fn slot(&self, free: &[bool], groups: &[Group], slot: usize) -> [u64; ACTIVITY_COUNT] {
        let mut sum = [0; ACTIVITY_COUNT];
        for &free in free {
            for &group in groups {
                let spent = &self.spent[free as usize][group as usize];
                sum.iter_mut().zip(spent).for_each(|(sum, slots)| *sum += slots[slot]);
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
        let (minute, minute_ms) = (600, 60_000);
        let mut ledger = Ledger::default();
        let worker = Person { role: Role::Worker as u8, age: 30, ..Person::zeroed() };
        ledger.spend(&calendar, &worker, Activity::Leisure, 0, 10 * minute);
        ledger.spend(&calendar, &worker, Activity::Sleep, 10 * minute, 60 * minute);
        let group = [Group::Employed];
        assert_eq!(ledger.slot(&[false], &group, 47)[Activity::Leisure.index()], 10 * minute_ms);
        assert_eq!(ledger.slot(&[false], &group, 47)[Activity::Sleep.index()], 10 * minute_ms);
        assert_eq!(ledger.share(&[false], &group, 47, Activity::Sleep), 0.5);
        assert_eq!(ledger.slot(&[true], &group, 0)[Activity::Sleep.index()], 30 * minute_ms);
        assert_eq!(ledger.slot(&[true], &group, 1)[Activity::Sleep.index()], 10 * minute_ms);
        assert_eq!(ledger.slot(&[true, false], &[Group::Other, Group::Child], 0), [0; ACTIVITY_COUNT]);
        let mut sum = Ledger::default();
        sum.merge(&ledger);
        sum.merge(&ledger);
        assert_eq!(sum.slot(&[true], &group, 0)[Activity::Sleep.index()], 60 * minute_ms);
    }
}
