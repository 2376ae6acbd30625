//! What a builder knows of each kind, message and tally, its type forgotten: how to furnish shards with it.

use std::any::{Any, TypeId};
use std::ops::Range;
use std::sync::{Arc, RwLock};

use bevy_ecs::world::World;

use super::agenda::Agenda;
use super::builder::Settlement;
use super::desk::Desk;
use super::directory::Directory;
use super::due::LivesOf;
use super::globals::{Tallied, TallyOf, Total};
use super::hand::{Drawer, short_name};
use super::kind::{ClosedForm, Handoff, Homeless, Settlers, ShardKind, ShardKindOf, SharedLanes};
use super::mail::{Envelope, FlightOf, Inbox, InboxOf, Message, Outbox, OutboxOf};
use super::post::{ShardPost, ShardPostOf};
use super::rows::Rows;
use super::saving::{LetterCheck, Limits, RowCheck, Sent, check_letters, settlers};
use super::space::SpaceOf;
use super::visit::{Lives, Visit};
use crate::base::{AgentId, Tick, ZoneId};
use crate::exec::Lanes;
use crate::store::TableView;

/// Records that a lane holds before it spills and grows.
const LANE_RECORDS: usize = 64;

/// Settles the agents of a kind in a zone.
pub(crate) type Settle<K> = Box<dyn Fn(ZoneId, &mut Settlement<K>) + Send + Sync>;

