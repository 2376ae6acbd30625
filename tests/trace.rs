//! The trace that the feature `chrome` adds to a run folder: what Perfetto opens.

// It looks at files as a person would.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

#[allow(dead_code, reason = "the others' helpers")]
#[path = "it/scratch.rs"]
mod scratch;
use scratch::Scratch;

#[test]
fn phases_begin_and_end_in_the_trace() {
    let scratch = Scratch::new("trace");
    let folder = scratch.path("out");
    let run = Command::new(env!("CARGO_BIN_EXE_myriad"))
        .args([
            "--agents",
            "2000",
            "--ticks",
            "300",
            "--workers",
            "2",
            "--progress",
            "none",
            "--json",
            "--shards",
            "24",
            "--out",
            &folder,
        ])
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let trace = std::fs::read_to_string(format!("{folder}/trace.json")).unwrap();
    let events: Vec<Value> = serde_json::from_str(&trace).expect("a trace that was ended");
    let mut counts: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for event in &events {
        if let (Some(name), Some(phase)) = (event["name"].as_str(), event["ph"].as_str()) {
            *counts.entry((name, phase)).or_default() += 1;
        }
    }
    // Three intervals of 24 shards.
    for name in ["live", "order", "zones", "exchange"] {
        assert_eq!(counts.get(&(name, "B")), Some(&72), "{name}: {counts:?}");
        assert_eq!(counts.get(&(name, "E")), Some(&72), "{name}: {counts:?}");
    }
}
