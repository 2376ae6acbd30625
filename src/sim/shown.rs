//! A cell as the systems of the hub see it: in memory, or where it lies on the shelf.

use std::any::TypeId;
use std::sync::OnceLock;

use bevy_ecs::world::World;

use super::rows::{Agent, BLOCK, Row, start};
use crate::base::AgentId;
use crate::store::{FrozenView, Shelf, Ticket, View};

/// See the module.
pub(crate) enum Shown<'a> {
    Awake(&'a World),
    Asleep(Asleep<'a>),
}

/// A cell on the shelf, which is read where it lies.
pub(crate) struct Asleep<'a> {
    shelf: &'a Shelf,
    ticket: Ticket,
    /// By kind: the types of its rows.
    kinds: &'a [Vec<TypeId>],
    image: OnceLock<View<'a>>,
}

impl<'a> Shown<'a> {
    pub(crate) fn asleep(shelf: &'a Shelf, ticket: Ticket, kinds: &'a [Vec<TypeId>]) -> Self {
        Self::Asleep(Asleep { shelf, ticket, kinds, image: OnceLock::new() })
    }

    /// Those who have a row of that type.
    pub(crate) fn rows<R: Row>(&self) -> impl Iterator<Item = (AgentId, &R)> {
        let (agents, rows) = match self {
            Self::Awake(world) => columns_of::<R>(world),
            Self::Asleep(asleep) => asleep.columns(),
        };
        let present = agents.iter().zip(rows).filter(|(agent, _)| agent.id.is_some());
        // What is out of memory for good reasons does not stay because somebody looked at it.
        let done = std::iter::from_fn(move || {
            if let Self::Asleep(Asleep { shelf, ticket, .. }) = self {
                shelf.done_with(ticket);
            }
            None
        });
        present.map(|(agent, row)| (agent.id, row)).chain(done)
    }
}

impl Asleep<'_> {
    /// Agents and rows of the kind that has rows of that type.
    fn columns<R: Row>(&self) -> (&[Agent], &[R]) {
        let of_kind = |rows: &Vec<TypeId>| rows.iter().position(|&row| row == TypeId::of::<R>());
        let found = self.kinds.iter().enumerate().find_map(|(kind, rows)| Some((kind, of_kind(rows)?)));
        let Some((kind, row)) = found else { return (&[], &[]) };
        self.shelf.will_need(&self.ticket);
        // A system has no way to say that a disk cannot be read.
        let read = || self.shelf.view(&self.ticket).unwrap_or_else(|error| panic!("{error}"));
        let image = FrozenView::of(self.image.get_or_init(read)).expect("it is what was put there");
        let table = &image.tables[kind];
        if table.slots == 0 {
            return (&[], &[]);
        }
        (bytemuck::cast_slice(table.columns[0]), bytemuck::cast_slice(table.columns[1 + row]))
    }
}

/// Agents and rows of a World.
fn columns_of<R: Row>(world: &World) -> (&[Agent], &[R]) {
    let tables = world.storages().tables.iter().filter(|table| !table.is_empty());
    for table in tables {
        if let Some((agents, rows)) = start::<Agent>(table, world).zip(start::<R>(table, world)) {
            let len = table.entity_count() as usize * BLOCK;
            // SAFETY: the table's columns have so many rows, and nobody writes a World that is shared.
            return unsafe {
                (std::slice::from_raw_parts(agents.as_ptr(), len), std::slice::from_raw_parts(rows.as_ptr(), len))
            };
        }
    }
    (&[], &[])
}
