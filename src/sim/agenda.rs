//! The agenda of a shard: the wheel, and what is pending in the interval at hand.

use super::lookahead::Lookahead;
use super::rows::NEVER;
use super::wheel::{Entry, INTERVAL_TICKS_MAX, KINDS_MAX, NOWHERE, Wheel};
use crate::base::prefix_sums;

pub(crate) struct Agenda {
    wheel: Wheel,
    exchange_ticks: u32,
    /// Intervals before this one have been taken from the wheel.
    taken: u64,
    /// Entries of the window at hand, by place and kind.
    pub listed: Vec<Entry>,
    /// How far the agents of `listed` were asked for, and how many are handled.
    ahead: Lookahead,
    handled: usize,
    /// What is to be filed, with the tick at which it is due. A bucket is out of the cache, and a store to it would
    /// hold up all that come after it: the buckets of many are asked for first.
    staged: Vec<(u32, Entry)>,
    /// Filed for later in the interval at hand, which is taken already: the window ends inside it.
    filed: Vec<Entry>,
    /// The memory that dealing takes.
    dealt: Vec<Entry>,
    counts: Vec<u32>,
}

/// Entries from which on dealing them to cells is faster than sorting.
const MANY: usize = 128;
/// How many entries are filed at once.
const STAGED: usize = 64;

impl Agenda {
    /// The agenda of a shard that begins, or goes on, at tick `from`.
    pub(crate) fn new(exchange_ticks: u32, from: u32) -> Self {
        assert!((1..INTERVAL_TICKS_MAX).contains(&exchange_ticks), "an exchange interval has 1 to 65,535 ticks");
        Self {
            wheel: Wheel::new((from / exchange_ticks) as u64),
            exchange_ticks,
            taken: (from / exchange_ticks) as u64,
            listed: Vec::new(),
            ahead: Lookahead::default(),
            handled: 0,
            staged: Vec::with_capacity(STAGED),
            filed: Vec::new(),
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
        self.staged.push((tick, entry));
        if self.staged.len() == STAGED {
            self.file_staged();
        }
    }

    #[inline(never)]
    fn file_staged(&mut self) {
        let interval_of = |tick| (tick / self.exchange_ticks) as u64;
        for &(tick, _) in &self.staged {
            self.wheel.prefetch(interval_of(tick));
        }
        for &(tick, entry) in &self.staged {
            let interval = interval_of(tick);
            if interval < self.taken {
                self.filed.push(entry);
            } else {
                self.wheel.push(interval, entry);
            }
        }
        self.staged.clear();
    }

    /// Lists the entries of the interval that holds tick `from`, by place and kind: in the order of visits to cells at
    /// places below `places`.
    pub(crate) fn turn(&mut self, from: u32, places: usize) {
        let interval = (from / self.exchange_ticks) as u64;
        self.ahead = Lookahead::default();
        self.file_staged();
        self.listed.append(&mut self.filed);
        if interval == self.taken {
            self.listed.clear();
            self.wheel.take(interval, &mut self.listed);
            self.taken += 1;
        }
        assert_eq!(interval + 1, self.taken, "windows follow each other");
        if self.listed.len() < MANY {
            self.listed.sort_unstable();
        } else {
            self.deal(places);
        }
    }

    /// A counting sort by place and kind.
    fn deal(&mut self, places: usize) {
        let Self { listed, dealt, counts, .. } = self;
        counts.clear();
        counts.resize(places * KINDS_MAX, 0);
        listed.iter().for_each(|entry| counts[entry.room()] += 1);
        prefix_sums(counts);
        dealt.resize(listed.len(), Entry(0));
        for &entry in &*listed {
            let next = &mut counts[entry.room()];
            dealt[*next as usize] = entry;
            *next += 1;
        }
        std::mem::swap(listed, dealt);
    }

    /// The place of the entry at `next` in the list.
    #[inline]
    pub(crate) fn place(&self, next: usize) -> usize {
        self.listed.get(next).map_or(NOWHERE, |entry| entry.place())
    }

    /// The end of the entries from `next` on that are of the place.
    #[inline]
    pub(crate) fn end_of(&self, place: usize, next: usize) -> usize {
        let rest = &self.listed[next..];
        next + rest.iter().position(|entry| entry.place() != place).unwrap_or(rest.len())
    }

    /// Says that the entry at `next` is at hand: those whose agents have to be asked for now, of any kind.
    #[inline]
    pub(crate) fn come_to(&mut self, next: usize) -> &[Entry] {
        self.handled = next;
        &self.listed[self.ahead.from(next, self.listed.len())]
    }

    /// Says that an entry is handled: those whose agents have to be asked for now, as far as they are of that kind.
    #[inline]
    pub(crate) fn look_ahead(&mut self, kind: usize) -> &[Entry] {
        self.handled += 1;
        self.ahead.among(&self.listed, self.handled, |entry| entry.kind() == kind)
    }
}
