//! A shard's part in a type of message: what its agents sent, and what was sent to them.

use std::cmp::Ordering;

use super::context::{Context, Window};
use super::desk::Desk;
use super::hand::short_name;
use super::kind::{ShardKind, SharedLanes};
use super::lookahead::Lookahead;
use super::mail::{Envelope, FlightOf, Inbox, Key, Message, Outbox};
use super::saving::SavedPost;
use super::sorting::Sorter;
use super::wheel::{Entry, NOWHERE};
use crate::base::{AgentId, Digest, RowHash, ZoneId};
use bevy_ecs::world::World;

/// A shard's part in a type of message, the type forgotten.
pub(crate) trait ShardPost: SavedPost + Send {
    /// Takes what the other shards have sent into the inbox.
    fn collect(&mut self, shard: usize, context: &Context);
    /// Puts the letters that are applied in this window in order; whether there are any.
    fn sort(&mut self, kinds: &[Box<dyn ShardKind>], places: usize, context: &Context, window: Window) -> bool;
    /// The next cell that has letters in this window.
    fn next_place(&self) -> usize;
    /// The places of cells that have letters in this window, in order; one may be named more than once.
    fn each_place(&self, each: &mut dyn FnMut(usize));
    /// Prepares a visit of the cell: offers its letters. Bits of the kinds for which there are any.
    fn open(&mut self, place: usize, kinds: &[Box<dyn ShardKind>]) -> u16;
    /// Prepares a visit in which letters are offered tick by tick.
    fn by_tick(&mut self);
    /// Offers letters before this tick; bits of the kinds for which there are any.
    fn offer(&mut self, limit: u32) -> u16;
    /// Ends a visit.
    fn close(&mut self, zone: ZoneId);
    /// Ends the window: sends on what is for later, and after those who left.
    fn finish(&mut self);
    /// Sends the outbox to the shards of the addressees.
    fn route(&mut self, shard: usize, context: &Context);
    /// Moves the letters of the shard's inbox to the shards that hold the addressees' cells now.
    fn readdress(&mut self, shard: usize, context: &Context);
    /// What it says of its messages; `collect` must have been called.
    fn census(&mut self, with_digest: bool) -> PostCensus;
    /// Appends the letters in flight to the hub's list.
    fn show(&self, hub: &mut World);
}

/// Letters to one shard that are sent at once: few, so that they never leave the cache on their way.
const STAGED: usize = 64;

/// What a shard says of one type of message.
#[derive(Clone, Copy, Default)]
pub(crate) struct PostCensus {
    pub sent: u64,
    pub applied: u64,
    pub in_flight: u64,
    pub digest: Digest,
}

/// The digest of all letters of one type to some agents.
pub(crate) fn digest<M: Message>(letters: &[Envelope<M>]) -> Digest {
    // A stable sort: what counts is the rank among the letters of one sender to one addressee at one tick.
    let mut letters: Vec<&Envelope<M>> = letters.iter().collect();
    letters.sort_by_key(|letter| (letter.to, letter.deliver, letter.from));
    let mut digest = Digest::EMPTY;
    for group in letters.chunk_by(|a, b| (a.to, a.deliver, a.from) == (b.to, b.deliver, b.from)) {
        for (rank, letter) in group.iter().enumerate() {
            let name = (letter.to.0 as u64) << 32 | letter.from.0 as u64;
            let hash = RowHash::new(name).word((letter.deliver as u64) << 32 | rank as u64);
            digest.add(hash.pod(&letter.body).finish());
        }
    }
    digest
}

pub(crate) struct ShardPostOf<M: Message> {
    pub inbox: Desk<Inbox<M>>,
    pub outbox: Desk<Outbox<M>>,
    pub lanes: SharedLanes<Envelope<M>>,
    staging: Vec<Vec<Envelope<M>>>,
    /// The first key of the cell to be visited next.
    cursor: usize,
    /// For each kind: the end of its letters in the cell being visited, where they are offered tick by tick.
    ends: Vec<usize>,
    kinds: usize,
    sorter: Sorter,
}

