//! A shard's part in a kind of agent: what is due, who leaves, who arrives.

use std::any::Any;
use std::cmp::Reverse;
use std::ops::Range;
use std::sync::{Arc, RwLock};

use bevy_ecs::world::World;

use super::cell::{Cell, CellId};
use super::context::{Context, Window};
use super::desk::Desk;
use super::directory::Address;
use super::freezing::FreezingKind;
use super::lookahead::Lookahead;
use super::placement::part_of;
use super::roll::{Roll, Was};
use super::rows::{Agent, BLOCK, Rows, agents_of};
use super::saving::{SavedKind, digest, widths};
use super::space::SpaceOf;
use super::visit::{Birth, Lives};
use super::wheel::{Entry, SLOTS_MAX};
use crate::base::{AgentId, Digest, ZoneId};
use crate::exec::Lanes;

/// Finds the slots whose closed form says that something is due at a tick.
type Scan<K> = dyn for<'a> Fn(&<K as Rows>::Columns<'a>, u32, &mut Vec<u32>) + Send + Sync;

/// What dense stepping knows of a kind.
pub(crate) struct ClosedForm<K: Rows> {
    /// Stands in vacant slots.
    pub nobody: K,
    pub scan: Box<Scan<K>>,
}

/// An agent on its way to a cell.
#[derive(Clone, Copy)]
pub(crate) struct Handoff<K> {
    pub cell: CellId,
    pub agent: Agent,
    pub rows: K,
}

/// The lanes between shards; a phase takes them for reading, growth between phases for writing.
pub(crate) type SharedLanes<T> = Arc<RwLock<Lanes<T>>>;

/// Agents of a kind that have no cell for the moment, the kind forgotten: see [`ShardKind::found`].
pub(crate) type Homeless = Box<dyn Any + Send>;

/// Agents of one kind, and the rows that are kept ready for more.
pub(crate) struct Settlers<K> {
    pub agents: Vec<Handoff<K>>,
    pub spare: usize,
}

/// Slots for all who are there and about `spare` more.
///
/// Allocators give large memory in steps of an eighth of the power of two below it, or coarser ones, and want a little
/// of it themselves. Columns of a block less than such lengths, or of quarters where they hold everybody, leave little
/// unused at their ends; and in huge pages what is unused is in memory all the same.
pub(crate) fn roomy(there: usize, spare: usize) -> usize {
    let wanted = there + spare;
    if spare == 0 || wanted < 8 * BLOCK {
        return wanted;
    }
    let quarter = (1 << wanted.ilog2()) / 4;
    let nearest = (wanted + quarter / 2) / quarter * quarter - BLOCK;
    if nearest >= there { nearest } else { larger(there - 1, 8) }
}

/// Slots for a cell that has become too small for so many: the next step, so many to a power of two.
fn larger(wanted: usize, steps: usize) -> usize {
    let least = wanted + 1 + BLOCK;
    least.next_multiple_of(((1 << least.ilog2()) / steps).max(BLOCK)) - BLOCK
}

/// In how many steps cells whose rows have so many bytes double. bevy's tables double at once, and a fifth of all
/// memory would lie idle; but where there is little of it, to grow seldom counts for more.
fn steps(bytes: usize) -> usize {
    if bytes < 64 << 10 { 2 } else { 8 }
}

