//! A shard: zones, and the desks that they share. One worker runs it at a time.
//!
//! An interval has two phases. In [`Shard::live`] the shard runs its zones: letters and wakes of the window, in order
//! of zone, then time. In [`Shard::exchange`] it routes what was sent and places who arrives. A barrier ends each.

use super::agenda::Agenda;
use super::context::{Context, Window};
use super::desk::Desk;
use super::globals::Now;
use super::kind::{KindCensus, ShardKind};
use super::options::DetailPolicy;
use super::post::{PostCensus, ShardPost};
use super::wheel::Entry;
use super::zone::Zone;
use crate::base::{AgentId, Digest, ZoneId};
use crate::exec::Elapsed;

/// What a shard counts of its own work.
#[derive(Clone, Copy, Default)]
pub(crate) struct ShardStats {
    /// Zone visits at every tick, once an interval, and zones passed over.
    pub active: u64,
    pub abstracted: u64,
    pub dormant: u64,
    /// Wall nanoseconds of its phases: letters and agenda put in order; zones run; leavers sent; letters routed;
    /// arrivals placed.
    pub order_ns: u64,
    pub zones_ns: u64,
    pub handoff_ns: u64,
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
    pub zones: Vec<Zone>,
    pub kinds: Vec<Box<dyn ShardKind>>,
    pub posts: Vec<Box<dyn ShardPost>>,
    pub agenda: Agenda,
    pub clock: Desk<Now>,
    /// Whether some system runs at every tick.
    pub every_tick: bool,
    pub detail: DetailPolicy,
    /// Whether the run is paced to wall time.
    pub paced: bool,
    pub stats: ShardStats,
    /// The zone being visited: what a panic reports.
    pub visiting: Option<ZoneId>,
}

impl Shard {
    /// Runs the zones through a window.
    pub(crate) fn live(&mut self, window: Window, context: &Context) {
        let started = Elapsed::start();
        for post in &mut self.posts {
            post.collect(self.index, context);
            post.sort(&self.zones, context, window);
        }
        if !context.dense {
            self.agenda.turn(window.from);
        }
        let ordered_ns = started.nanos();

        let interval_start = window.from - window.from % context.exchange_ticks;
        let in_window = |entry: &Entry| interval_start + entry.tick_in_interval() < window.to;
        let mut pending = std::mem::take(&mut self.agenda.pending);
        let mut next = 0;
        for place in 0..self.zones.len() {
            let first = next;
            while pending.get(next).is_some_and(|entry| entry.zone() == place) {
                next += 1;
            }
            let entries = &pending[first..next];
            let mut letters = false;
            for post in &self.posts {
                letters |= post.has(place);
            }
            let granular = context.dense
                || self.every_tick
                || match self.detail {
                    DetailPolicy::Active => true,
                    DetailPolicy::Abstracted => false,
                    DetailPolicy::Auto => self.paced && (letters || !entries.is_empty()),
                };
            if !granular && !letters && !entries.iter().any(in_window) {
                self.stats.dormant += 1;
                continue;
            }
            self.visiting = Some(self.zones[place].id);
            for kind in &mut self.kinds {
                kind.open(window);
            }
            for entry in entries.iter().filter(|entry| in_window(entry)) {
                let tick = interval_start + entry.tick_in_interval();
                self.kinds[entry.kind()].queue().get().wakes.push((tick, entry.slot()));
            }
            for post in &mut self.posts {
                post.open(place);
            }
            if granular {
                self.stats.active += 1;
                for tick in window.from..window.to {
                    self.step(place, tick, context.dense);
                }
            } else {
                self.stats.abstracted += 1;
                self.clock.get().tick = window.from;
                let mut due = 0;
                for post in &mut self.posts {
                    due |= post.limit(window.to);
                }
                for (index, kind) in self.kinds.iter().enumerate() {
                    due |= u16::from(!kind.queue().get().wakes.is_empty()) << index;
                }
                self.zones[place].run(due, false);
            }
            for kind in &mut self.kinds {
                kind.close(place, &mut self.zones[place], context, &mut self.agenda);
            }
            for post in &mut self.posts {
                post.close(&self.zones[place]);
            }
        }
        self.visiting = None;
        // What was filed meanwhile is for later; what is left of a window cut short goes with it.
        pending.retain(|entry| !in_window(entry));
        pending.append(&mut self.agenda.pending);
        self.agenda.pending = pending;
        for post in &mut self.posts {
            post.finish();
        }
        let ran_ns = started.nanos();
        for kind in &mut self.kinds {
            kind.send(self.index, context);
        }
        self.stats.order_ns += ordered_ns;
        self.stats.zones_ns += ran_ns - ordered_ns;
        self.stats.handoff_ns += started.nanos() - ran_ns;
    }

    /// Visits a zone for one tick: messages and every-tick systems first, then who is due by then.
    fn step(&mut self, place: usize, tick: u32, dense: bool) {
        self.clock.get().tick = tick;
        let mut letters = 0;
        for post in &mut self.posts {
            letters |= post.limit(tick + 1);
        }
        for kind in &self.kinds {
            kind.queue().get().limit = 0;
        }
        let zone = &mut self.zones[place];
        zone.run(letters, true);
        let mut due = 0;
        for (index, kind) in self.kinds.iter_mut().enumerate() {
            if dense {
                due |= u16::from(kind.scan(zone, tick)) << index;
            } else {
                kind.queue().get().limit = tick + 1;
                due |= 1 << index;
            }
        }
        zone.run(due, false);
    }

    /// Routes what was sent and places who arrives.
    pub(crate) fn exchange(&mut self, context: &Context) {
        let started = Elapsed::start();
        for post in &mut self.posts {
            post.route(self.index, context);
        }
        let routed_ns = started.nanos();
        for kind in &mut self.kinds {
            kind.arrive(self.index, &mut self.zones, context, &mut self.agenda);
        }
        self.stats.route_ns += routed_ns;
        self.stats.arrive_ns += started.nanos() - routed_ns;
    }

    /// Counts, and digests if asked, what the shard holds at tick `now`.
    pub(crate) fn census(&mut self, context: &Context, now: u32, with_digest: bool) -> Census {
        let mut census = Census::default();
        for (index, kind) in self.kinds.iter_mut().enumerate() {
            let one = kind.census(&mut self.zones, now, with_digest);
            if index == 0 {
                census.main_agents = one.agents;
            }
            census.kinds.agents += one.agents;
            census.kinds.left += one.left;
            census.kinds.arrived += one.arrived;
            census.kinds.woken += one.woken;
            census.digest.merge(one.digest);
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
        self.kinds.iter().rev().find_map(|kind| kind.queue().get().current)
    }
}
