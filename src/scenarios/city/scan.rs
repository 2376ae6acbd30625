//! Who is due at a tick, found by evaluating every resident's closed form: what dense stepping does.
//!
//! Few are due at any tick, so a filter goes first: two bodies at a time, without a branch on what they are, with 16-bit
//! products that are rounded against the body. It passes everybody who is due and hardly anybody else, and whom it
//! passes [`Body::is_due`] examines exactly.
//!
//! The filter: a need is due once `fall x elapsed >= margin x 65,536`. With `fall <= f x 2^s`, `elapsed < e x 2^5`, and
//! `h` the upper half of the 32-bit product `f x e`, `fall x elapsed < (h + 1) x 2^(16 + s + 5)`. So unless
//! `h >= margin >> (s + 5)` it is not due. With the city's rates `s` is 0, and a need passes some 30 seconds early.
//!
//! A body's line of the table is loaded by itself: gathering lines for eight bodies takes three times as long on
//! processors whose gathers were slowed down to be safe.

use super::kinds::ACTIVITY_COUNT;
use super::needs::{CLASS_COUNT, Rates};
use super::rows::Body;
use crate::base::Simd;

/// Ticks are counted in units of `2^TICK_SHIFT`.
const TICK_SHIFT: u32 = 5;

/// Lines of the filter's table: class by activity, rounded up to a power of two.
const ACTIVITIES: usize = 16;
const LINES: usize = CLASS_COUNT * ACTIVITIES;

/// A number for each need, and nought twice: as many as are read of a body at once.
type Line = [u16; 8];

/// The closed form of the residents, ready to be evaluated for many at once.
pub struct Scan {
    simd: Simd,
    rates: Rates,
    /// By class and activity: the falls in units of `2^s`.
    falls: [Line; LINES],
    thresholds: Line,
    /// By how much margins are shifted.
    margin_shift: u32,
}

impl Scan {
    /// For residents of these rates, with these instructions (or the best that there are, if they are not available).
    pub fn new(rates: &Rates, simd: Simd) -> Self {
        let highest = rates.fall.as_flattened().as_flattened().iter().max().copied().unwrap_or(0);
        let shift = (32 - highest.leading_zeros()).saturating_sub(16);
        // Rounded up, and within 16 bits all the same.
        let fall = |fall: u32| fall.div_ceil(1 << shift).min(u16::MAX as u32) as u16;
        let mut falls = [[0; 8]; LINES];
        for (index, line) in rates.fall.as_flattened().iter().enumerate() {
            let at = index / ACTIVITY_COUNT * ACTIVITIES + index % ACTIVITY_COUNT;
            falls[at] = std::array::from_fn(|need| line.get(need).map_or(0, |&needs| fall(needs)));
        }
        // What stands behind the needs in a body has no margin.
        let thresholds = std::array::from_fn(|need| rates.threshold.get(need).copied().unwrap_or(u16::MAX));
        // A fall that rounding up took to 65,536 units counts as 65,535: one more unit of shift makes up for it.
        let tight = highest.div_ceil(1 << shift) > u16::MAX as u32;
        let margin_shift = shift + TICK_SHIFT + tight as u32;
        Self { simd: simd.min(Simd::best()), rates: rates.clone(), falls, thresholds, margin_shift }
    }

    /// Appends the indices of the bodies that are due at a tick ([`Body::is_due`]), ascending.
    pub fn due(&self, bodies: &[Body], now: u32, found: &mut Vec<u32>) {
        match self.simd {
            Simd::Scalar => self.examine(bodies, 0, bodies.len(), now, found),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the level is available, see `new`.
            Simd::Avx2 => unsafe { self.due_avx2(bodies, now, found) },
            #[cfg(not(target_arch = "x86_64"))]
            Simd::Avx2 => self.examine(bodies, 0, bodies.len(), now, found),
        }
    }

