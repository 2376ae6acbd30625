//! Dense stepping's inner loop: which of a zone's residents are due at a tick, many at a time.
//!
//! [`due`] finds exactly the bodies for which [`Body::is_due`] holds, at every level of vector instructions: the scalar
//! loop is the definition, and the others are held equal to it for any bytes whatever.
//!
//! They ask two questions of 8 or 16 bodies at once. Whether the activity is over is answered exactly. Whether a need
//! has fallen to its threshold is answered by 16-bit bounds (a [`Ceiling`]), which may say yes too early, never too
//! late; who passes is asked again by the scalar test.
//!
//! Measured on a Xeon of 2.8 GHz (Ice Lake, two shared cores), nanoseconds a body, 4,096 bodies of an evening in the
//! second-level cache:
//!
//! | | scalar | AVX2 | AVX-512 |
//! |---|---|---|---|
//! | as here; two needs may interrupt, as in the city | 9.7 | 0.95 | 0.73 |
//! | as here; every need may interrupt | | 1.5 | 1.2 |
//! | bounds by class and activity, gathered from a table; two needs | | 1.9 | 1.3 |
//! | the same; every need | | 5.0 | 3.2 |
//!
//! Bounds by activity alone fit in registers and need no gather, and let pass too early no more than one resident in
//! five hundred, at eight in the morning; one in six thousand late in the evening.

use super::kinds::{ACTIVITY_COUNT, NEED_COUNT};
use super::needs::{CLASS_COUNT, Rates};
use super::rows::Body;
use crate::base::Simd;

/// Two needs share a lane of 32 bits.
const PAIR_COUNT: usize = NEED_COUNT / 2;
/// Lines of a table by activity: a power of two. What is no activity is read as the last one.
const LINE_COUNT: usize = 16;
/// The bounds count ticks in units of 2^5: elapsed times to 58 hours of 100 ms fit 16 bits, longer ones always pass.
const UNIT: u32 = 5;

/// Upper bounds of [`Rates::fall`] in 16 bits, by activity alone: over all classes.
///
/// With `E = (elapsed >> 5) + 1` and `F >= fall * 2^5 / 2^b`, both in 16 bits, `elapsed < E * 2^5`, hence
/// `fall * elapsed <= F * E * 2^b`. A need `m` above its threshold has fallen to it when `fall * elapsed >= m * 2^16`.
/// Then `F * E >= m * 2^16 / 2^b`, and so `(F * E >> 16) >= floor(m / 2^b)`, which is at least `ceil(m / 2^b) - 1`. The
/// test is `(F * E >> 16) + 1 > ceil(m / 2^b) - 1`, for `m = 0` put so that it never holds: 0 minus 1 wraps to 65,535.
#[derive(Clone, Debug, Default)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
pub struct Ceiling {
    /// `F` of two needs, the lower numbered one in the lower half, by pair and activity.
    fall: [[u32; LINE_COUNT]; PAIR_COUNT],
    /// Thresholds of two needs, likewise.
    threshold: [u32; PAIR_COUNT],
    /// `2^b - 1`, in 16 bits.
    round: u16,
    /// `2^(16 - b)`: the upper half of a product with it is a shift by `b`.
    scale: u16,
    /// The pairs from this on hold no need that interrupts anything.
    pairs: usize,
}

impl Ceiling {
    /// The bounds of a table of falls and the thresholds.
    pub fn of(fall: &[[[u32; NEED_COUNT]; ACTIVITY_COUNT]; CLASS_COUNT], threshold: &[u16; NEED_COUNT]) -> Self {
        let fall_of = |line: usize, need: usize| {
            fall.iter().map(|class| class[line.min(ACTIVITY_COUNT - 1)][need]).max().unwrap_or_default() as u64
        };
        let most = fall.as_flattened().as_flattened().iter().max().map_or(0, |&most| most as u64);
        let bound = |fall: u64, b: u32| (fall << UNIT).div_ceil(1 << b);
        assert!(most < 1 << 24, "a fall of {most} 65,536ths a tick is more than the closed form allows");
        // 1 at least, so that `scale` fits 16 bits, and 14 at most.
        let b = (1..).find(|&b| bound(most, b) <= u16::MAX as u64).expect("14 is enough for 24 bits");
        let pair = |low: u64, high: u64| (low | high << 16) as u32;
        let fall = std::array::from_fn(|p| {
            std::array::from_fn(|line| pair(bound(fall_of(line, 2 * p), b), bound(fall_of(line, 2 * p + 1), b)))
        });
        Self {
            fall,
            threshold: std::array::from_fn(|p| pair(threshold[2 * p] as u64, threshold[2 * p + 1] as u64)),
            round: (1 << b) - 1,
            scale: 1 << (16 - b),
            pairs: fall.iter().rposition(|lines| lines.iter().any(|&line| line > 0)).map_or(0, |last| last + 1),
        }
    }
}

