//! A shard's part in a type of message: what its agents sent, and what was sent to them.

use super::context::{Context, Window};
use super::desk::Desk;
use super::kind::SharedLanes;
use super::mail::{Envelope, FlightOf, Inbox, Key, Message, Outbox};
use super::zone::Zone;
use crate::base::{AgentId, Digest, RowHash};
use bevy_ecs::world::World;

/// A shard's part in a type of message, the type forgotten.
pub(crate) trait ShardPost: Send {
    /// Takes what the other shards have sent into the inbox.
    fn collect(&mut self, shard: usize, context: &Context);
    /// Puts the letters that are applied in this window in order.
    fn sort(&mut self, zones: &[Zone], context: &Context, window: Window);
    /// Whether the zone has letters in this window.
    fn has(&self, place: usize) -> bool;
    /// Prepares a visit of the zone.
    fn open(&mut self, place: usize);
    /// Lets letters before this tick be handed out; bits of the kinds for which there are any.
    fn limit(&mut self, tick: u32) -> u16;
    /// Ends a visit.
    fn close(&mut self, zone: &Zone);
    /// Ends the window: sends on what is for later, and after those who left.
    fn finish(&mut self);
    /// Sends the outbox to the shards of the addressees.
    fn route(&mut self, shard: usize, context: &Context);
    /// What it says of its messages; `collect` must have been called.
    fn census(&mut self, with_digest: bool) -> PostCensus;
    /// Appends the letters in flight to the hub's list.
    fn show(&self, hub: &mut World);
}

/// What a shard says of one type of message.
#[derive(Clone, Copy, Default)]
pub(crate) struct PostCensus {
    pub sent: u64,
    pub applied: u64,
    pub in_flight: u64,
    pub digest: Digest,
}

pub(crate) struct ShardPostOf<M: Message> {
    pub inbox: Desk<Inbox<M>>,
    pub outbox: Desk<Outbox<M>>,
    pub lanes: SharedLanes<Envelope<M>>,
    staging: Vec<Vec<Envelope<M>>>,
    /// The first key of the zone to be visited next.
    cursor: usize,
    kinds: usize,
}

impl<M: Message> ShardPostOf<M> {
    pub(crate) fn new(
        inbox: Desk<Inbox<M>>,
        outbox: Desk<Outbox<M>>,
        lanes: SharedLanes<Envelope<M>>,
        shards: usize,
        kinds: usize,
    ) -> Self {
        Self { inbox, outbox, lanes, staging: (0..shards).map(|_| Vec::new()).collect(), cursor: 0, kinds }
    }
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

    fn sort(&mut self, zones: &[Zone], context: &Context, window: Window) {
        let inbox = self.inbox.get();
        self.cursor = 0;
        inbox.keys.clear();
        for (index, letter) in inbox.letters.iter().enumerate() {
            let address = context.directory.get(letter.to).expect("checked when it was routed");
            let place = context.placement.place(address.zone);
            let arrives = zones[place].kinds[address.kind].roll().get().arrives[address.slot as usize];
            let tick = letter.deliver.max(arrives);
            debug_assert!(tick >= window.from);
            if tick < window.to {
                inbox.keys.push(Key {
                    room: (place as u32) << 8 | address.kind as u32,
                    tick,
                    slot: address.slot,
                    index: index as u32,
                });
            }
        }
        let letters = &inbox.letters;
        inbox.keys.sort_unstable_by(|a, b| {
            (a.room, a.tick, a.slot).cmp(&(b.room, b.tick, b.slot)).then_with(|| {
                let (a, b) = (&letters[a.index as usize], &letters[b.index as usize]);
                (a.deliver, a.from, a.seq).cmp(&(b.deliver, b.from, b.seq))
            })
        });
    }

    #[inline]
    fn has(&self, place: usize) -> bool {
        self.inbox.get().keys.get(self.cursor).is_some_and(|key| key.room >> 8 == place as u32)
    }

    fn open(&mut self, place: usize) {
        let inbox = self.inbox.get();
        for kind in 0..self.kinds {
            let room = (place as u32) << 8 | kind as u32;
            let start = self.cursor;
            while inbox.keys.get(self.cursor).is_some_and(|key| key.room == room) {
                self.cursor += 1;
            }
            inbox.rooms[kind] = start..self.cursor;
        }
    }

    fn limit(&mut self, tick: u32) -> u16 {
        let inbox = self.inbox.get();
        inbox.limit = tick;
        (0..self.kinds).fold(0, |due, kind| due | u16::from(inbox.peek(kind).is_some()) << kind)
    }

    fn close(&mut self, zone: &Zone) {
        for room in &self.inbox.get().rooms {
            assert!(
                room.is_empty(),
                "zone {}: messages of type {} wait for a system that reads them: `Due<_, {0}>`",
                zone.id.0,
                std::any::type_name::<M>().rsplit("::").next().unwrap_or_default(),
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
                handled[key.index as usize] = true;
            }
            let later = inbox.letters.iter().zip(handled).filter(|&(_, handled)| !handled);
            outbox.envelopes.extend(later.map(|(letter, _)| *letter));
        }
        inbox.letters.clear();
        outbox.envelopes.append(&mut inbox.diverted);
    }

    fn route(&mut self, shard: usize, context: &Context) {
        for envelope in self.outbox.get().envelopes.drain(..) {
            let Some(address) = context.directory.get(envelope.to) else { nobody(envelope.from, envelope.to) };
            self.staging[context.placement.shard(address.zone)].push(envelope);
        }
        let lanes = self.lanes.read().expect("no phase panicked");
        for (to, staged) in self.staging.iter_mut().enumerate() {
            if to == shard {
                self.inbox.get().letters.append(staged);
            } else if !staged.is_empty() {
                lanes.send_batch(shard, to, staged);
                staged.clear();
            }
        }
    }

    fn census(&mut self, with_digest: bool) -> PostCensus {
        let inbox = self.inbox.get();
        let mut digest = Digest::EMPTY;
        if with_digest {
            let order = |letter: &Envelope<M>| (letter.to, letter.deliver, letter.from, letter.seq);
            let mut letters: Vec<&Envelope<M>> = inbox.letters.iter().collect();
            letters.sort_unstable_by_key(|letter| order(letter));
            // The sequence number counts a zone's messages; what matters is the rank among those of one sender to one
            // addressee at one tick.
            for group in letters.chunk_by(|a, b| (a.to, a.deliver, a.from) == (b.to, b.deliver, b.from)) {
                for (rank, letter) in group.iter().enumerate() {
                    let name = (letter.to.0 as u64) << 32 | letter.from.0 as u64;
                    let hash = RowHash::new(name).word((letter.deliver as u64) << 32 | rank as u64);
                    digest.add(hash.pod(&letter.body).finish());
                }
            }
        }
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
