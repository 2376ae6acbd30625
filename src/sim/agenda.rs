//! The agenda of a shard: the wheel, and what is pending in the interval at hand.

use super::rows::NEVER;
use super::wheel::{Entry, INTERVAL_TICKS_MAX, KINDS_MAX, Wheel};
use crate::base::prefix_sums;

pub(crate) struct Agenda {
    wheel: Wheel,
    exchange_ticks: u32,
    /// Intervals before this one have been taken from the wheel.
    taken: u64,
    /// Entries of the interval at hand, if a window ended inside it; empty otherwise.
    pub pending: Vec<Entry>,
    /// The memory that dealing takes.
    dealt: Vec<Entry>,
    counts: Vec<u32>,
}

/// Entries from which on dealing them to cells is faster than sorting.
const MANY: usize = 128;

impl Agenda {
    pub(crate) fn new(exchange_ticks: u32) -> Self {
        assert!((1..INTERVAL_TICKS_MAX).contains(&exchange_ticks), "an exchange interval has 1 to 65,535 ticks");
        Self {
            wheel: Wheel::new(),
            exchange_ticks,
            taken: 0,
            pending: Vec::new(),
            dealt: Vec::new(),
            counts: Vec::new(),
        }
    }

    /// Files the wish of the agent in a slot to be woken at `tick`.
    #[inline]
    pub(crate) fn file(&mut self, entry: Entry, tick: u32) {
        if tick == NEVER {
            return;
        }
        let interval = (tick / self.exchange_ticks) as u64;
        if interval < self.taken {
            self.pending.push(entry);
        } else {
            self.wheel.push(interval, entry);
        }
    }

    /// Brings the entries of the interval that holds tick `from` into `pending`, by place and kind: in the order of visits
    /// to cells at places below `places`.
    pub(crate) fn turn(&mut self, from: u32, places: usize) {
        let interval = (from / self.exchange_ticks) as u64;
        if interval == self.taken {
            self.pending.clear();
            self.wheel.take(interval, &mut self.pending);
            self.taken += 1;
        }
        assert_eq!(interval + 1, self.taken, "windows follow each other");
        if self.pending.len() < MANY {
            self.pending.sort_unstable();
        } else {
            self.deal(places);
        }
    }

    /// A counting sort by place and kind.
    fn deal(&mut self, places: usize) {
        let Self { pending, dealt, counts, .. } = self;
        counts.clear();
        counts.resize(places * KINDS_MAX, 0);
        pending.iter().for_each(|entry| counts[entry.room()] += 1);
        prefix_sums(counts);
        dealt.resize(pending.len(), Entry(0));
        for &entry in &*pending {
            let next = &mut counts[entry.room()];
            dealt[*next as usize] = entry;
            *next += 1;
        }
        std::mem::swap(pending, dealt);
    }
}
