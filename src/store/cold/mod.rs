//! Where cells that sleep for long are put away: out of memory, into pages of a nameless file that are mapped when they
//! are wanted again.
//!
//! [`Frozen`] is what is written (a rkyv archive whose columns can be read where they lie), [`Shelf`] is where. Nothing
//! here lasts: what is to survive a crash is in checkpoints. So nothing is synced, and the file has no name.

mod frozen;
mod scratch;
mod shelf;

pub use frozen::{Frozen, FrozenTable, FrozenView, Line, TableOfLines};
pub use scratch::{Pages, Scratch, Unmapped};
pub use shelf::{Shelf, Ticket, View};