/// A shard's part in a kind, its type forgotten.
pub(crate) trait ShardKind: SavedKind + FreezingKind + Send {
    /// Asks for an agent with its rows to be brought into the cache.
    fn prefetch(&self, place: usize, slot: u32);
    /// The tick from which the agent in a slot is there.
    fn arrives(&self, place: usize, slot: u32) -> u32;
    /// Prepares a visit, to be held through the window at once.
    fn open(&mut self, place: usize, window: Window, listed: Range<usize>);
    /// Lets letters be handed out, and no wakes.
    fn letters_only(&mut self);
    /// Offers those listed that are due before `limit`; whether there are any.
    fn offer(&mut self, listed: Range<usize>, limit: u32) -> bool;
    /// Dense stepping: offers those that are due at `tick`; whether there are any.
    fn scan(&mut self, tick: u32) -> bool;
    /// Ends a visit: takes leavers out of their slots. Says how many events there were.
    fn close(&mut self, zone: ZoneId, context: &Context) -> u32;
    /// Sends the leavers off.
    fn send(&mut self, shard: usize, context: &Context);
    /// Places those who arrive, as far as rows are parked for them; appends the places of cells that are too small.
    fn arrive(&mut self, shard: usize, context: &Context, cramped: &mut Vec<usize>);
    /// Adds rows to a cell's World for those who could not be placed, and some more, if the kind bears: see
    /// [`ShardKindOf::bears`].
    fn extend(&mut self, place: usize, world: &mut World, context: &Context);
    /// Moves a cell's agents, each in its slot, to a World in which there are rows for those who could not be placed,
    /// and some more.
    fn move_in(&mut self, place: usize, new: &mut World, context: &Context);
    /// Places those of a cell for whom there was no room; whether there is room for all of them. To be asked in order
    /// of place.
    fn arrive_late(&mut self, place: usize, context: &Context) -> bool;
    /// Shows the zones of the cells, as they are after the exchange, to those who look at them in the next interval.
    fn publish(&mut self, cells: &[Option<Cell>]);
    /// What it says of its agents; with the digest of their rows as they are at tick `now`.
    fn census(&self, cells: &[Option<Cell>], now: u32, with_digest: bool) -> KindCensus;
    /// Wakes handed out in all.
    fn woken(&self) -> u64;
    /// The agent and tick last handed out in this visit.
    fn current(&self) -> Option<(AgentId, u32)>;

    /// Takes everybody out of a cell, which is then thrown away.
    fn dissolve(&mut self, place: usize) -> Homeless;
    /// Settles agents in a new cell. `spare` rows are kept ready for more, if the settlers do not say.
    fn found(&mut self, place: usize, cell: &mut Cell, settlers: Homeless, context: &Context);
    /// Shares agents out to the parts of a zone.
    fn share_out(&self, settlers: Vec<Homeless>, parts: usize) -> Vec<Homeless>;
    /// Takes a cell's roll away, for another shard.
    fn lift(&mut self, place: usize) -> Homeless;
    /// Takes over a roll that another shard lifted.
    fn set_down(&mut self, place: usize, roll: Homeless, dense: bool);
    /// Events in the cell since this was last asked.
    fn events(&mut self, place: usize) -> u32;
    /// Agents in the cell.
    fn present(&self, place: usize) -> u32;
}

/// What a shard says of one kind.
#[derive(Clone, Copy, Default)]
pub(crate) struct KindCensus {
    pub agents: u64,
    pub digest: Digest,
    pub left: u64,
    pub arrived: u64,
    pub born: u64,
    pub died: u64,
    pub woken: u64,
}

pub(crate) struct ShardKindOf<K: Rows> {
    pub index: usize,
    pub lives: Desk<Lives<K>>,
    pub lanes: SharedLanes<Handoff<K>>,
    pub closed_form: Option<Arc<ClosedForm<K>>>,
    /// Whether agents of a model with every-tick systems may travel: only if an interval is one tick.
    pub may_travel: bool,
    /// Whether further ones may be born. They stand in one cell, which may have columns that double when they are full,
    /// as bevy's do: of many cells a fifth of all memory would lie idle.
    pub bears: bool,
    leaving: Vec<Vec<Handoff<K>>>,
    arriving: Vec<Handoff<K>>,
    /// Who was born: they arrive as others do.
    newborn: Vec<Handoff<K>>,
    /// Arrivals for whom no row is parked.
    unplaced: Vec<Handoff<K>>,
    /// The space in which the kind stands, if it does in one.
    space: Option<Arc<dyn SpaceOf<K>>>,
    pub left_count: u64,
    pub arrived_count: u64,
    pub born_count: u64,
    pub died_count: u64,
}

impl<K: Rows> ShardKindOf<K> {
    pub(crate) fn new(
        index: usize,
        lives: Desk<Lives<K>>,
        lanes: SharedLanes<Handoff<K>>,
        closed_form: Option<Arc<ClosedForm<K>>>,
        space: Option<Arc<dyn SpaceOf<K>>>,
        may_travel: bool,
        shards: usize,
    ) -> Self {
        Self {
            index,
            lives,
            lanes,
            closed_form,
            may_travel,
            bears: false,
            leaving: (0..shards).map(|_| Vec::new()).collect(),
            arriving: Vec::new(),
            newborn: Vec::new(),
            unplaced: Vec::new(),
            space,
            left_count: 0,
            arrived_count: 0,
            born_count: 0,
            died_count: 0,
        }
    }

    /// The rows of vacant slots.
    fn nobody(&self) -> K {
        self.closed_form.as_ref().map_or_else(K::zeroed, |form| form.nobody)
    }

