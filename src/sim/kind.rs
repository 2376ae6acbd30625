//! A shard's part in a kind of agent: what is due, who leaves, who arrives.

use std::sync::{Arc, RwLock};

use super::agenda::Agenda;
use super::context::{Context, Window};
use super::desk::Desk;
use super::directory::Address;
use super::queue::{NEVER, Queue, Roll};
use super::rows::{Agent, Rows};
use super::zone::Zone;
use crate::base::{AgentId, Digest, RowHash, ZoneId};
use crate::exec::Lanes;

/// Finds, for dense stepping, the slots whose closed form says that something is due at a tick.
pub(crate) type Scan<K> = dyn for<'a> Fn(&<K as Rows>::Columns<'a>, u32, &mut Vec<u32>) + Send + Sync;

/// An agent on its way between zones.
#[derive(Clone, Copy)]
pub(crate) struct Handoff<K> {
    pub zone: ZoneId,
    pub id: AgentId,
    pub arrives: u32,
    pub wake: u32,
    pub rows: K,
}

/// The lanes between shards; a phase takes them for reading, growth between phases for writing.
pub(crate) type SharedLanes<T> = Arc<RwLock<Lanes<T>>>;

/// A shard's part in a kind, its type forgotten.
pub(crate) trait ShardKind: Send {
    /// The wakes of the visit.
    fn queue(&self) -> &Desk<Queue>;
    /// Prepares a visit.
    fn open(&mut self, window: Window);
    /// Dense stepping: fills the queue with those that are due at `tick`; whether there are any.
    fn scan(&mut self, zone: &mut Zone, tick: u32) -> bool;
    /// Ends a visit: files wakes, takes leavers out of their slots.
    fn close(&mut self, place: usize, zone: &mut Zone, context: &Context, agenda: &mut Agenda);
    /// Sends the leavers off.
    fn send(&mut self, shard: usize, context: &Context);
    /// Places those who arrive.
    fn arrive(&mut self, shard: usize, zones: &mut [Zone], context: &Context, agenda: &mut Agenda);
    /// (agents here, digest of their rows, handoffs out, handoffs in, wakes handled).
    fn census(&mut self, zones: &mut [Zone], now: u32, with_digest: bool) -> KindCensus;
}

/// What a shard says of one kind.
#[derive(Clone, Copy, Default)]
pub(crate) struct KindCensus {
    pub agents: u64,
    pub digest: Digest,
    pub left: u64,
    pub arrived: u64,
    pub woken: u64,
}

pub(crate) struct ShardKindOf<K: Rows> {
    pub index: usize,
    pub queue: Desk<Queue>,
    pub lanes: SharedLanes<Handoff<K>>,
    pub scan: Option<Arc<Scan<K>>>,
    /// Whether agents of a model with every-tick systems may travel: only if an interval is one tick.
    pub may_travel: bool,
    leaving: Vec<Vec<Handoff<K>>>,
    arriving: Vec<Handoff<K>>,
    found: Vec<u32>,
    left_count: u64,
    arrived_count: u64,
}

impl<K: Rows> ShardKindOf<K> {
    pub(crate) fn new(
        index: usize,
        queue: Desk<Queue>,
        lanes: SharedLanes<Handoff<K>>,
        scan: Option<Arc<Scan<K>>>,
        may_travel: bool,
        shards: usize,
    ) -> Self {
        Self {
            index,
            queue,
            lanes,
            scan,
            may_travel,
            leaving: (0..shards).map(|_| Vec::new()).collect(),
            arriving: Vec::new(),
            found: Vec::new(),
            left_count: 0,
            arrived_count: 0,
        }
    }

    /// Places the arrivals of one zone.
    fn place(&self, zone: &mut Zone, place: usize, arrivals: &[Handoff<K>], context: &Context, agenda: &mut Agenda) {
        let (kind, world) = zone.kind::<K>(self.index);
        let (parked, first_fresh) = (kind.roll.get().parked.len(), kind.roll.get().ids.len());
        let (reuse, fresh) = arrivals.split_at(arrivals.len().min(parked));
        if !fresh.is_empty() {
            world.spawn_batch(fresh.iter().map(|handoff| handoff.rows.bundle(handoff.id)));
        }
        let (roll, columns) = kind.parts(world);
        let mut columns = columns.expect("rows were reused or spawned");
        assert_eq!(columns.agents.len(), first_fresh + fresh.len(), "slots are table rows");
        for (index, handoff) in arrivals.iter().enumerate() {
            let slot = if index < reuse.len() {
                let slot = roll.parked.pop().expect("as many as were counted");
                columns.agents[slot as usize] = Agent(handoff.id);
                handoff.rows.write(&mut columns.rows, slot as usize);
                slot
            } else {
                roll.ids.push(AgentId::NONE);
                roll.wake.push(NEVER);
                roll.arrives.push(0);
                (roll.ids.len() - 1) as u32
            };
            roll.ids[slot as usize] = handoff.id;
            roll.arrives[slot as usize] = handoff.arrives;
            let wake = handoff.wake.max(handoff.arrives);
            roll.wake[slot as usize] = wake;
            if !context.dense {
                agenda.file(place, self.index, wake, slot);
            }
            context.directory.set(handoff.id, Address { zone: handoff.zone, kind: self.index, slot });
        }
    }
}

