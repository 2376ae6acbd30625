//! Needs and moods in closed form: a level at any tick is a function of the row and the tick, in whole numbers.
//!
//! A level is a `u16`. Between two transitions it changes by a constant rate, given in 65,536ths of a unit a tick:
//! `level(t) = clamp(65,536 x level(since) + rate x (t - since)) / 65,536`, rounded down. A product of a rate below
//! 2^24 and a span below 2^32 fits 64 bits: there is no rounding before the last division, which is a shift.

use super::kinds::{ACTIVITY_COUNT, Activity, NEED_COUNT, Need};
use super::rows::{Body, Person};
use super::scan::Ceiling;

/// How many classes of residents the rates tell apart: four ages by four degrees of extraversion.
pub const CLASS_COUNT: usize = 16;

/// The highest level.
pub const FULL: u16 = u16::MAX;

/// Valence and arousal stay within plus and minus this.
pub const MOOD_MAX: i32 = 16_383;

/// What the closed form needs besides a [`Body`].
#[derive(Clone, Debug)]
pub struct Rates {
    /// Change of a level in 65,536ths a tick, by class, activity and need.
    pub change: [[[i32; NEED_COUNT]; ACTIVITY_COUNT]; CLASS_COUNT],
    /// The fall (the negated change) of the needs that may interrupt the activity; 0 for all others.
    pub fall: [[[u32; NEED_COUNT]; ACTIVITY_COUNT]; CLASS_COUNT],
    /// The level at which a need becomes critical.
    pub threshold: [u16; NEED_COUNT],
    /// Bounds of `fall`, to be made anew when that or `threshold` changes.
    pub ceiling: Ceiling,
    /// Change of valence and of arousal toward their targets in 65,536ths a tick.
    pub mood: [u32; 2],
}

/// The class of a resident: bits 0 and 1 extraversion by quarters, bits 2 and 3 age (child, young, grown, old).
pub fn rate_class(age: u8, extraversion: u8) -> u8 {
    let years = match age {
        0..=12 => 0,
        13..=29 => 1,
        30..=64 => 2,
        _ => 3,
    };
    years << 2 | extraversion >> 6
}