    /// The zone that the digest of an agent names. Where agents stand in a space, zones are how it was cut, which is no
    /// part of the state.
    pub(crate) fn digest_zone(&self, zone: ZoneId) -> ZoneId {
        if self.space.is_some() { ZoneId(0) } else { zone }
    }

    /// The cell's roll, grown to hold it if need be.
    pub(crate) fn roll(&self, place: usize) -> &mut Roll<K> {
        let rolls = &mut self.lives.get().rolls;
        while rolls.len() <= place {
            rolls.push(Roll::empty());
        }
        &mut rolls[place]
    }

    /// How many could not be placed in a cell.
    fn unplaced_in(&self, place: usize, context: &Context) -> usize {
        self.unplaced.iter().filter(|one| context.placement.seat(one.cell).place as usize == place).count()
    }

    /// Spawns rows in which nobody stands yet.
    fn spawn_vacant(&self, world: &mut World, blocks: usize) {
        let nobody = self.nobody();
        world.spawn_batch((0..blocks).map(|_| (agents_of([Agent::PARKED; BLOCK]), K::blocks([nobody; BLOCK]))));
    }

    /// Places agents in parked rows of their cells.
    fn place(&mut self, arriving: &[Handoff<K>], context: &Context) {
        let Lives { rolls, notes, agenda, .. } = self.lives.get();
        let agenda = agenda.get();
        let place_of = |cell: CellId| context.placement.seat(cell).place as usize;
        let mut ahead = Lookahead::default();
        for (index, handoff) in arriving.iter().enumerate() {
            for later in &arriving[ahead.from(index, arriving.len())] {
                let roll = &rolls[place_of(later.cell)];
                context.directory.prefetch(later.agent.id);
                // The row that it gets unless others arrive there in between.
                roll.parked.last().inspect(|&&slot| roll.prefetch(slot));
            }
            let place = place_of(handoff.cell);
            let roll = &mut rolls[place];
            let Some(slot) = roll.parked.pop() else {
                self.unplaced.push(*handoff);
                continue;
            };
            roll.touch();
            stand(roll, slot, handoff, notes);
            if !context.dense {
                agenda.file(Entry::new(place, self.index, slot), handoff.agent.wake);
            }
            let arrival = handoff.agent.arrives / context.exchange_ticks;
            context.directory.set(handoff.agent.id, Address { cell: handoff.cell, kind: self.index, slot, arrival });
        }
    }

    /// Places those who were born: mostly in one cell, where somebody has just been.
    fn place_newborn(&mut self, context: &Context) {
        let Lives { rolls, notes, agenda, .. } = self.lives.get();
        let agenda = agenda.get();
        for those in self.newborn.chunk_by(|one, next| one.cell == next.cell) {
            let cell = those[0].cell;
            let place = context.placement.seat(cell).place as usize;
            let roll = &mut rolls[place];
            roll.touch();
            let room = those.len().min(roll.parked.len());
            for handoff in &those[..room] {
                let slot = roll.parked.pop().expect("there is room");
                stand(roll, slot, handoff, notes);
                if !context.dense {
                    agenda.file(Entry::new(place, self.index, slot), handoff.agent.wake);
                }
                let arrival = handoff.agent.arrives / context.exchange_ticks;
                context.directory.set(handoff.agent.id, Address { cell, kind: self.index, slot, arrival });
            }
            self.unplaced.extend_from_slice(&those[room..]);
        }
        self.newborn.clear();
    }

    /// Spawns rows for agents, and at least `spare` parked ones.
    fn spawn(&self, place: usize, cell: &mut Cell, agents: &[Handoff<K>], spare: usize, context: &Context) {
        let Lives { rolls, agenda, .. } = self.lives.get();
        let (roll, agenda) = (&mut rolls[place], agenda.get());
        let first = roll.len();
        let blocks = roomy(agents.len(), spare).div_ceil(BLOCK);
        let end = first + (blocks * BLOCK) as u32;
        assert!((end as usize) < SLOTS_MAX, "zone {} has {end} agents: at most 16 million fit", cell.zone.0);
        let nobody = self.nobody();
        let entity = |block: usize| {
            let nth = |slot: usize| agents.get(block * BLOCK + slot);
            let agents = std::array::from_fn(|slot| nth(slot).map_or(Agent::PARKED, |handoff| handoff.agent));
            let rows = std::array::from_fn(|slot| nth(slot).map_or(nobody, |handoff| handoff.rows));
            (agents_of(agents), K::blocks(rows))
        };
        let world = cell.world.as_mut().expect("a cell is founded awake");
        world.spawn_batch((0..blocks).map(entity));
        roll.locate(world);
        assert_eq!(roll.len(), end, "slots are rows of the table");
        for (slot, Handoff { agent, .. }) in (first..).zip(agents) {
            if !context.dense {
                agenda.file(Entry::new(place, self.index, slot), agent.wake);
            }
            let arrival = agent.arrives / context.exchange_ticks;
            context.directory.set(agent.id, Address { cell: cell.id, kind: self.index, slot, arrival });
        }
        roll.parked.extend((first + agents.len() as u32..end).rev());
    }
}