/// A kind, its type forgotten.
pub(crate) trait KindPart: Any + Send + Sync {
    /// Makes lanes and desks for so many shards, each with its agenda.
    fn prepare(&mut self, agendas: &[Desk<Agenda>], dense: bool, exchange_ticks: u32);
    /// A shard's part.
    fn for_shard(&self, shard: usize, shards: usize, may_travel: bool) -> Box<dyn ShardKind>;
    /// Hands a shard's agents to its systems.
    fn hand_to(&self, shard: usize, drawer: &mut Drawer);
    /// The zone's first agents.
    fn settlers(&self, zone: ZoneId, directory: &Directory) -> Homeless;
    /// The zone's agents as they were saved, in a table for each part of the zone.
    fn revived(&self, tables: &[&TableView<'_>], zone: ZoneId, limits: Limits) -> Result<Homeless, String>;
    /// Name and bytes of each row.
    fn shape(&self) -> Vec<(&'static str, usize)>;
    /// How many settle at the start.
    fn count(&self) -> u64;
    /// Whether they stand in a space.
    fn is_in_space(&self) -> bool;
    /// Whether further ones may be born.
    fn bears(&self) -> bool;
    /// The types of the rows.
    fn types(&self) -> Vec<TypeId>;
    /// Doubles the lanes that spilled; how much has spilled in all.
    fn grow(&self) -> u64;
}

pub(crate) struct KindEntry<K: Rows> {
    pub index: usize,
    pub settle: Vec<Settle<K>>,
    /// The ids of those who settle.
    pub ids: Vec<Range<u32>>,
    pub check: Option<Box<RowCheck<K>>>,
    pub closed_form: Option<Arc<ClosedForm<K>>>,
    /// The space in which they stand, if they do in one.
    pub space: Option<Arc<dyn SpaceOf<K>>>,
    /// Whether further ones may be born.
    pub bears: bool,
    lanes: Option<SharedLanes<Handoff<K>>>,
    lives: Vec<Desk<Lives<K>>>,
}

impl<K: Rows> KindEntry<K> {
    pub(crate) fn new(index: usize) -> Self {
        let (settle, ids, lives) = (Vec::new(), Vec::new(), Vec::new());
        Self { index, settle, ids, check: None, closed_form: None, space: None, bears: false, lanes: None, lives }
    }
}

impl<K: Rows> KindPart for KindEntry<K> {
    fn prepare(&mut self, agendas: &[Desk<Agenda>], dense: bool, exchange_ticks: u32) {
        self.lanes = Some(Arc::new(RwLock::new(Lanes::new(agendas.len(), LANE_RECORDS))));
        let visit = || Visit::new(self.index, dense, exchange_ticks);
        let lives = |agenda: &Desk<Agenda>| Lives {
            rolls: Vec::new(),
            notes: Vec::new(),
            visit: visit(),
            born: Vec::new(),
            agenda: agenda.clone(),
        };
        self.lives = agendas.iter().map(|agenda| Desk::new(lives(agenda))).collect();
    }

    fn for_shard(&self, shard: usize, shards: usize, may_travel: bool) -> Box<dyn ShardKind> {
        let lanes = self.lanes.clone().expect("prepared");
        let lives = self.lives[shard].clone();
        let (closed_form, space) = (self.closed_form.clone(), self.space.clone());
        let mut kind = ShardKindOf::<K>::new(self.index, lives, lanes, closed_form, space, may_travel, shards);
        kind.bears = self.bears;
        Box::new(kind)
    }

    fn hand_to(&self, shard: usize, drawer: &mut Drawer) {
        drawer.put(LivesOf::<K> { lives: self.lives[shard].clone(), kind: self.index });
    }

    fn settlers(&self, zone: ZoneId, directory: &Directory) -> Homeless {
        let mut settlement = Settlement { settlers: Settlers { agents: Vec::new(), spare: 0 } };
        for settle in &self.settle {
            settle(zone, &mut settlement);
        }
        for Handoff { agent, .. } in &settlement.settlers.agents {
            assert!(directory.get(agent.id).is_none(), "agent {} is settled twice", agent.id.0);
        }
        Box::new(settlement.settlers)
    }

    fn revived(&self, tables: &[&TableView<'_>], zone: ZoneId, limits: Limits) -> Result<Homeless, String> {
        let is_one = |id: AgentId| {
            self.ids.iter().any(|ids| ids.contains(&id.0))
                || self.bears && (limits.founders..limits.agents).contains(&(id.0 as u64))
        };
        // Squares and nodes are found by their place.
        let in_order = self.space.is_some();
        settlers::<K>(tables, zone, limits, in_order, is_one, |standing, rows| {
            self.space.as_ref().map_or(Ok(()), |space| space.check(standing, rows))?;
            self.check.as_ref().map_or(Ok(()), |check| check(standing, rows))
        })
    }

    fn shape(&self) -> Vec<(&'static str, usize)> {
        K::shape()
    }

    fn count(&self) -> u64 {
        self.ids.iter().map(|ids| ids.len() as u64).sum()
    }

    fn is_in_space(&self) -> bool {
        self.space.is_some()
    }

    fn bears(&self) -> bool {
        self.bears
    }

    fn types(&self) -> Vec<TypeId> {
        K::types()
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
pub(crate) trait MessagePart: Any + Send + Sync {
    fn prepare(&mut self, shards: usize, kinds: usize, exchange_ticks: u32);
    fn for_shard(&self, shard: usize, shards: usize, kinds: usize) -> Box<dyn ShardPost>;
    fn hand_to(&self, shard: usize, drawer: &mut Drawer);
    fn grow(&self) -> u64;
    /// Name and bytes of a message.
    fn shape(&self) -> (&'static str, usize);
    /// Its type.
    fn message(&self) -> TypeId;
    /// Checks saved letters.
    fn check(&self, table: &TableView<'_>, limits: Limits) -> Result<(), String>;
    /// Puts a letter from outside into the inbox of a shard.
    fn put(&self, shard: usize, deliver: u32, to: AgentId, body: &[u8]) -> Result<(), String>;
    /// Empties the hub's list of letters in flight, before the shards append to it.
    fn clear(&self, hub: &mut World);
}

/// The inbox and the outbox of a shard.
type Boxes<M> = (Desk<Inbox<M>>, Desk<Outbox<M>>);

pub(crate) struct MessageEntry<M: Message> {
    pub check: Option<Box<LetterCheck<M>>>,
    lanes: Option<SharedLanes<Envelope<M>>>,
    desks: Vec<Boxes<M>>,
}

impl<M: Message> MessageEntry<M> {
    pub(crate) fn new() -> Self {
        Self { check: None, lanes: None, desks: Vec::new() }
    }
}

impl<M: Message> MessagePart for MessageEntry<M> {
    fn prepare(&mut self, shards: usize, kinds: usize, exchange_ticks: u32) {
        self.lanes = Some(Arc::new(RwLock::new(Lanes::new(shards, LANE_RECORDS))));
        let desk = |_| {
            let outbox = Outbox { envelopes: Vec::new(), sent_count: 0, exchange_ticks };
            (Desk::new(Inbox::new(kinds)), Desk::new(outbox))
        };
        self.desks = (0..shards).map(desk).collect();
    }

    fn for_shard(&self, shard: usize, shards: usize, kinds: usize) -> Box<dyn ShardPost> {
        let (inbox, outbox) = &self.desks[shard];
        let lanes = self.lanes.clone().expect("prepared");
        Box::new(ShardPostOf::new(inbox.clone(), outbox.clone(), lanes, shards, kinds))
    }

    fn hand_to(&self, shard: usize, drawer: &mut Drawer) {
        let (inbox, outbox) = &self.desks[shard];
        drawer.put(InboxOf(inbox.clone()));
        drawer.put(OutboxOf(outbox.clone()));
    }

    fn grow(&self) -> u64 {
        grow(&self.lanes)
    }

    fn shape(&self) -> (&'static str, usize) {
        (short_name::<M>(), size_of::<M>())
    }

    fn message(&self) -> TypeId {
        TypeId::of::<M>()
    }

    fn check(&self, table: &TableView<'_>, limits: Limits) -> Result<(), String> {
        check_letters::<M>(table, limits, self.check.as_deref())
    }

    fn put(&self, shard: usize, deliver: u32, to: AgentId, body: &[u8]) -> Result<(), String> {
        let wrong = |_| format!("an input has {} bytes of text", body.len());
        let body: M = bytemuck::try_pod_read_unaligned(body).map_err(wrong)?;
        if let Some(check) = &self.check {
            let sent = Sent { from: AgentId::NONE, to, deliver: Tick(deliver as u64) };
            check(&sent, &body).map_err(|why| format!("an input for agent {}: {why}", to.0))?;
        }
        let (inbox, outbox) = &self.desks[shard];
        inbox.get().letters.push(Envelope { deliver, to, from: AgentId::NONE, body });
        outbox.get().sent_count += 1;
        Ok(())
    }

    fn clear(&self, hub: &mut World) {
        hub.insert_resource(FlightOf::<M>(Vec::new()));
    }
}

/// A tally, its type forgotten.
pub(crate) trait TallyPart: Send + Sync {
    fn prepare(&mut self, shards: usize);
    fn hand_to(&self, shard: usize, drawer: &mut Drawer);
    /// Merges all shards' counts into the hub.
    fn total(&self, hub: &mut World);
    /// Merges all shards' counts.
    fn save(&self) -> Vec<u64>;
    /// Takes over counts that were saved; whether they are of this type.
    fn load(&self, numbers: &[u64]) -> bool;
}

pub(crate) struct TallyEntry<T: Tallied> {
    desks: Vec<Desk<T>>,
}

impl<T: Tallied> TallyEntry<T> {
    pub(crate) fn new() -> Self {
        Self { desks: Vec::new() }
    }
}

impl<T: Tallied> TallyEntry<T> {
    fn merged(&self) -> T {
        let mut total = T::default();
        self.desks.iter().for_each(|desk| total.merge(desk.get()));
        total
    }
}

impl<T: Tallied> TallyPart for TallyEntry<T> {
    fn prepare(&mut self, shards: usize) {
        self.desks = (0..shards).map(|_| Desk::new(T::default())).collect();
    }
    fn hand_to(&self, shard: usize, drawer: &mut Drawer) {
        drawer.put(TallyOf(self.desks[shard].clone()));
    }
    fn total(&self, hub: &mut World) {
        hub.insert_resource(Total(self.merged()));
    }
    fn save(&self) -> Vec<u64> {
        self.merged().numbers()
    }
    fn load(&self, numbers: &[u64]) -> bool {
        let counts = T::from_numbers(numbers);
        counts.map(|counts| self.desks[0].get().merge(&counts)).is_some()
    }
}
