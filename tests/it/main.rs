//! All integration tests in one binary: each binary links the whole tree again.

// They look at files as a person would.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

#[cfg(unix)] // signals
mod bench;
mod board;
#[cfg(unix)] // signals, modes
mod branch;
mod city;
#[cfg(unix)] // signals
mod command;
mod equivalence;
#[cfg(target_os = "linux")] // a tmpfs
mod full_disk;
mod gallery;
mod golden;
#[cfg(unix)] // the command
mod hostile;
#[cfg(unix)] // signals
mod inspect;
mod kept;
#[cfg(unix)] // signals
mod kill;
mod law;
mod mistakes;
mod population;
mod refused;
mod revival;
mod rumour;
mod scratch;
#[cfg(target_os = "linux")]
mod small_disk;
mod tidy;
mod tiers;
mod versions;
#[allow(dead_code)] // the example's `main`
mod wealth;
