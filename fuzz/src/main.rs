//! Throws bytes at everything that reads what somebody else may have written.
//!
//! One program for all targets, since each links the whole tree: `TARGET=journal fuzz ...`. With `SEEDS=folder` it
//! writes the first inputs of a target there instead.
//!
//! A checksum stops every mutation of what it covers. So no target throws raw files: an input says what is to be put
//! into a file, the target puts right what stands in the way (checksums, lengths, chains, mostly), and the reader gets
//! the rest as it is.

#![no_main]

mod bytes;
mod checkpoint;
mod journal;
mod manifest;
mod memory;
mod model;
mod run_file;
mod texts;
mod world;

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

#[global_allocator]
static MEMORY: memory::Bounded = memory::Bounded;

/// What reads an input, and the inputs to begin with.
type Target = (&'static str, fn(&[u8]), fn() -> Vec<Vec<u8>>);

const TARGETS: [Target; 9] = [
    ("journal", journal::read, journal::seeds),
    ("manifest", manifest::read, manifest::seeds),
    ("checkpoint", checkpoint::read, checkpoint::seeds),
    ("world", world::read, world::seeds),
    ("run_file", run_file::read, run_file::seeds),
    ("config", texts::config, texts::config_seeds),
    ("map", texts::map, texts::map_seeds),
    ("population", texts::population, texts::population_seeds),
    ("weather", texts::weather, texts::weather_seeds),
];

static TARGET: OnceLock<fn(&[u8])> = OnceLock::new();

fuzz_target!(
    init: {
        let name = std::env::var("TARGET").unwrap_or_default();
        let found = TARGETS.iter().find(|target| target.0 == name);
        let names: Vec<_> = TARGETS.iter().map(|target| target.0).collect();
        let (_, read, seeds) = found.unwrap_or_else(|| panic!("TARGET is one of {}", names.join(", ")));
        if let Ok(folder) = std::env::var("SEEDS") {
            for (nth, seed) in seeds().iter().enumerate() {
                std::fs::write(format!("{folder}/{nth}"), seed).expect("a folder to write to");
            }
            std::process::exit(0);
        }
        TARGET.get_or_init(|| *read);
    },
    |data: &[u8]| TARGET.get().expect("set at the start")(data)
);
