//! The catalog of a run, `meta.redb`: what has become of it, and where each zone lies, to be looked up at once.
//!
//! It is derived. The journal and the manifests are the truth: whoever resumes a run compares the catalog with them and
//! makes it say what they say, and makes it anew if it cannot be read. Nothing that happens to it can stop a run or
//! change one. Only what was measured (how long a checkpoint took, with how many workers a process ran) and what was
//! so long ago that the journal has forgotten it stands nowhere else, and is lost with it.
//!
//! | table | key | value |
//! |---|---|---|
//! | `applied` | `format`, `run` | the version of these tables; the run that it is of |
//! | | `starts` | so many records of the journal are in `starts` |
//! | | `checkpoints`, `zones` | the newest checkpoint that is in these tables |
//! | `schema` | 0 | what the tables of pieces mean, in words |
//! | `starts` | records of the journal before it | JSON: [`Start`] |
//! | `checkpoints` | generation | JSON: [`Listed`] |
//! | `zones` | zone and part | as in a manifest, then the tick at which it was written: [`Place`] |
//!
//! Every transaction is durable and in two phases, and leaves the file ready to be opened after a crash. The file is
//! made under another name and renamed once it is whole.
//!
//! Way in: [`Contents`] (what it says, as a value, and how that follows from the truth), `truth` (what journal and
//! manifests say), `tables` (the value in redb), `medium` (redb on our files), [`Book`] (who writes it while the run
//! goes on), [`look`] (for those who only look).

mod book;
mod contents;
mod medium;
mod tables;
#[cfg(test)]
mod tests;
mod truth;
mod view;

pub(crate) use book::path;
pub use book::{Book, Clock, Process};
pub use contents::{Contents, Ending, Listed, Place, Sizes, Start};
pub(crate) use view::zones;
pub use view::{Seen, look};
