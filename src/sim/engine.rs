//! The engine: shards on workers, interval after interval.

mod saving;
mod tiers;

use std::any::TypeId;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use self::tiers::Memory;
use super::agenda::Agenda;
use super::balance::{self, Change};
use super::builder::Builder;
use super::context::{Context, Window};
use super::desk::Desk;
use super::directory::Directory;
use super::furnisher::Furnisher;
use super::globals::{DiceOf, Now};
use super::hub::{Extra, Hub};
use super::kind::KindCensus;
use super::migration;
use super::placement::{Placement, shards_for};
use super::report::{RunReport, Series, TickTime};
use super::scenario::RunError;
use super::shard::{Census, Shard, ShardStats};
use super::shown::Shown;
use super::snapshot::Revival;
use super::systems::Systems;
use super::tier::Tier;
use super::wheel::SHARD_CELLS_MAX;
use super::{DetailPolicy, Stepping};
use crate::base::{Digest, Histogram, Seed, Tick, ZoneId};
use crate::exec::{Stopwatch, Workers, cores};
use crate::store::Saved;

/// Exchanges after which shards are dealt to workers anew by what they cost, and full lanes grow. The first few are
/// reviewed one by one, until lanes hold what is usual.
const REVIEW_EXCHANGES: u64 = 16;

/// Exchanges after which cells are dealt to shards anew by what they cost: often enough for a rush hour.
const BALANCE_EXCHANGES: u64 = 64;

/// Events of a shard from which on its cells' costs are more than chance.
const BALANCE_EVENTS: u64 = 8_192;

/// A world that runs.
///
/// A [`Simulation`](super::Simulation) drives one from start to end; hold an engine to step it by hand.
pub struct Engine {
    context: Context,
    shards: Vec<Mutex<Shard>>,
    workers: Arc<Workers>,
    hub: Hub,
    furnisher: Furnisher,
    now: Tick,
    /// Shards by falling cost.
    order: Vec<u32>,
    exchanges: u64,
    founders: u64,
    /// The id of whoever is born next.
    next_id: Arc<AtomicU32>,
    invariants: BTreeMap<String, bool>,
    tick_ns: Histogram,
    live: Stopwatch,
    exchange: Stopwatch,
    look: Stopwatch,
    looked_at: Option<Tick>,
    stepping: Stepping,
    seed: Seed,
    balance: bool,
    upheaval: u64,
    /// Events handled when cells were last dealt anew.
    balanced_events: u64,
    /// Cells moved, and zones divided.
    changes: [u64; 2],
    memory: Memory,
}

