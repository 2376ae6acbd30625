//! Shuffles that need no memory: a pseudo-random bijection of `0..n`, asked for one number at a time.

use crate::base::digest::mix;
use crate::base::{AgentId, Seed, Stream, Tick};

const ROUND_COUNT: usize = 8;

/// A pseudo-random bijection of the numbers `0..len`, fixed by a seed and a stream.
///
/// With it each of a million agents finds its place in a shuffle alone, on any worker: agents whose place is below a
/// quota are exactly as many as the quota. A Feistel network permutes the numbers below the next power of two (Luby and
/// Rackoff, 1988), and walks on while the result is `len` or more (Black and Rogaway, "Ciphers with Arbitrary Finite
/// Domains", 2002), on average less than twice. Not meant for secrets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Permutation {
    len: u64,
    low_bits: u32,
    low_mask: u64,
    high_mask: u64,
    keys: [u64; ROUND_COUNT],
}

impl Permutation {
    /// The shuffle of `0..len` that belongs to a seed and a stream.
    pub fn new(len: u64, seed: Seed, stream: Stream) -> Self {
        Self::keyed(len, seed, stream, 0)
    }

    /// One of many shuffles in a stream, such as one for each district.
    pub fn keyed(len: u64, seed: Seed, stream: Stream, key: u32) -> Self {
        // Two bits at least, for two halves.
        let bits = (64 - len.saturating_sub(1).leading_zeros()).max(2);
        let low_bits = bits / 2;
        let mask = |bits: u32| (1_u64 << bits) - 1;
        let mut draws = seed.draws(stream, AgentId(key), Tick(0));
        let keys = std::array::from_fn(|_| draws.u64());
        Self { len, low_bits, low_mask: mask(low_bits), high_mask: mask(bits - low_bits), keys }
    }

    /// How many numbers are shuffled.
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is nothing to shuffle.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The place of number `index` in the shuffle. Panics if `index >= len`.
    #[inline]
    pub const fn apply(&self, index: u64) -> u64 {
        assert!(index < self.len, "the number is one of those shuffled");
        let mut word = index;
        // The network is a bijection, so the walk comes back to `index` at the latest: it ends.
        loop {
            let (mut low, mut high) = (word & self.low_mask, word >> self.low_bits);
            let mut round = 0;
            while round < ROUND_COUNT {
                low ^= mix(high ^ self.keys[round]) & self.low_mask;
                high ^= mix(low ^ self.keys[round + 1]) & self.high_mask;
                round += 2;
            }
            word = high << self.low_bits | low;
            if word < self.len {
                return word;
            }
        }
    }

    /// The number at a place of the shuffle: the inverse of [`Permutation::apply`]. Panics if `place >= len`.
    #[inline]
    pub const fn invert(&self, place: u64) -> u64 {
        assert!(place < self.len, "the place is one of those shuffled");
        let mut word = place;
        loop {
            let (mut low, mut high) = (word & self.low_mask, word >> self.low_bits);
            let mut round = ROUND_COUNT;
            while round > 0 {
                round -= 2;
                high ^= mix(low ^ self.keys[round + 1]) & self.high_mask;
                low ^= mix(high ^ self.keys[round]) & self.low_mask;
            }
            word = high << self.low_bits | low;
            if word < self.len {
                return word;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: Stream = Stream::named("test/permutation");

    #[test]
    fn every_place_is_taken_once_and_found_again() {
        for len in (1..=260).chain([1_000, 4_095, 4_096, 4_097, 65_536, 100_003, 262_145]) {
            let shuffle = Permutation::new(len, Seed(9), STREAM);
            let mut taken = vec![false; len as usize];
            for index in 0..len {
                let place = shuffle.apply(index);
                assert!(!std::mem::replace(&mut taken[place as usize], true), "{len}: {place} twice");
                assert_eq!(shuffle.invert(place), index);
            }
        }
        assert!(Permutation::new(0, Seed(9), STREAM).is_empty());
    }

    #[test]
    fn the_largest_domains_work() {
        for len in [u32::MAX as u64, (1 << 40) + 1, (1 << 63) + 1, u64::MAX] {
            let shuffle = Permutation::new(len, Seed(9), STREAM);
            for index in (0..100).chain(len - 100..len) {
                let place = shuffle.apply(index);
                assert!(place < shuffle.len());
                assert_eq!(shuffle.invert(place), index);
            }
        }
    }

    #[test]
    fn all_shuffles_of_four_are_about_as_frequent() {
        let mut seen = std::collections::BTreeMap::new();
        for key in 0..24_000 {
            let shuffle = Permutation::keyed(4, Seed(9), STREAM, key);
            *seen.entry([0, 1, 2, 3].map(|index| shuffle.apply(index))).or_insert(0_i32) += 1;
        }
        assert_eq!(seen.len(), 24);
        // 1,000 each; six standard deviations.
        assert!(seen.values().all(|count| (count - 1_000).abs() < 190), "{seen:?}");
    }

    #[test]
    fn a_number_goes_everywhere_and_neighbours_part() {
        // Where two neighbours land, in fifths: independent of each other, over many shuffles.
        let mut seen = [[0_i32; 5]; 5];
        for key in 0..25_000 {
            let shuffle = Permutation::keyed(1_000, Seed(9), STREAM, key);
            seen[(shuffle.apply(500) / 200) as usize][(shuffle.apply(501) / 200) as usize] += 1;
        }
        assert!(seen.iter().flatten().all(|count| (count - 1_000).abs() < 190), "{seen:?}");
    }

    #[test]
    fn one_shuffle_leaves_no_trace_of_the_order() {
        let len = 100_000_u64;
        let shuffle = Permutation::new(len, Seed(9), STREAM);
        // Of each tenth of the numbers, a tenth lands in each tenth of the places: 1,000, deviation below 30.
        let mut seen = [[0_i32; 10]; 10];
        for index in 0..len {
            seen[(index * 10 / len) as usize][(shuffle.apply(index) * 10 / len) as usize] += 1;
        }
        assert!(seen.iter().flatten().all(|count| (count - 1_000).abs() < 150), "{seen:?}");
        // Ascents of a random permutation: half of the steps, deviation sqrt(len / 12).
        let ascents = (1..len).filter(|&index| shuffle.apply(index - 1) < shuffle.apply(index)).count() as i64;
        assert!((ascents - 50_000).abs() < 6 * 92, "{ascents}");
    }

    #[test]
    fn seeds_streams_and_keys_give_shuffles_of_their_own() {
        let reference = Permutation::new(1_000, Seed(9), STREAM);
        assert_eq!(reference, Permutation::keyed(1_000, Seed(9), STREAM, 0));
        let others = [
            Permutation::new(1_000, Seed(8), STREAM),
            Permutation::new(1_000, Seed(9), Stream::named("other")),
            Permutation::keyed(1_000, Seed(9), STREAM, 1),
        ];
        for other in others {
            let same = (0..1_000).filter(|&index| reference.apply(index) == other.apply(index)).count();
            assert!(same < 10, "two random shuffles agree in one place on average: {same}");
        }
    }
}