impl Body {
    #[inline]
    fn row<'a, V>(&self, table: &'a [[V; ACTIVITY_COUNT]; CLASS_COUNT]) -> &'a V {
        // Masked so that a class, which is a byte of a row, can not lead outside the table.
        &table[self.class as usize % CLASS_COUNT][(self.activity as usize).min(ACTIVITY_COUNT - 1)]
    }

    /// The levels at a tick, not before `since`.
    #[inline]
    pub fn levels(&self, now: u32, rates: &Rates) -> [u16; NEED_COUNT] {
        let elapsed = now.saturating_sub(self.since) as i64;
        let change = self.row(&rates.change);
        std::array::from_fn(|need| {
            let fine = ((self.needs[need] as i64) << 16) + change[need] as i64 * elapsed;
            (fine.clamp(0, (FULL as i64) << 16) >> 16) as u16
        })
    }

    /// The level of one need at a tick, not before `since`.
    #[inline]
    pub fn level(&self, need: Need, now: u32, rates: &Rates) -> u16 {
        self.levels(now, rates)[need.index()]
    }

    /// Whether a wake-up is due at a tick: the activity is over, or a need that may interrupt it, and that was above
    /// its threshold at `since`, is at or below it now. Always false at `since` itself and before.
    ///
    /// Reads the row and one line of the table; no division, no branch that depends on the levels.
    #[inline]
    pub fn is_due(&self, now: u32, rates: &Rates) -> bool {
        let elapsed = now.saturating_sub(self.since) as i64;
        let fall = self.row(&rates.fall);
        let mut due = now >= self.until;
        for ((&level, &threshold), &fall) in self.needs.iter().zip(&rates.threshold).zip(fall) {
            let margin = level as i64 - threshold as i64;
            due |= (margin > 0) & (fall as i64 * elapsed >= margin << 16);
        }
        due & (now > self.since)
    }

    /// The first tick after `since` at which [`is_due`](Self::is_due) holds, by arithmetic.
    #[inline]
    pub fn next_wake(&self, rates: &Rates) -> u32 {
        let fall = self.row(&rates.fall);
        // The activity lasts a tick at least, and a need that may interrupt needs a tick at least to fall.
        let mut span = self.until.saturating_sub(self.since).max(1) as u64;
        for (need, &fall) in fall.iter().enumerate() {
            let margin = margin(self.needs[need], rates.threshold[need]);
            // Most needs do not reach their threshold before the end: spare those the division.
            if fall as u64 * span >= margin {
                span = span.min(margin.div_ceil(fall as u64)).max(1);
            }
        }
        // Saturates only where the activity would end past the last tick.
        self.since.saturating_add(span as u32)
    }

    /// Valence and arousal at a tick, not before `since`: a straight line to the target, then constant.
    #[inline]
    pub fn mood(&self, person: &Person, now: u32, rates: &Rates) -> (i16, i16) {
        let elapsed = now.saturating_sub(self.since) as u64;
        let toward = |from: i16, to: i16, rate: u32| {
            let step = ((rate as u64 * elapsed) >> 16).min(i16::MAX as u64) as i32;
            let (from, to) = (from as i32, to as i32);
            (from + (to - from).clamp(-step, step)) as i16
        };
        (
            toward(self.valence, person.valence_target, rates.mood[0]),
            toward(self.arousal, person.arousal_target, rates.mood[1]),
        )
    }

    /// Makes the row exact at `now`: what follows counts from there.
    #[inline]
    pub fn rebase(&mut self, person: &Person, now: u32, rates: &Rates) {
        debug_assert!(now >= self.since, "a row of tick {} asked about {now}", self.since);
        let (valence, arousal) = self.mood(person, now, rates);
        self.needs = self.levels(now, rates);
        (self.valence, self.arousal) = (valence, arousal);
        self.since = now;
    }

    /// Raises a need at `since`.
    #[inline]
    pub fn raise(&mut self, need: Need, by: u16) {
        self.needs[need.index()] = self.needs[need.index()].saturating_add(by);
    }

    /// The activity, for a row whose codes were checked.
    #[inline]
    pub fn does(&self, activity: Activity) -> bool {
        self.activity == activity as u8
    }
}

