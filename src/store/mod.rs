//! Floor 1: bytes that last. Every access to a file goes through a [`Backend`], so that a crash, a full disk or a
//! flipped bit is an ordinary test.
//!
//! A reader's way in: [`Backend`] (what a file system is to us), [`StoreError`] (what can be wrong with a file). There
//! are three file systems: [`Fs`] (the machine's), [`Mem`] (in memory) and [`Sim`] (one that crashes when told to).
//! Over them: [`Piece`] and [`Saved`] (what a saved world consists of), [`Checkpoints`] (saved worlds in a folder), the
//! [`journal`] (what came into a run from outside), the [`catalog`] (what has become of it, to be looked up),
//! [`RunFile`] (what a folder's run is a run of), [`RunView`] (a run's folder, for those who only look), [`Imported`]
//! (a checkpoint from elsewhere, from which another run begins). [`Shelf`] is for what is out of memory for a while.

mod backend;
pub mod catalog;
mod checkpoint;
mod chunk;
mod cold;
#[cfg(test)]
mod contract;
mod error;
mod fs;
mod imported;
pub mod journal;
mod mem;
mod piece;
mod proven;
mod run_file;
mod run_view;
mod saved;
mod sim;

pub use backend::{Access, Backend, File, Lock};
pub use checkpoint::{
    Checkpoint, Checkpoints, Entry, Finished, Found, Look, Manifest, Outcome, PieceFault, Published, SegmentSeen,
    Writer, Writing, find, visit,
};
pub use chunk::{Archived, Chunk};
pub use cold::{Frozen, FrozenTable, FrozenView, Line, Pages, Scratch, Shelf, TableOfLines, Ticket, View};
pub use error::{Damage, StoreError};
pub use fs::Fs;
pub use imported::Imported;
pub use mem::Mem;
pub use piece::{
    ARCHIVE_BYTES_MAX, Lent, LentPiece, LentTable, Piece, PieceId, PieceInfo, PieceView, Table, TableView,
};
pub use rkyv::util::AlignedVec;
pub use run_file::{Origin, RunFile};
pub use run_view::{JournalSeen, RunView};
pub use saved::{Memory, Saved, Sink};
pub use sim::{Fault, Omit, Refusal, Sim};
