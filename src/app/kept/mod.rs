//! Runs that are kept in a folder: what one can do with them beside running.
//!
//! `target` (what a path names) -> `facts` (what a run says of itself) -> a command each: `inspect` (with `checkpoints`,
//! `history` and `zones`), `diff` (with `sides` and `difference`), `journal`, `resume`. All but the last
//! only read.

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

pub use diff::diff;
pub use inspect::inspect;
pub use journal::journal;
pub use resume::resume;
