//! The agenda of a shard: the wheel, and what is pending in the interval at hand.

use super::rows::NEVER;
use super::wheel::{Entry, INTERVAL_TICKS_MAX, Wheel};

pub(crate) struct Agenda {
    wheel: Wheel,
    exchange_ticks: u32,
    /// Intervals before this one have been taken from the wheel.
    taken: u64,
    /// Entries of the interval at hand, if a window ended inside it; empty otherwise.
    pub pending: Vec<Entry>,
}

impl Agenda {
    pub(crate) fn new(exchange_ticks: u32) -> Self {
        assert!((1..INTERVAL_TICKS_MAX).contains(&exchange_ticks), "an exchange interval has 1 to 65,535 ticks");
        Self { wheel: Wheel::new(), exchange_ticks, taken: 0, pending: Vec::new() }
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

    /// Brings the entries of the interval that holds tick `from` into `pending`, in visiting order.
    pub(crate) fn turn(&mut self, from: u32) {
        let interval = (from / self.exchange_ticks) as u64;
        if interval == self.taken {
            self.pending.clear();
            self.wheel.take(interval, &mut self.pending);
            self.taken += 1;
        }
        assert_eq!(interval + 1, self.taken, "windows follow each other");
        self.pending.sort_unstable();
    }
}
