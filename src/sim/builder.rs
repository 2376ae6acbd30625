//! [`Builder`]: what a scenario declares of its world.

use std::any::Any;
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use bevy_ecs::system::{BoxedSystem, IntoSystem};

use super::cell::CellId;
use super::globals::{SharedOf, Tallied};
use super::hand::{Drawer, short_name};
use super::hub::{Collector, Extra, Hub, Invariant};
use super::kind::{ClosedForm, Handoff, Settlers};
use super::mail::Message;
use super::mistake::{Wanted, WantedKind, or_mistake};
use super::options::RunOptions;
use super::plugin::Plugin;
use super::registry::{KindEntry, KindPart, MessageEntry, MessagePart, Settle, TallyEntry, TallyPart};
use super::report::Series;
use super::rows::{Agent, BLOCK, NEVER, Rows};
use super::saving::{Sent, Standing};
use super::scenario::Timing;
use super::wheel::SLOTS_MAX;
use crate::base::{AgentId, Calendar, Seed, Simd, Stream, Tick, ZoneId, units};

/// A system of zones.
pub(crate) struct SystemMaker {
    /// Its function, and where it was added.
    pub name: String,
    /// Whether it runs at every tick, or only when something is due.
    pub every_tick: bool,
    /// Makes a shard's instance of it.
    pub make: Box<dyn Fn() -> BoxedSystem + Send + Sync>,
}

/// What a system is called in messages: the path of its function, and the line that declares it.
#[track_caller]
fn name_of<S>(_: &S) -> String {
    format!("system `{}` ({})", std::any::type_name::<S>(), Location::caller())
}

/// Gives the systems of a World something that all share.
pub(crate) type Installer = Box<dyn Fn(&mut Drawer) + Send + Sync>;

/// What a scenario declares: zones, kinds of agents and who settles where, messages, systems, tallies, collectors,
/// invariants. The order in which systems are added is the order in which they run.
pub struct Builder {
    /// The scenario's version.
    pub(crate) version: u32,
    pub(crate) agents: u64,
    pub(crate) options: RunOptions,
    pub(crate) calendar: Calendar,
    pub(crate) zone_count: usize,
    pub(crate) kinds: Vec<Box<dyn KindPart>>,
    pub(crate) messages: Vec<Box<dyn MessagePart>>,
    pub(crate) tallies: Vec<Box<dyn TallyPart>>,
    pub(crate) systems: Vec<SystemMaker>,
    pub(crate) installers: Vec<Installer>,
    pub(crate) settled: u64,
    /// The id of whoever is born next, once the world is there.
    pub(crate) next_id: Arc<AtomicU32>,
    pub(crate) has_space: bool,
    pub(crate) mistake: Option<String>,
    pub(crate) costs: Vec<u64>,
    pub(crate) hub: Hub,
    pub(crate) setup: Vec<String>,
}

impl Builder {
    pub(crate) fn new(agents: u64, options: RunOptions, calendar: Calendar) -> Self {
        let mut builder = Self {
            version: 1,
            agents,
            options,
            calendar,
            zone_count: 24,
            kinds: Vec::new(),
            messages: Vec::new(),
            tallies: Vec::new(),
            systems: Vec::new(),
            installers: Vec::new(),
            settled: 0,
            next_id: Arc::default(),
            has_space: false,
            mistake: None,
            costs: Vec::new(),
            hub: Hub::new(calendar),
            setup: Vec::new(),
        };
        // `Due<K>` of a kind without messages.
        builder.messages.push(Box::new(MessageEntry::<()>::new()));
        builder
    }

    /// How many agents are asked for.
    pub fn agents(&self) -> u64 {
        self.agents
    }

    /// The run's seed.
    pub fn seed(&self) -> Seed {
        Seed(self.options.seed)
    }

    /// The run's calendar.
    pub fn calendar(&self) -> Calendar {
        self.calendar
    }

    /// The tick at which the run will end, for a scenario of this timing.
    pub fn end(&self, timing: &Timing) -> Tick {
        self.options.end(timing, &self.calendar)
    }

    /// Worker threads that setting up may use.
    pub fn workers(&self) -> usize {
        self.options.workers.unwrap_or_else(crate::exec::cores::count)
    }

    /// Vector instructions that a closed form may use: never more than the processor has.
    pub fn simd(&self) -> Simd {
        self.options.simd.map_or(Simd::best(), |simd| simd.min(Simd::best()))
    }

    /// Divides the space into so many zones; 24 otherwise.
    pub fn zones(&mut self, count: usize) -> &mut Self {
        self.zone_count = count;
        self
    }

