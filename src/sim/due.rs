//! [`Due`]: the system parameter through which a model lives: who is due, with its rows.

use std::marker::PhantomData;

use bevy_ecs::change_detection::Tick as ChangeTick;
use bevy_ecs::component::ComponentId;
use bevy_ecs::prelude::{Resource, World};
use bevy_ecs::query::FilteredAccess;
use bevy_ecs::system::{SystemAccess, SystemMeta, SystemParam, SystemParamValidationError};
use bevy_ecs::world::unsafe_world_cell::UnsafeWorldCell;

use super::agenda::Agenda;
use super::desk::Desk;
use super::hand::{Drawer, Hand, Handed};
use super::mail::{Inbox, InboxOf, Letter, Message};
use super::mistake::mistake;
use super::roll::{Roll, Was};
use super::rows::{Agent, NEVER, Rows};
use super::visit::{Departure, Lives, Visit};
use super::wheel::Entry;
use crate::base::{AgentId, Tick, ZoneId};

/// A kind's agents in the shard.
#[derive(Resource)]
pub(crate) struct LivesOf<K: Rows> {
    pub lives: Desk<Lives<K>>,
    pub kind: usize,
}

impl<K: Rows> Clone for LivesOf<K> {
    fn clone(&self) -> Self {
        Self { lives: self.lives.clone(), kind: self.kind }
    }
}

impl<K: Rows> Handed for LivesOf<K> {
    fn missing() -> String {
        format!("there are no agents ({0}): `sim.settle::<({0},)>(..)`", K::name())
    }
    fn name() -> String {
        format!("the agents ({})", K::name())
    }
    fn taken(&self, drawer: &mut Drawer) {
        drawer.kinds_taken |= 1 << self.kind;
    }
}

/// Tells bevy that a system writes the rows of `K`, which a [`Due`] reaches without a query: a second parameter of the
/// same system must not.
pub(crate) struct Claim<K>(PhantomData<fn() -> K>);

// SAFETY: nothing is accessed in `get_param`; what `Due` accesses is declared in `init_access`.
unsafe impl<K: Rows> SystemParam for Claim<K> {
    type State = Vec<ComponentId>;
    type Item<'w, 's> = Claim<K>;

    fn init_state(world: &mut World) -> Self::State {
        world.resource_mut::<Drawer>().accesses_declared += 1;
        K::components(world)
    }

    fn init_access(rows: &Self::State, _: &mut SystemMeta, access: &mut SystemAccess, _: &mut World) {
        let mut filter = FilteredAccess::default();
        for &row in rows {
            filter.add_write(row);
            filter.and_with(row);
        }
        if access.try_add(filter).is_err() {
            mistake(format!("it reaches the rows of ({}) twice", K::name()));
        }
    }

    #[inline]
    unsafe fn get_param<'w, 's>(
        _: &'s mut Self::State,
        _: &SystemMeta,
        _: UnsafeWorldCell<'w>,
        _: ChangeTick,
    ) -> Result<Self::Item<'w, 's>, SystemParamValidationError> {
        Ok(Claim(PhantomData))
    }
}

/// System parameter: the agents of kind `K` for which something is due in this visit of the zone, with their rows:
/// those whose wake tick has come and those that are sent a message of type `M`.
///
/// ```
/// # use myriad::prelude::*;
/// # #[derive(Clone, Copy, Pod, Zeroable)] #[repr(C)] struct Purse(i64);
/// # #[derive(Clone, Copy, Pod, Zeroable)] #[repr(C)] struct Coins(i64);
/// fn live(mut due: Due<(Purse,), Coins>) {
///     let mut due = due.open();
///     while let Some(mut event) = due.next() {
///         let (purse,) = &mut event.rows;
///         match event.cause {
///             Cause::Message { body, .. } => purse.0 += body.0,
///             Cause::Wake => event.wake_at(event.tick + 100),
///         }
///     }
/// }
/// ```
#[derive(SystemParam)]
pub struct Due<'s, K: Rows, M: Message = ()> {
    lives: Hand<'s, LivesOf<K>>,
    inbox: Hand<'s, InboxOf<M>>,
    _claim: Claim<K>,
}

impl<K: Rows, M: Message> Due<'_, K, M> {
    /// Takes the visited zone's agents in hand.
    #[inline]
    pub fn open(&mut self) -> DueRun<'_, K, M> {
        let Lives { rolls, notes, visit, agenda, .. } = self.lives.0.lives.get();
        let inbox = self.inbox.0.0.get();
        DueRun { place: visit.place, rolls, notes, letter: inbox.peek(visit.kind), visit, agenda: agenda.get(), inbox }
    }
}

