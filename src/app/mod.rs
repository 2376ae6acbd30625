//! Floor 5: all that a person sees. Arguments, configuration, progress, the summary, and the errors in one voice.
//!
//! A model gets the entire command line by handing its scenario to [`main_with`]:
//!
//! ```no_run
//! use myriad::prelude::*;
//!
//! fn main() -> std::process::ExitCode {
//!     myriad::app::main_with(&[&Entry::<myriad::scenarios::City>::NEW])
//! }
//! ```
//!
//! The way of a call, as in ripgrep: `args` (what was typed) -> `settings` (what was meant, with the origin of each
//! value: flag, environment, file or default) -> `run` -> `summary` or JSON. Every error becomes a message and an
//! exit code in `error`. The engine knows nothing of this floor.

mod args;
mod bench;
mod cli;
mod config;
mod describe;
mod doctor;
mod error;
#[cfg(test)]
mod fake;
mod interrupt;
mod kept;
mod layers;
mod log;
mod meta;
mod new;
mod out;
mod probe;
mod progress;
mod run;
mod settings;
mod show;
mod style;
mod summary;
mod template;
mod validate;
mod values;

pub use cli::{App, Call, Console, main_with};
#[doc(hidden)]
pub use config::try_config;