    fn examine(&self, bodies: &[Body], from: usize, to: usize, now: u32, found: &mut Vec<u32>) {
        let slots = (from..to).filter(|&slot| bodies[slot].is_due(now, &self.rates));
        found.extend(slots.map(|slot| slot as u32));
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn due_avx2(&self, bodies: &[Body], now: u32, found: &mut Vec<u32>) {
        use std::arch::x86_64::*;
        // SAFETY: a line has 128 bits.
        let load = |line: &Line| unsafe { _mm_loadu_si128(line.as_ptr().cast()) };
        let thresholds = _mm256_broadcastsi128_si256(load(&self.thresholds));
        let shift = _mm_cvtsi32_si128(self.margin_shift as i32);
        // A body's needs and what stands behind them, its line of falls, the units of ticks that have passed in each
        // lane, and whether it passes for another reason: its time is up, or too many ticks have passed to tell.
        let half = |body: &Body| {
            // SAFETY: 16 bytes from `needs` on lie in the body.
            let needs = unsafe { _mm_loadu_si128((&raw const *body).byte_add(NEEDS_AT).cast()) };
            let activity = (body.activity as usize).min(ACTIVITY_COUNT - 1);
            let falls = load(&self.falls[body.class as usize % CLASS_COUNT * ACTIVITIES + activity]);
            let units = (now.saturating_sub(body.since) >> TICK_SHIFT) + 1;
            let passes = (now >= body.until) | (units > u16::MAX as u32);
            (needs, falls, _mm_set1_epi16(units as i16), passes)
        };
        let (pairs, rest) = bodies.as_chunks::<2>();
        for (nth, [a, b]) in pairs.iter().enumerate() {
            let ((a_needs, a_falls, a_units, a_passes), (b_needs, b_falls, b_units, b_passes)) = (half(a), half(b));
            let margin = _mm256_subs_epu16(_mm256_set_m128i(b_needs, a_needs), thresholds);
            let product = _mm256_mulhi_epu16(_mm256_set_m128i(b_falls, a_falls), _mm256_set_m128i(b_units, a_units));
            let is_near = _mm256_cmpeq_epi16(_mm256_max_epu16(product, _mm256_srl_epi16(margin, shift)), product);
            // What is critical already (or no need at all) is not reached again.
            let is_critical = _mm256_cmpeq_epi16(margin, _mm256_setzero_si256());
            if (_mm256_testc_si256(is_critical, is_near) == 0) | a_passes | b_passes {
                self.examine(bodies, 2 * nth, 2 * nth + 2, now, found);
            }
        }
        self.examine(bodies, bodies.len() - rest.len(), bodies.len(), now, found);
    }
}

/// Where a body's needs begin.
const NEEDS_AT: usize = std::mem::offset_of!(Body, needs);
const _: () = assert!(NEEDS_AT + size_of::<Line>() <= size_of::<Body>());

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{AgentId, Draws, Seed, Stream, Tick};
    use crate::scenarios::city::{CityParams, Rules};
    use crate::sim::Params;
    use bytemuck::Zeroable;

    fn draws(n: u32) -> Draws {
        Seed(4).draws(Stream::named("scan"), AgentId(n), Tick(0))
    }

    fn check(bodies: &[Body], now: u32, rates: &Rates) -> usize {
        let expected: Vec<u32> =
            (0..bodies.len() as u32).filter(|&slot| bodies[slot as usize].is_due(now, rates)).collect();
        for level in Simd::available() {
            let mut found = vec![7];
            Scan::new(rates, level).due(bodies, now, &mut found);
            assert_eq!(found[1..], expected, "{level}, {} bodies at {now}", bodies.len());
        }
        expected.len()
    }

    /// Bodies as they are met: begun within two days, most of them far from due.
    fn usual(draws: &mut Draws, now: u32) -> Body {
        let since = now - draws.below(200_000);
        Body {
            since,
            until: since + 1 + draws.below(400_000),
            needs: std::array::from_fn(|_| draws.u32() as u16),
            activity: draws.below(ACTIVITY_COUNT as u32) as u8,
            class: draws.below(CLASS_COUNT as u32) as u8,
            ..Body::zeroed()
        }
    }

    #[test]
    fn every_level_finds_whom_the_closed_form_says() {
        let rules = Rules::for_tests(&CityParams::defaults());
        let mut wild = rules.rates.clone();
        let mut found = 0;
        for n in 0..3_000 {
            let mut draws = draws(n);
            let now = 500_000 + draws.below(1 << 20);
            let mut bodies: Vec<Body> = (0..draws.below(70)).map(|_| usual(&mut draws, now)).collect();
            found += check(&bodies, now, &rules.rates);
            // At the very tick of somebody's wake-up, and the one before.
            if let Some(body) = bodies.first() {
                let wake = body.next_wake(&rules.rates);
                check(&bodies, wake, &rules.rates);
                check(&bodies, wake - 1, &rules.rates);
            }
            // Rates of any size, zero among them.
            let shift = 8 + draws.below(24);
            wild.fall[draws.below(16) as usize][draws.below(12) as usize] = std::array::from_fn(|_| draws.u32() >> shift);
            check(&bodies, now, &wild);
            // Rows of any bits.
            for body in &mut bodies {
                bytemuck::bytes_of_mut(body).fill_with(|| draws.u32() as u8);
            }
            check(&bodies, now, &rules.rates);
            check(&bodies, draws.u32(), &wild);
        }
        assert!(found > 10_000, "{found} were due");
    }

    #[test]
    fn the_filter_is_fine_enough() {
        let rules = Rules::for_tests(&CityParams::defaults());
        let scan = Scan::new(&rules.rates, Simd::best());
        assert_eq!(scan.margin_shift, TICK_SHIFT, "the city's rates fit 16 bits");
        let now = 1_000_000;
        let bodies: Vec<Body> = (0..8_000).map(|n| usual(&mut draws(n), now)).collect();
        let mut early = 0;
        for body in &bodies {
            let wake = body.next_wake(&rules.rates);
            let soon = Body { since: body.since, until: u32::MAX, ..*body };
            early += (soon.is_due(now + 600, &rules.rates) && wake > now) as u32;
        }
        assert!(early < 80, "{early} of 8,000 come due within a minute");
    }
}
