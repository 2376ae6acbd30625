//! What a builder knows of each kind, message and tally, its type forgotten: how to furnish zones and shards with it.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::{Arc, RwLock};

use bevy_ecs::query::QueryState;
use bevy_ecs::world::World;

use super::agenda::Agenda;
use super::builder::Settlement;
use super::context::Context;
use super::desk::Desk;
use super::directory::Address;
use super::due::LivesOf;
use super::globals::{Tallied, TallyOf, Total};
use super::hand::Drawer;
use super::kind::{Handoff, Scan, ShardKind, ShardKindOf, SharedLanes};
use super::mail::{Envelope, FlightOf, Inbox, InboxOf, Message, Outbox, OutboxOf};
use super::post::{ShardPost, ShardPostOf};
use super::queue::{NEVER, Queue, Roll};
use super::rows::Rows;
use super::wheel::SLOTS_MAX;
use super::zone::{KindOf, Zone, ZoneKind};
use crate::base::{AgentId, ZoneId};
use crate::exec::Lanes;

/// Records that a lane holds before it spills and grows.
const LANE_RECORDS: usize = 64;

/// Settles the agents of a kind in a zone.
pub(crate) type Settle<K> = Box<dyn Fn(ZoneId, &mut Settlement<K>) + Send + Sync>;

/// A kind, its type forgotten.
pub(crate) trait KindPart: Any + Send + Sync {
    /// Makes lanes and desks for so many shards.
    fn prepare(&mut self, shards: usize, dense: bool, exchange_ticks: u32, may_travel: bool);
    /// A shard's part.
    fn for_shard(&self, shard: usize, shards: usize) -> Box<dyn ShardKind>;
    /// Furnishes a zone of a shard.
    fn for_zone(&self, shard: usize, world: &mut World) -> Box<dyn ZoneKind>;
    /// Settles the zone's first agents.
    fn settle(&self, zone: &mut Zone, place: usize, context: &Context, agenda: &mut Agenda);
    /// Doubles the lanes that spilled; how much has spilled in all.
    fn grow(&self) -> u64;
}

pub(crate) struct KindEntry<K: Rows> {
    pub index: usize,
    pub settlers: Vec<Settle<K>>,
    pub scan: Option<Arc<Scan<K>>>,
    lanes: Option<SharedLanes<Handoff<K>>>,
    queues: Vec<Desk<Queue>>,
    may_travel: bool,
}

impl<K: Rows> KindEntry<K> {
    pub(crate) fn new(index: usize) -> Self {
        Self { index, settlers: Vec::new(), scan: None, lanes: None, queues: Vec::new(), may_travel: false }
    }
}

impl<K: Rows> KindPart for KindEntry<K> {
    fn prepare(&mut self, shards: usize, dense: bool, exchange_ticks: u32, may_travel: bool) {
        self.lanes = Some(Arc::new(RwLock::new(Lanes::new(shards, LANE_RECORDS))));
        self.queues = (0..shards).map(|_| Desk::new(Queue { dense, exchange_ticks, ..Queue::default() })).collect();
        self.may_travel = may_travel;
    }

    fn for_shard(&self, shard: usize, shards: usize) -> Box<dyn ShardKind> {
        let lanes = self.lanes.clone().expect("prepared");
        let queue = self.queues[shard].clone();
        Box::new(ShardKindOf::<K>::new(self.index, queue, lanes, self.scan.clone(), self.may_travel, shards))
    }

    fn for_zone(&self, shard: usize, world: &mut World) -> Box<dyn ZoneKind> {
        let (queue, roll) = (self.queues[shard].clone(), Desk::new(Roll::default()));
        let lives = LivesOf::<K> { queue, roll: roll.clone(), kind: self.index, marker: PhantomData };
        world.resource_mut::<Drawer>().put(lives);
        Box::new(KindOf::<K> { roll, query: QueryState::new(world) })
    }

    fn settle(&self, zone: &mut Zone, place: usize, context: &Context, agenda: &mut Agenda) {
        let mut settlement = Settlement { agents: Vec::new(), spare: 0 };
        for settle in &self.settlers {
            settle(zone.id, &mut settlement);
        }
        let Settlement { agents, spare } = settlement;
        let slots = agents.len() + spare;
        assert!(slots < SLOTS_MAX, "zone {} has {} agents: at most 16 million fit", zone.id.0, agents.len());
        if slots == 0 {
            return;
        }
        let id = zone.id;
        let (kind, world) = zone.kind::<K>(self.index);
        let roll = kind.roll.get();
        roll.ids.reserve_exact(slots);
        roll.wake.reserve_exact(slots);
        roll.arrives.reserve_exact(slots);
        roll.arrives.resize(slots, 0);
        for (slot, (agent, wake, _)) in agents.iter().enumerate() {
            roll.ids.push(*agent);
            roll.wake.push(*wake);
            if !context.dense {
                agenda.file(place, self.index, *wake, slot as u32);
            }
            assert!(context.directory.get(*agent).is_none(), "agent {} is settled twice", agent.0);
            context.directory.set(*agent, Address { zone: id, kind: self.index, slot: slot as u32 });
        }
        roll.parked.extend((agents.len() as u32..slots as u32).rev());
        roll.ids.resize(slots, AgentId::NONE);
        roll.wake.resize(slots, NEVER);
        let bundle = |index: usize| {
            agents.get(index).map_or_else(|| K::zeroed().bundle(AgentId::NONE), |(agent, _, rows)| rows.bundle(*agent))
        };
        world.spawn_batch((0..slots).map(bundle));
    }

