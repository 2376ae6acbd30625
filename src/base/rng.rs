//! Random draws as a function: `draw(seed, stream, agent, tick, index)`.
//!
//! A draw depends on nothing but its five names, so it is the same whichever worker asks, in whatever order, and
//! adding a decision with a stream of its own never shifts another decision's draws. The generator is Philox4x32-10
//! (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011).

use crate::base::{AgentId, Tick};

const MULTIPLIER_0: u32 = 0xD251_1F53;
const MULTIPLIER_1: u32 = 0xCD9E_8D57;
const WEYL_0: u32 = 0x9E37_79B9;
const WEYL_1: u32 = 0xBB67_AE85;

/// Ten rounds of Philox on a 128-bit counter with a 64-bit key.
#[inline]
pub const fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [mut c0, mut c1, mut c2, mut c3] = counter;
    let [mut k0, mut k1] = key;
    let mut round = 0;
    while round < 10 {
        let p0 = (MULTIPLIER_0 as u64) * (c0 as u64);
        let p1 = (MULTIPLIER_1 as u64) * (c2 as u64);
        (c0, c1, c2, c3) = ((p1 >> 32) as u32 ^ c1 ^ k0, p1 as u32, (p0 >> 32) as u32 ^ c3 ^ k1, p0 as u32);
        k0 = k0.wrapping_add(WEYL_0);
        k1 = k1.wrapping_add(WEYL_1);
        round += 1;
    }
    [c0, c1, c2, c3]
}

