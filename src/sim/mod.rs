//! Floor 2: the engine. Zones that run by themselves between exchanges, and everything that follows from it.
//!
//! A reader's way in: [`Scenario`] and [`Builder`] (what a model says), `cell`, `roll` and `shard` (where it lives),
//! `agenda`, `visit` and [`Due`] (who acts when), `lookahead` (memory asked for in time), `mail`, `post`, `kind` (what
//! crosses borders), `placement` and `balance` (who owns what), `engine` (the interval), `saving` and `snapshot` (a
//! world written out and read back), `keeper` (a run in its folder), `branch` (one that begins with the checkpoint of
//! another), `versions` (one that an older version of the model saved), `tier` and `freezing` (cells that leave memory
//! while they sleep).
//!
//! The core knows no network and no wall clock, which reaches it only as figures in the report, and of files only what
//! a [`Backend`](crate::store::Backend) gives it: nothing that a result depends on.

mod agenda;
mod balance;
mod branch;
mod budget;
mod builder;
mod cell;
mod context;
mod desk;
mod directory;
mod due;
mod each;
mod engine;
mod freezing;
mod furnisher;
mod globals;
mod hand;
mod hub;
mod input;
mod keep;
mod keeper;
mod kind;
mod lookahead;
mod looking;
mod mail;
mod migration;
mod mistake;
mod options;
mod params;
mod placement;
mod plugin;
mod post;
mod registry;
mod report;
mod roll;
mod rows;
mod saving;
mod scenario;
mod shard;
mod shown;
mod simulation;
mod snapshot;
mod sorting;
mod space;
mod systems;
mod tier;
mod validation;
mod versions;
mod visit;
mod wheel;

pub use branch::Source;
pub use budget::{Allowance, Budget};
pub use builder::{Builder, Settlement};
pub use due::{Cause, Due, DueRun, Event};
pub use each::Each;
pub use engine::Engine;
pub use globals::{Clock, Dice, Here, Shared, Tallied, Tally, Total};
pub use hub::{All, Extra};
pub use input::Voice;
pub use keep::{Begin, Every, Keep};
pub use looking::{SavedAgent, SavedColumn, SavedLetter, SavedSchema, input_parts};
pub use mail::{InFlight, Mailbox, Message};
pub use options::{DetailPolicy, RunOptions, Span, Stepping};
pub use params::{ParamError, ParamSpec, ParamType, Params, Value, find};
pub use plugin::Plugin;
pub use report::{Control, NoWatch, Progress, RunReport, Section, Series, TickTime, Tiers, Watch};
pub use rows::{Block, Row, Rows, Start};
pub use saving::{Sent, Standing};
pub use scenario::{AnyScenario, Entry, RunError, Scenario, Timing};
pub use simulation::{Experiment, Simulation};
pub use snapshot::Snapshot;
pub use space::*;
pub use validation::{Validation, ValidationRow};
pub use versions::Migration;
