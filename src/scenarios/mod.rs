//! Floor 4: the models that come with Myriad. They use the public face only, and so prove that it suffices.

pub mod city;

pub use city::City;

use crate::sim::{AnyScenario, Entry};

/// All of them, the main one first.
pub fn all() -> &'static [&'static dyn AnyScenario] {
    &[&Entry::<City>::NEW]
}
