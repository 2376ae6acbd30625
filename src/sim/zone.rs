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

    /// Runs the systems: all of them, or only those that answer to what is due.
    pub(crate) fn run(&mut self, due_only: bool) {
        for ZoneSystem { system, every_tick } in &mut self.systems {
            if !(due_only && *every_tick) {
                system.run((), &mut self.world).expect("the engine provides what its parameters need");
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
