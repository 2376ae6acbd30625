//! Messages: written in one interval, applied in the next at a tick fixed by the sender's tick, in canonical order.

use std::cmp::Ordering;
use std::ops::Range;

use bevy_ecs::prelude::{Res, Resource};
use bevy_ecs::system::SystemParam;
use bytemuck::Pod;

use super::desk::Desk;
use super::hand::{Hand, Handed, short_name};
use super::lookahead::Lookahead;
use super::mistake::Wants;
use super::rows::prefetch;
use super::wheel::Entry;
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
    pub body: M,
}

/// Where and when a letter of the inbox is applied.
///
/// Letters are put in order by `at`, by the tick for which they were meant, by `from`, then as they came: a sender's
/// letters to one agent always take the same way, and no way overtakes.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    /// Place of the cell (20 bits), kind (4), slot (24), tick of the window (16).
    pub at: u64,
    pub from: AgentId,
    /// Into `letters` (31 bits), and whether the letter is applied later than it might have been.
    index: u32,
}

const LATE: u32 = 1 << 31;

impl Key {
    #[inline]
    pub(crate) fn new(entry: Entry, tick_of_window: u32, is_late: bool, from: AgentId, index: u32) -> Self {
        assert!(index < LATE, "a shard is sent at most 2 billion letters at once");
        Self { at: entry.0 << 16 | tick_of_window as u64, from, index: if is_late { index | LATE } else { index } }
    }
    #[inline]
    pub(crate) fn index(&self) -> usize {
        (self.index & !LATE) as usize
    }
    /// The order of two letters. That of late ones to one agent at one tick is what `tie` says.
    #[inline]
    pub(crate) fn compare(&self, other: &Self, tie: impl Fn(&Key, &Key) -> Ordering) -> Ordering {
        if self.at == other.at && (self.index | other.index) & LATE != 0 {
            return tie(self, other);
        }
        // Letters in time are told apart by their sender: none need be looked at.
        let word = |key: &Key| (key.at as u128) << 64 | (key.from.0 as u128) << 32 | key.index as u128;
        word(self).cmp(&word(other))
    }
    #[inline]
    pub(crate) fn entry(&self) -> Entry {
        Entry(self.at >> 16)
    }
    #[inline]
    pub(crate) fn tick_of_window(&self) -> u32 {
        (self.at & 0xffff) as u32
    }
    /// Place and kind.
    #[inline]
    pub(crate) fn room(&self) -> u64 {
        self.at >> 40
    }
}

/// A letter that is offered: for whom, when, and where it lies.
#[derive(Clone, Copy)]
pub(crate) struct Letter {
    pub slot: u32,
    pub tick: u32,
    index: u32,
}

impl Letter {
    /// No letter: for a slot that nobody has.
    pub(crate) const NONE: Self = Self { slot: u32::MAX, tick: u32::MAX, index: 0 };
}

/// How many letters ahead the text is asked for.
const TEXT_AHEAD: usize = 8;

/// The letters of a shard's agents.
pub(crate) struct Inbox<M> {
    pub letters: Vec<Envelope<M>>,
    pub keys: Vec<Key>,
    /// How far the addressees of the keys were asked for.
    pub ahead: Lookahead,
    /// The first tick of the window.
    pub window_from: u32,
    /// For each kind: the letters on offer in the cell being visited, among the keys.
    pub offered: Vec<Range<usize>>,
    /// For agents that left before their letter came.
    pub diverted: Vec<Envelope<M>>,
    pub applied_count: u64,
}

impl<M: Message> Inbox<M> {
    pub(crate) fn new(kinds: usize) -> Self {
        Self {
            letters: Vec::new(),
            keys: Vec::new(),
            ahead: Lookahead::default(),
            window_from: 0,
            offered: vec![0..0; kinds],
            diverted: Vec::new(),
            applied_count: 0,
        }
    }

    /// The next letter of a kind on offer, or [`Letter::NONE`].
    #[inline]
    pub(crate) fn peek(&self, kind: usize) -> Letter {
        let range = &self.offered[kind];
        if range.is_empty() {
            return Letter::NONE;
        }
        let key = &self.keys[range.start];
        let (slot, tick) = (key.entry().slot(), self.window_from + key.tick_of_window());
        Letter { slot, tick, index: key.index() as u32 }
    }

    /// Takes the letter that [`Inbox::peek`] showed; what it says then is the next one.
    #[inline]
    pub(crate) fn take(&mut self, kind: usize, letter: &mut Letter) -> Envelope<M> {
        let taken = letter.index as usize;
        let range = &mut self.offered[kind];
        range.start += 1;
        // Keys are in order, letters as they came.
        if let Some(ahead) = self.keys.get(range.start + TEXT_AHEAD) {
            prefetch(self.letters.as_ptr().wrapping_add(ahead.index()));
        }
        *letter = self.peek(kind);
        self.letters[taken]
    }

    /// The letters whose addressees have to be asked for now, as far as they are of that kind.
    #[inline]
    pub(crate) fn look_ahead(&mut self, kind: usize) -> &[Key] {
        self.ahead.among(&self.keys, self.offered[kind].start, |key| key.entry().kind() == kind)
    }
}

/// What a shard's agents have sent in this interval.
pub(crate) struct Outbox<M> {
    pub envelopes: Vec<Envelope<M>>,
    pub sent_count: u64,
    pub exchange_ticks: u32,
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
        outbox.envelopes.push(Envelope { deliver, to, from, body });
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
    _wants: Wants<M, true>,
}

impl<M: Message> InFlight<'_, M> {
    /// (addressee, message), in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (AgentId, &M)> {
        self.flight.0.iter().map(|(to, body)| (*to, body))
    }
}