/// Default scan: the wake column itself.
fn scan_wakes(roll: &Roll, tick: u32, found: &mut Vec<u32>) {
    found.extend(roll.wake.iter().enumerate().filter(|&(_, &wake)| wake <= tick).map(|(slot, _)| slot as u32));
}

impl<K: Rows> ShardKind for ShardKindOf<K> {
    fn queue(&self) -> &Desk<Queue> {
        &self.queue
    }

    fn open(&mut self, window: Window) {
        let queue = self.queue.get();
        queue.wakes.clear();
        queue.next = 0;
        queue.current = None;
        queue.limit = window.to;
        queue.window_end = window.to;
        debug_assert!(queue.again.is_empty() && queue.later.is_empty() && queue.departed.is_empty());
    }

    fn scan(&mut self, zone: &mut Zone, tick: u32) -> bool {
        let (kind, world) = zone.kind::<K>(self.index);
        let (roll, columns) = kind.parts(world);
        self.found.clear();
        match &self.scan {
            None => scan_wakes(roll, tick, &mut self.found),
            Some(scan) => {
                if let Some(columns) = columns {
                    scan(&columns.rows, tick, &mut self.found);
                }
            }
        }
        let queue = self.queue.get();
        queue.wakes.clear();
        queue.next = 0;
        queue.limit = tick + 1;
        let present = |slot: &&u32| roll.ids[**slot as usize].is_some() && roll.arrives[**slot as usize] <= tick;
        queue.wakes.extend(self.found.iter().filter(present).map(|&slot| (tick, slot)));
        !queue.wakes.is_empty()
    }

    fn close(&mut self, place: usize, zone: &mut Zone, context: &Context, agenda: &mut Agenda) {
        let queue = self.queue.get();
        assert!(
            queue.next == queue.wakes.len() && queue.again.is_empty(),
            "zone {}: agents ({}) are woken and no system reads it: `Due<({1},)>`",
            zone.id.0,
            K::name()
        );
        for (tick, slot) in queue.later.drain(..) {
            agenda.file(place, self.index, tick, slot);
        }
        if queue.departed.is_empty() {
            return;
        }
        assert!(
            self.may_travel,
            "agents of a model with every-tick systems may travel only if it exchanges at every tick"
        );
        let (kind, world) = zone.kind::<K>(self.index);
        let (roll, columns) = kind.parts(world);
        let columns = columns.expect("whoever leaves has rows");
        for departure in queue.departed.drain(..) {
            let slot = departure.slot as usize;
            columns.agents[slot] = Agent(AgentId::NONE);
            roll.parked.push(departure.slot);
            self.leaving[context.placement.shard(departure.zone)].push(Handoff {
                zone: departure.zone,
                id: departure.id,
                arrives: departure.arrives,
                wake: roll.wake[slot],
                rows: K::read(&columns.rows, slot),
            });
            roll.wake[slot] = NEVER;
            // Its letters are routed to where it goes; the slot is set when it is placed.
            context.directory.set(departure.id, Address { zone: departure.zone, kind: self.index, slot: u32::MAX });
            self.left_count += 1;
        }
    }

    fn send(&mut self, shard: usize, _context: &Context) {
        let lanes = self.lanes.read().expect("no phase panicked");
        for (to, leaving) in self.leaving.iter_mut().enumerate() {
            if !leaving.is_empty() {
                lanes.send_batch(shard, to, leaving);
                leaving.clear();
            }
        }
    }

    fn arrive(&mut self, shard: usize, zones: &mut [Zone], context: &Context, agenda: &mut Agenda) {
        let mut arriving = std::mem::take(&mut self.arriving);
        {
            let lanes = self.lanes.read().expect("no phase panicked");
            for from in 0..context.shards {
                lanes.receive(shard, from, &mut |batch: &[Handoff<K>]| arriving.extend_from_slice(batch));
            }
        }
        arriving.sort_unstable_by_key(|handoff| (handoff.zone, handoff.arrives, handoff.id));
        for arrivals in arriving.chunk_by(|a, b| a.zone == b.zone) {
            let place = context.placement.place(arrivals[0].zone);
            self.place(&mut zones[place], place, arrivals, context, agenda);
        }
        self.arrived_count += arriving.len() as u64;
        arriving.clear();
        self.arriving = arriving;
    }

    fn census(&mut self, zones: &mut [Zone], now: u32, with_digest: bool) -> KindCensus {
        let mut census = KindCensus {
            left: self.left_count,
            arrived: self.arrived_count,
            woken: self.queue.get().woken_count,
            ..KindCensus::default()
        };
        for zone in zones {
            let id = zone.id;
            let (kind, world) = zone.kind::<K>(self.index);
            let (roll, columns) = kind.parts(world);
            census.agents += roll.ids.iter().filter(|id| id.is_some()).count() as u64;
            if !with_digest {
                continue;
            }
            let Some(columns) = columns else { continue };
            for (slot, &agent) in roll.ids.iter().enumerate().filter(|(_, id)| id.is_some()) {
                assert_eq!(columns.agents[slot], Agent(agent), "roll and table agree");
                // An agent that is here already but acts only from a later tick is in another state.
                let arrives = if roll.arrives[slot] > now { roll.arrives[slot] } else { 0 };
                let hash = RowHash::agent(agent, id).word(arrives as u64);
                census.digest.add(K::hash(&columns.rows, slot, hash).finish());
            }
        }
        census
    }
}
