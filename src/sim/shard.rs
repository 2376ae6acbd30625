//! A shard: cells, and the desks that they share. One worker runs it at a time.
//!
//! An interval has two phases. In [`Shard::live`] the shard runs its cells: letters and wakes of the window, in order
//! of place. In [`Shard::exchange`] it routes what was sent and places who arrives. A barrier ends each.

use std::ops::Range;

use bevy_ecs::world::World;
use tracing::trace_span;

use super::agenda::Agenda;
use super::cell::Cell;
use super::context::{Context, Window};
use super::desk::Desk;
use super::globals::Now;
use super::kind::{KindCensus, ShardKind};
use super::options::DetailPolicy;
use super::post::{PostCensus, ShardPost};
use super::snapshot::{self, Waiting};
use super::systems::Systems;
use super::tier::Tier;
use crate::base::{AgentId, Digest, ZoneId};
use crate::exec::Elapsed;
use crate::store::StoreError;

/// What a shard counts of its own work.
#[derive(Clone, Copy, Default)]
pub(crate) struct ShardStats {
    /// Zone visits at every tick, once an interval, and zones passed over.
    pub active: u64,
    pub abstracted: u64,
    pub dormant: u64,
    /// Wakes and messages handled.
    pub events: u64,
    /// Wall nanoseconds of its phases: letters and agenda put in order; zones run; leavers sent; cells saved; letters
    /// routed; arrivals placed.
    pub order_ns: u64,
    pub zones_ns: u64,
    pub handoff_ns: u64,
    pub save_ns: u64,
    pub route_ns: u64,
    pub arrive_ns: u64,
}

/// All that a shard says at an exchange.
#[derive(Clone, Copy, Default)]
pub(crate) struct Census {
    /// Agents of the kind declared first, which a run is said to have.
    pub main_agents: u64,
    pub kinds: KindCensus,
    pub posts: PostCensus,
    pub digest: Digest,
}

pub(crate) struct Shard {
    pub index: usize,
    /// By place; `None` where a cell was that another shard has now.
    pub cells: Vec<Option<Cell>>,
    pub systems: Systems,
    pub kinds: Vec<Box<dyn ShardKind>>,
    pub posts: Vec<Box<dyn ShardPost>>,
    pub agenda: Desk<Agenda>,
    /// Where and when the shard is.
    pub here: Desk<Now>,
    /// Whether systems take turns at every tick.
    pub every_tick: bool,
    pub detail: DetailPolicy,
    /// Whether the run is paced to wall time.
    pub paced: bool,
    pub stats: ShardStats,
    /// Posts that have letters in this window.
    pub busy_posts: Vec<usize>,
    /// Places of cells that are too small for those who arrive.
    pub cramped: Vec<usize>,
    /// The zone being visited: what a panic reports.
    pub visiting: Option<ZoneId>,
    /// Whether every cell is visited in every window.
    pub everywhere: bool,
    /// Which cells are in memory, if there is a limit to it.
    pub tier: Option<Tier>,
    /// Why the run cannot go on.
    pub failure: Option<StoreError>,
    /// What is yet to be saved.
    pub waiting: Option<Waiting>,
}