impl Engine {
    /// Builds the world that a scenario declared: deals zones to shards, furnishes them, and settles the agents.
    ///
    /// With `saved`, the agents, the letters and the counts of that snapshot are brought back instead.
    pub(crate) fn new(mut builder: Builder, exchange_ticks: u32, saved: Option<&dyn Saved>) -> Result<Self, RunError> {
        let options = builder.options.clone();
        let worker_count = options.workers.unwrap_or_else(cores::count);
        let shards =
            options.shards.unwrap_or_else(|| shards_for(worker_count, builder.settled as usize, builder.zone_count));
        if builder.zone_count == 0 || builder.zone_count >= SHARD_CELLS_MAX / 2 {
            return Err(RunError::Input(format!("a space has 1 to 524,287 zones, not {}", builder.zone_count)));
        }
        if builder.has_space && exchange_ticks != 1 {
            builder.mistake(format!("agents in a space meet at every tick: `exchange_ticks: 1`, not {exchange_ticks}"));
        }
        if builder.has_space && options.memory.is_some() {
            let text = "agents in a space act at every tick, and none of them can leave memory: no memory budget";
            builder.mistake(text.to_owned());
        }
        if let Some(mistake) = builder.mistake.take().or_else(|| builder.unanswered()).or_else(|| builder.overflow()) {
            return Err(RunError::Input(mistake));
        }
        let from = saved.map_or(0, |saved| u32::try_from(saved.tick()).unwrap_or(0));
        let dense = options.stepping == Stepping::Dense;
        let kind_count = builder.kinds.len();
        let agendas: Vec<Desk<Agenda>> = (0..shards).map(|_| Desk::new(Agenda::new(exchange_ticks, from))).collect();
        for kind in &mut builder.kinds {
            kind.prepare(&agendas, dense, exchange_ticks);
        }
        for message in &mut builder.messages {
            message.prepare(shards, kind_count, exchange_ticks);
        }
        for tally in &mut builder.tallies {
            tally.prepare(shards);
        }
        let costs = if builder.costs.is_empty() { vec![1; builder.zone_count] } else { builder.costs };
        let (placement, hands) = Placement::deal(&costs, shards, options.deal);
        let seed = Seed(options.seed);
        let furnisher = Furnisher {
            version: builder.version,
            dice: DiceOf { seed, agents: builder.settled as u32 },
            calendar: builder.calendar,
            here: (0..shards).map(|_| Desk::new(Now { zone: ZoneId(u32::MAX), tick: 0 })).collect(),
            installers: builder.installers,
            kinds: builder.kinds,
            messages: builder.messages,
            tallies: builder.tallies,
            systems: builder.systems,
            has_space: builder.has_space,
        };
        Systems::new(&furnisher.systems, furnisher.drawer(0)).map_err(RunError::Input)?;
        let revival = |saved| {
            let sizes = (builder.settled, exchange_ticks);
            Revival::new(saved, &furnisher, builder.zone_count, sizes)
        };
        let revival = saved.map(revival).transpose()?;
        let ids = revival.as_ref().map_or(builder.settled, |revival| revival.limits.agents);
        builder.next_id.store(ids as u32, Relaxed);
        let context = Context {
            directory: Directory::new(ids as usize, furnisher.kinds.iter().any(|kind| kind.bears())),
            placement,
            exchange_ticks,
            dense,
            calendar: builder.calendar,
            shards,
        };
        let room = tiers::room_of_a_shard(options.memory.as_ref(), builder.settled, shards);
        let workers = Arc::new(Workers::new(worker_count, options.pin));
        let slots: Vec<Mutex<Option<Shard>>> = (0..shards).map(|_| Mutex::new(None)).collect();
        let order: Vec<u32> = (0..shards as u32).collect();
        workers.each(&order, |_, index| {
            let systems = Systems::new(&furnisher.systems, furnisher.drawer(index)).expect("it was tried before");
            let every_tick = systems.need_every_tick();
            let may_travel = !every_tick || exchange_ticks == 1;
            let mut shard = Shard {
                index,
                cells: Vec::new(),
                systems,
                kinds: furnisher.kinds.iter().map(|kind| kind.for_shard(index, shards, may_travel)).collect(),
                posts: furnisher.messages.iter().map(|part| part.for_shard(index, shards, kind_count)).collect(),
                agenda: agendas[index].clone(),
                here: furnisher.here[index].clone(),
                every_tick,
                detail: options.detail,
                paced: options.time_scale.is_some(),
                stats: ShardStats::default(),
                busy_posts: Vec::new(),
                cramped: Vec::new(),
                visiting: None,
                everywhere: dense || every_tick || options.detail == DetailPolicy::Active,
                tier: options.memory.as_ref().map(|budget| Tier::new(budget, from, exchange_ticks, room)),
                failure: None,
                waiting: None,
            };
            for (place, &id) in hands[index].iter().enumerate() {
                let zone = ZoneId(id.0);
                let settlers = match &revival {
                    Some(revival) => revival.settlers(zone, &furnisher),
                    None => furnisher.kinds.iter().map(|kind| kind.settlers(zone, &context.directory)).collect(),
                };
                furnisher.found(&mut shard, place, (id, zone, 0), settlers, &context);
                shard.settle_tiers();
            }
            *slots[index].lock().expect("nobody panicked before") = Some(shard);
        });
        let shards: Vec<Mutex<Shard>> = slots
            .into_iter()
            .map(|slot| Mutex::new(slot.into_inner().expect("not poisoned").expect("every shard was furnished")))
            .collect();
        if let Some(revival) = &revival {
            revival.end()?;
        }
        let mut engine = Self {
            context,
            shards,
            hub: Hub { workers: Some(workers.clone()), ..builder.hub },
            workers,
            furnisher,
            now: Tick(0),
            order,
            exchanges: 0,
            founders: builder.settled,
            next_id: builder.next_id,
            invariants: BTreeMap::new(),
            tick_ns: Histogram::default(),
            live: Stopwatch::default(),
            exchange: Stopwatch::default(),
            look: Stopwatch::default(),
            looked_at: None,
            stepping: options.stepping,
            seed,
            balance: options.balance,
            upheaval: options.upheaval,
            balanced_events: 0,
            changes: [0; 2],
            memory: Memory::new(options.memory.as_ref()),
        };
        engine.share_memory_out();
        engine.check_shards()?;
        let settled = engine.census(false).kinds.agents;
        if let Some(revival) = revival {
            let ([born, died], founders) = (revival.lives(), engine.founders);
            if settled + died != founders + born {
                return Err(revival.senseless(format!("{settled} agents where {founders} are right")).into());
            }
            engine.revive(revival)?;
        } else if settled != engine.founders {
            return Err(RunError::Input(format!(
                "{} agents were announced and {settled} settled: a settlement left some out",
                engine.founders
            )));
        }
        engine.shards.iter_mut().for_each(|shard| lock_mut(shard).publish());
        engine.look_around()?;
        Ok(engine)
    }

