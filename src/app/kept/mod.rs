//! Runs that are kept in a folder: what one can do with them beside running.
//!
//! `target` (what a path names) -> `facts` (what a run says of itself) -> a command each: `inspect` (with
//! `checkpoints`, `history` and `zones`), `diff` (with `sides` and `difference`), `journal`, `resume`, and `branch` for
//! runs that begin with a checkpoint of another one. All but the last two only read.

mod branch;
mod checkpoints;
mod diff;
mod difference;
mod facts;
mod files;
mod history;
mod inspect;
mod journal;
mod resume;
mod sides;
mod target;
mod zones;

pub use branch::branch;
pub use diff::diff;
pub use inspect::inspect;
pub use journal::journal;
pub use resume::resume;
