//! Floor 0: values. No ECS, no I/O, no threads, no clock of the wall.

mod id;
mod rng;
mod time;

pub use id::{AgentId, ZoneId};
pub use rng::{Draws, Seed, Stream, philox4x32_10};
pub use time::Tick;
