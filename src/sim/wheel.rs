//! The agenda of a shard: a timing wheel with a bucket for each exchange interval.
//!
//! An entry is a word: which zone of the shard, which kind, which tick of the interval, which slot, in the order in
//! which a visit wants them. Buckets are chains of blocks from one pool, so that a full wheel has no slack and a
//! turning one allocates nothing.

const BLOCK_ENTRIES: usize = 31;
const NONE: u32 = u32::MAX;
/// Intervals that the wheel itself covers; what lies farther waits in a list. 11 hours at 10 s.
const SPAN: u64 = 4096;

#[repr(C, align(64))]
struct Block {
    next: u32,
    count: u32,
    entries: [u64; BLOCK_ENTRIES],
}

/// An entry: zone (20 bits), kind (4), tick in the interval (16), slot (24).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Entry(pub u64);

/// Zones of a shard, slots of a zone and ticks of an interval that an entry can name.
pub(crate) const SHARD_ZONES_MAX: usize = 1 << 20;
pub(crate) const SLOTS_MAX: usize = 1 << 24;
pub(crate) const INTERVAL_TICKS_MAX: u32 = 1 << 16;

impl Entry {
    #[inline]
    pub(crate) fn new(zone: usize, kind: usize, tick_in_interval: u32, slot: u32) -> Self {
        debug_assert!(zone < SHARD_ZONES_MAX && kind < 16 && tick_in_interval < INTERVAL_TICKS_MAX);
        debug_assert!((slot as usize) < SLOTS_MAX);
        Self((zone as u64) << 44 | (kind as u64) << 40 | (tick_in_interval as u64) << 24 | slot as u64)
    }
    #[inline]
    pub(crate) fn zone(self) -> usize {
        (self.0 >> 44) as usize
    }
    #[inline]
    pub(crate) fn kind(self) -> usize {
        (self.0 >> 40 & 15) as usize
    }
    #[inline]
    pub(crate) fn tick_in_interval(self) -> u32 {
        (self.0 >> 24 & 0xffff) as u32
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
    heads: Vec<u32>,
    blocks: Vec<Block>,
    free: u32,
    /// Beyond the span: (interval, entry).
    far: Vec<(u64, Entry)>,
}

impl Wheel {
    pub(crate) fn new() -> Self {
        Self { now: 0, heads: vec![NONE; SPAN as usize], blocks: Vec::new(), free: NONE, far: Vec::new() }
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

    fn file(&mut self, interval: u64, entry: Entry) {
        let bucket = (interval % SPAN) as usize;
        let mut head = self.heads[bucket];
        if head == NONE || self.blocks[head as usize].count as usize == BLOCK_ENTRIES {
            let fresh = if self.free == NONE {
                self.blocks.push(Block { next: NONE, count: 0, entries: [0; BLOCK_ENTRIES] });
                (self.blocks.len() - 1) as u32
            } else {
                let fresh = self.free;
                self.free = self.blocks[fresh as usize].next;
                fresh
            };
            let block = &mut self.blocks[fresh as usize];
            block.next = head;
            block.count = 0;
            self.heads[bucket] = fresh;
            head = fresh;
        }
        let block = &mut self.blocks[head as usize];
        block.entries[block.count as usize] = entry.0;
        block.count += 1;
    }

    /// Takes all entries of the next interval, in no particular order, and turns the wheel.
    pub(crate) fn take(&mut self, interval: u64, into: &mut Vec<Entry>) {
        assert_eq!(interval, self.now, "intervals are taken in order");
        let bucket = (interval % SPAN) as usize;
        let mut block = std::mem::replace(&mut self.heads[bucket], NONE);
        while block != NONE {
            let taken = &mut self.blocks[block as usize];
            into.extend(taken.entries[..taken.count as usize].iter().map(|&word| Entry(word)));
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
        let entry = Entry::new(2_216, 3, 99, 123_456);
        assert_eq!((entry.zone(), entry.kind(), entry.tick_in_interval(), entry.slot()), (2_216, 3, 99, 123_456));
        assert!(Entry::new(1, 0, 99, 9) < Entry::new(2, 0, 0, 0) && Entry::new(1, 0, 1, 9) < Entry::new(1, 0, 2, 0));
    }

    /// Against a sorted map: everything comes out once, in its interval, near and far alike.
    #[test]
    fn takes_what_was_filed() {
        let mut draws = Seed(1).draws(Stream::named("test"), AgentId(0), Tick(0));
        let mut wheel = Wheel::new();
        let mut oracle: BTreeMap<u64, Vec<Entry>> = BTreeMap::new();
        for now in 0..20_000_u64 {
            for _ in 0..draws.below(4) {
                let ahead = if draws.chance16(6_000) { draws.below(30_000) } else { draws.below(300) };
                let entry = Entry::new(draws.below(100) as usize, 0, draws.below(100), draws.below(1_000));
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
