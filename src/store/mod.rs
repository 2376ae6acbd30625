//! Floor 1: bytes that last. Every access to a file goes through a [`Backend`], so that a crash, a full disk or a
//! flipped bit is an ordinary test.
//!
//! A reader's way in: [`Backend`] (what a file system is to us), [`StoreError`] (what can be wrong with a file). There
//! are three file systems: [`Fs`] (the machine's), [`Mem`] (in memory) and [`Sim`] (one that crashes when told to).
//! The [`journal`] holds what came into a run from outside.

mod backend;
#[cfg(test)]
mod contract;
mod error;
mod fs;
pub mod journal;
mod mem;
mod sim;

pub use backend::{Access, Backend, File, Lock};
pub use error::{Damage, StoreError};
pub use fs::Fs;
pub use mem::Mem;
pub use sim::{Fault, Omit, Refusal, Sim};
