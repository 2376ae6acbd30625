//! Myriad simulates worlds of 30 to 8,000,000+ agents on one workstation, reproducible to the bit.
//!
//! # The law
//! *Agents meet only in the exchange.* In a tick an agent reads its own rows, the messages delivered to it and what is
//! published (clock, calendar, shared tables). It writes its own rows and sends: messages, and itself to another zone.
//! What is sent takes effect at a later tick that depends on nothing but the sender's tick and the scenario. So zones
//! run in parallel without locks, and the [digest](base::Digest) of a run is the same for any number of workers and
//! shards, any deal of zones, and either way of stepping.
//!
//! # The floors
//! A folder imports its own floor and lower ones, never up.
//!
//! | floor | module | in one line |
//! |---|---|---|
//! | 0 | [`base`] | values: ids, time, draws, fixed point, digest, units, geometry |
//! | 1 | [`exec`] | threads: pinned workers, lock-free rings, the wall clock |
//! | 1 | [`store`] | bytes that last: file systems, journal, checkpoints |
//! | 2 | [`sim`] | the engine: zones, shards, exchange, agenda, stepping, collectors |
//! | 4 | [`scenarios`] | models that use the public face only |
//! | - | [`guide`] | how to write models: a tutorial in five steps, and how-tos |
//! | 5 | [`app`] | all that a person sees: arguments, configuration, progress, summary |
//!
//! # The way data takes
//! A scenario declares its world on a [`sim::Builder`]; [`sim::Engine`] deals zones to shards and settles the agents.
//! Then, interval by interval: letters and wakes are put in order, zones run their systems ([`sim::Due`]), leavers are
//! sent off; a barrier; messages are routed over rings and arrivals placed; a barrier; collectors and invariants look.
//! At the end comes a [`sim::RunReport`].
//!
//! # Where to begin
//! - To run something: `myriad list` names the scenarios, `myriad run flocking --agents 100k` runs one.
//! - To write a model: the [tutorial](guide::tutorial) grows one in five steps; `myriad new mymodel` writes a crate to
//!   begin with. A model's file imports the [`prelude`].
//! - To see how others look: [`scenarios::gallery`] has ten classic models of 50 to 120 lines each.
//! - To do one thing: the [how-tos](guide::howto).

// Tests look at files as a person would; the library itself is checked in the build that has none.
#![cfg_attr(test, allow(clippy::disallowed_methods, clippy::disallowed_types))]

// The derive macros and `params!` name this crate by its name, also in its own scenarios.
extern crate self as myriad;

pub mod app;
pub mod base;
pub mod exec;
pub mod guide;
pub mod prelude;
pub mod scenarios;
pub mod sim;
pub mod store;

/// The README's blocks are compiled as examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