/// Appends the indices, ascending, of the bodies that are due at a tick. A level that the processor does not have is
/// taken as the highest that it has.
pub fn due(simd: Simd, bodies: &[Body], now: u32, rates: &Rates, found: &mut Vec<u32>) {
    match simd.min(Simd::best()) {
        #[cfg(target_arch = "x86_64")]
        Simd::Avx512 => x86::due_avx512(bodies, now, rates, found),
        #[cfg(target_arch = "x86_64")]
        Simd::Avx2 => x86::due_avx2(bodies, now, rates, found),
        _ => found.extend((0..bodies.len() as u32).filter(|&slot| bodies[slot as usize].is_due(now, rates))),
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::*;
    use bytemuck::Zeroable;
    use std::arch::x86_64::*;
    use std::mem::offset_of;

    // Where the vectors find what they read: words of 32 bits.
    const _: () = assert!(offset_of!(Body, since) == 0 && offset_of!(Body, until) == 4);
    const _: () = assert!(offset_of!(Body, needs) == 8 && NEED_COUNT == 6 && size_of::<Body>() == 32);
    const _: () = assert!(offset_of!(Body, activity) == 24 && ACTIVITY_COUNT <= LINE_COUNT);

    pub fn due_avx512(bodies: &[Body], now: u32, rates: &Rates, found: &mut Vec<u32>) {
        assert!(Simd::best() >= Simd::Avx512);
        // SAFETY: the processor has AVX-512 F and BW, as was just asked.
        unsafe {
            match rates.ceiling.pairs {
                0 | 1 => scan_avx512::<1>(bodies, now, rates, found),
                _ => scan_avx512::<PAIR_COUNT>(bodies, now, rates, found),
            }
        }
    }

    pub fn due_avx2(bodies: &[Body], now: u32, rates: &Rates, found: &mut Vec<u32>) {
        assert!(Simd::best() >= Simd::Avx2);
        // SAFETY: the processor has AVX2, as was just asked.
        unsafe {
            match rates.ceiling.pairs {
                0 | 1 => scan_avx2::<1>(bodies, now, rates, found),
                _ => scan_avx2::<PAIR_COUNT>(bodies, now, rates, found),
            }
        }
    }

    /// Appends those that are over, and those of `maybe` that are due. Seldom called: few are due at a tick.
    #[inline(never)]
    fn take(first: usize, bodies: &[Body], over: u32, maybe: u32, now: u32, rates: &Rates, found: &mut Vec<u32>) {
        let mut rest = over | maybe;
        while rest != 0 {
            let slot = rest.trailing_zeros() as usize;
            if over >> slot & 1 != 0 || bodies[slot].is_due(now, rates) {
                found.push((first + slot) as u32);
            }
            rest &= rest - 1;
        }
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    fn scan_avx512<const PAIRS: usize>(bodies: &[Body], now: u32, rates: &Rates, found: &mut Vec<u32>) {
        let bounds = Bounds512::of(&rates.ceiling, now);
        let (chunks, rest) = bodies.as_chunks::<16>();
        for (n, chunk) in chunks.iter().enumerate() {
            let (over, maybe) = bounds.ask::<PAIRS>(chunk);
            if over | maybe != 0 {
                take(16 * n, chunk, over, maybe, now, rates, found);
            }
        }
        if !rest.is_empty() {
            let mut chunk = [Body::zeroed(); 16];
            chunk[..rest.len()].copy_from_slice(rest);
            let (over, maybe) = bounds.ask::<PAIRS>(&chunk);
            let real = (1 << rest.len()) - 1;
            take(16 * chunks.len(), rest, over & real, maybe & real, now, rates, found);
        }
    }

    struct Bounds512 {
        now: __m512i,
        fall: [__m512i; PAIR_COUNT],
        threshold: [__m512i; PAIR_COUNT],
        round: __m512i,
        scale: __m512i,
    }

    impl Bounds512 {
        #[inline]
        #[target_feature(enable = "avx512f,avx512bw")]
        fn of(ceiling: &Ceiling, now: u32) -> Self {
            Self {
                now: _mm512_set1_epi32(now as i32),
                // SAFETY: a line is 16 words of 32 bits.
                fall: ceiling.fall.each_ref().map(|lines| unsafe { _mm512_loadu_si512(lines.as_ptr().cast()) }),
                threshold: ceiling.threshold.map(|pair| _mm512_set1_epi32(pair as i32)),
                round: _mm512_set1_epi16(ceiling.round as i16),
                scale: _mm512_set1_epi16(ceiling.scale as i16),
            }
        }

        /// A bit for each body whose activity is over, and one for each that a need may interrupt.
        #[inline]
        #[target_feature(enable = "avx512f,avx512bw")]
        fn ask<const PAIRS: usize>(&self, bodies: &[Body; 16]) -> (u32, u32) {
            let start = bodies.as_ptr().cast::<u8>();
            // Bodies a and b, one after the other.
            let two = |a: usize, b: usize| {
                // SAFETY: a and b are below 16: both loads, of 32 bytes, end within the 512 of the array.
                let (a, b) = unsafe {
                    (_mm256_loadu_si256(start.add(32 * a).cast()), _mm256_loadu_si256(start.add(32 * b).cast()))
                };
                _mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1)
            };
            // Four by four transposed in each quarter: body 4q + e is element e of quarter q.
            let low: [_; 4] = std::array::from_fn(|e| two(e, 4 + e));
            let high: [_; 4] = std::array::from_fn(|e| two(8 + e, 12 + e));
            let a: [_; 4] = std::array::from_fn(|e| _mm512_shuffle_i64x2(low[e], high[e], 0b10_00_10_00));
            let b: [_; 4] = std::array::from_fn(|e| _mm512_shuffle_i64x2(low[e], high[e], 0b11_01_11_01));
            let (t0, t1) = (_mm512_unpacklo_epi32(a[0], a[1]), _mm512_unpacklo_epi32(a[2], a[3]));
            let (t2, t3) = (_mm512_unpackhi_epi32(a[0], a[1]), _mm512_unpackhi_epi32(a[2], a[3]));
            let (since, until) = (_mm512_unpacklo_epi64(t0, t1), _mm512_unpackhi_epi64(t0, t1));
            let (n01, n23) = (_mm512_unpacklo_epi64(t2, t3), _mm512_unpackhi_epi64(t2, t3));
            let (t4, t5) = (_mm512_unpacklo_epi32(b[0], b[1]), _mm512_unpacklo_epi32(b[2], b[3]));
            let (t6, t7) = (_mm512_unpackhi_epi32(b[0], b[1]), _mm512_unpackhi_epi32(b[2], b[3]));
            let (n45, codes) = (_mm512_unpacklo_epi64(t4, t5), _mm512_unpacklo_epi64(t6, t7));

            let live = _mm512_cmplt_epu32_mask(since, self.now);
            let over = _mm512_mask_cmple_epu32_mask(live, until, self.now);
            let elapsed = _mm512_sub_epi32(self.now, since);
            let units = _mm512_add_epi32(_mm512_srli_epi32(elapsed, UNIT), _mm512_set1_epi32(1));
            let units = (_mm512_or_si512(units, _mm512_slli_epi32(units, 16)), _mm512_srli_epi32(units, 16));
            let line = _mm512_and_si512(codes, _mm512_set1_epi32(0xff));
            let line = _mm512_min_epu32(line, _mm512_set1_epi32(LINE_COUNT as i32 - 1));
            let mut hit = units.1;
            let one = _mm512_set1_epi16(1);
            for (p, needs) in [n01, n23, n45].into_iter().enumerate().take(PAIRS) {
                let margin = _mm512_subs_epu16(needs, self.threshold[p]);
                let margin = _mm512_mulhi_epu16(_mm512_adds_epu16(margin, self.round), self.scale);
                let fall = _mm512_permutexvar_epi32(line, self.fall[p]);
                let fallen = _mm512_add_epi16(_mm512_mulhi_epu16(fall, units.0), one);
                hit = _mm512_or_si512(hit, _mm512_subs_epu16(fallen, _mm512_sub_epi16(margin, one)));
            }
            (over as u32, _mm512_mask_test_epi32_mask(live, hit, hit) as u32)
        }
    }

    #[target_feature(enable = "avx2")]
    fn scan_avx2<const PAIRS: usize>(bodies: &[Body], now: u32, rates: &Rates, found: &mut Vec<u32>) {
        let bounds = Bounds256::of(&rates.ceiling, now);
        let (chunks, rest) = bodies.as_chunks::<8>();
        for (n, chunk) in chunks.iter().enumerate() {
            let (over, maybe) = bounds.ask::<PAIRS>(chunk);
            if over | maybe != 0 {
                take(8 * n, chunk, over, maybe, now, rates, found);
            }
        }
        if !rest.is_empty() {
            let mut chunk = [Body::zeroed(); 8];
            chunk[..rest.len()].copy_from_slice(rest);
            let (over, maybe) = bounds.ask::<PAIRS>(&chunk);
            let real = (1 << rest.len()) - 1;
            take(8 * chunks.len(), rest, over & real, maybe & real, now, rates, found);
        }
    }

    struct Bounds256 {
        now: __m256i,
        /// By pair, of activities 0 to 7 and 8 to 15.
        fall: [[__m256i; 2]; PAIR_COUNT],
        threshold: [__m256i; PAIR_COUNT],
        round: __m256i,
        scale: __m256i,
    }

    impl Bounds256 {
        #[inline]
        #[target_feature(enable = "avx2")]
        fn of(ceiling: &Ceiling, now: u32) -> Self {
            Self {
                now: _mm256_set1_epi32(now as i32),
                fall: ceiling.fall.map(bytemuck::cast),
                threshold: ceiling.threshold.map(|pair| _mm256_set1_epi32(pair as i32)),
                round: _mm256_set1_epi16(ceiling.round as i16),
                scale: _mm256_set1_epi16(ceiling.scale as i16),
            }
        }

        /// A bit for each body whose activity is over, and one for each that a need may interrupt.
        #[inline]
        #[target_feature(enable = "avx2")]
        fn ask<const PAIRS: usize>(&self, bodies: &[Body; 8]) -> (u32, u32) {
            let start = bodies.as_ptr().cast::<u8>();
            // The same half of bodies e and 4 + e.
            let halves = |e: usize, half: usize| {
                let at = 32 * e + 16 * half;
                // SAFETY: e is below 4 and half below 2: both loads, of 16 bytes, end within the 256 of the array.
                let (a, b) =
                    unsafe { (_mm_loadu_si128(start.add(at).cast()), _mm_loadu_si128(start.add(at + 128).cast())) };
                _mm256_inserti128_si256(_mm256_castsi128_si256(a), b, 1)
            };
            // Four by four transposed in each half: body 4h + e is element e of half h.
            let a: [_; 4] = std::array::from_fn(|e| halves(e, 0));
            let b: [_; 4] = std::array::from_fn(|e| halves(e, 1));
            let (t0, t1) = (_mm256_unpacklo_epi32(a[0], a[1]), _mm256_unpacklo_epi32(a[2], a[3]));
            let (t2, t3) = (_mm256_unpackhi_epi32(a[0], a[1]), _mm256_unpackhi_epi32(a[2], a[3]));
            let (since, until) = (_mm256_unpacklo_epi64(t0, t1), _mm256_unpackhi_epi64(t0, t1));
            let (n01, n23) = (_mm256_unpacklo_epi64(t2, t3), _mm256_unpackhi_epi64(t2, t3));
            let (t4, t5) = (_mm256_unpacklo_epi32(b[0], b[1]), _mm256_unpacklo_epi32(b[2], b[3]));
            let (t6, t7) = (_mm256_unpackhi_epi32(b[0], b[1]), _mm256_unpackhi_epi32(b[2], b[3]));
            let (n45, codes) = (_mm256_unpacklo_epi64(t4, t5), _mm256_unpacklo_epi64(t6, t7));

            let before = _mm256_cmpeq_epi32(_mm256_max_epu32(since, self.now), since);
            let over = _mm256_cmpeq_epi32(_mm256_max_epu32(until, self.now), self.now);
            let elapsed = _mm256_sub_epi32(self.now, since);
            let units = _mm256_add_epi32(_mm256_srli_epi32(elapsed, UNIT as i32), _mm256_set1_epi32(1));
            let units = (_mm256_or_si256(units, _mm256_slli_epi32(units, 16)), _mm256_srli_epi32(units, 16));
            let line = _mm256_and_si256(codes, _mm256_set1_epi32(0xff));
            let line = _mm256_min_epu32(line, _mm256_set1_epi32(LINE_COUNT as i32 - 1));
            let second = _mm256_castsi256_ps(_mm256_slli_epi32(line, 28));
            let mut hit = units.1;
            let one = _mm256_set1_epi16(1);
            for (p, needs) in [n01, n23, n45].into_iter().enumerate().take(PAIRS) {
                let margin = _mm256_subs_epu16(needs, self.threshold[p]);
                let margin = _mm256_mulhi_epu16(_mm256_adds_epu16(margin, self.round), self.scale);
                let fall = self.fall[p].map(|lines| _mm256_permutevar8x32_ps(_mm256_castsi256_ps(lines), line));
                let fall = _mm256_castps_si256(_mm256_blendv_ps(fall[0], fall[1], second));
                let fallen = _mm256_add_epi16(_mm256_mulhi_epu16(fall, units.0), one);
                hit = _mm256_or_si256(hit, _mm256_subs_epu16(fallen, _mm256_sub_epi16(margin, one)));
            }
            let bits = |lanes| _mm256_movemask_ps(_mm256_castsi256_ps(lanes)) as u32;
            let calm = _mm256_cmpeq_epi32(hit, _mm256_setzero_si256());
            let maybe = _mm256_andnot_si256(_mm256_or_si256(before, calm), _mm256_set1_epi32(-1));
            (bits(_mm256_andnot_si256(before, over)), bits(maybe))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{AgentId, Draws, Seed, Stream, Tick};
    use crate::scenarios::city::{CityParams, Need, Rules};
    use crate::sim::{Params, Value};
    use bytemuck::Zeroable;
    use std::io::Write;

    fn draws(n: u32) -> Draws {
        Seed(8).draws(Stream::named("test/scan"), AgentId(n), Tick(0))
    }

    /// The table as it is; with every need able to interrupt; with rates of any size; with none at all.
    fn tables() -> Vec<Rates> {
        let plain = CityParams::defaults();
        let mut eager = plain.clone();
        for need in Need::ALL {
            eager.try_set(&format!("needs.{}.interrupts", need.name()), Value::Bool(true)).unwrap();
        }
        let [plain, eager] = [plain, eager].map(|params| Rules::for_tests(&params).rates);
        let (mut wild, mut still) = (plain.clone(), plain.clone());
        let mut draws = draws(u32::MAX - 1);
        for fall in wild.fall.as_flattened_mut().as_flattened_mut() {
            *fall = (draws.u32() >> 8) >> draws.below(24);
        }
        wild.threshold = [0, 1, 40_000, u16::MAX, u16::MAX - 1, 7];
        still.fall = [[[0; NEED_COUNT]; ACTIVITY_COUNT]; CLASS_COUNT];
        let mut tables = vec![plain, eager, wild, still];
        for rates in &mut tables {
            rates.ceiling = Ceiling::of(&rates.fall, &rates.threshold);
        }
        assert_eq!(tables.iter().map(|rates| rates.ceiling.pairs).collect::<Vec<_>>(), [1, 3, 3, 0]);
        tables
    }

    /// A body as the city has them, here and there with an edge value.
    fn likely(draws: &mut Draws, rates: &Rates) -> Body {
        let since = draws.below(1 << 25);
        let mut body = Body {
            since,
            until: since + 1 + draws.below(1 << 18),
            needs: std::array::from_fn(|_| (draws.u32() >> 16) as u16),
            activity: draws.below(ACTIVITY_COUNT as u32) as u8,
            class: draws.below(CLASS_COUNT as u32) as u8,
            ..Body::zeroed()
        };
        let need = draws.below(NEED_COUNT as u32) as usize;
        let threshold = rates.threshold[need];
        match draws.below(16) {
            0 => body.needs[need] = threshold,
            1 => body.needs[need] = threshold.saturating_add(1 + draws.below(40) as u16),
            2 => body.needs[need] = u16::MAX - draws.below(20) as u16,
            3 => body.until = since - draws.below(since + 1),
            4 => body.until = u32::MAX - draws.below(2),
            5 => (body.since, body.until) = (u32::MAX - draws.below(70_000), u32::MAX),
            6 => body.since = draws.below(100),
            7 => body.activity = draws.u32() as u8,
            8 => body.class = draws.u32() as u8,
            _ => (),
        }
        body
    }

    /// Any 32 bytes, zeros and ones at will.
    fn any(draws: &mut Draws) -> Body {
        let words: [u32; 8] = std::array::from_fn(|_| match draws.below(8) {
            0 => 0,
            1 => u32::MAX,
            2 => draws.u32() >> draws.below(32),
            _ => draws.u32(),
        });
        bytemuck::cast(words)
    }

    /// How many are due by the scalar test, after every level was found to agree with it.
    fn check(bodies: &[Body], now: u32, rates: &Rates) -> usize {
        let expected: Vec<u32> =
            (0..bodies.len() as u32).filter(|&slot| bodies[slot as usize].is_due(now, rates)).collect();
        for level in Simd::all() {
            let mut found = vec![7];
            due(level, bodies, now, rates, &mut found);
            assert_eq!(found[0], 7, "{level} appends");
            if found[1..] != expected {
                let differs = |slot: &&u32| found[1..].contains(slot) != expected.contains(slot);
                let slot = *found[1..].iter().chain(&expected).find(differs).expect("one is missing, or out of order");
                panic!("{level} at {now} about {slot}, {:?}", bodies[slot as usize]);
            }
        }
        expected.len()
    }

    #[test]
    fn levels_that_are_not_tested_are_named() {
        for level in Simd::ALL.into_iter().filter(|&level| level > Simd::best()) {
            // Not by `println`, which is kept from those who see a test pass.
            let _ = writeln!(std::io::stderr(), "not tested: the scan by {level}, which this processor lacks");
        }
    }

    #[test]
    fn every_level_finds_what_the_scalar_test_finds() {
        for (table, rates) in tables().iter().enumerate() {
            let mut due = [0; 3];
            let mut interrupted = 0;
            for n in 0..1_000 {
                let mut draws = draws(n);
                let bodies: Vec<_> = (0..70).map(|_| likely(&mut draws, rates)).collect();
                interrupted += bodies.iter().filter(|body| body.next_wake(rates) < body.until).count();
                // Around the wake-up of each in turn, where everything is decided, the others at some tick.
                for body in bodies.iter().step_by(7) {
                    let wake = body.next_wake(rates);
                    for now in [body.since, wake.saturating_sub(1), wake, wake.saturating_add(draws.below(200))] {
                        due[0] += check(&bodies, now, rates);
                    }
                }
                // All at once around their own wake-up: each moved so that it wakes within a tick of the same one.
                let meeting = 1_u32 << 26;
                let moved: Vec<_> = bodies
                    .iter()
                    .map(|body| {
                        let by = meeting.wrapping_sub(body.next_wake(rates)).wrapping_add(draws.below(3));
                        Body { since: body.since.wrapping_add(by), until: body.until.wrapping_add(by), ..*body }
                    })
                    .collect();
                due[1] += (0..3).map(|n| check(&moved, meeting + n, rates)).sum::<usize>();
                let bodies: Vec<_> = (0..70).map(|_| any(&mut draws)).collect();
                for now in [0, 1, u32::MAX, draws.u32(), draws.u32() >> draws.below(32)] {
                    due[2] += check(&bodies, now, rates);
                }
            }
            assert!(due.iter().all(|&due| due > 50_000), "table {table}: {due:?}");
            assert_eq!(interrupted > 5_000, table < 3, "table {table}: a need ends {interrupted} activities");
        }
    }

    #[test]
    fn every_length_is_scanned_to_its_end() {
        let rates = &tables()[1];
        let mut draws = draws(3);
        let bodies: Vec<_> = (0..70).map(|_| likely(&mut draws, rates)).collect();
        let all_due = [Body { until: 1, ..Body::zeroed() }; 70];
        let none_due = [Body { since: 9, until: 10, ..Body::zeroed() }; 70];
        for length in 0..=70 {
            check(&bodies[..length], 1 << 24, rates);
            check(&bodies[70 - length..], 1 << 24, rates);
            assert_eq!(check(&all_due[..length], 9, rates), length);
            assert_eq!(check(&none_due[..length], 9, rates), 0);
        }
    }

    #[test]
    #[should_panic(expected = "more than the closed form allows")]
    fn a_fall_that_the_bounds_could_not_hold_is_refused() {
        let mut rates = tables().remove(0);
        rates.fall[3][4][5] = 1 << 24;
        Ceiling::of(&rates.fall, &rates.threshold);
    }
}
