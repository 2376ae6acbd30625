//! Threads: pinned workers that run a phase together, and the lock-free lanes between shards.
//!
//! | file | in one line |
//! |---|---|
//! | `cores` | how many cores this process may use; pinning a thread to one |
//! | `clock` | the wall clock, and what the machine says of this process |
//! | `memory` | what the allocator does with memory that is freed |
//! | `barrier` | the start and the end of a phase: spin briefly, then sleep, never miss a wake-up |
//! | `workers` | the pool: fork-join phases over fixed workers, items by falling cost |
//! | `ring` | a bounded ring with one producer and one consumer, read and written in batches |
//! | `lanes` | a ring and a spill for each (source shard, destination shard) |
//! | `sync` | atomics and locks: the standard ones, or loom's in a model check |

mod barrier;
mod clock;
pub mod cores;
mod lanes;
mod memory;
mod ring;
mod sync;
mod workers;

pub use clock::{Elapsed, Stopwatch, cpu_seconds, peak_rss_bytes};
pub use lanes::Lanes;
pub use memory::{HeldMemory, take_small_pages};
pub use ring::{Consumer, Producer, Ring};
pub use workers::Workers;