    /// Cuts a space into zones: as many as the run asks for, or as suit it, or as there are already for another space.
    pub(crate) fn cut_into(&mut self, wanted: u64) -> u32 {
        if !self.has_space {
            self.has_space = true;
            self.zone_count = self.options.zones.unwrap_or(wanted.clamp(1, 1 << 16) as usize);
        }
        self.zone_count as u32
    }

    /// Leaves a space in one zone.
    pub(crate) fn one_zone(&mut self, what: &str, agents: u64) {
        let most = (SLOTS_MAX - BLOCK) as u64;
        if agents > most {
            self.mistake(format!("{agents} agents of {what}, which is one zone, where {most} fit"));
        }
        if self.has_space && self.zone_count > 1 {
            self.mistake(format!("{what} is one zone, and another space was cut into {}", self.zone_count));
        }
        (self.has_space, self.zone_count) = (true, 1);
    }

    /// Notes why the scenario cannot be built as it was declared: the first reason is told.
    pub(crate) fn mistake(&mut self, what: String) {
        self.mistake.get_or_insert(what);
    }

    /// Why the agents do not fit, wherever they stand: more in a zone than there are slots, or their rows alone more
    /// than the memory that there is.
    pub(crate) fn overflow(&self) -> Option<String> {
        let zones = self.zone_count as u64;
        let in_a_zone = (SLOTS_MAX - BLOCK) as u64;
        let most = in_a_zone * zones;
        if let Some(count) = self.kinds.iter().map(|kind| kind.count()).find(|&count| count > most) {
            let (count, most) = (units::count(count), units::count(most));
            return Some(format!("{count} agents are too many for {zones} zones: at most {most} fit"));
        }
        let row = |kind: &dyn KindPart| size_of::<Agent>() + kind.shape().iter().map(|(_, bytes)| bytes).sum::<usize>();
        let rows: u64 = self.kinds.iter().map(|kind| kind.count() * row(&**kind) as u64).sum();
        let available = self.options.available_bytes.filter(|_| self.options.memory.is_none());
        let available = available.filter(|&available| rows > available)?;
        let (agents, rows, available) = (units::count(self.settled), units::bytes(rows), units::bytes(available));
        let remedy = if self.has_space { "" } else { ", or `--memory-budget`," };
        Some(format!(
            "{agents} agents take {rows} at least, and {available} of memory are available: fewer{remedy} would fit"
        ))
    }

    /// What each zone is expected to cost (its residents, say): zones are dealt to shards by it. All alike otherwise.
    pub fn costs(&mut self, costs: Vec<u64>) -> &mut Self {
        assert_eq!(costs.len(), self.zone_count, "a cost for each zone");
        self.costs = costs;
        self
    }

    /// Adds a plugin: a part with its own systems and tables.
    pub fn add(&mut self, plugin: impl Plugin) -> &mut Self {
        plugin.build(self);
        self
    }

    /// Declares messages of type `M`.
    pub fn messages<M: Message>(&mut self) -> &mut Self {
        self.messages.push(Box::new(MessageEntry::<M>::new()));
        self
    }

