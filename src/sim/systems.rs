//! The systems of a shard: made once, for all of its cells, so that their state stays in the cache. An instance for
//! each of thousands of cells would be cold at every visit.
//!
//! They take only what the engine hands them ([`Due`](super::Due), [`Each`](super::Each),
//! [`Mailbox`](super::Mailbox), tables, counts), for the cell that is being visited.

use bevy_ecs::prelude::World;
use bevy_ecs::system::BoxedSystem;

use super::builder::SystemMaker;
use super::hand::Drawer;
use super::mistake::or_mistake;

struct ShardSystem {
    system: BoxedSystem,
    /// Whether it runs at every tick, or only when something is due.
    every_tick: bool,
    /// Bits of the kinds whose events it reads.
    kinds: u16,
}

/// The systems of a shard, in the order in which they were added.
pub(crate) struct Systems {
    /// What bevy runs a system on; it is empty.
    world: World,
    all: Vec<ShardSystem>,
}

impl Systems {
    /// Makes the systems, handed what is in the drawer.
    ///
    /// # Errors
    /// Which one asks for what nobody declared.
    pub(crate) fn new(makers: &[SystemMaker], drawer: Drawer) -> Result<Self, String> {
        let mut world = World::new();
        world.insert_resource(drawer);
        let all = makers.iter().map(|maker| made(maker, &mut world)).collect::<Result<_, _>>()?;
        world.remove_resource::<Drawer>();
        Ok(Self { world, all })
    }

    /// Whether some system runs at every tick, or two read the events of one kind, which have to take turns.
    pub(crate) fn need_every_tick(&self) -> bool {
        let mut seen = 0;
        self.all.iter().any(|system| {
            let again = seen & system.kinds != 0;
            seen |= system.kinds;
            again || system.every_tick
        })
    }

    /// Runs the systems that read events of kinds in `due` (bits), and at the start of a tick those of every tick.
    #[inline]
    pub(crate) fn run(&mut self, due: u16, start_of_tick: bool) {
        for ShardSystem { system, every_tick, kinds } in &mut self.all {
            if if *every_tick { start_of_tick } else { *kinds & due != 0 } {
                // Not `run`: nothing is deferred.
                let ran = system.run_without_applying_deferred((), &mut self.world);
                ran.expect("the engine provides what its parameters need");
            }
        }
    }
}

fn made(maker: &SystemMaker, world: &mut World) -> Result<ShardSystem, String> {
    let SystemMaker { name, every_tick, make } = maker;
    let mut system = make();
    let mut drawer = world.resource_mut::<Drawer>();
    (drawer.kinds_taken, drawer.accesses_declared) = (0, 0);
    let access = or_mistake(|| system.initialize(world)).map_err(|why| format!("{name}: {why}"))?;
    let drawer = world.resource::<Drawer>();
    let accesses = access.to_filtered_access_set().filtered_accesses().len();
    if accesses != drawer.accesses_declared || access.is_exclusive() || system.has_deferred() {
        return Err(format!(
            "{name} reaches into the World: agents are reached through `Due`, `Each` and spaces, tables through \
             `Shared`"
        ));
    }
    // What `Each` takes is no event.
    let kinds = if *every_tick { 0 } else { drawer.kinds_taken };
    Ok(ShardSystem { system, every_tick: *every_tick, kinds })
}
