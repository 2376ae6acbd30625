//! Where every agent is: zone and slot by id, read when messages are routed, written when agents move.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::base::{AgentId, ZoneId};

/// An agent's address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Address {
    pub zone: ZoneId,
    pub kind: usize,
    pub slot: u32,
}

/// Zones that an address can name.
pub(crate) const ZONES_MAX: usize = 1 << 24;

/// One word an agent: zone (24 bits), kind (8), slot (32).
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
        let word = (address.zone.0 as u64) << 40 | (address.kind as u64) << 32 | address.slot as u64;
        self.0[agent.index()].store(word, Relaxed);
    }

    /// The agent's address, or `None` if there is no such agent.
    #[inline]
    pub(crate) fn get(&self, agent: AgentId) -> Option<Address> {
        let word = self.0.get(agent.index())?.load(Relaxed);
        (word != UNSETTLED).then_some(Address {
            zone: ZoneId((word >> 40) as u32),
            kind: (word >> 32 & 0xff) as usize,
            slot: word as u32,
        })
    }
}
