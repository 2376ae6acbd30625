//! What is due in the cell being visited, of one kind of agent.
//!
//! A visit goes agent by agent and gives each one all of its events up to the limit before it turns to the next: an
//! agent's rows come into the cache once, whatever happens to it. Agents meet only in the exchange, so the order among
//! them does not matter. Those with letters come first, then those on the agenda, some of which were just seen.

use super::agenda::Agenda;
use super::desk::Desk;
use super::roll::{Roll, Was};
use super::rows::{Agent, NEVER, Rows};
use super::wheel::Entry;
use crate::base::{AgentId, ZoneId};

/// An agent that left its slot during the visit.
#[derive(Clone, Copy)]
pub(crate) struct Departure {
    pub id: AgentId,
    pub slot: u32,
    pub arrives: u32,
    pub zone: ZoneId,
}

/// An agent that was born in the zone during the visit.
#[derive(Clone, Copy)]
pub(crate) struct Birth<K> {
    pub agent: Agent,
    pub rows: K,
}

/// The state of a visit. It lives with the shard.
pub(crate) struct Visit {
    pub kind: usize,
    /// The place of the cell among the shard's.
    pub place: usize,
    /// Wakes before this tick are handed out.
    pub limit: u32,
    /// The end of the window: wakes before it are found in this visit, later ones go to the agenda.
    pub window_end: u32,
    /// Whether the engine finds wakes by evaluating closed forms, so that none need be remembered.
    pub dense: bool,
    /// Ticks from departure to arrival.
    pub exchange_ticks: u32,
    /// Slots to look at. In dense stepping those that are due at the tick before the limit.
    pub slots: Vec<u32>,
    /// The next of `slots`.
    pub next: usize,
    /// Slots whose wake was put off within the window, beyond the limit.
    pub again: Vec<u32>,
    /// Who left.
    pub departed: Vec<Departure>,
    /// Who died: nobody stands in their slots any more.
    pub died: Vec<AgentId>,
    /// How many were born and died within the visit.
    pub passed: u64,
    /// The slot at hand.
    at: Option<u32>,
    /// Its wake tick when the visit came to it.
    before: u32,
    /// Dense stepping: the tick at which the slot at hand is due.
    found: u32,
    /// Events handed out in this visit.
    pub events: u32,
    /// Wakes handed out in all.
    pub woken_count: u64,
    /// The agent and tick being handled: what a panic reports.
    pub current: Option<(AgentId, u32)>,
}

impl Visit {
    pub(crate) fn new(kind: usize, dense: bool, exchange_ticks: u32) -> Self {
        Self {
            kind,
            place: 0,
            limit: 0,
            window_end: 0,
            dense,
            exchange_ticks,
            slots: Vec::new(),
            next: 0,
            again: Vec::new(),
            departed: Vec::new(),
            died: Vec::new(),
            passed: 0,
            at: None,
            before: NEVER,
            found: NEVER,
            events: 0,
            woken_count: 0,
            current: None,
        }
    }

    /// The slot at hand.
    #[inline]
    pub(crate) fn at(&self) -> Option<u32> {
        self.at
    }

    /// Turns to the slot of the next letter, if there is one, and to the next one that is listed otherwise.
    #[inline]
    pub(crate) fn turn<K: Rows>(&mut self, letter: Option<u32>, roll: &Roll<K>) -> Option<u32> {
        self.found = NEVER;
        let slot = match letter {
            Some(slot) => slot,
            None => {
                let slot = *self.slots.get(self.next)?;
                self.next += 1;
                if self.dense {
                    self.found = self.limit - 1;
                }
                slot
            }
        };
        self.at = Some(slot);
        self.before = roll.agent(slot).wake;
        Some(slot)
    }

    /// The tick at which the agent at hand is due before the limit, or `NEVER`.
    #[inline]
    pub(crate) fn due(&self, agent: &Agent) -> u32 {
        let wake = if self.dense { self.found } else { agent.wake };
        if wake < self.limit && agent.id.is_some() { wake } else { NEVER }
    }

    /// Takes the wake that [`Visit::due`] told.
    #[inline]
    pub(crate) fn take(&mut self, agent: &mut Agent) {
        agent.wake = NEVER;
        self.found = NEVER;
        self.woken_count += 1;
    }

    /// Leaves the slot at hand, and notes when to look at it again.
    #[inline]
    pub(crate) fn leave<K: Rows>(&mut self, roll: &Roll<K>, agenda: &mut Agenda) {
        let Some(slot) = self.at.take() else { return };
        let agent = roll.agent(slot);
        if agent.wake == self.before || self.dense || !agent.id.is_some() {
            return;
        }
        if agent.wake < self.window_end {
            self.again.push(slot);
        } else {
            agenda.file(Entry::new(self.place, self.kind, slot), agent.wake);
        }
    }

    /// Offers the slots that were put off to a later tick of the window, with those of `listed`, as far as they are due
    /// before `limit`.
    pub(crate) fn offer<K: Rows>(&mut self, listed: &[Entry], roll: &Roll<K>, limit: u32) {
        self.limit = limit;
        self.next = 0;
        self.slots.clear();
        let is_due = |slot: &u32| *slot < roll.len() && roll.agent(*slot).wake < limit;
        let own = listed.iter().filter(|entry| entry.kind() == self.kind);
        self.slots.extend(own.map(|entry| entry.slot()).filter(is_due));
        self.slots.extend(self.again.iter().copied().filter(is_due));
    }

    /// Whether all that was listed was handed out.
    pub(crate) fn is_done(&self) -> bool {
        self.next == self.slots.len() && self.at.is_none()
    }
}

/// A kind's agents in a shard: the rolls of its cells, by place, and the visit.
pub(crate) struct Lives<K: Rows> {
    pub rolls: Vec<Roll<K>>,
    /// Slots of cells that wait to be saved, as they were before they changed.
    pub notes: Vec<Was<K>>,
    pub visit: Visit,
    /// Who was born in the zone that is visited.
    pub born: Vec<Birth<K>>,
    pub agenda: Desk<Agenda>,
}