impl<K: Rows> ShardKind for ShardKindOf<K> {
    #[inline]
    fn prefetch(&self, place: usize, slot: u32) {
        self.lives.get().rolls[place].prefetch(slot);
    }

    #[inline]
    fn arrives(&self, place: usize, slot: u32) -> u32 {
        self.lives.get().rolls[place].arrives(slot)
    }

    #[inline]
    fn open(&mut self, place: usize, window: Window, listed: Range<usize>) {
        let Lives { rolls, visit, agenda, .. } = self.lives.get();
        visit.place = place;
        visit.limit = window.to;
        visit.window_end = window.to;
        visit.slots.clear();
        // An entry may be of a cell that was at this place before.
        let len = rolls[place].len();
        let own = agenda.get().listed[listed].iter().filter(|entry| entry.kind() == self.index);
        visit.slots.extend(own.map(|entry| entry.slot()).filter(|&slot| slot < len));
        visit.next = 0;
        visit.events = 0;
        visit.current = None;
        visit.again.clear();
        debug_assert!(visit.departed.is_empty());
    }

    fn letters_only(&mut self) {
        let visit = &mut self.lives.get().visit;
        visit.slots.clear();
        visit.next = 0;
        visit.limit = 0;
    }

    fn offer(&mut self, listed: Range<usize>, limit: u32) -> bool {
        let Lives { rolls, visit, agenda, .. } = self.lives.get();
        visit.offer(&agenda.get().listed[listed], &rolls[visit.place], limit);
        !visit.slots.is_empty()
    }

    fn scan(&mut self, tick: u32) -> bool {
        let Lives { rolls, visit, .. } = self.lives.get();
        let roll = &mut rolls[visit.place];
        visit.slots.clear();
        visit.next = 0;
        visit.limit = tick + 1;
        if roll.present() == 0 {
            return false;
        }
        match &self.closed_form {
            Some(form) => {
                (form.scan)(&roll.columns(), tick, &mut visit.slots);
                visit.slots.retain(|&slot| {
                    let agent = roll.agent(slot);
                    agent.id.is_some() && agent.arrives <= tick
                });
            }
            None => {
                let is_due = |agent: &Agent| agent.id.is_some() && agent.wake <= tick && agent.arrives <= tick;
                visit.slots.extend((0..roll.len()).filter(|&slot| is_due(&roll.agents()[slot as usize])));
            }
        }
        !visit.slots.is_empty()
    }

    #[inline]
    fn close(&mut self, zone: ZoneId, context: &Context) -> u32 {
        let Lives { rolls, visit, born, .. } = self.lives.get();
        assert!(
            visit.is_done(),
            "zone {}: agents ({}) are woken and no system reads it: `Due<({1},)>`",
            zone.0,
            K::name()
        );
        let roll = &mut rolls[visit.place];
        let nobody = self.nobody();
        roll.events += visit.events;
        if visit.events > 0 {
            roll.touch();
        }
        for departure in visit.departed.drain(..) {
            assert!(
                self.may_travel,
                "agents of a model with every-tick systems may travel only if it exchanges at every tick"
            );
            let cell = context.placement.cell(departure.zone, departure.id);
            let leaving = &mut self.leaving[context.placement.seat(cell).shard as usize];
            {
                let (agent, mut rows) = roll.at(departure.slot);
                let wake = agent.wake.max(departure.arrives);
                let moved = Agent { id: departure.id, wake, arrives: departure.arrives };
                leaving.push(Handoff { cell, agent: moved, rows: K::read(&rows) });
                *agent = Agent::PARKED;
                if visit.dense {
                    nobody.write(&mut rows);
                }
            }
            roll.parked.push(departure.slot);
            self.left_count += 1;
        }
        for id in visit.died.drain(..) {
            context.directory.remove(id);
            self.died_count += 1;
        }
        let passed = std::mem::take(&mut visit.passed);
        (self.born_count, self.died_count) = (self.born_count + passed, self.died_count + passed);
        for Birth { agent, rows } in born.drain(..) {
            self.newborn.push(Handoff { cell: context.placement.cell(zone, agent.id), agent, rows });
            self.born_count += 1;
        }
        visit.events
    }

