//! The roll of a cell: who stands in which slot of one kind's columns, reached without the World.
//!
//! bevy finds a column through a query, an archetype and a table: half a dozen dependent loads, which a visit of a cell
//! that is out of the cache pays in full. A roll remembers where the columns begin, and looks again only after entities
//! were spawned.

use std::ptr::NonNull;

use bevy_ecs::world::World;

use super::rows::{Agent, BLOCK, NEVER, Rows, prefetch, prefetch_all, start};

/// An agent as it was, before its slot changed.
pub(crate) struct Was<K> {
    pub agent: Agent,
    pub rows: K,
}

/// See the module.
pub(crate) struct Roll<K: Rows> {
    agents: NonNull<Agent>,
    starts: K::Starts,
    len: u32,
    /// Events handled since the last review: what the cell costs.
    pub events: u32,
    /// Whether something happened to somebody since the cell was last saved.
    pub touched: bool,
    /// The tick at which the first of its agents is woken, if that was asked since something last happened.
    next_wake: Option<u32>,
    /// Agents that are out of memory, and the columns with them.
    asleep: u32,
    /// Of these, the slots of those who have arrived of late or are yet to, and when.
    expected: Vec<(u32, u32)>,
    /// While the cell waits to be saved as it was at a tick that is over: slots that have changed since, and the notes
    /// that say how they were. The first note of a slot counts.
    before: Option<Vec<(u32, u32)>>,
    /// Slots that wait for an arrival.
    pub parked: Vec<u32>,
    /// The slots of all who are there by rising id, once somebody has asked: see [`Roll::take_order`]. Those who have
    /// arrived since stand at its end.
    order: Option<Vec<u32>>,
}

// SAFETY: it points into tables of a World that is `Send` and moves with it (see `Shard`); agents and rows are plain
// old data.
unsafe impl<K: Rows> Send for Roll<K> {}

impl<K: Rows> Roll<K> {
    pub(crate) fn empty() -> Self {
        Self {
            agents: NonNull::dangling(),
            starts: K::nowhere(),
            len: 0,
            events: 0,
            touched: true,
            next_wake: None,
            asleep: 0,
            expected: Vec::new(),
            before: None,
            parked: Vec::new(),
            order: None,
        }
    }

    /// Looks where the World has the columns now: to be called when entities of kind `K` were spawned in it, the only
    /// way in which columns move.
    pub(crate) fn locate(&mut self, world: &World) {
        for table in world.storages().tables.iter().filter(|table| !table.is_empty()) {
            if let (Some(agents), Some(starts)) = (start::<Agent>(table, world), K::starts(table, world)) {
                (self.agents, self.starts, self.len) = (agents, starts, table.entity_count() * BLOCK as u32);
            }
        }
    }

    /// Moves everybody, each in its slot, to a World in which entities for at least as many were spawned, parked.
    pub(crate) fn move_to(&mut self, world: &World) {
        let mut new = Self::empty();
        new.locate(world);
        assert!(new.len >= self.len, "{} rows for {}", new.len, self.len);
        for slot in 0..self.len {
            let (agent, rows) = self.at(slot);
            let (new_agent, mut new_rows) = new.at(slot);
            *new_agent = *agent;
            K::read(&rows).write(&mut new_rows);
        }
        new.parked = std::mem::take(&mut self.parked);
        new.parked.extend((self.len..new.len).rev());
        new.before = self.before.take();
        new.order = self.order.take();
        (new.events, new.touched) = (self.events, self.touched);
        assert!(self.asleep == 0, "who moves is awake");
        *self = new;
    }

    /// Slots, those of nobody included.
    #[inline]
    pub(crate) fn len(&self) -> u32 {
        self.len
    }

    /// Agents.
    #[inline]
    pub(crate) fn present(&self) -> u32 {
        self.len - self.parked.len() as u32 + self.asleep
    }

    /// Agents whose rows are out of memory.
    #[inline]
    pub(crate) fn asleep(&self) -> u32 {
        self.asleep
    }

    /// The tick from which the agent in a slot is there; 0 if it has been there for a while.
    #[inline]
    pub(crate) fn arrives(&self, slot: u32) -> u32 {
        if self.asleep == 0 {
            return self.agent(slot).arrives;
        }
        self.expected.iter().find(|&&(expected, _)| expected == slot).map_or(0, |&(_, tick)| tick)
    }

    /// The tick at which the first is woken.
    pub(crate) fn next_wake(&mut self) -> u32 {
        let first = || self.agents().iter().map(|agent| agent.wake).min().unwrap_or(NEVER);
        let wake = self.next_wake.unwrap_or_else(first);
        self.next_wake = Some(wake);
        wake
    }

    /// Notes that something happens to somebody.
    #[inline]
    pub(crate) fn touch(&mut self) {
        self.touched = true;
        self.next_wake = None;
    }

    /// Lets go of the columns, whose World goes. Letters may ask for those who arrive from tick `since` on.
    pub(crate) fn let_go(&mut self, since: u32) {
        self.asleep = self.present();
        let expected = |(slot, agent): (u32, &Agent)| {
            (agent.arrives >= since && agent.id.is_some()).then_some((slot, agent.arrives))
        };
        self.expected = (0..).zip(self.agents()).filter_map(expected).collect();
        self.parked = Vec::new();
        (self.agents, self.starts, self.len) = (NonNull::dangling(), K::nowhere(), 0);
    }

    /// Takes the columns up again that it let go of, and which are where they were.
    pub(crate) fn take_up(&mut self, world: &World) {
        if !world.storages().tables.is_empty() {
            self.locate(world);
        }
        let vacant = |slot: &u32| !self.agent(*slot).id.is_some();
        self.parked = (0..self.len).rev().filter(vacant).collect();
        self.asleep = 0;
        self.expected = Vec::new();
    }

