//! Floor 4: the models that come with Myriad. They use the public face only, and so prove that it suffices.

pub mod city;
pub mod gallery;

pub use city::City;

use gallery::*;

use crate::sim::{AnyScenario, Entry};

/// All of them, the main one first.
pub fn all() -> &'static [&'static dyn AnyScenario] {
    &[
        &Entry::<City>::NEW,
        &Entry::<Wealth>::NEW,
        &Entry::<Schelling>::NEW,
        &Entry::<Flocking>::NEW,
        &Entry::<Circles>::NEW,
        &Entry::<WolfSheep>::NEW,
        &Entry::<Sir>::NEW,
        &Entry::<ForestFire>::NEW,
        &Entry::<Sugarscape>::NEW,
        &Entry::<Life>::NEW,
        &Entry::<Pphpc>::NEW,
    ]
}
