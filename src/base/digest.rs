//! The digest: a number that stands for all state, the same for every order in which the rows are visited.

use std::fmt;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::base::{AgentId, ZoneId};

/// A hash of a set of rows, whatever their order: the wrapping sum of the rows' hashes.
///
/// A sum because it commutes, so that zones hashed by any worker in any order give one number, and a row that changes
/// can be taken out and put back ([`Digest::sub`], [`Digest::add`]). Not xor: under xor two equal rows cancel, so that
/// a row doubled and a row lost twice would both go unseen, whereas a sum counts them. A sum is only as good as its
/// terms: each must be a well mixed 64-bit hash ([`RowHash`]), never raw data, whose sums collide at once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Digest(pub u64);

impl Digest {
    /// The digest of no rows.
    pub const EMPTY: Self = Self(0);

    /// Puts a row's hash in.
    #[inline]
    pub const fn add(&mut self, row_hash: u64) {
        self.0 = self.0.wrapping_add(row_hash);
    }

    /// Takes a row's hash out that was put in before.
    #[inline]
    pub const fn sub(&mut self, row_hash: u64) {
        self.0 = self.0.wrapping_sub(row_hash);
    }

    /// Puts all rows of another digest in.
    #[inline]
    pub const fn merge(&mut self, other: Self) {
        self.0 = self.0.wrapping_add(other.0);
    }

    /// The digest after this one in a chain: it depends on the order, as a journal's does.
    #[inline]
    pub const fn then(self, next: Self) -> Self {
        // Not plain `mix(self.0)`, which leaves 0 as it is: a chain of empty digests would not grow.
        Self(mix(mix(self.0 ^ 0x9E37_79B9_7F4A_7C15).wrapping_add(next.0)))
    }
}

impl FromIterator<u64> for Digest {
    fn from_iter<I: IntoIterator<Item = u64>>(row_hashes: I) -> Self {
        let mut digest = Self::EMPTY;
        for hash in row_hashes {
            digest.add(hash);
        }
        digest
    }
}

/// 16 hex digits.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The hash of one row, from its parts in a fixed order.
///
/// ```
/// use myriad::base::{AgentId, Digest, RowHash, ZoneId};
///
/// let mut digest = Digest::EMPTY;
/// digest.add(RowHash::agent(AgentId(7), ZoneId(3)).word(42).bytes(&[1, 2, 3]).finish());
/// assert_ne!(digest, Digest::EMPTY);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RowHash(u64);

impl RowHash {
    /// The hash of an agent's row in a zone, before its components.
    #[inline]
    pub const fn agent(agent: AgentId, zone: ZoneId) -> Self {
        Self::new((agent.0 as u64) << 32 | zone.0 as u64)
    }

    /// The hash of a row that `name` tells apart from all others.
    #[inline]
    pub const fn new(name: u64) -> Self {
        // A name of 0 must not stay 0, and names from 0 up must not be the states that a word leads to.
        Self(mix(name ^ 0x9E37_79B9_7F4A_7C15))
    }

    /// Adds a component as its bytes, by xxh3 with what came before as the seed. The length counts.
    #[inline]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        Self(mix(xxh3_64_with_seed(bytes, self.0).wrapping_add(bytes.len() as u64)))
    }

    /// Adds a component that has no padding, as its bytes. They are in the machine's order: digests compare between
    /// little-endian machines, which all supported ones are.
    #[inline]
    pub fn pod<T: bytemuck::NoUninit>(self, component: &T) -> Self {
        self.bytes(bytemuck::bytes_of(component))
    }

    /// Adds one number.
    #[inline]
    pub const fn word(self, word: u64) -> Self {
        Self(mix(self.0.rotate_left(23) ^ mix(word ^ 0xD6E8_FEB8_6659_FD93)))
    }

    /// The row's hash, for [`Digest::add`].
    #[inline]
    pub const fn finish(self) -> u64 {
        mix(self.0)
    }
}

