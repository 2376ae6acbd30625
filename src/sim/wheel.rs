//! The agenda of a shard: a timing wheel with a bucket for each exchange interval.
//!
//! An entry is a word: which cell of the shard, which kind, which slot, in the order in which a visit wants them. It
//! says where to look, not what to find: the agent's own wake tick counts, so that an overtaken entry does no harm.
//! Buckets are chains of blocks from one pool, so that a full wheel has no slack and a turning one allocates nothing.

use super::rows::prefetch;

const BLOCK_ENTRIES: usize = 31;
const NONE: u32 = u32::MAX;
/// Intervals that the wheel itself covers; what lies farther waits in a list. 11 hours at 10 s.
const SPAN: u64 = 4096;

#[repr(C, align(64))]
struct Block {
    next: u32,
    entries: [u64; BLOCK_ENTRIES],
}

/// A chain of blocks; all but the first are full.
#[derive(Clone, Copy)]
struct Chain {
    first: u32,
    /// Entries in the first block. Here and not in the block, where filing would wait for the block's first line.
    count: u32,
}
const EMPTY: Chain = Chain { first: NONE, count: 0 };

/// An entry: place of the cell in its shard (20 bits), kind (4), slot (24).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Entry(pub u64);

/// The place of no cell.
pub(crate) const NOWHERE: usize = usize::MAX;

/// Cells of a shard, slots of a cell and ticks of an interval that an entry (or a letter's key) can name.
pub(crate) const SHARD_CELLS_MAX: usize = 1 << 20;
pub(crate) const KINDS_MAX: usize = 1 << 4;
pub(crate) const SLOTS_MAX: usize = 1 << 24;
pub(crate) const INTERVAL_TICKS_MAX: u32 = 1 << 16;

impl Entry {
    #[inline]
    pub(crate) fn new(place: usize, kind: usize, slot: u32) -> Self {
        debug_assert!(place < SHARD_CELLS_MAX && kind < KINDS_MAX && (slot as usize) < SLOTS_MAX);
        Self((place as u64) << 28 | (kind as u64) << 24 | slot as u64)
    }
    #[inline]
    pub(crate) fn place(self) -> usize {
        (self.0 >> 28) as usize
    }
    #[inline]
    pub(crate) fn kind(self) -> usize {
        (self.0 >> 24 & 15) as usize
    }
    /// Place and kind.
    #[inline]
    pub(crate) fn room(self) -> usize {
        (self.0 >> 24) as usize
    }
    #[inline]
    pub(crate) fn slot(self) -> u32 {
        (self.0 & 0xff_ffff) as u32
    }
}

/// The wheel.
pub(crate) struct Wheel {
    /// The next interval to take.
    now: u64,
    heads: Vec<Chain>,
    blocks: Vec<Block>,
    free: u32,
    /// Beyond the span: (interval, entry).
    far: Vec<(u64, Entry)>,
}

impl Wheel {
    /// A wheel of which interval `now` is the next to take.
    pub(crate) fn new(now: u64) -> Self {
        Self { now, heads: vec![EMPTY; SPAN as usize], blocks: Vec::new(), free: NONE, far: Vec::new() }
    }

    /// Files an entry under an interval that has not been taken.
    #[inline]
    pub(crate) fn push(&mut self, interval: u64, entry: Entry) {
        debug_assert!(interval >= self.now, "interval {interval} was taken before {}", self.now);
        if interval - self.now >= SPAN {
            self.far.push((interval, entry));
        } else {
            self.file(interval, entry);
        }
    }

    /// Asks for the memory that an entry of the interval is going to be filed in, unless that is a new block.
    #[inline]
    pub(crate) fn prefetch(&self, interval: u64) {
        let chain = self.heads[(interval % SPAN) as usize];
        let block = self.blocks.as_ptr().wrapping_add(chain.first as usize).cast::<u64>();
        prefetch(block.wrapping_add(1 + chain.count as usize));
    }

    #[inline]
    fn file(&mut self, interval: u64, entry: Entry) {
        let chain = &mut self.heads[(interval % SPAN) as usize];
        if chain.first == NONE || chain.count as usize == BLOCK_ENTRIES {
            let fresh = if self.free == NONE {
                self.blocks.push(Block { next: NONE, entries: [0; BLOCK_ENTRIES] });
                (self.blocks.len() - 1) as u32
            } else {
                let fresh = self.free;
                self.free = self.blocks[fresh as usize].next;
                fresh
            };
            self.blocks[fresh as usize].next = chain.first;
            *chain = Chain { first: fresh, count: 0 };
        }
        self.blocks[chain.first as usize].entries[chain.count as usize] = entry.0;
        chain.count += 1;
    }

    /// Takes all entries of the next interval, in no particular order, and turns the wheel.
    pub(crate) fn take(&mut self, interval: u64, into: &mut Vec<Entry>) {
        assert_eq!(interval, self.now, "intervals are taken in order");
        let Chain { first: mut block, mut count } =
            std::mem::replace(&mut self.heads[(interval % SPAN) as usize], EMPTY);
        while block != NONE {
            let taken = &mut self.blocks[block as usize];
            into.extend(taken.entries[..count as usize].iter().map(|&word| Entry(word)));
            count = BLOCK_ENTRIES as u32;
            let next = std::mem::replace(&mut taken.next, self.free);
            self.free = block;
            block = next;
        }
        self.now += 1;
        // Once in a quarter turn is often enough: what is far is at least three quarters away.
        if self.now.is_multiple_of(SPAN / 4) && !self.far.is_empty() {
            let mut far = std::mem::take(&mut self.far);
            far.retain(|&(interval, entry)| {
                let near = interval - self.now < SPAN;
                if near {
                    self.file(interval, entry);
                }
                !near
            });
            self.far = far;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{AgentId, Seed, Stream, Tick};
    use std::collections::BTreeMap;

    #[test]
    fn entries_keep_their_parts_in_visiting_order() {
        let entry = Entry::new(2_216, 3, 123_456);
        assert_eq!((entry.place(), entry.kind(), entry.slot()), (2_216, 3, 123_456));
        assert!(Entry::new(1, 9, 9) < Entry::new(2, 0, 0) && Entry::new(1, 0, 9) < Entry::new(1, 1, 0));
    }

    /// Against a sorted map: everything comes out once, in its interval, near and far alike.
    #[test]
    fn takes_what_was_filed() {
        let mut draws = Seed(1).draws(Stream::named("test"), AgentId(0), Tick(0));
        let mut wheel = Wheel::new(0);
        let mut oracle: BTreeMap<u64, Vec<Entry>> = BTreeMap::new();
        for now in 0..20_000_u64 {
            for _ in 0..draws.below(4) {
                let ahead = if draws.chance16(6_000) { draws.below(30_000) } else { draws.below(300) };
                let entry = Entry::new(draws.below(100) as usize, 0, draws.below(100_000));
                wheel.push(now + ahead as u64, entry);
                oracle.entry(now + ahead as u64).or_default().push(entry);
            }
            let mut taken = Vec::new();
            wheel.take(now, &mut taken);
            taken.sort_unstable();
            let mut expected = oracle.remove(&now).unwrap_or_default();
            expected.sort_unstable();
            assert_eq!(taken, expected, "interval {now}");
        }
        assert!(!wheel.far.is_empty(), "the far list was in use");
    }
}
