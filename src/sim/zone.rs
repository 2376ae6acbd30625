//! A zone: one bevy World with its systems, and for each kind of agent the roll of who stands where.

use std::any::Any;

use bevy_ecs::query::QueryState;
use bevy_ecs::system::BoxedSystem;
use bevy_ecs::world::World;

use super::desk::Desk;
use super::queue::Roll;
use super::rows::{Columns, Rows};
use crate::base::ZoneId;

/// A system of a zone.
pub(crate) struct ZoneSystem {
    pub system: BoxedSystem,
    /// Whether it runs at every tick, or only when something is due.
    pub every_tick: bool,
    /// Bits of the kinds whose events it reads.
    pub kinds: u16,
}

/// A zone. Its parts are for the shard that owns it.
pub(crate) struct Zone {
    pub id: ZoneId,
    pub world: World,
    pub systems: Vec<ZoneSystem>,
    pub kinds: Vec<Box<dyn ZoneKind>>,
}

impl Zone {
    /// What the zone keeps of kind `index`, which is `K`.
    #[inline]
    pub(crate) fn kind<K: Rows>(&mut self, index: usize) -> (&mut KindOf<K>, &mut World) {
        let kind: &mut dyn Any = self.kinds[index].as_mut();
        (kind.downcast_mut().expect("kinds are registered by index"), &mut self.world)
    }

    /// Runs the systems that read events of kinds in `due` (bits), and at the start of a tick those of every tick.
    pub(crate) fn run(&mut self, due: u16, start_of_tick: bool) {
        for ZoneSystem { system, every_tick, kinds } in &mut self.systems {
            if if *every_tick { start_of_tick } else { *kinds & due != 0 } {
                // Not `run`: nothing that a model does to its zone's World is deferred.
                let ran = system.run_without_applying_deferred((), &mut self.world);
                ran.expect("the engine provides what its parameters need");
            }
        }
    }
}

/// A zone's part in a kind, its type forgotten.
pub(crate) trait ZoneKind: Any + Send + Sync {
    fn roll(&self) -> &Desk<Roll>;
}

/// A zone's part in kind `K`.
pub(crate) struct KindOf<K: Rows> {
    pub roll: Desk<Roll>,
    pub query: QueryState<K::Query>,
}

impl<K: Rows> ZoneKind for KindOf<K> {
    fn roll(&self) -> &Desk<Roll> {
        &self.roll
    }
}

impl<K: Rows> KindOf<K> {
    /// The roll, and the zone's columns of this kind; no columns if it never had an agent of it.
    pub(crate) fn parts<'a>(&'a mut self, world: &'a mut World) -> (&'a mut Roll, Option<Columns<'a, K>>) {
        (self.roll.get(), K::columns(self.query.query_mut(world)))
    }
}
