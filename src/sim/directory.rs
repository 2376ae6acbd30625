//! Where every agent is: cell and slot by id, read when messages are routed, written when agents move.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::cell::CellId;
use super::rows::prefetch;
use crate::base::AgentId;

/// An agent's address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Address {
    pub cell: CellId,
    pub kind: usize,
    pub slot: u32,
}

/// Cells that an address can name.
pub(crate) const CELLS_MAX: usize = 1 << 24;

/// One word an agent: cell (24 bits), kind (8), slot (32).
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
        let word = (address.cell.0 as u64) << 40 | (address.kind as u64) << 32 | address.slot as u64;
        self.0[agent.index()].store(word, Relaxed);
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
            kind: (word >> 32 & 0xff) as usize,
            slot: word as u32,
        })
    }
}
