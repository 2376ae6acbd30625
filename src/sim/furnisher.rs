//! What a scenario declared, kept for as long as the world runs: new cells are furnished with it.

use bevy_ecs::world::World;

use super::builder::{Installer, SystemMaker};
use super::cell::{Cell, CellId};
use super::context::Context;
use super::desk::Desk;
use super::globals::{ClockOf, DiceOf, HereIs, Now};
use super::hand::Drawer;
use super::kind::Homeless;
use super::registry::{KindPart, MessagePart, TallyPart};
use super::shard::Shard;
use crate::base::{Calendar, ZoneId};

/// See the module.
pub(crate) struct Furnisher {
    /// The scenario's version.
    pub version: u32,
    pub dice: DiceOf,
    pub calendar: Calendar,
    /// By shard.
    pub here: Vec<Desk<Now>>,
    pub installers: Vec<Installer>,
    pub kinds: Vec<Box<dyn KindPart>>,
    pub messages: Vec<Box<dyn MessagePart>>,
    pub tallies: Vec<Box<dyn TallyPart>>,
    pub systems: Vec<SystemMaker>,
    /// Whether some kind stands in a space: its zones are not split then.
    pub has_space: bool,
}

impl Furnisher {
    /// What the systems of a shard are handed.
    pub(crate) fn drawer(&self, shard: usize) -> Drawer {
        let mut drawer = Drawer::default();
        let here = &self.here[shard];
        drawer.put(HereIs(here.clone()));
        drawer.put(ClockOf { now: here.clone(), calendar: self.calendar });
        drawer.put(self.dice);
        self.installers.iter().for_each(|install| install(&mut drawer));
        self.kinds.iter().for_each(|kind| kind.hand_to(shard, &mut drawer));
        self.messages.iter().for_each(|message| message.hand_to(shard, &mut drawer));
        self.tallies.iter().for_each(|tally| tally.hand_to(shard, &mut drawer));
        drawer
    }

    /// Makes a cell at a place of a shard, and settles agents in it: `settlers` by kind.
    pub(crate) fn found(
        &self,
        shard: &mut Shard,
        place: usize,
        (id, zone, part): (CellId, ZoneId, u32),
        settlers: Vec<Homeless>,
        context: &Context,
    ) {
        let mut cell = Cell { id, zone, part, world: Some(World::new()) };
        for (kind, settlers) in shard.kinds.iter_mut().zip(settlers) {
            kind.found(place, &mut cell, settlers, context);
        }
        if shard.cells.len() <= place {
            shard.cells.resize_with(place + 1, || None);
        }
        shard.cells[place] = Some(cell);
        shard.note_awake(place);
    }
}
