//! Where every agent is: cell and slot by id, read when messages are routed, written when agents move.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use bytemuck::zeroed_vec;

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

/// One word an agent: cell (24 bits), kind (4), arrival (12), slot (24); all bits the other way round, so that memory
/// that the system has just given, which is zero, holds nobody, and need not be touched before somebody is born.
///
/// Relaxed atomics suffice: an entry is written only by the shard that holds or receives its agent, and read by others
/// only after the barrier that ends the phase.
pub(crate) struct Directory {
    words: Vec<AtomicU64>,
    /// Agents that there ever were.
    agents: usize,
}

const UNSETTLED: u64 = 0;

/// Entries for which there is room at least where agents are born, and how many times as many as there are agents: to
/// move a directory that has become too small takes as long as many a tick. Room that is never used is no memory.
const ROOM: (usize, usize) = (1 << 15, 16);

impl Directory {
    /// For so many agents, and for others if any can be born.
    pub(crate) fn new(agents: usize, bears: bool) -> Self {
        let room =
            if bears { ROOM.0.max(agents.saturating_mul(ROOM.1)).min(agents + BORN_MAX as usize) } else { agents };
        Self { words: zeroed_vec(room), agents }
    }

    #[inline]
    pub(crate) fn set(&self, agent: AgentId, address: Address) {
        let Address { cell, kind, slot, arrival } = address;
        debug_assert!((cell.index()) < CELLS_MAX && kind < KINDS_MAX && (slot as usize) < SLOTS_MAX);
        let arrival = arrival % ARRIVALS;
        let word = (cell.0 as u64) << 40 | (kind as u64) << 36 | (arrival as u64) << 24 | slot as u64;
        self.words[agent.index()].store(!word, Relaxed);
    }

    /// Those who are nowhere: never settled, or dead.
    pub(crate) fn missing(&self) -> impl Iterator<Item = AgentId> {
        let words = self.words[..self.agents].iter().enumerate();
        words.filter(|(_, word)| word.load(Relaxed) == UNSETTLED).map(|(index, _)| AgentId(index as u32))
    }

    /// Makes room for agents that are born: ids are below `agents`.
    pub(crate) fn grow(&mut self, agents: usize) {
        if agents > self.words.len() {
            let larger: Vec<AtomicU64> = zeroed_vec(agents * 2);
            larger.iter().zip(&self.words).for_each(|(new, word)| new.store(word.load(Relaxed), Relaxed));
            self.words = larger;
        }
        self.agents = agents;
    }

    /// Takes an agent out: it died.
    pub(crate) fn remove(&self, agent: AgentId) {
        self.words[agent.index()].store(UNSETTLED, Relaxed);
    }

    /// Whether there is or was such an agent.
    pub(crate) fn has_had(&self, agent: AgentId) -> bool {
        agent.index() < self.agents
    }

    /// Asks for an agent's entry to be brought into the cache.
    #[inline]
    pub(crate) fn prefetch(&self, agent: AgentId) {
        prefetch(self.words.as_ptr().wrapping_add(agent.index()));
    }

    /// The agent's address, or `None` if there is no such agent.
    #[inline]
    pub(crate) fn get(&self, agent: AgentId) -> Option<Address> {
        let stored = self.words.get(agent.index())?.load(Relaxed);
        let word = !stored;
        (stored != UNSETTLED).then_some(Address {
            cell: CellId((word >> 40) as u32),
            kind: (word >> 36 & 0xf) as usize,
            slot: (word & 0xff_ffff) as u32,
            arrival: (word >> 24 & 0xfff) as u32,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_told_is_found_again_however_many_are_born() {
        let address = |id: u32| Address {
            cell: CellId(CELLS_MAX as u32 - 2 - id % 2),
            kind: KINDS_MAX - 1,
            slot: SLOTS_MAX as u32 - 1 - id % 3,
            arrival: ARRIVALS - 1,
        };
        let mut directory = Directory::new(3, true);
        let born = 3 + 3 * ROOM.0 as u32;
        for id in 0..born {
            directory.grow(id as usize + 1);
            if !id.is_multiple_of(5) {
                directory.set(AgentId(id), address(id));
            }
        }
        directory.remove(AgentId(1));
        let expected = |id: u32| (id != 1 && !id.is_multiple_of(5)).then(|| address(id));
        assert!((0..born).all(|id| directory.get(AgentId(id)) == expected(id)));
        assert!(directory.missing().map(|agent| agent.0).eq((0..born).filter(|&id| expected(id).is_none())));
        assert!(directory.has_had(AgentId(0)) && !directory.has_had(AgentId(born)));
        assert_eq!(directory.get(AgentId(born)), None);
    }
}