/// A pass over what is due. See [`Due`].
pub struct DueRun<'a, K: Rows, M: Message> {
    rolls: &'a mut [Roll<K>],
    notes: &'a mut Vec<Was<K>>,
    place: usize,
    visit: &'a mut Visit,
    agenda: &'a mut Agenda,
    inbox: &'a mut Inbox<M>,
    /// The next one on offer.
    letter: Letter,
}

/// Asks for an agent's rows to be brought into the cache: from here no table of functions is in the way.
#[inline]
fn ask_for<K: Rows>(entry: Entry, rolls: &[Roll<K>]) {
    rolls[entry.place()].prefetch(entry.slot());
}

/// Why an agent is due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause<M> {
    /// Its wake tick has come.
    Wake,
    /// A message is applied.
    Message {
        /// The sender.
        from: AgentId,
        /// The message.
        body: M,
    },
}

/// Something that happens to an agent.
pub struct Event<'a, K: Rows, M> {
    /// When.
    pub tick: Tick,
    /// To whom.
    pub id: AgentId,
    /// Why.
    pub cause: Cause<M>,
    /// The agent's rows.
    pub rows: K::Refs<'a>,
    agent: &'a mut Agent,
    slot: u32,
    visit: &'a mut Visit,
}

impl<K: Rows, M> Event<'_, K, M> {
    /// Wakes the agent at `tick`, in place of any wake asked for before. An agent is woken at most once a tick, after
    /// its messages of that tick: a wish for an earlier tick counts for the next one possible, so that a closed form
    /// may simply say since when something is due.
    #[inline]
    pub fn wake_at(&mut self, tick: Tick) {
        let earliest = self.tick.0 + matches!(self.cause, Cause::Wake) as u64;
        self.agent.wake = tick.0.clamp(earliest, NEVER as u64) as u32;
    }

    /// Lets the agent sleep until a message comes.
    #[inline]
    pub fn sleep(&mut self) {
        self.agent.wake = NEVER;
    }

    /// Sends the agent to another zone. It arrives an exchange interval from now; what was due for it before then is
    /// due at its arrival. Its rows may still be changed, and its wake set, until this event is dropped.
    #[inline]
    pub fn travel(&mut self, zone: ZoneId) {
        let id = std::mem::replace(&mut self.agent.id, AgentId::NONE);
        assert!(id.is_some(), "an agent leaves once");
        let arrives = self.tick.0 as u32 + self.visit.exchange_ticks;
        self.visit.departed.push(Departure { id, slot: self.slot, arrives, zone });
    }
}

impl<K: Rows, M: Message> DueRun<'_, K, M> {
    /// The next event. Those of one agent follow each other by tick; at one tick its messages come first, in canonical
    /// order, then its wake. Agents take turns in no order that means anything.
    #[inline]
    #[allow(clippy::should_implement_trait)] // it lends: an event borrows the rows
    pub fn next(&mut self) -> Option<Event<'_, K, M>> {
        let kind = self.visit.kind;
        let (slot, tick, cause) = loop {
            let Some(slot) = self.visit.at() else {
                let has_letter = self.letter.slot != Letter::NONE.slot;
                if !has_letter {
                    self.agenda.look_ahead(kind).iter().for_each(|&entry| ask_for(entry, self.rolls));
                }
                let slot = self.visit.turn(has_letter.then_some(self.letter.slot), &self.rolls[self.place])?;
                self.rolls[self.place].remember(slot, self.notes);
                continue;
            };
            let (agent, _) = self.rolls[self.place].at(slot);
            let wake = self.visit.due(agent);
            if self.letter.slot == slot && self.letter.tick <= wake {
                // Letters come first.
                let (tick, id) = (self.letter.tick, agent.id);
                let envelope = self.inbox.take(kind, &mut self.letter);
                self.inbox.look_ahead(kind).iter().for_each(|key| ask_for(key.entry(), self.rolls));
                if id != envelope.to {
                    // It left during this visit: the letter follows.
                    self.inbox.diverted.push(envelope);
                    continue;
                }
                self.inbox.applied_count += 1;
                break (slot, tick, Cause::Message { from: envelope.from, body: envelope.body });
            }
            if wake != NEVER {
                self.visit.take(agent);
                break (slot, wake, Cause::Wake);
            }
            self.visit.leave(&self.rolls[self.place], self.agenda);
        };
        let (agent, rows) = self.rolls[self.place].at(slot);
        self.visit.events += 1;
        self.visit.current = Some((agent.id, tick));
        Some(Event { tick: Tick(tick as u64), id: agent.id, cause, rows, agent, slot, visit: self.visit })
    }
}