impl<M: Message> ShardPostOf<M> {
    pub(crate) fn new(
        inbox: Desk<Inbox<M>>,
        outbox: Desk<Outbox<M>>,
        lanes: SharedLanes<Envelope<M>>,
        shards: usize,
        kinds: usize,
    ) -> Self {
        let staging = (0..shards).map(|_| Vec::with_capacity(STAGED)).collect();
        Self { inbox, outbox, lanes, staging, cursor: 0, ends: vec![0; kinds], kinds, sorter: Sorter::default() }
    }

    /// Sends letters, each to its shard.
    fn dispatch(&mut self, shard: usize, letters: impl Iterator<Item = (Envelope<M>, usize)>) {
        let lanes = self.lanes.read().expect("no phase panicked");
        let own = &mut self.inbox.get().letters;
        let mut send = |to: usize, staged: &mut Vec<Envelope<M>>| {
            if to == shard {
                own.append(staged);
            } else {
                lanes.send_batch(shard, to, staged);
                staged.clear();
            }
        };
        for (letter, to) in letters {
            let staged = &mut self.staging[to];
            staged.push(letter);
            if staged.len() == STAGED {
                send(to, staged);
            }
        }
        self.staging.iter_mut().enumerate().for_each(|(to, staged)| send(to, staged));
    }
}

/// The order of letters that are applied to one agent at one tick, if one of them was late.
fn canonical<M>(letters: &[Envelope<M>], a: &Key, b: &Key) -> Ordering {
    let deliver = |key: &Key| letters[key.index()].deliver;
    (deliver(a), a.from, a.index()).cmp(&(deliver(b), b.from, b.index()))
}

/// The agents of messages that nobody is: a mistake of the model.
#[cold]
fn nobody(from: AgentId, to: AgentId) -> ! {
    panic!("agent {} sent a message to agent {}, whom nobody settled", from.0, to.0)
}

impl<M: Message> ShardPost for ShardPostOf<M> {
    fn collect(&mut self, shard: usize, context: &Context) {
        let inbox = self.inbox.get();
        let lanes = self.lanes.read().expect("no phase panicked");
        for from in 0..context.shards {
            lanes.receive(shard, from, &mut |batch: &[Envelope<M>]| inbox.letters.extend_from_slice(batch));
        }
    }

    fn sort(&mut self, kinds: &[Box<dyn ShardKind>], places: usize, context: &Context, window: Window) -> bool {
        let inbox = self.inbox.get();
        self.cursor = 0;
        inbox.ahead = Lookahead::default();
        inbox.keys.clear();
        inbox.window_from = window.from;
        let letters = &inbox.letters;
        let interval = window.from / context.exchange_ticks;
        let mut ahead = Lookahead::default();
        for (index, letter) in letters.iter().enumerate() {
            for later in &letters[ahead.from(index, letters.len())] {
                context.directory.prefetch(later.to);
            }
            let address = context.directory.get(letter.to).expect("checked when it was routed");
            let place = context.placement.seat(address.cell).place as usize;
            let mut tick = letter.deliver;
            if address.may_arrive_from(interval) {
                // Whoever has just moved gets letters from its arrival on.
                tick = tick.max(kinds[address.kind].arrives(place, address.slot));
            }
            if tick < window.to {
                let entry = Entry::new(place, address.kind, address.slot);
                let (tick_of_window, is_late) = (tick.saturating_sub(window.from), tick > letter.deliver);
                inbox.keys.push(Key::new(entry, tick_of_window, is_late, letter.from, index as u32));
            }
        }
        self.sorter.sort(&mut inbox.keys, places, |a, b| canonical(letters, a, b));
        !inbox.keys.is_empty()
    }

    #[inline]
    fn next_place(&self) -> usize {
        self.inbox.get().keys.get(self.cursor).map_or(NOWHERE, |key| key.entry().place())
    }

    fn each_place(&self, each: &mut dyn FnMut(usize)) {
        let mut last = NOWHERE;
        for place in self.inbox.get().keys.iter().map(|key| key.entry().place()) {
            if place != last {
                each(place);
                last = place;
            }
        }
    }

    #[inline]
    fn open(&mut self, place: usize, kinds: &[Box<dyn ShardKind>]) -> u16 {
        let inbox = self.inbox.get();
        // Addressees farther ahead are asked for as letters are taken.
        for key in &inbox.keys[inbox.ahead.from(self.cursor, inbox.keys.len())] {
            let entry = key.entry();
            kinds[entry.kind()].prefetch(entry.place(), entry.slot());
        }
        let mut due = 0;
        for kind in 0..self.kinds {
            let room = (place << 4 | kind) as u64;
            let start = self.cursor;
            while inbox.keys.get(self.cursor).is_some_and(|key| key.room() == room) {
                self.cursor += 1;
            }
            inbox.offered[kind] = start..self.cursor;
            due |= u16::from(start < self.cursor) << kind;
        }
        due
    }

