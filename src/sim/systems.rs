//! The systems of a shard.
//!
//! A system that takes only what the engine hands it ([`Due`](super::Due), [`Mailbox`](super::Mailbox), tables, counts)
//! is made once for a shard and serves all of its cells: its state stays in the cache, where an instance for each of
//! thousands of cells would be cold at every visit. A system that queries its zone's World is made for each cell.

use bevy_ecs::prelude::World;
use bevy_ecs::system::BoxedSystem;

use super::builder::SystemMaker;
use super::cell::Cell;
use super::hand::Drawer;

/// A system of a shard.
pub(crate) struct ShardSystem {
    /// The instance for all cells, unless the system reaches into their Worlds.
    shared: Option<BoxedSystem>,
    /// Whether it runs at every tick, or only when something is due.
    pub every_tick: bool,
    /// Bits of the kinds whose events it reads.
    pub kinds: u16,
}

/// The systems of a shard, in the order in which they were added.
pub(crate) struct Systems {
    /// Of the shared instances; it has no agents.
    world: World,
    all: Vec<ShardSystem>,
}

impl Systems {
    /// Makes the shared instances, handed what is in the drawer.
    pub(crate) fn new(makers: &[(bool, SystemMaker)], drawer: Drawer) -> Self {
        let mut world = World::new();
        world.insert_resource(drawer);
        let all = makers
            .iter()
            .map(|(every_tick, make)| {
                let (system, kinds, is_shared) = initialized(make, &mut world);
                ShardSystem { shared: is_shared.then_some(system), every_tick: *every_tick, kinds }
            })
            .collect();
        world.remove_resource::<Drawer>();
        Self { world, all }
    }

    /// Whether any system reaches into the Worlds of cells.
    pub(crate) fn any_reaches_worlds(&self) -> bool {
        self.all.iter().any(|system| system.shared.is_none())
    }

    /// Whether some system runs at every tick, or two read the events of one kind, which have to take turns.
    pub(crate) fn need_every_tick(&self) -> bool {
        let once = self.all.iter().fold(Some(0), |seen: Option<u16>, system| {
            seen.filter(|seen| seen & system.kinds == 0).map(|seen| seen | system.kinds)
        });
        once.is_none() || self.all.iter().any(|system| system.every_tick)
    }

    /// Makes a cell's instances of the systems that reach into its World.
    pub(crate) fn furnish(&self, cell: &mut Cell, makers: &[(bool, SystemMaker)], drawer: impl FnOnce() -> Drawer) {
        if !self.any_reaches_worlds() {
            return;
        }
        cell.world.insert_resource(drawer());
        let instance = |(system, (_, make)): (&ShardSystem, &(bool, SystemMaker))| {
            system.shared.is_none().then(|| initialized(make, &mut cell.world).0)
        };
        cell.systems = self.all.iter().zip(makers).map(instance).collect();
        cell.world.remove_resource::<Drawer>();
    }

    /// Runs the systems that read events of kinds in `due` (bits), and at the start of a tick those of every tick, in a
    /// cell.
    #[inline]
    pub(crate) fn run(&mut self, cell: &mut Cell, due: u16, start_of_tick: bool) {
        for (index, system) in self.all.iter_mut().enumerate() {
            if if system.every_tick { start_of_tick } else { system.kinds & due != 0 } {
                // Not `run`: nothing that a model does to its zone's World is deferred.
                let ran = match &mut system.shared {
                    Some(shared) => shared.run_without_applying_deferred((), &mut self.world),
                    None => {
                        let own = cell.systems[index].as_mut().expect("made when the cell was furnished");
                        own.run_without_applying_deferred((), &mut cell.world)
                    }
                };
                ran.expect("the engine provides what its parameters need");
            }
        }
    }
}

/// A system made for a World, the kinds whose events it reads, and whether it leaves the World alone.
fn initialized(make: &SystemMaker, world: &mut World) -> (BoxedSystem, u16, bool) {
    let mut system = make();
    let mut drawer = world.resource_mut::<Drawer>();
    (drawer.kinds_taken, drawer.accesses_declared) = (0, 0);
    let access = system.initialize(world);
    let may = !access.is_exclusive() && !system.has_deferred();
    assert!(may, "system {} changes its World's structure: agents are settled, and travel", system.name());
    let drawer = world.resource::<Drawer>();
    let declared = access.to_filtered_access_set().filtered_accesses().len();
    (system, drawer.kinds_taken, declared == drawer.accesses_declared)
}
