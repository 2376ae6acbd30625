//! The journal of a run: what came from outside, sealed by tick, and the chain of digests.
//!
//! A run's state is a function of parameters, seed, code and the ordered inputs from outside. The journal holds these
//! inputs, so it is the truth, and a checkpoint is a cache of replay. What is acknowledged must be readable after any
//! crash; what cannot be read although it was acknowledged must be said, never passed over.
//!
//! | file | in one line |
//! |---|---|
//! | `record` | [`Record`]: what the journal can hold, and its payload in bytes |
//! | `format` | the bytes around the payloads: file headers, record headers, marks, checksums |
//! | `names` | which files there are, and which of them hold a tick |
//! | `order` | what may be appended after what |
//! | `log` | a file that is being written: made, written, grown, cut, marked |
//! | `writer` | [`Journal`]: append, commit, roll, forget |
//! | `committer` | [`Committer`]: the thread that commits in groups |
//! | `walk` | one file read record by record, and what lies behind the first that cannot be read |
//! | `reader` | [`read`]: all files in order, what is torn told from what is damaged |
//! | `repair` | [`Recovered::repair`]: what a resuming writer does before it goes on |
//!
//! # Files
//! In the run's folder, numbers in decimal:
//!
//! - `wal/wal-<first tick, 12 digits>-<epoch, 4 digits>`: records. The epoch counts the processes that wrote, so that a
//!   resumed run never writes into a file of the one before it. In order of time: by epoch, then by first tick.
//! - `wal/mark-<first tick>-<epoch>`: how far that file is known to be durable.
//!
//! # A file of records
//! All numbers are little-endian and of fixed width. First a block of 4,096 bytes, so that records begin on a page of
//! their own and a write of theirs never touches the header's sector:
//!
//! ```text
//!    0   8  magic "MYRIADJL"
//!    8   4  format version: 1
//!   12   4  epoch                 also in the name: a file under another's name is noticed
//!   16  16  run id                a file of another run is noticed
//!   32   8  first tick            no record of the file has a lower one
//!   40   8  count of all records of the run before this file    (these three are where the chain of
//!   48   8  header checksum of the last of them, or 0            records goes on: a file that is missing
//!   56   8  its tick, or 0                                       or was cut short is noticed by the next)
//!   64      zeros
//! 4088   8  xxh3-64 of the bytes before: in every version here, so that damage is told from a later version
//! ```
//!
//! Then records, one after the other. Each is a header of 72 bytes, the payload, and zeros up to a multiple of 8:
//!
//! ```text
//!  0  4  magic 0x4C4A_594D: what zeros, the file's unwritten part, cannot be
//!  4  4  payload length, without padding: at most 64 MiB
//!  8  1  kind
//!  9  7  zeros
//! 16  8  tick
//! 24  8  sequence: records of the run before this one, so that none can be missing or doubled
//! 32  8  tick of the last record known to be durable when this one was appended    (what lies before is
//! 40  8  count of records known to be durable then                                  damaged, not torn)
//! 48  8  header checksum of the record before: records are a chain, and none can be taken from elsewhere
//! 56  8  xxh3-64 of the payload and its padding
//! 64  8  xxh3-64 of the 64 bytes before; since those hold the payload's checksum, it stands for the whole record
//! ```
//!
//! The header has a checksum of its own so that a search behind a damaged record costs 72 bytes for each place,
//! whatever lengths the bytes there pretend. Both are seeded with run, first tick and epoch: a block that belongs to
//! another file and was read, or written, in the wrong place fails although it is whole. How far the disk is known to
//! hold the run is said as a *count of records*, not only as a tick: a tick may have several records, in different
//! commits.
//!
//! The file is grown ahead of the records by zeros ([`Options::grow_bytes`]), so that a commit changes no length: less
//! to write for the file system, and no lack of room between two growths. A file that is done is cut to what it holds.
//! A commit may rewrite the sector in which the one before it ended, with the same bytes there: as most logs do, it
//! counts on a sector (512 bytes) being old or new after a crash.
//!
//! | kind | payload |
//! |---|---|
//! | 1 start | 4: whether resumed (0 or 1) · 4: length of the text · 8: tick resumed from, or 0 · engine's version |
//! | 2 inputs | 4: count · for each input 4: its length · its bytes |
//! | 3 sealed | nothing |
//! | 4 digest | 8: the state's digest |
//! | 5 checkpoint | 8: generation · 8: its tick · 8: the state's digest there |
//! | 6 end | 8: the state's digest |
//!
//! # A file of marks
//! 4,096 bytes: 128 slots of 32, each within one sector, written in turn after each commit's sync and never synced:
//!
//! ```text
//!  0  8  count of durable records
//!  8  8  header checksum of the last of them
//! 16  8  its tick
//! 24  8  xxh3-64 of the 24 bytes before, seeded as in the file of records, but not with the same seed
//! ```
//!
//! A log that lost its end without a trace looks like one after a crash. The marks tell them apart as soon as the
//! kernel wrote them; they cost no sync because they need not be there.
//!
//! # What is torn and what is damaged
//! The first record that cannot be read ends the journal. Let *D* be the highest count of durable records that any
//! record header, mark or file header claims, of whatever place. If the record's sequence is below *D*, it was
//! acknowledged, and [`read`] refuses: where, what, and the last tick that is proven. If not, it is the torn end of a
//! write that nobody was told of: it is reported ([`TornTail`]) and cut off before the run goes on.
//!
//! A resumed run goes on where the last readable record ends, acknowledged or not: its file's header names that record
//! by count, checksum and tick. So an older epoch has no records beyond the place from which a newer one goes on; if
//! there are any, the history forks, and [`read`] says so.

mod committer;
mod format;
mod log;
mod look;
mod names;
mod order;
mod reader;
mod record;
mod repair;
#[cfg(test)]
mod tests;
mod walk;
mod writer;

pub use committer::Committer;
pub use look::{FileSeen, look_at_file};
pub use reader::{Known, Recovered, TornTail, look, read};
pub use record::Record;
pub use writer::{Journal, Options, Written};