    fn by_tick(&mut self) {
        let inbox = self.inbox.get();
        for kind in 0..self.kinds {
            let offered = &mut inbox.offered[kind];
            self.ends[kind] = offered.end;
            inbox.keys[offered.clone()].sort_unstable_by(|a, b| {
                let tick = |key: &Key| key.tick_of_window();
                tick(a).cmp(&tick(b)).then_with(|| a.compare(b, |a, b| canonical(&inbox.letters, a, b)))
            });
            offered.end = offered.start;
        }
    }

    fn offer(&mut self, limit: u32) -> u16 {
        let inbox = self.inbox.get();
        let mut due = 0;
        for kind in 0..self.kinds {
            let offered = &mut inbox.offered[kind];
            let before = |key: &Key| inbox.window_from + key.tick_of_window() < limit;
            while offered.end < self.ends[kind] && before(&inbox.keys[offered.end]) {
                offered.end += 1;
            }
            due |= u16::from(offered.start < offered.end) << kind;
        }
        due
    }

    #[inline]
    fn close(&mut self, zone: ZoneId) {
        for offered in &self.inbox.get().offered {
            assert!(
                offered.is_empty(),
                "zone {}: messages of type {} wait for a system that reads them: `Due<_, {1}>`",
                zone.0,
                short_name::<M>(),
            );
        }
    }

    fn finish(&mut self) {
        let inbox = self.inbox.get();
        let outbox = self.outbox.get();
        if inbox.keys.len() < inbox.letters.len() {
            // The window was shorter than an interval: some letters are for later, and their addressees may have left.
            let mut handled = vec![false; inbox.letters.len()];
            for key in &inbox.keys {
                handled[key.index()] = true;
            }
            let later = inbox.letters.iter().zip(handled).filter(|&(_, handled)| !handled);
            outbox.envelopes.extend(later.map(|(letter, _)| *letter));
        }
        inbox.letters.clear();
        outbox.envelopes.append(&mut inbox.diverted);
    }

    fn route(&mut self, shard: usize, context: &Context) {
        let mut envelopes = std::mem::take(&mut self.outbox.get().envelopes);
        let mut dead = 0;
        let mut ahead = Lookahead::default();
        let address = |(index, envelope): (usize, &Envelope<M>)| {
            for later in &envelopes[ahead.from(index, envelopes.len())] {
                context.directory.prefetch(later.to);
            }
            let Some(address) = context.directory.get(envelope.to) else {
                if !context.directory.has_had(envelope.to) {
                    nobody(envelope.from, envelope.to);
                }
                // Its addressee has died.
                dead += 1;
                return None;
            };
            Some((*envelope, context.placement.seat(address.cell).shard as usize))
        };
        self.dispatch(shard, envelopes.iter().enumerate().filter_map(address));
        self.inbox.get().applied_count += dead;
        envelopes.clear();
        self.outbox.get().envelopes = envelopes;
    }

    fn readdress(&mut self, shard: usize, context: &Context) {
        let letters = std::mem::take(&mut self.inbox.get().letters);
        let address = |letter: Envelope<M>| {
            let address = context.directory.get(letter.to).expect("checked when it was routed");
            (letter, context.placement.seat(address.cell).shard as usize)
        };
        self.dispatch(shard, letters.into_iter().map(address));
    }

    fn census(&mut self, with_digest: bool) -> PostCensus {
        let inbox = self.inbox.get();
        let digest = if with_digest { digest(&inbox.letters) } else { Digest::EMPTY };
        PostCensus {
            sent: self.outbox.get().sent_count,
            applied: inbox.applied_count,
            in_flight: inbox.letters.len() as u64,
            digest,
        }
    }

    fn show(&self, hub: &mut World) {
        let mut flight = hub.get_resource_or_insert_with(|| FlightOf::<M>(Vec::new()));
        flight.0.extend(self.inbox.get().letters.iter().map(|letter| (letter.to, letter.body)));
    }
}
