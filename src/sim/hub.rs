//! The hub: a World of its own for systems that look at the whole simulation at an exchange: collectors, invariants,
//! the scenario's report.

use std::collections::BTreeMap;
use std::iter::Sum;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use bevy_ecs::prelude::{Res, Resource, World};
use bevy_ecs::system::{BoxedSystem, SystemParam};

use super::desk::Desk;
use super::globals::{ClockOf, Now};
use super::hand::Drawer;
use super::report::{Section, Series};
use super::rows::{Agent, BLOCK, Row, start};
use crate::base::{AgentId, Calendar, Tick, ZoneId};
use crate::exec::Workers;

/// The Worlds of all zones in order of zone, while a hub system runs; empty otherwise.
#[derive(Resource, Default)]
pub(crate) struct View {
    zones: Vec<(ZoneId, *const World)>,
    workers: Option<Arc<Workers>>,
}

// SAFETY: the pointers are set by `Hub::look` from borrows that outlive the systems it runs, are read only through
// `All` inside those systems, and are cleared before `look` returns.
unsafe impl Send for View {}
// SAFETY: as above; the Worlds are only read.
unsafe impl Sync for View {}

/// Hub system parameter: one row of every agent that has it, in all zones.
///
/// ```
/// # use myriad::prelude::*;
/// # #[derive(Clone, Copy, Pod, Zeroable)] #[repr(C)] struct Wealth(i64);
/// fn richest(all: All<Wealth>) -> f64 {
///     all.iter().map(|(_, wealth)| wealth.0).max().unwrap_or(0) as f64
/// }
/// ```
#[derive(SystemParam)]
pub struct All<'w, R: Row> {
    view: Res<'w, View>,
    marker: std::marker::PhantomData<R>,
}

impl<R: Row> All<'_, R> {
    /// (agent, row), zone by zone. The order within a zone is not the agents' order: reduce with what does not depend
    /// on it (integer sums, counts, sorting).
    pub fn iter(&self) -> impl Iterator<Item = (AgentId, &R)> {
        self.by_zone().map(|(_, agent, row)| (agent, row))
    }

    /// (zone, agent, row), zone by zone.
    pub fn by_zone(&self) -> impl Iterator<Item = (ZoneId, AgentId, &R)> {
        self.of_zones(0..self.view.zones.len())
    }

    /// The sum of what `of` says of each agent, taken by all workers: for what does not depend on the order, which a
    /// sum of floating-point numbers does.
    ///
    /// ```
    /// # use myriad::prelude::*;
    /// # #[derive(Clone, Copy, Pod, Zeroable)] #[repr(C)] struct Wealth(i64);
    /// fn wealth(all: All<Wealth>) -> f64 {
    ///     all.sum(|_, wealth| wealth.0) as f64
    /// }
    /// ```
    pub fn sum<T: Sum + Ord + Send>(&self, of: impl Fn(AgentId, &R) -> T + Sync) -> T {
        let zones = self.view.zones.len();
        let sum = |zones| self.of_zones(zones).map(|(_, agent, row)| of(agent, row)).sum();
        let Some(workers) = self.view.workers.as_ref().filter(|workers| workers.count() > 1) else {
            return sum(0..zones);
        };
        let parts: Vec<u32> = (0..zones.div_ceil(ZONES_AT_ONCE) as u32).collect();
        let sums = Mutex::new(Vec::with_capacity(parts.len()));
        workers.each(&parts, |_, part| {
            let first = part * ZONES_AT_ONCE;
            let sum = sum(first..zones.min(first + ZONES_AT_ONCE));
            sums.lock().unwrap_or_else(PoisonError::into_inner).push(sum);
        });
        sums.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().sum()
    }

    fn of_zones(&self, zones: Range<usize>) -> impl Iterator<Item = (ZoneId, AgentId, &R)> {
        self.view.zones[zones].iter().flat_map(|&(zone, world)| {
            // SAFETY: see `View`: the World outlives the system that holds `self`, and nobody writes it meanwhile.
            let world = unsafe { &*world };
            world.storages().tables.iter().filter(|table| !table.is_empty()).flat_map(move |table| {
                let starts = start::<Agent>(table, world).zip(start::<R>(table, world));
                let len = table.entity_count() as usize * BLOCK;
                starts.into_iter().flat_map(move |(agents, rows)| {
                    // SAFETY: the table's columns have so many rows, and nobody writes the Worlds while a hub system
                    // runs.
                    let columns = unsafe {
                        (
                            std::slice::from_raw_parts(agents.as_ptr(), len),
                            std::slice::from_raw_parts(rows.as_ptr(), len),
                        )
                    };
                    let present = columns.0.iter().zip(columns.1).filter(|(agent, _)| agent.id.is_some());
                    present.map(move |(agent, row)| (zone, agent.id, row))
                })
            })
        })
    }
}