impl Shard {
    /// Runs the cells through a window.
    pub(crate) fn live(&mut self, window: Window, context: &Context) {
        let _live = trace_span!("live", shard = self.index, from = window.from).entered();
        let started = Elapsed::start();
        let order = trace_span!("order").entered();
        self.busy_posts.clear();
        for (index, post) in self.posts.iter_mut().enumerate() {
            post.collect(self.index, context);
            if post.sort(&self.kinds, self.cells.len(), context, window) {
                self.busy_posts.push(index);
            }
        }
        if !context.dense {
            self.agenda.get().turn(window.from, self.cells.len());
        }
        let ordered_ns = started.nanos();
        drop(order);
        let zones = trace_span!("zones").entered();

        self.foresee_letters(window.to);
        let everywhere = self.everywhere;
        let (mut place, mut next, mut visited) = (0, 0, 0);
        loop {
            if !everywhere {
                place = self.agenda.get().place(next);
                for &post in &self.busy_posts {
                    place = place.min(self.posts[post].next_place());
                }
            }
            if place >= self.cells.len() {
                break;
            }
            let first = next;
            next = self.agenda.get().end_of(place, first);
            for &entry in self.agenda.get().come_to(first) {
                self.kinds[entry.kind()].prefetch(entry.place(), entry.slot());
            }
            if self.cells[place].is_some() && self.is_ready(place, everywhere, window.to) {
                visited += 1;
                self.visit(place, first..next, window, context);
            }
            if self.failure.is_some() {
                return;
            }
            place += 1;
        }
        self.visiting = None;
        self.stats.dormant += self.cells.len() as u64 - visited;
        for post in &mut self.posts {
            post.finish();
        }
        let ran_ns = started.nanos();
        drop(zones);
        for kind in &mut self.kinds {
            kind.send(self.index, context);
        }
        let left_ns = started.nanos();
        snapshot::go_on(self, false);
        self.stats.save_ns += started.nanos() - left_ns;
        self.stats.order_ns += ordered_ns;
        self.stats.zones_ns += ran_ns - ordered_ns;
        self.stats.handoff_ns += left_ns - ran_ns;
    }

    /// Visits a cell: hands out its letters and the wakes of its agenda entries.
    fn visit(&mut self, place: usize, listed: Range<usize>, window: Window, context: &Context) {
        let zone = self.cells[place].as_ref().expect("somebody is there").zone;
        let here = self.here.get();
        (here.zone, here.tick) = (zone, window.from);
        self.visiting = Some(zone);
        let mut due = 0;
        for &post in &self.busy_posts {
            due |= self.posts[post].open(place, &self.kinds);
        }
        let has_letters = due != 0;
        for entry in &self.agenda.get().listed[listed.clone()] {
            due |= 1 << entry.kind();
        }
        let by_tick = context.dense
            || self.every_tick
            || self.detail == DetailPolicy::Active
            || self.detail == DetailPolicy::Auto && self.paced;
        let opened = if by_tick { u16::MAX } else { due };
        for (_, kind) in self.kinds.iter_mut().enumerate().filter(|(index, _)| opened >> index & 1 != 0) {
            kind.open(place, window, listed.clone());
        }
        if by_tick {
            self.stats.active += 1;
            if has_letters {
                self.busy_posts.iter().for_each(|&post| self.posts[post].by_tick());
            }
            for tick in window.from..window.to {
                self.step(tick, listed.clone(), has_letters, context.dense);
            }
        } else {
            self.stats.abstracted += 1;
            self.systems.run(due, false);
        }
        for (_, kind) in self.kinds.iter_mut().enumerate().filter(|(index, _)| opened >> index & 1 != 0) {
            self.stats.events += kind.close(zone, context) as u64;
        }
        if has_letters {
            self.busy_posts.iter().for_each(|&post| self.posts[post].close(zone));
        }
    }

    /// Visits a cell for one tick: messages and every-tick systems first, then who is due by then.
    fn step(&mut self, tick: u32, listed: Range<usize>, has_letters: bool, dense: bool) {
        self.here.get().tick = tick;
        let mut letters = 0;
        if has_letters {
            self.busy_posts.iter().for_each(|&post| letters |= self.posts[post].offer(tick + 1));
        }
        if letters != 0 || self.every_tick {
            self.kinds.iter_mut().for_each(|kind| kind.letters_only());
            self.systems.run(letters, true);
        }
        let mut due = 0;
        for (index, kind) in self.kinds.iter_mut().enumerate() {
            let is_due = if dense { kind.scan(tick) } else { kind.offer(listed.clone(), tick + 1) };
            due |= u16::from(is_due) << index;
        }
        if due != 0 {
            self.systems.run(due, false);
        }
    }