/// [`philox4x32_10`] of several counters at once.
///
/// A block is a chain of ten multiplications, each waiting for the one before. The chains of several blocks overlap, so
/// that four cost about as much time as one; and both multiplications of a round are one instruction of x86-64's vector
/// unit, which takes a third off a single block's instructions.
#[inline]
fn blocks<const N: usize>(counters: [[u32; 4]; N], key: [u32; 2]) -> [[u32; 4]; N] {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 has SSE2.
    unsafe {
        blocks_sse2(counters, key)
    }
    #[cfg(not(target_arch = "x86_64"))]
    counters.map(|counter| philox4x32_10(counter, key))
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
#[inline]
fn blocks_sse2<const N: usize>(counters: [[u32; 4]; N], key: [u32; 2]) -> [[u32; 4]; N] {
    use std::arch::x86_64::*;
    // In the even lanes what is multiplied and what goes with the key, nothing in the odd ones.
    let even = |[first, second]: [u32; 2]| _mm_set_epi32(0, second as i32, 0, first as i32);
    let (multipliers, weyl) = (even([MULTIPLIER_0, MULTIPLIER_1]), even([WEYL_0, WEYL_1]));
    let mut keys = even(key);
    let mut states: [__m128i; N] = counters.map(bytemuck::cast);
    for _ in 0..10 {
        for state in &mut states {
            // From the products' lanes (low, high, low, high) to the counter's order, which is the reverse.
            let products = _mm_shuffle_epi32::<0b00_01_10_11>(_mm_mul_epu32(*state, multipliers));
            *state = _mm_xor_si128(products, _mm_xor_si128(_mm_srli_epi64::<32>(*state), keys));
        }
        keys = _mm_add_epi32(keys, weyl);
    }
    states.map(bytemuck::cast)
}

/// A named sequence of draws, one for each kind of decision.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stream(pub u32);

impl Stream {
    /// The stream of that name: `const WHOM: Stream = Stream::named("wealth/whom");` (32-bit FNV-1a).
    pub const fn named(name: &str) -> Self {
        let bytes = name.as_bytes();
        let mut hash = 0x811C_9DC5_u32;
        let mut i = 0;
        while i < bytes.len() {
            hash = (hash ^ bytes[i] as u32).wrapping_mul(0x0100_0193);
            i += 1;
        }
        Self(hash)
    }
}

/// A run's seed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Seed(pub u64);

impl Seed {
    /// The draws of one agent at one tick in one stream, from index 0.
    #[inline]
    pub fn draws(self, stream: Stream, agent: AgentId, tick: Tick) -> Draws {
        self.draws_ahead(stream, agent, tick)
    }

    /// The same draws, `BLOCKS` blocks computed at once: for decisions that are known to take so many.
    #[inline]
    pub fn draws_ahead<const BLOCKS: usize>(self, stream: Stream, agent: AgentId, tick: Tick) -> Draws<BLOCKS> {
        let (counter, key) = (counter(stream, agent, tick), self.key());
        Draws { counter, key, blocks: [[0; 4]; BLOCKS], used: 4 * BLOCKS as u32 }
    }

    /// The first blocks of the draws of several agents at one tick in one stream, computed side by side: for
    /// [`Seed::draws_from`].
    #[inline]
    pub(crate) fn first_blocks<const N: usize>(
        self,
        stream: Stream,
        agents: [AgentId; N],
        tick: Tick,
    ) -> [[u32; 4]; N] {
        blocks(agents.map(|agent| counter(stream, agent, tick)), self.key())
    }

    /// As [`Seed::draws`], where the first block is known.
    #[inline]
    pub(crate) fn draws_from(self, stream: Stream, agent: AgentId, tick: Tick, block: [u32; 4]) -> Draws {
        let [c0, c1, c2, c3] = counter(stream, agent, tick);
        Draws { counter: [c0, c1, c2, c3 + 1], key: self.key(), blocks: [block], used: 0 }
    }

    /// The first word of each of several draws.
    #[inline]
    pub fn words<const N: usize>(self, stream: Stream, of: [(AgentId, Tick); N]) -> [u32; N] {
        blocks(of.map(|(agent, tick)| counter(stream, agent, tick)), self.key()).map(|[first, ..]| first)
    }

    #[inline]
    const fn key(self) -> [u32; 2] {
        [self.0 as u32, (self.0 >> 32) as u32]
    }
}

#[inline]
const fn counter(stream: Stream, agent: AgentId, tick: Tick) -> [u32; 4] {
    [agent.0, tick.0 as u32, stream.0, ((tick.0 >> 32) as u32) << 16]
}

/// The number in `0..n` that a word stands for: see [`Draws::below`].
#[inline]
pub(crate) fn below(word: u32, n: u32) -> u32 {
    ((word as u64 * n as u64) >> 32) as u32
}

/// Draws in order: each call takes one 32-bit word (`u64` takes two); a block of four costs one Philox.
///
/// At most 65,536 blocks to a (stream, agent, tick), and ticks below 2^48. `BLOCKS` are computed at a time.
#[derive(Clone, Debug)]
pub struct Draws<const BLOCKS: usize = 1> {
    counter: [u32; 4],
    key: [u32; 2],
    blocks: [[u32; 4]; BLOCKS],
    used: u32,
}

impl<const BLOCKS: usize> Draws<BLOCKS> {
    /// The next 32 bits.
    #[inline]
    pub fn u32(&mut self) -> u32 {
        let Some(&word) = self.blocks.as_flattened().get(self.used as usize) else { return self.refill() };
        self.used += 1;
        word
    }

    /// Computes the next blocks and takes their first word. Not inlined: a transition has a dozen places that draw.
    #[inline(never)]
    fn refill(&mut self) -> u32 {
        let [c0, c1, c2, c3] = self.counter;
        self.blocks = blocks(std::array::from_fn(|nth| [c0, c1, c2, c3.wrapping_add(nth as u32)]), self.key);
        self.counter[3] = c3.wrapping_add(BLOCKS as u32);
        self.used = 1;
        self.blocks[0][0]
    }

    /// The words of the next blocks, for loops that take all of them.
    #[inline]
    pub(crate) fn next_blocks(&mut self) -> &[u32] {
        self.refill();
        self.used = 4 * BLOCKS as u32;
        self.blocks.as_flattened()
    }

    /// The next 64 bits (two words).
    #[inline]
    pub fn u64(&mut self) -> u64 {
        let low = self.u32() as u64;
        low | (self.u32() as u64) << 32
    }

    /// A number in `0..n`, one word: `floor(word * n / 2^32)`, whose bias is below `n / 2^32`. 0 if `n` is 0.
    #[inline]
    pub fn below(&mut self, n: u32) -> u32 {
        below(self.u32(), n)
    }

    /// A number in `low..=high`, one word.
    #[inline]
    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        low + self.below((high - low) as u32 + 1) as i32
    }

    /// True with probability `numerator / 65,536`, one word.
    #[inline]
    pub fn chance16(&mut self, numerator: u32) -> bool {
        (self.u32() >> 16) < numerator
    }

    /// A number in `[0, 1)` with 32 random bits, one word.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        self.u32() as f64 * (1.0 / 4_294_967_296.0)
    }

    /// Approximately normal, mean 0 and standard deviation 256, within +-1,535: the sum of twelve bytes-wide uniforms
    /// (Irwin-Hall) from three words, integers only.
    #[inline]
    pub fn normal256(&mut self) -> i32 {
        // Two sums of six bytes side by side.
        const BYTES: u32 = 0x00FF_00FF;
        let mut sums = 0;
        for _ in 0..3 {
            let word = self.u32();
            sums += (word & BYTES) + (word >> 8 & BYTES);
        }
        ((sums & 0xFFFF) + (sums >> 16)) as i32 - 1530
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known-answer vectors of Random123 1.14 (`kat_vectors`).
    #[test]
    fn philox_gives_the_known_answers() {
        let answers = [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, answer) in answers {
            assert_eq!(philox4x32_10(counter, key), answer);
            assert_eq!(blocks([counter, [0; 4], counter], key)[2], answer);
        }
    }

    #[test]
    fn it_does_not_matter_how_many_blocks_are_computed_at_once() {
        let (seed, stream, tick) = (Seed((3 << 40) | 5), Stream(7), Tick((11 << 32) | 13));
        let mut one = seed.draws(stream, AgentId(17), tick);
        let mut four = seed.draws_ahead::<4>(stream, AgentId(17), tick);
        for index in 0..100 {
            let word = one.u32();
            assert_eq!(word, four.u32());
            let block = philox4x32_10([17, 13, 7, (11 << 16) | (index / 4)], [5, 3 << 8]);
            assert_eq!(word, block[index as usize % 4]);
        }
        let agents = [AgentId(17), AgentId(18), AgentId(0), AgentId(u32::MAX)];
        for (block, agent) in seed.first_blocks(stream, agents, tick).into_iter().zip(agents) {
            let mut ahead = seed.draws_from(stream, agent, tick, block);
            let mut one = seed.draws(stream, agent, tick);
            (0..20).for_each(|_| assert_eq!(ahead.u32(), one.u32()));
        }
        let of = [(AgentId(17), tick), (AgentId(18), tick), (AgentId(17), Tick(5))];
        assert_eq!(seed.words(stream, of), of.map(|(agent, tick)| seed.draws(stream, agent, tick).u32()));
    }

    #[test]
    fn draws_are_a_function_of_their_names() {
        let draw = |seed, stream, agent, tick| Seed(seed).draws(Stream(stream), AgentId(agent), Tick(tick)).u64();
        let reference = draw(1, 2, 3, 4);
        assert_eq!(reference, draw(1, 2, 3, 4));
        for other in
            [draw(9, 2, 3, 4), draw(1, 9, 3, 4), draw(1, 2, 9, 4), draw(1, 2, 3, 9), draw(1, 2, 3, 4 + (1 << 32))]
        {
            assert_ne!(reference, other);
        }
    }

    #[test]
    fn below_and_between_stay_inside_and_reach_the_ends() {
        let mut draws = Seed(7).draws(Stream::named("test"), AgentId(0), Tick(0));
        let mut seen = [0_u32; 7];
        for _ in 0..7_000 {
            seen[(draws.between(-3, 3) + 3) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| (800..1_200).contains(&count)), "{seen:?}");
        assert_eq!(draws.below(0), 0);
    }

    #[test]
    fn normal256_has_its_moments() {
        let mut draws = Seed(7).draws(Stream::named("test"), AgentId(1), Tick(0));
        let n = 40_000;
        let (mut sum, mut squares) = (0_i64, 0_i64);
        for _ in 0..n {
            let x = draws.normal256() as i64;
            sum += x;
            squares += x * x;
        }
        let mean = sum as f64 / n as f64;
        let deviation = (squares as f64 / n as f64 - mean * mean).sqrt();
        assert!(mean.abs() < 5.0 && (deviation - 256.0).abs() < 5.0, "{mean} {deviation}");
    }
}