    fn grow(&self) -> u64 {
        grow(&self.lanes)
    }
}

fn grow<T: Copy + Send + 'static>(lanes: &Option<SharedLanes<T>>) -> u64 {
    let lanes = lanes.as_ref().expect("prepared");
    let mut lanes = lanes.write().expect("no phase panicked");
    lanes.grow();
    lanes.spilled()
}

/// A type of message, the type forgotten.
pub(crate) trait MessagePart: Send + Sync {
    fn prepare(&mut self, shards: usize, kinds: usize, exchange_ticks: u32);
    fn for_shard(&self, shard: usize, shards: usize, kinds: usize) -> Box<dyn ShardPost>;
    fn for_zone(&self, shard: usize, drawer: &mut Drawer);
    fn grow(&self) -> u64;
    /// Empties the hub's list of letters in flight, before the shards append to it.
    fn clear(&self, hub: &mut World);
}

/// The inbox and the outbox of a shard.
type Boxes<M> = (Desk<Inbox<M>>, Desk<Outbox<M>>);

pub(crate) struct MessageEntry<M: Message> {
    lanes: Option<SharedLanes<Envelope<M>>>,
    desks: Vec<Boxes<M>>,
}

impl<M: Message> MessageEntry<M> {
    pub(crate) fn new() -> Self {
        Self { lanes: None, desks: Vec::new() }
    }
}

impl<M: Message> MessagePart for MessageEntry<M> {
    fn prepare(&mut self, shards: usize, kinds: usize, exchange_ticks: u32) {
        self.lanes = Some(Arc::new(RwLock::new(Lanes::new(shards, LANE_RECORDS))));
        let desk = |_| {
            let inbox = Inbox {
                letters: Vec::new(),
                keys: Vec::new(),
                rooms: vec![0..0; kinds],
                limit: 0,
                diverted: Vec::new(),
                applied_count: 0,
            };
            let outbox = Outbox { envelopes: Vec::new(), sent_count: 0, exchange_ticks, seq: 0 };
            (Desk::new(inbox), Desk::new(outbox))
        };
        self.desks = (0..shards).map(desk).collect();
    }

    fn for_shard(&self, shard: usize, shards: usize, kinds: usize) -> Box<dyn ShardPost> {
        let (inbox, outbox) = &self.desks[shard];
        let lanes = self.lanes.clone().expect("prepared");
        Box::new(ShardPostOf::new(inbox.clone(), outbox.clone(), lanes, shards, kinds))
    }

    fn for_zone(&self, shard: usize, drawer: &mut Drawer) {
        let (inbox, outbox) = &self.desks[shard];
        drawer.put(InboxOf(inbox.clone()));
        drawer.put(OutboxOf(outbox.clone()));
    }

    fn grow(&self) -> u64 {
        grow(&self.lanes)
    }

    fn clear(&self, hub: &mut World) {
        hub.insert_resource(FlightOf::<M>(Vec::new()));
    }
}

/// A tally, its type forgotten.
pub(crate) trait TallyPart: Send + Sync {
    fn prepare(&mut self, shards: usize);
    fn for_zone(&self, shard: usize, drawer: &mut Drawer);
    /// Merges all shards' counts into the hub.
    fn total(&self, hub: &mut World);
}

pub(crate) struct TallyEntry<T: Tallied> {
    desks: Vec<Desk<T>>,
}

impl<T: Tallied> TallyEntry<T> {
    pub(crate) fn new() -> Self {
        Self { desks: Vec::new() }
    }
}

impl<T: Tallied> TallyPart for TallyEntry<T> {
    fn prepare(&mut self, shards: usize) {
        self.desks = (0..shards).map(|_| Desk::new(T::default())).collect();
    }
    fn for_zone(&self, shard: usize, drawer: &mut Drawer) {
        drawer.put(TallyOf(self.desks[shard].clone()));
    }
    fn total(&self, hub: &mut World) {
        let mut total = T::default();
        for desk in &self.desks {
            total.merge(desk.get());
        }
        hub.insert_resource(Total(total));
    }
}