/// The 64-bit xxh3 hash of bytes: checksums, and names of inputs.
#[inline]
pub fn hash_bytes(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

/// A bijection of 64-bit words in which each bit depends on every other: the finaliser of SplitMix64 (Steele, Lea and
/// Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014; Stafford's "Mix13" constants).
#[inline]
pub const fn mix(word: u64) -> u64 {
    let word = (word ^ word >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ word >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ word >> 31
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn row(agent: u32, zone: u32, state: u64) -> u64 {
        RowHash::agent(AgentId(agent), ZoneId(zone)).pod(&state).finish()
    }

    #[test]
    fn the_order_and_the_grouping_of_rows_do_not_matter() {
        let rows: Vec<u64> = (0..1_000).map(|i| row(i, i % 7, i as u64 * 3)).collect();
        let whole: Digest = rows.iter().copied().collect();
        let backwards: Digest = rows.iter().rev().copied().collect();
        let (mut left, right): (Digest, Digest) =
            (rows[..311].iter().copied().collect(), rows[311..].iter().copied().collect());
        left.merge(right);
        assert_eq!(whole, backwards);
        assert_eq!(whole, left);
        let mut without = whole;
        without.sub(rows[5]);
        assert_ne!(without, whole);
        without.add(rows[5]);
        assert_eq!(without, whole);
    }

    #[test]
    fn a_doubled_row_does_not_cancel() {
        let (a, b) = (row(1, 1, 1), row(2, 2, 2));
        let seen: BTreeSet<Digest> =
            [vec![], vec![a], vec![a, a], vec![a, a, a], vec![b], vec![a, b], vec![a, a, b], vec![b, b]]
                .into_iter()
                .map(|rows| rows.into_iter().collect())
                .collect();
        assert_eq!(seen.len(), 8);
    }

    #[test]
    fn every_part_of_a_row_counts() {
        let reference = row(1, 2, 3);
        for other in [row(2, 2, 3), row(1, 3, 3), row(2, 1, 3), row(1, 2, 4), row(1, 2, 3 | 1 << 63)] {
            assert_ne!(reference, other);
        }
        let hash = || RowHash::new(0);
        assert_ne!(hash().bytes(&[1, 2]).bytes(&[3]).finish(), hash().bytes(&[1]).bytes(&[2, 3]).finish());
        assert_ne!(hash().bytes(&[0]).finish(), hash().bytes(&[0, 0]).finish());
        assert_ne!(hash().bytes(&[]).finish(), hash().finish());
        assert_ne!(hash().word(1).word(2).finish(), hash().word(2).word(1).finish());
        assert_ne!(hash().word(0).finish(), hash().finish());
        // Swapping a value between two agents, or moving one unit, changes the sum: the terms are mixed.
        let sum = |a, b| [row(1, 1, a), row(2, 1, b)].into_iter().collect::<Digest>();
        assert_ne!(sum(10, 20), sum(20, 10));
        assert_ne!(sum(10, 20), sum(11, 19));
    }

    #[test]
    fn one_bit_of_a_row_changes_half_the_bits_of_its_hash() {
        let mut changed = 0;
        for bit in 0..64 {
            for agent in 0..100 {
                changed += (row(agent, 1, 0) ^ row(agent, 1, 1 << bit)).count_ones();
            }
        }
        let mean = changed as f64 / 6_400.0;
        assert!((31.5..32.5).contains(&mean), "{mean}");
    }

    #[test]
    fn a_chain_depends_on_the_order() {
        let (a, b) = (Digest(1), Digest(2));
        assert_ne!(Digest::EMPTY.then(a).then(b), Digest::EMPTY.then(b).then(a));
        assert_ne!(Digest::EMPTY.then(a), a);
        assert_ne!(Digest::EMPTY.then(Digest::EMPTY), Digest::EMPTY);
    }

    #[test]
    fn written_as_sixteen_hex_digits() {
        assert_eq!(Digest(0xAB).to_string(), "00000000000000ab");
        // The canonical hash of nothing, XXH3_64bits("") in xxHash 0.8.
        assert_eq!(Digest(hash_bytes(b"")).to_string(), "2d06800538d394c2");
    }

    #[test]
    fn the_hash_of_a_row_is_fixed_for_all_time() {
        // Digests are compared between versions and machines: this value may only change on purpose.
        let hash = RowHash::agent(AgentId(7), ZoneId(3)).word(42).bytes(b"myriad").finish();
        assert_eq!(Digest(hash).to_string(), "9d3eba35771003d7");
    }
}