    /// Shares a table that every zone and the hub may read as `Shared<T>`.
    pub fn share<T: Send + Sync + 'static>(&mut self, table: Arc<T>) -> &mut Self {
        self.hub.world.resource_mut::<Drawer>().put(SharedOf(table.clone()));
        self.installers.push(Box::new(move |drawer| drawer.put(SharedOf(table.clone()))));
        self
    }

    /// Declares counts that systems write as `Tally<T>` and the hub reads as `Res<Total<T>>`.
    pub fn tally<T: Tallied>(&mut self) -> &mut Self {
        self.tallies.push(Box::new(TallyEntry::<T>::new()));
        self
    }

    /// Declares a kind of agent and settles `count` of them. `settle` is called once for each zone, on any worker, with
    /// the settlement to add them to. Returns the first id: the ids are `first..first + count`.
    pub fn settle<K: Rows>(
        &mut self,
        count: u64,
        settle: impl Fn(ZoneId, &mut Settlement<K>) + Send + Sync + 'static,
    ) -> AgentId {
        let first = self.settled;
        self.settled += count;
        assert!(self.settled < u32::MAX as u64, "agent ids are 32 bits");
        let ids = first as u32..self.settled as u32;
        let kind = self.kind_entry::<K>();
        kind.settle.push(Box::new(settle) as Settle<K>);
        kind.ids.push(ids);
        AgentId(first as u32)
    }

    /// Declares a kind of agent and spreads `count` of them evenly over the zones, agent `i` of them in zone
    /// `i % zones`, asleep until a message comes or an every-tick system finds them.
    pub fn spread<K: Rows>(&mut self, count: u64, rows: impl Fn(AgentId) -> K + Send + Sync + 'static) -> AgentId {
        let zones = self.zone_count as u32;
        let first = self.settled as u32;
        self.settle::<K>(count, move |zone, settlement| {
            for offset in (zone.0..count as u32).step_by(zones as usize) {
                let id = AgentId(first + offset);
                settlement.add(id, rows(id), None);
            }
        })
    }

    /// For dense stepping: how to find, from the columns of a zone and a tick, the slots of the agents for which
    /// something is due, by evaluating each one's closed form. It must find an agent at every tick from the one that it
    /// would ask to be woken at. Without it, dense stepping compares the wake ticks.
    ///
    /// `nobody` stands in slots that are vacant, and is best never due.
    pub fn closed_form<K: Rows>(
        &mut self,
        nobody: K,
        scan: impl for<'a> Fn(&K::Columns<'a>, u32, &mut Vec<u32>) + Send + Sync + 'static,
    ) -> &mut Self {
        self.kind_entry::<K>().closed_form = Some(Arc::new(ClosedForm { nobody, scan: Box::new(scan) }));
        self
    }

    /// States which rows there can be: an error says what is wrong with those it is shown.
    ///
    /// Rows are plain old data: any bytes are rows, and a system that takes an index or a code out of them may panic.
    /// A running world is not checked. One that is brought back is, row by row before anything uses them, since it may
    /// come from anybody: a checksum proves that nothing happened to a file, not that its author meant well.
    ///
    /// ```
    /// # use myriad::prelude::*;
    /// #[derive(Clone, Copy, Pod, Zeroable)]
    /// #[repr(C)]
    /// struct Purse { coins: i64 }
    ///
    /// fn declare(sim: &mut Builder) {
    ///     sim.spread(100, |_| (Purse { coins: 5 },));
    ///     sim.check_rows(|_, (purse,): &(Purse,)| match purse.coins {
    ///         0..=500 => Ok(()),
    ///         coins => Err(format!("{coins} coins where 0 to 500 can be")),
    ///     });
    /// }
    /// ```
    pub fn check_rows<K: Rows>(
        &mut self,
        check: impl Fn(&Standing, &K) -> Result<(), String> + Send + Sync + 'static,
    ) -> &mut Self {
        self.kind_entry::<K>().check = Some(Box::new(check));
        self
    }

    /// As [`Builder::check_rows`], for letters: those in flight in a world that is brought back, and those from
    /// outside. Who gets one is an agent, and so is who wrote it, if anybody did.
    ///
    /// # Panics
    /// If the scenario declares no such messages.
    pub fn check_letters<M: Message>(
        &mut self,
        check: impl Fn(&Sent, &M) -> Result<(), String> + Send + Sync + 'static,
    ) -> &mut Self {
        let mut messages = self.messages.iter_mut().map(|part| part.as_mut() as &mut dyn Any);
        let entry = messages.find_map(|part| part.downcast_mut::<MessageEntry<M>>());
        entry.unwrap_or_else(|| panic!("messages of type {} are not declared", short_name::<M>())).check =
            Some(Box::new(check));
        self
    }

    pub(crate) fn kind_entry<K: Rows>(&mut self) -> &mut KindEntry<K> {
        let is_k = |kind: &dyn Any| kind.is::<KindEntry<K>>();
        let known = self.kinds.iter().position(|kind| is_k(kind.as_ref()));
        let index = known.unwrap_or_else(|| {
            self.kinds.push(Box::new(KindEntry::<K>::new(self.kinds.len())));
            self.kinds.len() - 1
        });
        let kind: &mut dyn Any = self.kinds[index].as_mut();
        kind.downcast_mut().expect("found by its type")
    }

    /// Adds a system that every zone runs when something is due in it: it takes a [`Due`](super::Due).
    #[track_caller]
    pub fn on_due<M>(&mut self, system: impl IntoSystem<(), (), M> + Clone + Send + Sync + 'static) -> &mut Self
    where
        M: 'static,
    {
        let name = name_of(&system);
        let make = Box::new(move || Box::new(IntoSystem::into_system(system.clone())) as BoxedSystem);
        self.systems.push(SystemMaker { name, every_tick: false, make });
        self
    }

    /// Adds a system that every zone runs at every tick.
    #[track_caller]
    pub fn every_tick<M>(&mut self, system: impl IntoSystem<(), (), M> + Clone + Send + Sync + 'static) -> &mut Self
    where
        M: 'static,
    {
        let name = name_of(&system);
        let make = Box::new(move || Box::new(IntoSystem::into_system(system.clone())) as BoxedSystem);
        self.systems.push(SystemMaker { name, every_tick: true, make });
        self
    }

    /// Samples a number every so many ticks (at the first exchange from then on), at the start and at the end: any
    /// system over hub parameters ([`All`](super::All), `Res<Total<T>>`, `Shared<T>`...) that returns one.
    #[track_caller]
    pub fn collect<M>(&mut self, name: &str, every: u64, system: impl IntoSystem<(), f64, M>) -> &mut Self {
        let what = format!("collector `{name}`, {}", name_of(&system));
        let system: BoxedSystem<(), f64> = Box::new(IntoSystem::into_system(system));
        let Some(system) = self.hub_system(what, system) else { return self };
        let series = Series { name: name.to_owned(), ticks: Vec::new(), values: Vec::new() };
        self.hub.collectors.push(Collector { every: every.max(1), system, series });
        self
    }

    /// States what must always hold, checked at the start, every simulated hour and at the end. A run in which it did
    /// not hold says so and exits with code 3.
    #[track_caller]
    pub fn invariant<M>(&mut self, name: &str, system: impl IntoSystem<(), bool, M>) -> &mut Self {
        let what = format!("invariant `{name}`, {}", name_of(&system));
        let system: BoxedSystem<(), bool> = Box::new(IntoSystem::into_system(system));
        let Some(system) = self.hub_system(what, system) else { return self };
        self.hub.invariants.push(Invariant { name: name.to_owned(), system, held: true });
        self
    }

    /// What the scenario adds to the report.
    #[track_caller]
    pub fn report<M>(&mut self, system: impl IntoSystem<(), Extra, M>) -> &mut Self {
        let what = format!("the report, {}", name_of(&system));
        let system: BoxedSystem<(), Extra> = Box::new(IntoSystem::into_system(system));
        self.hub.report = self.hub_system(what, system);
        self
    }

    /// Makes a system of the hub; none if it asks for what is not there, which is then told instead of a run.
    fn hub_system<R: 'static>(&mut self, what: String, mut system: BoxedSystem<(), R>) -> Option<BoxedSystem<(), R>> {
        let made = or_mistake(|| drop(system.initialize(&mut self.hub.world)));
        let wanted = std::mem::take(&mut self.hub.world.resource_mut::<Drawer>().wanted);
        self.hub.wanted.extend(wanted.into_iter().map(|wanted| (what.clone(), wanted)));
        made.map_err(|why| self.mistake(format!("{what}: {why}"))).ok().map(|()| system)
    }

    /// What some system of the hub looks at and nobody declared.
    pub(crate) fn unanswered(&self) -> Option<String> {
        let is_there = |wanted: &Wanted| match wanted.kind {
            WantedKind::Rows => self.kinds.iter().any(|kind| kind.types().contains(&wanted.id)),
            WantedKind::Messages => self.messages.iter().any(|message| message.message() == wanted.id),
        };
        let (what, wanted) = self.hub.wanted.iter().find(|(_, wanted)| !is_there(wanted))?;
        Some(match wanted.kind {
            WantedKind::Rows => format!("{what}: no agent has a row `{}`", wanted.name),
            WantedKind::Messages => {
                format!("{what}: no messages `{0}` are declared: `sim.messages::<{0}>()`", wanted.name)
            }
        })
    }

    /// Says what setting up is about to do (`"settling 1,000,000 residents"`).
    pub fn announce(&mut self, what: String) {
        self.setup.push(what);
    }

    /// Draws for setting up: those of an agent before the first tick.
    pub fn settling_draws(&self, stream: Stream, agent: AgentId) -> crate::base::Draws {
        self.seed().draws(stream, agent, Tick(0))
    }
}

/// The agents of one kind in one zone at the start.
pub struct Settlement<K> {
    pub(crate) settlers: Settlers<K>,
}

impl<K: Rows> Settlement<K> {
    /// Adds an agent, to be woken at `wake` if that is given.
    pub fn add(&mut self, id: AgentId, rows: K, wake: Option<Tick>) {
        let wake = wake.map_or(NEVER, Tick::as_u32);
        self.settlers.agents.push(Handoff { cell: CellId(u32::MAX), agent: Agent { id, wake, arrives: 0 }, rows });
    }

    /// Says that `residents` agents will be added, and that so many more will be in the zone at times: rows are kept
    /// ready for them, where columns that have to grow would double.
    pub fn reserve(&mut self, residents: usize, visitors: usize) {
        self.settlers.agents.reserve_exact(residents);
        self.settlers.spare += visitors;
    }
}
