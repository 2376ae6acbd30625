//! What a model's file imports: `use myriad::prelude::*;`.

pub use crate::base::dist::exponential;
pub use crate::base::{
    AgentId, Calendar, DateTime, Digest, Draws, Seed, Stream, Tick, Weekday, ZoneId, gini, mean, quantile,
};
pub use crate::sim::*;
pub use crate::{located, params, placed};
pub use bevy_ecs::prelude::{Local, Res};
pub use bevy_ecs::system::SystemParam;
pub use bytemuck::{Pod, Zeroable};
