//! Messages: written in one interval, applied in the next at a tick fixed by the sender's tick, in canonical order.

use bevy_ecs::prelude::{Res, Resource};
use bevy_ecs::system::SystemParam;
use bytemuck::Pod;

use super::desk::Desk;
use super::hand::{Hand, Handed, short_name};
use crate::base::{AgentId, Tick};

/// What agents tell each other: small plain old data. Large payloads travel by handle.
pub trait Message: Pod + Send + Sync {}
impl<T: Pod + Send + Sync> Message for T {}

/// A message on its way.
#[derive(Clone, Copy)]
pub(crate) struct Envelope<M> {
    /// The sender's tick and an exchange interval: no earlier is it applied, and later only if the addressee is still
    /// on the way to its zone.
    pub deliver: u32,
    pub to: AgentId,
    pub from: AgentId,
    /// Orders what one agent sends to another at one tick.
    pub seq: u32,
    pub body: M,
}

/// Where a letter of the inbox goes, in the order in which letters are applied.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    /// The zone within the shard, and the kind: `zone << 8 | kind`.
    pub room: u32,
    /// The tick at which it is applied.
    pub tick: u32,
    pub slot: u32,
    /// Into `letters`.
    pub index: u32,
}

/// The letters of a shard's agents.
pub(crate) struct Inbox<M> {
    pub letters: Vec<Envelope<M>>,
    pub keys: Vec<Key>,
    /// For each kind: where the letters for the zone being visited stand among the keys.
    pub rooms: Vec<std::ops::Range<usize>>,
    /// Letters before this tick are handed out.
    pub limit: u32,
    /// For agents that left before their letter came.
    pub diverted: Vec<Envelope<M>>,
    pub applied_count: u64,
}

impl<M: Message> Inbox<M> {
    /// The next letter of a kind in the zone being visited, if its tick is before the limit.
    #[inline]
    pub(crate) fn peek(&self, kind: usize) -> Option<Key> {
        let room = &self.rooms[kind];
        if room.is_empty() {
            return None;
        }
        let key = self.keys[room.start];
        (key.tick < self.limit).then_some(key)
    }

    /// Takes the letter that [`Inbox::peek`] showed.
    #[inline]
    pub(crate) fn take(&mut self, kind: usize, key: Key) -> Envelope<M> {
        self.rooms[kind].start += 1;
        self.letters[key.index as usize]
    }
}

/// What a shard's agents have sent in this interval.
pub(crate) struct Outbox<M> {
    pub envelopes: Vec<Envelope<M>>,
    pub sent_count: u64,
    pub exchange_ticks: u32,
    pub seq: u32,
}

macro_rules! handles {
    ($($name:ident of $what:ident;)*) => {$(
        #[derive(Resource)]
        pub(crate) struct $name<M: Message>(pub Desk<$what<M>>);

        impl<M: Message> Clone for $name<M> {
            fn clone(&self) -> Self {
                Self(self.0.clone())
            }
        }

        impl<M: Message> Handed for $name<M> {
            fn missing() -> String {
                format!("messages of type {0} are not declared: `sim.messages::<{0}>()`", short_name::<M>())
            }
        }
    )*};
}
handles! {
    InboxOf of Inbox;
    OutboxOf of Outbox;
}

/// System parameter: sends messages of type `M`.
///
/// A message sent at tick `t` is applied at `t` plus the scenario's exchange interval, or when its addressee arrives if
/// it is then on the way to another zone. Messages to one agent at one tick are applied in the order of their delivery
/// tick, then of the sender's id, then as sent.
#[derive(SystemParam)]
pub struct Mailbox<'s, M: Message> {
    outbox: Hand<'s, OutboxOf<M>>,
}

impl<M: Message> Mailbox<'_, M> {
    /// Sends `body` from agent `from`, which acts at tick `now`, to agent `to`.
    #[inline]
    pub fn send(&mut self, now: Tick, from: AgentId, to: AgentId, body: M) {
        let outbox = self.outbox.0.0.get();
        let deliver = now.0 as u32 + outbox.exchange_ticks;
        outbox.envelopes.push(Envelope { deliver, to, from, seq: outbox.seq, body });
        outbox.seq = outbox.seq.wrapping_add(1);
        outbox.sent_count += 1;
    }
}

/// Messages in flight, as collectors and invariants see them at an exchange.
#[derive(Resource)]
pub(crate) struct FlightOf<M: Message>(pub Vec<(AgentId, M)>);

/// Hub system parameter: the messages of type `M` in flight at the exchange (needed where they carry what is
/// conserved).
#[derive(SystemParam)]
pub struct InFlight<'w, M: Message> {
    flight: Res<'w, FlightOf<M>>,
}

impl<M: Message> InFlight<'_, M> {
    /// (addressee, message), in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (AgentId, &M)> {
        self.flight.0.iter().map(|(to, body)| (*to, body))
    }
}