/// How far a fine level has to fall to be critical; what is critical already is never reached again.
#[inline]
fn margin(level: u16, threshold: u16) -> u64 {
    if level > threshold { ((level - threshold) as u64) << 16 } else { u64::MAX }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{AgentId, Draws, Seed, Stream, Tick};
    use crate::scenarios::city::{CityParams, Rules};
    use crate::sim::Params;
    use bytemuck::Zeroable;

    fn draws(n: u32) -> Draws {
        Seed(4).draws(Stream::named("test"), AgentId(n), Tick(0))
    }

    fn random_body(draws: &mut Draws) -> Body {
        let since = draws.below(1 << 30);
        let span = 1 << draws.below(21);
        Body {
            since,
            until: since + 1 + draws.below(span),
            needs: std::array::from_fn(|_| (draws.u32() >> (16 + draws.below(8))) as u16),
            activity: draws.below(ACTIVITY_COUNT as u32) as u8,
            class: draws.below(CLASS_COUNT as u32) as u8,
            ..Body::zeroed()
        }
    }

    fn check(body: &Body, rates: &Rates) -> bool {
        let wake = body.next_wake(rates);
        assert!(wake > body.since && wake <= body.until, "{body:?}");
        assert!(body.is_due(wake, rates), "not due at its wake-up: {body:?}");
        assert!(!body.is_due(wake - 1, rates), "due before its wake-up {wake}: {body:?}");
        assert!(!body.is_due(body.since, rates));
        wake < body.until
    }

    #[test]
    fn the_next_wake_up_is_the_first_tick_that_is_due() {
        let rules = Rules::for_tests(&CityParams::defaults());
        let mut wild = rules.rates.clone();
        let mut interrupted = [0; 2];
        for n in 0..200_000 {
            let mut draws = draws(n);
            let body = random_body(&mut draws);
            interrupted[0] += check(&body, &rules.rates) as u32;
            // Rates of any size, zero among them.
            let shift = draws.below(24);
            wild.fall[body.class as usize][body.activity as usize] =
                std::array::from_fn(|_| (draws.u32() & 0xff_ffff) >> shift);
            interrupted[1] += check(&body, &wild) as u32;
        }
        assert!(interrupted.iter().all(|&count| count > 5_000), "{interrupted:?}");
    }

    #[test]
    fn walking_tick_by_tick_finds_the_same_wake_up() {
        let rules = Rules::for_tests(&CityParams::defaults());
        for n in 0..40 {
            let body = random_body(&mut draws(n));
            let first = (body.since..=body.until).find(|&now| body.is_due(now, &rules.rates));
            assert_eq!(first, Some(body.next_wake(&rules.rates)));
        }
    }

    #[test]
    fn due_agrees_with_the_levels_that_anyone_can_read() {
        let rules = Rules::for_tests(&CityParams::defaults());
        let rates = &rules.rates;
        let mut reached = 0;
        for n in 0..20_000 {
            let body = random_body(&mut draws(n));
            let wake = body.next_wake(rates);
            let critical = |now| {
                let levels = body.levels(now, rates);
                (0..NEED_COUNT).any(|need| {
                    let falls = rates.fall[body.class as usize][body.activity as usize][need] > 0;
                    falls && body.needs[need] > rates.threshold[need] && levels[need] <= rates.threshold[need]
                })
            };
            if wake < body.until {
                // Fine levels reach the threshold exactly; whole ones, rounded down, show it within a unit before.
                assert!(critical(wake));
                reached += 1;
            }
        }
        assert!(reached > 500);
    }

    #[test]
    fn rebasing_loses_less_than_a_unit_and_saturates() {
        let rules = Rules::for_tests(&CityParams::defaults());
        for n in 0..20_000 {
            let mut draws = draws(n);
            let body = random_body(&mut draws);
            let person = Person {
                valence_target: draws.between(-16_383, 16_383) as i16,
                arousal_target: draws.between(-16_383, 16_383) as i16,
                ..Person::zeroed()
            };
            let half = body.since + (body.until - body.since) / 2;
            let mut rebased = body;
            rebased.rebase(&person, half, &rules.rates);
            let (once, twice) = (body.levels(body.until, &rules.rates), rebased.levels(body.until, &rules.rates));
            assert!((0..NEED_COUNT).all(|need| once[need].abs_diff(twice[need]) <= 1), "{once:?} {twice:?}");
            let (once, twice) =
                (body.mood(&person, body.until, &rules.rates), rebased.mood(&person, body.until, &rules.rates));
            assert!(once.0.abs_diff(twice.0) <= 1 && once.1.abs_diff(twice.1) <= 1);
        }
        let mut body = Body { needs: [0, FULL, 10, 20, 30, FULL - 1], until: u32::MAX, ..Body::zeroed() };
        body.raise(Need::Comfort, 50);
        assert_eq!(body.needs[Need::Comfort.index()], FULL);
        for activity in Activity::ALL {
            body.activity = activity as u8;
            for level in body.levels(u32::MAX - 1, &rules.rates) {
                assert!(level == 0 || level == FULL, "{activity:?}");
            }
        }
        body.activity = Activity::Sleep as u8;
        let person = Person { valence_target: -3_000, arousal_target: 2_000, ..Person::zeroed() };
        assert_eq!(body.mood(&person, u32::MAX - 1, &rules.rates), (-3_000, 2_000));
    }

    #[test]
    fn classes_stay_inside_the_table() {
        for age in 0..=255 {
            for extraversion in 0..=255 {
                assert!((rate_class(age, extraversion) as usize) < CLASS_COUNT);
            }
        }
    }
}
