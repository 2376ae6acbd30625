//! What is due in the zone being visited ([`Queue`]), and who stands in which of its slots ([`Roll`]).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::base::{AgentId, ZoneId};

/// The tick of an agent that nothing wakes.
pub(crate) const NEVER: u32 = u32::MAX;

/// Who stands in which slot of one kind's columns in one zone. It lives with the zone.
#[derive(Default)]
pub(crate) struct Roll {
    /// The agent, or `NONE` in a parked slot.
    pub ids: Vec<AgentId>,
    /// The tick at which the agent wants to be woken.
    pub wake: Vec<u32>,
    /// The tick from which the agent is here: handoffs are placed at the exchange and act from then on.
    pub arrives: Vec<u32>,
    /// Slots that wait for an arrival.
    pub parked: Vec<u32>,
}

/// An agent that left its slot during the visit.
#[derive(Clone, Copy)]
pub(crate) struct Departure {
    pub id: AgentId,
    pub slot: u32,
    pub arrives: u32,
    pub zone: ZoneId,
}

/// The wakes of one kind in the zone being visited. It lives with the shard.
#[derive(Default)]
pub(crate) struct Queue {
    /// Wakes before this tick are handed out.
    pub limit: u32,
    /// The end of the window: wakes before it are found in this visit, later ones go to the wheel.
    pub window_end: u32,
    /// Whether the engine finds wakes by scanning, so that none need be remembered.
    pub dense: bool,
    /// Ticks from departure to arrival.
    pub exchange_ticks: u32,
    /// (tick, slot), ascending.
    pub wakes: Vec<(u32, u32)>,
    /// The next of `wakes`.
    pub next: usize,
    /// Wakes asked for during the visit that fall into it: tick and slot in one word.
    pub again: BinaryHeap<Reverse<u64>>,
    /// Wakes asked for beyond the window.
    pub later: Vec<(u32, u32)>,
    /// Who left.
    pub departed: Vec<Departure>,
    /// Wakes handed out.
    pub woken_count: u64,
    /// The agent and tick being handled: what a panic reports.
    pub current: Option<(AgentId, u32)>,
}

impl Queue {
    /// The tick of the next wake, if it is before the limit. Entries that were overtaken by a later wish are dropped.
    #[inline]
    pub(crate) fn peek(&mut self, roll: &Roll) -> Option<(u32, u32)> {
        loop {
            let listed = self.wakes.get(self.next).copied();
            let asked = self.again.peek().map(|&Reverse(word)| ((word >> 32) as u32, word as u32));
            let first = match (listed, asked) {
                (Some(a), Some(b)) => a.min(b),
                (one, other) => one.or(other)?,
            };
            if first.0 >= self.limit {
                return None;
            }
            let slot = first.1 as usize;
            let valid = roll.ids[slot].is_some()
                && if self.dense { roll.arrives[slot] <= first.0 } else { roll.wake[slot] == first.0 };
            if valid {
                return Some(first);
            }
            self.drop_first(first);
        }
    }

    /// Takes the wake that [`Queue::peek`] showed.
    #[inline]
    pub(crate) fn take(&mut self, first: (u32, u32), roll: &mut Roll) {
        self.drop_first(first);
        roll.wake[first.1 as usize] = NEVER;
        self.woken_count += 1;
    }

    #[inline]
    fn drop_first(&mut self, first: (u32, u32)) {
        if self.wakes.get(self.next) == Some(&first) {
            self.next += 1;
        } else {
            self.again.pop();
        }
    }

    /// Notes that the agent in `slot` wants to be woken at `tick`.
    #[inline]
    pub(crate) fn wake_at(&mut self, roll: &mut Roll, slot: u32, tick: u32) {
        let wish = &mut roll.wake[slot as usize];
        if *wish == tick {
            return;
        }
        *wish = tick;
        let gone = !roll.ids[slot as usize].is_some();
        if self.dense || gone || tick == NEVER {
            return;
        }
        if tick < self.window_end {
            self.again.push(Reverse((tick as u64) << 32 | slot as u64));
        } else {
            self.later.push((tick, slot));
        }
    }

    /// Notes that the agent in `slot` leaves for another zone at `tick`.
    #[inline]
    pub(crate) fn depart(&mut self, roll: &mut Roll, slot: u32, tick: u32, zone: ZoneId) {
        let id = std::mem::replace(&mut roll.ids[slot as usize], AgentId::NONE);
        assert!(id.is_some(), "an agent leaves once");
        self.departed.push(Departure { id, slot, arrives: tick + self.exchange_ticks, zone });
    }
}