    /// Takes up columns in a World in which as many entities were spawned as there are slots: the agents', and those of
    /// the rows.
    pub(crate) fn come_back(&mut self, world: &World, columns: &[&[u8]]) {
        self.locate(world);
        // SAFETY: as for `at`; whatever bytes there are make agents.
        let agents = unsafe { std::slice::from_raw_parts_mut(self.agents.as_ptr(), self.len as usize) };
        bytemuck::cast_slice_mut(agents).copy_from_slice(columns[0]);
        K::fill(&mut self.columns(), &columns[1..]);
        self.take_up(world);
    }

    /// The slots of all who are there, by rising id as far as is known: to be given back to [`Roll::note_order`].
    pub(crate) fn take_order(&mut self) -> Vec<u32> {
        let noted = self.order.take().filter(|order| order.len() == self.present() as usize);
        noted.unwrap_or_else(|| self.by_id())
    }

    /// The slots of all who are there, by rising id.
    pub(crate) fn by_id(&self) -> Vec<u32> {
        let id = |&slot: &u32| self.agents()[slot as usize].id;
        let mut order: Vec<u32> = (0..self.len).filter(|slot| id(slot).is_some()).collect();
        order.sort_unstable_by_key(id);
        order
    }

    /// Notes who has arrived.
    pub(crate) fn note_arrival(&mut self, slot: u32) {
        if let Some(order) = &mut self.order {
            order.push(slot);
        }
    }

    /// Notes the slots of all who are there, by rising id.
    pub(crate) fn note_order(&mut self, slots: Vec<u32>) {
        self.order = Some(slots);
    }

    /// Who stands in a slot.
    #[inline]
    pub(crate) fn agent(&self, slot: u32) -> Agent {
        assert!(slot < self.len, "slot {slot} of {}", self.len);
        // SAFETY: the column has `len` rows, and `&self` keeps others from writing.
        unsafe { *self.agents.as_ptr().add(slot as usize) }
    }

    /// Who stands in a slot, with its rows.
    #[inline]
    pub(crate) fn at(&mut self, slot: u32) -> (&mut Agent, K::Refs<'_>) {
        assert!(slot < self.len, "slot {slot} of {}", self.len);
        // SAFETY: the columns have `len` rows, they are different columns, and `&mut self` keeps others out.
        unsafe { (&mut *self.agents.as_ptr().add(slot as usize), K::at(self.starts, slot as usize)) }
    }

    /// From now on slots are noted before they change, until [`Roll::noted`].
    pub(crate) fn wait(&mut self) {
        self.before = Some(Vec::new());
    }

    /// Whether slots are noted.
    pub(crate) fn waits(&self) -> bool {
        self.before.is_some()
    }

    /// Whether one was.
    pub(crate) fn has_noted(&self) -> bool {
        self.before.as_ref().is_some_and(|before| !before.is_empty())
    }

    /// To be called before a slot is changed. Notes of all cells lie side by side: memory for those of each would be
    /// asked for and given back with every cell.
    #[inline]
    pub(crate) fn remember(&mut self, slot: u32, notes: &mut Vec<Was<K>>) {
        if self.before.is_some() {
            self.note(slot, notes);
        }
    }

    #[cold]
    fn note(&mut self, slot: u32, notes: &mut Vec<Was<K>>) {
        self.before.get_or_insert_default().push((slot, notes.len() as u32));
        let (agent, rows) = self.at(slot);
        notes.push(Was { agent: *agent, rows: K::read(&rows) });
    }

    /// Slots that have changed since the cell began to wait, in order, and the note of each. The cell waits no more.
    pub(crate) fn noted(&mut self, notes: &[Was<K>]) -> Vec<(u32, u32)> {
        let mut noted = self.before.take().unwrap_or_default();
        noted.sort_unstable();
        noted.dedup_by_key(|&mut (slot, _)| slot);
        // They were written a while ago.
        noted.iter().for_each(|&(_, note)| prefetch_all(&raw const notes[note as usize]));
        noted
    }

    /// Everybody.
    #[inline]
    pub(crate) fn agents(&self) -> &[Agent] {
        // SAFETY: as for `agent`.
        unsafe { std::slice::from_raw_parts(self.agents.as_ptr(), self.len as usize) }
    }

    /// Everybody's rows.
    #[inline]
    pub(crate) fn columns(&mut self) -> K::Columns<'_> {
        // SAFETY: as for `at`.
        unsafe { K::columns(self.starts, self.len as usize) }
    }

    /// Everybody, and their rows.
    #[inline]
    pub(crate) fn everybody(&mut self) -> (&[Agent], K::Columns<'_>) {
        let len = self.len as usize;
        // SAFETY: as for `at`: they are different columns.
        unsafe { (std::slice::from_raw_parts(self.agents.as_ptr(), len), K::columns(self.starts, len)) }
    }

    /// The bytes of all columns, the agents' first.
    pub(crate) fn bytes(&mut self) -> Vec<&[u8]> {
        // SAFETY: as for `at`.
        let agents: &[Agent] = unsafe { std::slice::from_raw_parts(self.agents.as_ptr(), self.len as usize) };
        let mut bytes = vec![bytemuck::cast_slice(agents)];
        bytes.append(&mut K::bytes(self.columns()));
        bytes
    }

    /// Asks for a slot, agent and rows, to be brought into the cache.
    #[inline]
    pub(crate) fn prefetch(&self, slot: u32) {
        prefetch(self.agents.as_ptr().wrapping_add(slot as usize));
        K::prefetch(self.starts, slot as usize);
    }
}