    fn send(&mut self, shard: usize, context: &Context) {
        let lanes = self.lanes.read().expect("no phase panicked");
        for (to, leaving) in self.leaving.iter_mut().enumerate() {
            let mut ahead = Lookahead::default();
            for (index, &Handoff { cell, agent, .. }) in leaving.iter().enumerate() {
                for later in &leaving[ahead.from(index, leaving.len())] {
                    context.directory.prefetch(later.agent.id);
                }
                // Its letters are routed to where it goes; the slot is set when it is placed.
                let (slot, arrival) = (Address::NOWHERE, agent.arrives / context.exchange_ticks);
                context.directory.set(agent.id, Address { cell, kind: self.index, slot, arrival });
            }
            if !leaving.is_empty() {
                lanes.send_batch(shard, to, leaving);
                leaving.clear();
            }
        }
    }

    fn arrive(&mut self, shard: usize, context: &Context, cramped: &mut Vec<usize>) {
        let mut arriving = std::mem::take(&mut self.arriving);
        {
            let lanes = self.lanes.read().expect("no phase panicked");
            for from in 0..context.shards {
                lanes.receive(shard, from, &mut |batch: &[Handoff<K>]| arriving.extend_from_slice(batch));
            }
        }
        self.arrived_count += arriving.len() as u64;
        self.place(&arriving, context);
        self.place_newborn(context);
        arriving.clear();
        self.arriving = arriving;
        let place_of = |handoff: &Handoff<K>| context.placement.seat(handoff.cell).place as usize;
        self.unplaced.sort_unstable_by_key(|one| Reverse(place_of(one)));
        cramped.extend(self.unplaced.iter().map(place_of));
    }

    fn extend(&mut self, place: usize, world: &mut World, context: &Context) {
        let wanted = self.unplaced_in(place, context);
        if self.bears && wanted > 0 {
            let roll = &mut self.lives.get().rolls[place];
            let len = roll.len();
            self.spawn_vacant(world, (larger(len as usize + wanted, 2) - len as usize).div_ceil(BLOCK));
            roll.locate(world);
            roll.parked.extend((len..roll.len()).rev());
        }
    }

    fn move_in(&mut self, place: usize, new: &mut World, context: &Context) {
        let wanted = self.unplaced_in(place, context);
        let roll = &mut self.lives.get().rolls[place];
        let len = roll.len() as usize;
        let row: usize = widths::<K>().sum();
        let slots = if wanted > 0 { larger(len + wanted, steps(row * (len + wanted))) } else { len };
        let blocks = slots.div_ceil(BLOCK);
        if blocks > 0 {
            self.spawn_vacant(new, blocks);
            roll.move_to(new);
        }
    }

    fn arrive_late(&mut self, place: usize, context: &Context) -> bool {
        let is_here = |one: &mut Handoff<K>| context.placement.seat(one.cell).place as usize == place;
        let mut arriving = std::mem::take(&mut self.arriving);
        while let Some(one) = self.unplaced.pop_if(is_here) {
            arriving.push(one);
        }
        let others = self.unplaced.len();
        self.place(&arriving, context);
        arriving.clear();
        self.arriving = arriving;
        self.unplaced.len() == others
    }

    fn publish(&mut self, cells: &[Option<Cell>]) {
        let Some(space) = &self.space else { return };
        for (cell, roll) in cells.iter().zip(&mut self.lives.get().rolls) {
            if let Some(cell) = cell {
                space.publish(cell.zone, roll);
            }
        }
    }

