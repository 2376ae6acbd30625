//! The files of the engine whose orderings loom checks, built with loom's atomics.
#![cfg(test)]
#![allow(dead_code, reason = "what the engine uses of them and a model check does not")]

#[path = "../../../src/exec/barrier.rs"]
mod barrier;
#[path = "../../../src/exec/lanes.rs"]
mod lanes;
mod models;
#[path = "../../../src/exec/ring.rs"]
mod ring;
#[path = "../../../src/exec/sync.rs"]
mod sync;
