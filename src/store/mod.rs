//! Floor 1: bytes that last. Every access to a file goes through a [`Backend`], so that a crash, a full disk or a
//! flipped bit is an ordinary test.
//!
//! A reader's way in: [`Backend`] (what a file system is to us), [`StoreError`] (what can be wrong with a file),
//! [`Piece`] and [`Saved`] (what a saved world consists of).

mod backend;
mod error;
mod piece;
mod saved;

pub use backend::{Access, Backend, File, Lock};
pub use error::{Damage, StoreError};
pub use piece::{Piece, PieceId, PieceInfo, PieceView, Table, TableView};
pub use rkyv::util::AlignedVec;
pub use saved::{Memory, Saved, Sink};
