//! Floor 1: bytes that last. Every access to a file goes through a [`Backend`], so that a crash, a full disk or a
//! flipped bit is an ordinary test.
//!
//! A reader's way in: [`Backend`] (what a file system is to us), [`StoreError`] (what can be wrong with a file).

mod backend;
mod error;
pub mod journal;

pub use backend::{Access, Backend, File};
pub use error::{Damage, StoreError};