/// Zones that a worker sums up before it asks for more.
const ZONES_AT_ONCE: usize = 4;

/// What a scenario adds to the report.
#[derive(Default, Debug)]
pub struct Extra {
    /// Keys of the `--json` object.
    pub values: BTreeMap<String, serde_json::Value>,
    /// Tables and charts for people.
    pub sections: Vec<Section>,
    /// Notes on the inputs.
    pub notes: Vec<String>,
}

pub(crate) struct Collector {
    pub every: u64,
    pub system: BoxedSystem<(), f64>,
    pub series: Series,
}

pub(crate) struct Invariant {
    pub name: String,
    pub system: BoxedSystem<(), bool>,
    pub held: bool,
}

/// See the module.
pub(crate) struct Hub {
    pub world: World,
    pub clock: Desk<Now>,
    pub collectors: Vec<Collector>,
    pub invariants: Vec<Invariant>,
    pub report: Option<BoxedSystem<(), Extra>>,
    /// Who sums up; nobody until the engine has workers.
    pub workers: Option<Arc<Workers>>,
}

impl Hub {
    pub(crate) fn new(calendar: Calendar) -> Self {
        let clock = Desk::new(Now { zone: ZoneId(u32::MAX), tick: 0 });
        let mut drawer = Drawer::default();
        drawer.put(ClockOf { now: clock.clone(), calendar });
        let mut world = World::new();
        world.insert_resource(drawer);
        Self { world, clock, collectors: Vec::new(), invariants: Vec::new(), report: None, workers: None }
    }

    /// Whether a collector wants a sample between two ticks.
    pub(crate) fn is_wanted(&self, from: Tick, to: Tick) -> bool {
        self.collectors.iter().any(|collector| crosses(collector.every, from, to))
    }

    /// Runs `look` with the zones in view.
    pub(crate) fn with_view<R>(&mut self, zones: &[(ZoneId, &World)], look: impl FnOnce(&mut Self) -> R) -> R {
        let zones = zones.iter().map(|&(id, world)| (id, std::ptr::from_ref(world))).collect();
        self.world.insert_resource(View { zones, workers: self.workers.clone() });
        let result = look(self);
        self.world.insert_resource(View::default());
        result
    }

    /// Takes the samples that fall between two ticks.
    pub(crate) fn collect(&mut self, zones: &[(ZoneId, &World)], from: Option<Tick>, to: Tick) {
        self.with_view(zones, |hub| {
            for collector in &mut hub.collectors {
                if from.is_none_or(|from| crosses(collector.every, from, to)) {
                    let value = collector.system.run((), &mut hub.world).expect("collectors' parameters are provided");
                    collector.series.ticks.push(to.0);
                    collector.series.values.push(value);
                }
            }
        });
    }

    /// Checks the scenario's invariants.
    pub(crate) fn check(&mut self, zones: &[(ZoneId, &World)]) {
        self.with_view(zones, |hub| {
            for invariant in &mut hub.invariants {
                invariant.held &=
                    invariant.system.run((), &mut hub.world).expect("invariants' parameters are provided");
            }
        });
    }

    /// The scenario's part of the report.
    pub(crate) fn report(&mut self, zones: &[(ZoneId, &World)]) -> Extra {
        self.with_view(zones, |hub| match &mut hub.report {
            Some(system) => system.run((), &mut hub.world).expect("the report's parameters are provided"),
            None => Extra::default(),
        })
    }
}

/// Whether a multiple of `every` lies in `from..=to`, `from` excluded.
fn crosses(every: u64, from: Tick, to: Tick) -> bool {
    to.0 / every > from.0 / every
}