    /// The tick that the world is at.
    pub fn now(&self) -> Tick {
        self.now
    }

    /// Agents of all kinds that were settled at the start.
    pub fn agents(&self) -> u64 {
        self.founders
    }

    /// The calendar.
    pub fn calendar(&self) -> crate::base::Calendar {
        self.context.calendar
    }

    /// Runs to the next exchange, or to tick `end` if that comes first; not at all if it is there already.
    ///
    /// # Errors
    /// A system that panics ends the run: the error names zone, agent and tick.
    pub fn advance(&mut self, end: Tick) -> Result<(), RunError> {
        if end <= self.now {
            return Ok(());
        }
        let from = self.now.as_u32();
        let interval = self.context.exchange_ticks;
        let to = (from - from % interval).saturating_add(interval).min(end.as_u32());
        let window = Window { from, to };
        let lap = self
            .live
            .lap(|| phase(&self.workers, &self.shards, &self.order, |shard| shard.live(window, &self.context)));
        lap.1?;
        self.check_shards()?;
        self.context.directory.grow(self.next_id.load(Relaxed) as usize);
        let exchange = self
            .exchange
            .lap(|| phase(&self.workers, &self.shards, &self.order, |shard| shard.exchange(&self.context)));
        exchange.1?;
        self.check_shards()?;
        self.tick_ns.record((lap.0 + exchange.0) / (to - from) as u64);
        let before = self.now;
        self.now = Tick(to as u64);
        self.exchanges += 1;
        if self.exchanges < REVIEW_EXCHANGES || self.exchanges.is_multiple_of(REVIEW_EXCHANGES) {
            self.review();
            self.share_memory_out();
        }
        self.rebalance();
        self.check_shards()?;
        let hour = self.context.calendar.ticks_per_hour().max(1);
        if self.now.0 / hour > before.0 / hour {
            self.look_around()?;
        }
        if self.hub.is_wanted(before, self.now) {
            self.look(|hub, zones, now| hub.collect(zones, Some(before), now))?;
        }
        Ok(())
    }

    /// Deals shards to workers by what they cost of late, and lets lanes that overflowed grow.
    fn review(&mut self) {
        let shards = &self.shards;
        let cost = |shard: u32| lock(&shards[shard as usize]).stats.zones_ns;
        self.order.sort_unstable_by_key(|&shard| (std::cmp::Reverse(cost(shard)), shard));
        for kind in &self.furnisher.kinds {
            kind.grow();
        }
        for message in &self.furnisher.messages {
            message.grow();
        }
    }

    /// Whether enough has happened since this last held to tell what cells cost.
    fn is_known(&mut self) -> bool {
        let events: u64 = self.shards.iter_mut().map(|shard| lock_mut(shard).stats.events).sum();
        let known = events - self.balanced_events >= BALANCE_EVENTS * self.shards.len() as u64;
        if known {
            self.balanced_events = events;
        }
        known
    }

    /// Moves cells, splits and joins zones.
    fn rebalance(&mut self) {
        if self.is_saving() {
            return;
        }
        let mut changes = if self.upheaval != 0 {
            balance::upheaval(self.upheaval, self.exchanges, &self.context.placement, self.shards.len())
        } else if self.balance && self.exchanges.is_multiple_of(BALANCE_EXCHANGES) && self.is_known() {
            balance::plan(&migration::costs(&mut self.shards), self.shards.len())
        } else {
            Vec::new()
        };
        let is_allowed = |change: &Change| matches!(change, Change::Move(..)) || !self.furnisher.has_space;
        changes.retain(is_allowed);
        if !changes.is_empty() {
            let moves = changes.iter().filter(|change| matches!(change, Change::Move(..))).count();
            self.changes[0] += moves as u64;
            self.changes[1] += (changes.len() - moves) as u64;
            migration::apply(&changes, &mut self.shards, &mut self.context, &self.furnisher);
        }
    }

