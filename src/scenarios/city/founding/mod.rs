//! How the city is founded before the first tick: where jobs are and who takes them, households, places. Everything is
//! a function of (census, parameters, seed), zone by zone, so that zones are settled in parallel.

mod households;
mod jobs;
mod people;
mod places;
mod town;

pub use jobs::Jobs;
pub use people::People;
pub use places::Places;
pub use town::NewYork;
