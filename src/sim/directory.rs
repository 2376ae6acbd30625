//! Where every agent is: cell and slot by id, read when messages are routed, written when agents move.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::cell::CellId;
use super::rows::prefetch;
use super::wheel::{KINDS_MAX, SLOTS_MAX};
use crate::base::AgentId;

/// An agent's address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Address {
    pub cell: CellId,
    pub kind: usize,
    pub slot: u32,
    /// The interval of its arrival there, modulo [`ARRIVALS`].
    pub arrival: u32,
}

/// Intervals after which arrivals look alike.
const ARRIVALS: u32 = 1 << 12;

impl Address {
    /// The slot of an agent that is on its way.
    pub(crate) const NOWHERE: u32 = SLOTS_MAX as u32 - 1;

    /// Whether the agent may have to arrive yet, in this interval or the next: if not, nobody need look when.
    #[inline]
    pub(crate) fn may_arrive_from(&self, interval: u32) -> bool {
        self.arrival.wrapping_sub(interval) % ARRIVALS <= 1
    }
}

/// Cells that an address can name.
pub(crate) const CELLS_MAX: usize = 1 << 24;

/// Agents that can be born in a run: each has an entry, for ids are never given again.
pub(crate) const BORN_MAX: u64 = 1 << 28;

/// One word an agent: cell (24 bits), kind (4), arrival (12), slot (24).
///
/// Relaxed atomics suffice: an entry is written only by the shard that holds or receives its agent, and read by others
/// only after the barrier that ends the phase.
pub(crate) struct Directory(Vec<AtomicU64>);

const UNSETTLED: u64 = u64::MAX;

impl Directory {
    pub(crate) fn new(agents: usize) -> Self {
        Self((0..agents).map(|_| AtomicU64::new(UNSETTLED)).collect())
    }

    #[inline]
    pub(crate) fn set(&self, agent: AgentId, address: Address) {
        let Address { cell, kind, slot, arrival } = address;
        debug_assert!((cell.index()) < CELLS_MAX && kind < KINDS_MAX && (slot as usize) < SLOTS_MAX);
        let arrival = arrival % ARRIVALS;
        let word = (cell.0 as u64) << 40 | (kind as u64) << 36 | (arrival as u64) << 24 | slot as u64;
        self.0[agent.index()].store(word, Relaxed);
    }

    /// Those who are nowhere: never settled, or dead.
    pub(crate) fn missing(&self) -> impl Iterator<Item = AgentId> {
        let words = self.0.iter().enumerate();
        words.filter(|(_, word)| word.load(Relaxed) == UNSETTLED).map(|(index, _)| AgentId(index as u32))
    }

    /// Makes room for agents that are born: ids are below `agents`.
    pub(crate) fn grow(&mut self, agents: usize) {
        if agents > self.0.len() {
            self.0.resize_with(agents, || AtomicU64::new(UNSETTLED));
        }
    }

    /// Takes an agent out: it died.
    pub(crate) fn remove(&self, agent: AgentId) {
        self.0[agent.index()].store(UNSETTLED, Relaxed);
    }

    /// Whether there is or was such an agent.
    pub(crate) fn has_had(&self, agent: AgentId) -> bool {
        agent.index() < self.0.len()
    }

    /// Asks for an agent's entry to be brought into the cache.
    #[inline]
    pub(crate) fn prefetch(&self, agent: AgentId) {
        prefetch(self.0.as_ptr().wrapping_add(agent.index()));
    }

    /// The agent's address, or `None` if there is no such agent.
    #[inline]
    pub(crate) fn get(&self, agent: AgentId) -> Option<Address> {
        let word = self.0.get(agent.index())?.load(Relaxed);
        (word != UNSETTLED).then_some(Address {
            cell: CellId((word >> 40) as u32),
            kind: (word >> 36 & 0xf) as usize,
            slot: (word & 0xff_ffff) as u32,
            arrival: (word >> 24 & 0xfff) as u32,
        })
    }
}