    /// Checks the engine's invariants and the scenario's.
    fn look_around(&mut self) -> Result<(), RunError> {
        let census = self.census(false);
        let KindCensus { agents, left, arrived, born, died, .. } = census.kinds;
        let on_the_way = left - arrived;
        let mut note = |name: &str, held: bool| {
            *self.invariants.entry(name.to_owned()).or_insert(true) &= held;
        };
        note("agents: settled = present", agents + on_the_way + died == self.founders + born);
        note("handoffs: left = arrived", on_the_way == 0);
        note(
            "messages: sent = applied + in flight",
            census.posts.sent == census.posts.applied + census.posts.in_flight,
        );
        self.looked_at = Some(self.now);
        self.look(|hub, zones, _| hub.check(zones))
    }

    /// Takes a sample of every collector, whatever its interval.
    pub(crate) fn collect_all(&mut self) -> Result<(), RunError> {
        self.look(|hub, zones, now| hub.collect(zones, None, now))
    }

    /// Shows the hub the world as it is, and runs `look` there.
    fn look<R>(&mut self, look: impl FnOnce(&mut Hub, &[(ZoneId, Shown<'_>)], Tick) -> R) -> Result<R, RunError> {
        let Self { hub, shards, furnisher, context, now, .. } = self;
        let (_, result) = self.look.lap(|| {
            catch_unwind(AssertUnwindSafe(|| {
                for message in &furnisher.messages {
                    message.clear(&mut hub.world);
                }
                for tally in &furnisher.tallies {
                    tally.total(&mut hub.world);
                }
                hub.clock.get().tick = now.as_u32();
                let kinds: Vec<Vec<TypeId>> = furnisher.kinds.iter().map(|kind| kind.types()).collect();
                let mut zones: Vec<(ZoneId, Shown<'_>)> = Vec::with_capacity(context.placement.cell_count());
                for shard in shards.iter_mut() {
                    let shard = lock_mut(shard);
                    for post in &mut shard.posts {
                        post.collect(shard.index, context);
                        post.show(&mut hub.world);
                    }
                    zones.extend(shard.show(&kinds));
                }
                zones.sort_unstable_by_key(|(id, _)| *id);
                look(hub, &zones, *now)
            }))
        });
        result.map_err(|payload| RunError::Panic(format!("a hub system panicked: {}", message_of(&*payload))))
    }

    /// Runs a system over the whole world as it is now: any system over hub parameters.
    pub fn ask<T: 'static, M>(&mut self, system: impl bevy_ecs::system::IntoSystem<(), T, M>) -> Result<T, RunError> {
        let mut system = bevy_ecs::system::IntoSystem::into_system(system);
        bevy_ecs::system::System::initialize(&mut system, &mut self.hub.world);
        self.look(|hub, zones, _| {
            hub.with_view(zones, |hub| {
                bevy_ecs::system::System::run(&mut system, (), &mut hub.world).expect("parameters are provided")
            })
        })
    }

    fn census(&mut self, with_digest: bool) -> Census {
        let total = Mutex::new(Census::default());
        let now = self.now.as_u32();
        self.workers.each(&self.order, |_, index| {
            let one = lock(&self.shards[index]).census(&self.context, now, with_digest);
            let mut total = total.lock().expect("nobody panics while adding");
            total.main_agents += one.main_agents;
            total.kinds.agents += one.kinds.agents;
            total.kinds.left += one.kinds.left;
            total.kinds.arrived += one.kinds.arrived;
            total.kinds.born += one.kinds.born;
            total.kinds.died += one.kinds.died;
            total.kinds.woken += one.kinds.woken;
            total.posts.sent += one.posts.sent;
            total.posts.applied += one.posts.applied;
            total.posts.in_flight += one.posts.in_flight;
            total.digest.merge(one.digest);
        });
        total.into_inner().expect("not poisoned")
    }

    /// The digest of all state at this exchange: rows of agents, where they are, and messages in flight.
    pub fn digest(&mut self) -> Digest {
        self.census(true).digest
    }

    /// Wakes handled so far.
    pub fn transitions(&mut self) -> u64 {
        self.shards.iter_mut().map(|shard| lock_mut(shard).kinds.iter().map(|kind| kind.woken()).sum::<u64>()).sum()
    }

    /// The report so far. The caller fills in what it knows: scenario, span, set-up time, memory.
    pub(crate) fn report(&mut self) -> Result<RunReport, RunError> {
        if self.looked_at != Some(self.now) {
            self.look_around()?;
        }
        let census = self.census(true);
        let Extra { values, sections, notes } = self.look(|hub, zones, _| hub.report(zones))?;
        let mut stats = ShardStats::default();
        for shard in &mut self.shards {
            let one = lock_mut(shard).stats;
            stats.active += one.active;
            stats.abstracted += one.abstracted;
            stats.dormant += one.dormant;
            stats.order_ns += one.order_ns;
            stats.zones_ns += one.zones_ns;
            stats.handoff_ns += one.handoff_ns;
            stats.save_ns += one.save_ns;
            stats.route_ns += one.route_ns;
            stats.arrive_ns += one.arrive_ns;
        }
        let tiers = self.tiers();
        let seconds = |ns: u64| ns as f64 / 1e9;
        let wall = self.live.seconds() + self.exchange.seconds();
        let busy =
            stats.order_ns + stats.zones_ns + stats.handoff_ns + stats.save_ns + stats.route_ns + stats.arrive_ns;
        let busy = seconds(busy);
        let workers = self.workers.count() as f64;
        let mut invariants = self.invariants.clone();
        invariants.extend(self.hub.invariants.iter().map(|invariant| (invariant.name.clone(), invariant.held)));
        let phases = [
            ("order", seconds(stats.order_ns) / workers),
            ("zones", seconds(stats.zones_ns) / workers),
            ("handoffs", seconds(stats.handoff_ns) / workers),
            ("saving", seconds(stats.save_ns) / workers),
            ("messages", seconds(stats.route_ns) / workers),
            ("arrivals", seconds(stats.arrive_ns) / workers),
            ("barriers", (wall - busy / workers).max(0.0)),
            ("checks", self.look.seconds()),
        ];
        let spilled = self.furnisher.messages.iter().map(|message| message.grow()).sum();
        Ok(RunReport {
            scenario: String::new(),
            seed: self.seed.0,
            agents: census.main_agents,
            zones: self.context.placement.zone_count() as u64,
            shards: self.shards.len() as u64,
            workers: self.workers.count() as u64,
            stepping: self.stepping.to_string(),
            backend: "cpu".to_owned(),
            ticks: self.now.0,
            sim_seconds: self.context.calendar.seconds(self.now.0),
            start: self.context.calendar.at(Tick(0)).to_string(),
            end: self.context.calendar.at(self.now).to_string(),
            interrupted: false,
            wall_seconds: wall + self.look.seconds(),
            setup_seconds: 0.0,
            agent_ticks_per_second: 0.0,
            realtime_factor: 0.0,
            transitions: census.kinds.woken,
            messages: census.posts.sent,
            messages_spilled: spilled,
            handoffs: census.kinds.left,
            tick_ns: TickTime { p50: self.tick_ns.p50(), p99: self.tick_ns.p99(), max: self.tick_ns.max() },
            phase_seconds: phases.map(|(name, seconds)| (name.to_owned(), seconds)).into(),
            worker_seconds: self.workers.busy_ns().into_iter().map(seconds).collect(),
            cells_moved: self.changes[0],
            zones_divided: self.changes[1],
            zone_visits: [("active", stats.active), ("abstracted", stats.abstracted), ("dormant", stats.dormant)]
                .map(|(level, count)| (level.to_owned(), count))
                .into(),
            peak_rss_bytes: 0,
            digest: census.digest.to_string(),
            invariants,
            kept: None,
            tiers,
            series: self.hub.collectors.iter().map(|collector| -> Series { collector.series.clone() }).collect(),
            extra: values,
            notes,
            sections,
        })
    }
}

/// Runs one phase of every shard on the workers; a panic becomes an error that says where.
fn phase(
    workers: &Workers,
    shards: &[Mutex<Shard>],
    order: &[u32],
    run: impl Fn(&mut Shard) + Sync,
) -> Result<(), RunError> {
    let outcome = catch_unwind(AssertUnwindSafe(|| workers.each(order, |_, index| run(&mut lock(&shards[index])))));
    outcome.map_err(|payload| {
        let shards = shards.iter().map(|shard| match shard.try_lock() {
            Ok(shard) => shard,
            Err(std::sync::TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(std::sync::TryLockError::WouldBlock) => unreachable!("the phase is over"),
        });
        let place = shards.into_iter().find_map(|shard| Some((shard.visiting?, shard.last_handled())));
        let where_ = match place {
            Some((zone, Some((agent, tick)))) => format!("zone {}, agent {}, tick {tick}: ", zone.0, agent.0),
            Some((zone, None)) => format!("zone {}: ", zone.0),
            None => String::new(),
        };
        RunError::Panic(format!("a system panicked: {where_}{}", message_of(&*payload)))
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Never contended: a shard is run by one worker at a time, and the lock says so to the compiler.
    mutex.try_lock().expect("a shard is run by one worker at a time, and no worker panicked")
}

pub(crate) fn lock_mut<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn message_of(payload: &(dyn std::any::Any + Send)) -> &str {
    payload
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("without a message")
}
