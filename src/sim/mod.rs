//! Floor 2: the engine. Zones that run by themselves between exchanges, and everything that follows from it.
//!
//! A reader's way in: [`Scenario`] and [`Builder`] (what a model says), `zone` and `shard` (where it lives), `queue`,
//! [`Due`] and `agenda` (who acts when), `mail`, `post`, `kind` (what crosses borders), `engine` (the interval).
//!
//! The core knows no file system, no network and no wall clock: time of day reaches it only as figures in the report.

mod agenda;
mod builder;
mod context;
mod desk;
mod directory;
mod due;
mod engine;
mod globals;
mod hand;
mod hub;
mod kind;
mod mail;
mod options;
mod params;
mod placement;
mod plugin;
mod post;
mod queue;
mod registry;
mod report;
mod rows;
mod scenario;
mod shard;
mod simulation;
mod validation;
mod wheel;
mod zone;

pub use builder::{Builder, Settlement};
pub use due::{Cause, Due, DueRun, Event};
pub use engine::Engine;
pub use globals::{Clock, Dice, Here, Shared, Tallied, Tally, Total};
pub use hub::{All, Extra};
pub use mail::{InFlight, Mailbox, Message};
pub use options::{DetailPolicy, RunOptions, Span, Stepping};
pub use params::{ParamError, ParamSpec, ParamType, Params, Value, find};
pub use plugin::Plugin;
pub use report::{Control, NoWatch, Progress, RunReport, Section, Series, TickTime, Watch};
pub use rows::{Agent, Columns, Row, Rows};
pub use scenario::{AnyScenario, Entry, RunError, Scenario, Timing};
pub use simulation::{Experiment, Simulation};
pub use validation::{Validation, ValidationRow};
