//! [`Due`]: the system parameter through which a model lives: who is due, with its rows, in order of time.

use bevy_ecs::prelude::{Query, Resource};
use bevy_ecs::system::SystemParam;

use super::desk::Desk;
use super::hand::{Drawer, Hand, Handed};
use super::mail::{Inbox, InboxOf, Message};
use super::queue::{NEVER, Queue, Roll};
use super::rows::{Columns, Rows};
use crate::base::{AgentId, Tick, ZoneId};

/// A kind's queue in the shard, and its roll in the zone.
#[derive(Resource)]
pub(crate) struct LivesOf<K: Rows> {
    pub queue: Desk<Queue>,
    pub roll: Desk<Roll>,
    pub kind: usize,
    pub marker: std::marker::PhantomData<fn() -> K>,
}

impl<K: Rows> Clone for LivesOf<K> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone(), roll: self.roll.clone(), kind: self.kind, marker: self.marker }
    }
}

impl<K: Rows> Handed for LivesOf<K> {
    fn missing() -> String {
        format!("a system reads `Due` of agents ({}) that the scenario does not settle", K::name())
    }
    fn taken(&self, drawer: &mut Drawer) {
        drawer.kinds_taken |= 1 << self.kind;
    }
}

/// System parameter: the agents of kind `K` for which something is due in this visit of the zone, with their rows:
/// those whose wake tick has come and those that are sent a message of type `M`.
///
/// ```
/// # use myriad::prelude::*;
/// # #[derive(Component, Clone, Copy, Pod, Zeroable)] #[repr(C)] struct Purse(i64);
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
pub struct Due<'w, 's, K: Rows, M: Message = ()> {
    lives: Hand<'s, LivesOf<K>>,
    inbox: Hand<'s, InboxOf<M>>,
    rows: Query<'w, 's, <K as Rows>::Query>,
}

impl<K: Rows, M: Message> Due<'_, '_, K, M> {
    /// Takes the columns in hand.
    #[inline]
    pub fn open(&mut self) -> DueRun<'_, K, M> {
        DueRun {
            kind: self.lives.0.kind,
            queue: self.lives.0.queue.get(),
            roll: self.lives.0.roll.get(),
            inbox: self.inbox.0.0.get(),
            columns: K::columns(self.rows.reborrow()),
        }
    }
}

/// A pass over what is due. See [`Due`].
pub struct DueRun<'a, K: Rows, M: Message> {
    kind: usize,
    queue: &'a mut Queue,
    roll: &'a mut Roll,
    inbox: &'a mut Inbox<M>,
    columns: Option<Columns<'a, K>>,
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
    slot: u32,
    queue: &'a mut Queue,
    roll: &'a mut Roll,
}

impl<K: Rows, M> Event<'_, K, M> {
    /// Wakes the agent at `tick`, in place of any wake asked for before. An agent is woken at most once a tick, after
    /// its messages of that tick: a wish for an earlier tick counts for the next one possible, so that a closed form
    /// may simply say since when something is due.
    #[inline]
    pub fn wake_at(&mut self, tick: Tick) {
        let earliest = self.tick.0 + matches!(self.cause, Cause::Wake) as u64;
        self.queue.wake_at(self.roll, self.slot, tick.0.clamp(earliest, NEVER as u64) as u32);
    }

    /// Lets the agent sleep until a message comes.
    #[inline]
    pub fn sleep(&mut self) {
        self.queue.wake_at(self.roll, self.slot, NEVER);
    }

    /// Sends the agent to another zone. It arrives an exchange interval from now; what was due for it before then is
    /// due at its arrival. Its rows may still be changed, and its wake set, until this event is dropped.
    #[inline]
    pub fn travel(&mut self, zone: ZoneId) {
        self.queue.depart(self.roll, self.slot, self.tick.0 as u32, zone);
    }
}

impl<K: Rows, M: Message> DueRun<'_, K, M> {
    /// The next event: by tick; at one tick an agent's messages first, in canonical order, then its wake.
    #[inline]
    #[allow(clippy::should_implement_trait)] // it lends: an event borrows the columns
    pub fn next(&mut self) -> Option<Event<'_, K, M>> {
        let (tick, slot, cause) = loop {
            let wake = self.queue.peek(self.roll);
            let letter = self.inbox.peek(self.kind);
            match (letter, wake) {
                (Some(key), wake) if wake.is_none_or(|(tick, _)| key.tick <= tick) => {
                    let envelope = self.inbox.take(self.kind, key);
                    if self.roll.ids[key.slot as usize] != envelope.to {
                        // It left during this visit: the letter follows.
                        self.inbox.diverted.push(envelope);
                        continue;
                    }
                    self.inbox.applied_count += 1;
                    break (key.tick, key.slot, Cause::Message { from: envelope.from, body: envelope.body });
                }
                (_, Some(first)) => {
                    self.queue.take(first, self.roll);
                    break (first.0, first.1, Cause::Wake);
                }
                (_, None) => return None,
            }
        };
        let id = self.roll.ids[slot as usize];
        self.queue.current = Some((id, tick));
        let columns = self.columns.as_mut().expect("whoever is due has rows");
        Some(Event {
            tick: Tick(tick as u64),
            id,
            cause,
            rows: K::at(&mut columns.rows, slot as usize),
            slot,
            queue: self.queue,
            roll: self.roll,
        })
    }
}