    /// Routes what was sent and places who arrives.
    pub(crate) fn exchange(&mut self, context: &Context) {
        let _exchange = trace_span!("exchange", shard = self.index).entered();
        let started = Elapsed::start();
        for post in &mut self.posts {
            post.route(self.index, context);
        }
        let routed_ns = started.nanos();
        for kind in &mut self.kinds {
            kind.arrive(self.index, context, &mut self.cramped);
        }
        if !self.cramped.is_empty() {
            self.make_room(context);
        }
        self.settle_tiers();
        self.publish();
        self.stats.route_ns += routed_ns;
        self.stats.arrive_ns += started.nanos() - routed_ns;
    }

    /// Shows the zones to those who look at them in the next interval.
    pub(crate) fn publish(&mut self) {
        for kind in &mut self.kinds {
            kind.publish(&self.cells);
        }
    }

    /// Makes room for those who arrive: brings cells back that are out of memory, adds rows to the Worlds of those that
    /// are too small, or moves them to larger ones.
    #[cold]
    fn make_room(&mut self, context: &Context) {
        let mut cramped = std::mem::take(&mut self.cramped);
        cramped.sort_unstable();
        cramped.dedup();
        for place in cramped.drain(..) {
            if !self.thaw(place) {
                return;
            }
            if self.arrive_late(place, context) {
                continue;
            }
            let cell = self.cells[place].as_mut().expect("whoever arrives has a cell");
            let world = cell.world.get_or_insert_default();
            self.kinds.iter_mut().for_each(|kind| kind.extend(place, world, context));
            if self.arrive_late(place, context) {
                continue;
            }
            let mut world = World::new();
            self.kinds.iter_mut().for_each(|kind| kind.move_in(place, &mut world, context));
            self.cells[place].as_mut().expect("whoever arrives has a cell").world = Some(world);
            self.note_awake(place);
            assert!(self.arrive_late(place, context), "there is room now");
        }
        self.cramped = cramped;
    }

    fn arrive_late(&mut self, place: usize, context: &Context) -> bool {
        // Each is asked.
        self.kinds.iter_mut().map(|kind| kind.arrive_late(place, context)).fold(true, |a, b| a & b)
    }

    /// Counts, and digests if asked, what the shard holds at tick `now`.
    pub(crate) fn census(&mut self, context: &Context, now: u32, with_digest: bool) -> Census {
        let mut census = Census::default();
        if with_digest {
            self.thaw_undigested(now);
        }
        for (index, kind) in self.kinds.iter_mut().enumerate() {
            let one = kind.census(&self.cells, now, with_digest);
            if index == 0 {
                census.main_agents = one.agents;
            }
            census.kinds.agents += one.agents;
            census.kinds.left += one.left;
            census.kinds.arrived += one.arrived;
            census.kinds.born += one.born;
            census.kinds.died += one.died;
            census.kinds.woken += one.woken;
            census.digest.merge(one.digest);
        }
        for (_, sleeper) in self.tier.iter().flat_map(Tier::sleepers).filter(|_| with_digest) {
            let digest = sleeper.digest.at(now);
            census.digest.merge(digest.unwrap_or_else(|| panic!("{:?}", self.failure)));
        }
        for post in &mut self.posts {
            post.collect(self.index, context);
            let one = post.census(with_digest);
            census.posts.sent += one.sent;
            census.posts.applied += one.applied;
            census.posts.in_flight += one.in_flight;
            census.digest.merge(one.digest);
        }
        census
    }

    /// The agent and tick last handled: what a panic reports.
    pub(crate) fn last_handled(&self) -> Option<(AgentId, u32)> {
        // Systems run in the order of kinds, so the last one that handled anything was at work.
        self.kinds.iter().rev().find_map(|kind| kind.current())
    }
}
