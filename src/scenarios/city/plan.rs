//! When a resident has to be where: shifts, school, nights, and how long trips take.

use super::kinds::{Mode, Role};
use super::needs::rate_class;
use super::rows::{Body, Person, flag};
use super::rules::Rules;
use super::town::{Env, Town};
use crate::base::{AgentId, Stream, Tick};

const ABSENCE: Stream = Stream::named("city/absence");
const DAY_MINUTES: i32 = 1_440;
/// No duty in sight: farther than any.
const NEVER: i32 = 1 << 20;

/// A shift or school day, in minutes from the midnight at which the present day began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shift {
    /// Its first minute.
    pub start: i32,
    /// The minute after its last.
    pub end: i32,
}

impl Shift {
    const NONE: Self = Self { start: NEVER, end: NEVER + 1 };
}

/// A night (or the day's sleep of one who works at night), in minutes from the present day's midnight.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Night {
    /// Bedtime.
    pub bed: i32,
    /// Minutes of sleep that the resident wants.
    pub minutes: i32,
}

/// Whether a resident's shift or school begins on a day of the run, by that day's draw.
fn has_duty(rules: &Rules, id: AgentId, person: &Person, day: i32, word: u32) -> bool {
    let (facts, n) = (rules.day(day), &rules.n);
    if person.work_days >> facts.weekday() & 1 == 0 {
        return false;
    }
    if person.role == Role::Worker as u8 {
        let works_holidays = (id.0.wrapping_mul(0x9E37_79B9) >> 16) < n.holiday_work;
        (!facts.is_holiday() || works_holidays) && word >> 16 >= n.absence
    } else {
        !facts.is_holiday() && !facts.is_vacation() && word >> 16 >= n.truancy
    }
}

/// Brings the plan to a day of the run; true if it was not of that day.
#[inline]
pub fn plan_day<T: Town>(env: &Env<T>, id: AgentId, body: &mut Body, person: &mut Person, day: u32) -> bool {
    if body.flags & flag::PLANNED != 0 && person.plan_day == day as u8 {
        return false;
    }
    person.plan = plan(env, id, person, day);
    person.plan_day = day as u8;
    person.chores = 0;
    body.flags |= flag::PLANNED;
    true
}

/// On which of yesterday, today and tomorrow a shift or school begins, as bits 0, 1 and 2.
fn plan<T: Town>(env: &Env<T>, id: AgentId, person: &Person, day: u32) -> u8 {
    if person.workplace == AgentId::NONE.0 {
        return 0;
    }
    // The day before the run has a draw, too: they are counted from 1.
    let words = env.seed.words(ABSENCE, [day, day + 1, day + 2].map(|nth| (id, Tick(nth as u64))));
    let duty = |(day, word)| has_duty(env.rules, id, person, day, word);
    (day as i32 - 1..).zip(words).map(duty).zip(0..).fold(0, |plan, (duty, bit)| plan | (duty as u8) << bit)
}

/// The present or next shift of which more than `left` minutes are left.
#[inline]
pub fn shift(person: &Person, minute: i32, left: i32) -> Shift {
    for (bit, offset) in [(1, -DAY_MINUTES), (2, 0), (4, DAY_MINUTES)] {
        let start = person.shift_start as i32 + offset;
        let end = start + person.shift_minutes as i32;
        if person.plan & bit != 0 && end - left > minute {
            return Shift { start, end };
        }
    }
    Shift::NONE
}

/// The minute at which to leave for a shift, from a zone.
#[inline]
pub fn leave_for(rules: &Rules, person: &Person, shift: Shift, zone: u16) -> i32 {
    let way = if zone == person.work { 10.min(person.commute_minutes as i32) } else { person.commute_minutes as i32 };
    shift.start - way - rules.n.work_slack
}

