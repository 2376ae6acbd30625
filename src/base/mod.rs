//! Floor 0: values. No ECS, no I/O, no threads, no clock of the wall.

mod alias;
mod apportion;
mod digest;
pub mod dist;
mod fixed;
pub mod geo;
mod holidays;
mod id;
mod order;
mod permutation;
mod rng;
mod simd;
mod stats;
mod time;
pub mod units;

pub use alias::Alias;
pub use apportion::apportion;
pub use digest::{Digest, RowHash, hash_bytes, mix};
pub use fixed::{amount_in, approach, ceil_div_u32, ceil_div_u64, fall, isqrt, lerp, mul_shift, rise, ticks_until};
pub use geo::{BoundingBox, LonLat, Metres, MultiPolygon, Polygon, RingError, great_circle_metres};
pub use holidays::holiday;
pub use id::{AgentId, ZoneId};
pub use order::{Groups, argsort, argsort_by_key, counting_argsort, gather, prefix_sums};
pub use permutation::Permutation;
pub(crate) use rng::below;
pub use rng::{Draws, Seed, Stream, philox4x32_10};
pub use simd::Simd;
pub use stats::{Histogram, gini, mean, quantile, quantile_sorted, standard_deviation};
pub use time::{Calendar, DateTime, DateTimeError, Tick, Weekday, civil_from_days, days_from_civil, days_in_month};
pub use units::{UnitError, parse_bytes, parse_count, parse_duration};