    fn census(&self, cells: &[Option<Cell>], now: u32, with_digest: bool) -> KindCensus {
        let Lives { rolls, visit, .. } = self.lives.get();
        let mut census = KindCensus {
            left: self.left_count,
            arrived: self.arrived_count,
            born: self.born_count,
            died: self.died_count,
            woken: visit.woken_count,
            ..KindCensus::default()
        };
        for (cell, roll) in cells.iter().zip(rolls) {
            let Some(cell) = cell else { continue };
            census.agents += roll.present() as u64;
            if !with_digest {
                continue;
            }
            let present = roll.agents().iter().filter(|agent| agent.id.is_some()).count() as u32;
            census.digest.merge(digest(roll, &[], self.digest_zone(cell.zone), now));
            assert_eq!(present + roll.asleep(), roll.present(), "who is not parked is somebody");
        }
        census
    }

    fn woken(&self) -> u64 {
        self.lives.get().visit.woken_count
    }

    fn current(&self) -> Option<(AgentId, u32)> {
        self.lives.get().visit.current
    }

    fn dissolve(&mut self, place: usize) -> Homeless {
        let mut roll = std::mem::replace(self.roll(place), Roll::empty());
        let present = |roll: &mut Roll<K>, slot| {
            let (agent, rows) = roll.at(slot);
            agent.id.is_some().then(|| Handoff { cell: CellId(u32::MAX), agent: *agent, rows: K::read(&rows) })
        };
        let agents: Vec<_> = (0..roll.len()).filter_map(|slot| present(&mut roll, slot)).collect();
        Box::new(Settlers { agents, spare: roll.parked.len() })
    }

    fn found(&mut self, place: usize, cell: &mut Cell, settlers: Homeless, context: &Context) {
        let settlers = settlers.downcast::<Settlers<K>>().expect("settlers of this kind");
        *self.roll(place) = Roll::empty();
        let Settlers { agents, spare } = *settlers;
        if agents.len() + spare > 0 {
            self.spawn(place, cell, &agents, spare, context);
        }
    }

    fn share_out(&self, settlers: Vec<Homeless>, parts: usize) -> Vec<Homeless> {
        let mut shares: Vec<Settlers<K>> = (0..parts).map(|_| Settlers { agents: Vec::new(), spare: 0 }).collect();
        for settlers in settlers {
            let settlers = settlers.downcast::<Settlers<K>>().expect("settlers of this kind");
            for handoff in settlers.agents {
                shares[part_of(handoff.agent.id, parts)].agents.push(handoff);
            }
            shares.iter_mut().for_each(|share| share.spare += settlers.spare / parts);
        }
        shares.into_iter().map(|share| Box::new(share) as Homeless).collect()
    }

    fn lift(&mut self, place: usize) -> Homeless {
        Box::new(std::mem::replace(self.roll(place), Roll::empty()))
    }

    fn set_down(&mut self, place: usize, roll: Homeless, dense: bool) {
        let roll = roll.downcast::<Roll<K>>().expect("a roll of this kind");
        let agenda = self.lives.get().agenda.get();
        if !dense {
            for (slot, agent) in (0..).zip(roll.agents()) {
                agenda.file(Entry::new(place, self.index, slot), agent.wake);
            }
        }
        *self.roll(place) = *roll;
    }

    fn events(&mut self, place: usize) -> u32 {
        std::mem::take(&mut self.roll(place).events)
    }

    fn present(&self, place: usize) -> u32 {
        self.roll(place).present()
    }
}

/// Has an agent stand in a slot in which nobody does.
#[inline]
fn stand<K: Rows>(roll: &mut Roll<K>, slot: u32, handoff: &Handoff<K>, notes: &mut Vec<Was<K>>) {
    roll.remember(slot, notes);
    roll.note_arrival(slot);
    let (agent, mut rows) = roll.at(slot);
    *agent = handoff.agent;
    handoff.rows.write(&mut rows);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_hold_everybody_and_end_just_below_a_step_of_the_allocator() {
        for there in (0..40_000).step_by(97) {
            assert_eq!(roomy(there, 0), there, "nobody else is expected");
            for spare in [1, 100, 1_000] {
                let slots = roomy(there, spare);
                let wanted = there + spare;
                assert!(slots >= there && slots <= wanted + wanted / 4 + 2 * BLOCK, "{slots} for {there} and {spare}");
                if wanted >= 8 * BLOCK {
                    let eighth = ((1 << slots.ilog2()) / 8).max(BLOCK);
                    assert!((slots + BLOCK).is_multiple_of(eighth), "{slots} for {there} and {spare}");
                }
            }
            for (steps, slack) in [(8, there / 4), (2, there / 2)] {
                let slots = larger(there, steps);
                assert!(slots > there && slots <= there + slack + 2 * BLOCK, "{slots} for more than {there}");
            }
        }
    }
}
