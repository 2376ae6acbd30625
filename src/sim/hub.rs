//! The hub: a World of its own for systems that look at the whole simulation at an exchange: collectors, invariants,
//! the scenario's report.

use std::collections::BTreeMap;
use std::iter::Sum;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex, PoisonError};

use bevy_ecs::prelude::{Res, Resource, World};
use bevy_ecs::system::{BoxedSystem, SystemParam};

use super::desk::Desk;
use super::globals::{ClockOf, Now};
use super::hand::Drawer;
use super::mistake::{Wanted, Wants};
use super::report::{Section, Series};
use super::rows::Row;
use super::shown::Shown;
use crate::base::{AgentId, Calendar, Tick, ZoneId};
use crate::exec::Workers;

/// All zones in order of zone, while a hub system runs; none otherwise.
#[derive(Resource, Default)]
pub(crate) struct View {
    zones: Option<NonNull<[(ZoneId, Shown<'static>)]>>,
    workers: Option<Arc<Workers>>,
}

// SAFETY: the pointer is set by `Hub::with_view` from a borrow that outlives the systems it runs, is read only through
// `All` inside those systems, and is cleared before `with_view` returns.
unsafe impl Send for View {}
// SAFETY: as above; zones are only read.
unsafe impl Sync for View {}

impl View {
    fn zones(&self) -> &[(ZoneId, Shown<'static>)] {
        // SAFETY: see above.
        self.zones.map_or(&[], |zones| unsafe { zones.as_ref() })
    }
}

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
    _wants: Wants<R, false>,
}

impl<R: Row> All<'_, R> {
    /// (agent, row), zone by zone. The order within a zone is not the agents' order: reduce with what does not depend
    /// on it (integer sums, counts, sorting).
    pub fn iter(&self) -> impl Iterator<Item = (AgentId, &R)> {
        self.by_zone().map(|(_, agent, row)| (agent, row))
    }

    /// (zone, agent, row), zone by zone.
    pub fn by_zone(&self) -> impl Iterator<Item = (ZoneId, AgentId, &R)> {
        self.of_zones(0..self.view.zones().len())
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
        let zones = self.view.zones().len();
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
        self.view.zones()[zones].iter().flat_map(|(zone, shown)| shown.rows().map(|(agent, row)| (*zone, agent, row)))
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
    /// What its systems look at, and which.
    pub wanted: Vec<(String, Wanted)>,
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
        Self {
            world,
            clock,
            collectors: Vec::new(),
            invariants: Vec::new(),
            report: None,
            wanted: Vec::new(),
            workers: None,
        }
    }

    /// Whether a collector wants a sample between two ticks.
    pub(crate) fn is_wanted(&self, from: Tick, to: Tick) -> bool {
        self.collectors.iter().any(|collector| crosses(collector.every, from, to))
    }

    /// Runs `look` with the zones in view.
    pub(crate) fn with_view<R>(&mut self, zones: &[(ZoneId, Shown<'_>)], look: impl FnOnce(&mut Self) -> R) -> R {
        let zones = NonNull::from(zones);
        let zones = NonNull::slice_from_raw_parts(zones.cast(), zones.len());
        self.world.insert_resource(View { zones: Some(zones), workers: self.workers.clone() });
        let result = look(self);
        self.world.insert_resource(View::default());
        result
    }

    /// Takes the samples that fall between two ticks.
    pub(crate) fn collect(&mut self, zones: &[(ZoneId, Shown<'_>)], from: Option<Tick>, to: Tick) {
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
    pub(crate) fn check(&mut self, zones: &[(ZoneId, Shown<'_>)]) {
        self.with_view(zones, |hub| {
            for invariant in &mut hub.invariants {
                invariant.held &=
                    invariant.system.run((), &mut hub.world).expect("invariants' parameters are provided");
            }
        });
    }

    /// The scenario's part of the report.
    pub(crate) fn report(&mut self, zones: &[(ZoneId, Shown<'_>)]) -> Extra {
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
