//! Checkpoints: worlds of a run, saved in its folder, the last few of them.
//!
//! ```text
//! ckpt/seg-00000041        pieces that changed: written front to back, never changed once a manifest names them
//! ckpt/MANIFEST-00000041   which pieces make up the world of checkpoint 41, and in which file each lies
//! ```
//!
//! A checkpoint exists if its manifest does, and a manifest comes into being at once, by a rename: a crash leaves the
//! checkpoints that were there. Pieces to which nothing has happened since stay where an earlier checkpoint wrote them.
//! One file for each checkpoint and not one for each zone: thousands of files take thirty times as long to make
//! durable.
//!
//! A manifest that cannot be read is moved to `quarantine`, beside `ckpt`. Segments of its time or before, which it may
//! need, stay where they are until a person has looked at it and removed it.
//!
//! Way in: [`Checkpoints`] (the folder), `finding` (the files in it), `making` (how one is published), `manifest` and
//! `segment` (the two formats), [`Checkpoint`] (one, for reading), `cleaning` (which old files are worth keeping),
//! [`Writer`] (a thread that writes while the world runs on), [`visit`] (pieces, for those who only look).

mod cleaning;
mod finding;
mod folder;
mod looking;
mod making;
mod manifest;
mod reading;
mod segment;
#[cfg(test)]
mod tests;
mod writer;

pub use finding::{Found, find};
pub(crate) use finding::{manifest_path, newest_generation, segment_path};
pub use folder::Checkpoints;
pub use looking::{Fault as PieceFault, Look, visit};
pub use making::Writing;
pub use manifest::{Entry, Manifest};
pub use reading::Checkpoint;
pub use segment::SegmentSeen;
pub use writer::{Finished, Outcome, Published, Writer};