/// The present or next night: the first whose window (`sleep.window` from bedtime on) is not over.
#[inline]
pub fn night(rules: &Rules, person: &Person, minute: i32, next: Shift) -> Night {
    let n = &rules.n;
    let rule = rules.sleep[(rate_class(person.age, 0) >> 2) as usize];
    let (start, length) = (person.shift_start as i32, person.shift_minutes as i32);
    let working = person.role == Role::Worker as u8 && person.workplace != AgentId::NONE.0;
    let home_at = start + length + person.commute_minutes as i32 + n.unwind;
    // A shift that covers three o'clock turns night and day around, on days off too.
    let nightly = working && (start < 180 && start + length > 180 || start + length > DAY_MINUTES + 180);
    let base = if nightly { home_at % DAY_MINUTES } else { rule.bed } + 2 * person.chronotype as i32;
    let latest_end = minute - n.sleep_window;
    let mut bed = base - DAY_MINUTES;
    while bed < latest_end {
        bed += DAY_MINUTES;
    }
    let mut minutes = rule.minutes;
    if next.start - bed > 960 {
        // No duty on the day after.
        if !nightly {
            bed += n.bed_free;
        }
        minutes += n.sleep_free;
    }
    let leave = next.start - person.commute_minutes as i32 - n.work_slack - n.prepare;
    if leave > minute && leave > bed - 60 {
        bed = bed.min(leave - minutes + n.sleep_short);
    }
    if working && !nightly {
        // A shift of that evening that is not over before bedtime.
        for (bit, offset) in [(1, -DAY_MINUTES), (2, 0), (4, DAY_MINUTES)] {
            let back = home_at + offset;
            if person.plan & bit != 0 && (bed..bed + 360).contains(&back) {
                bed = back;
            }
        }
    }
    Night { bed, minutes }
}

/// Mode and minutes of a trip.
pub fn trip<T: Town>(env: &Env<T>, person: &Person, from: u16, to: u16) -> (Mode, i32) {
    let commute = from != to && (from == person.home && to == person.work || from == person.work && to == person.home);
    let usual = Mode::from_code(person.commute_mode).unwrap_or(Mode::Transit);
    if commute {
        return (usual, (person.commute_minutes as i32).max(2));
    }
    let metres = env.town.distance_m(from, to);
    let mode = match usual {
        _ if metres <= env.rules.n.walk_max => Mode::Walk,
        Mode::Walk => Mode::Transit,
        other => other,
    };
    let rule = env.rules.mode[mode.index()];
    (mode, (rule.overhead + ((metres as u64 * rule.per_metre as u64) >> 16) as i32).clamp(2, 240))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::city::CityParams;
    use crate::sim::Params;
    use bytemuck::Zeroable;

    fn worker(start: u16, minutes: u16) -> Person {
        Person {
            workplace: 7,
            role: Role::Worker as u8,
            age: 40,
            shift_start: start,
            shift_minutes: minutes,
            commute_minutes: 30,
            work_days: 31,
            plan: 7,
            ..Person::zeroed()
        }
    }

    #[test]
    fn shifts_are_found_across_midnight() {
        let day = worker(540, 480);
        assert_eq!(shift(&day, 400, 60), Shift { start: 540, end: 1_020 });
        assert_eq!(shift(&day, 1_000, 60), Shift { start: 540 + 1_440, end: 1_020 + 1_440 });
        let night = worker(1_380, 480);
        assert_eq!(shift(&night, 100, 60), Shift { start: -60, end: 420 });
        assert_eq!(shift(&night, 420, 60), Shift { start: 1_380, end: 1_860 });
        assert_eq!(shift(&Person { plan: 0, ..day }, 400, 60), Shift::NONE);
    }

    #[test]
    fn nights_fit_the_shift() {
        let rules = Rules::for_tests(&CityParams::defaults());
        let bed = rules.sleep[2].bed;
        let at = |person: &Person, minute| night(&rules, person, minute, shift(person, minute, 60)).bed;
        assert_eq!(at(&worker(540, 480), 1_200), bed, "a usual day ends at the usual time");
        assert_eq!(at(&worker(540, 480), 60), bed - 1_440, "after midnight it is still last night");
        assert!(at(&worker(300, 480), 1_200) < bed, "an early shift sends people to bed early");
        assert_eq!(at(&worker(960, 480), 1_000), 1_440 + 30 + rules.n.unwind, "a late shift late");
        assert_eq!(at(&worker(1_380, 480), 600), 420 + 30 + rules.n.unwind, "a night shift in the morning");
        assert!(at(&Person { plan: 0, ..worker(540, 480) }, 1_200) > bed, "no work tomorrow, later to bed");
    }
}
