//! A cell: a zone, or a part of a zone that was split because it cost too much for one worker.
//!
//! A cell is what a shard owns: one bevy World with the rows of its agents. Models know zones only.

use bevy_ecs::world::World;

use crate::base::ZoneId;
use crate::store::PieceId;

/// A cell: its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct CellId(pub u32);

impl CellId {
    #[inline]
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A cell. Its parts are for the shard that owns it.
pub(crate) struct Cell {
    pub id: CellId,
    pub zone: ZoneId,
    /// Which part of the zone, from 0.
    pub part: u32,
    /// Where its agents' rows are; `None` while they are out of memory.
    pub world: Option<World>,
}

impl Cell {
    /// What it is in a snapshot.
    pub(crate) fn piece(&self) -> PieceId {
        PieceId::Zone { zone: self.zone.0, part: self.part }
    }
}
