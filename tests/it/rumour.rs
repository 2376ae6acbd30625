//! The model with which one begins: it does what the tutorial says, however it is run, and `new` writes it.

use std::process::Command;

use myriad::prelude::*;

use crate::scratch::Scratch;

#[allow(dead_code)] // the example's `main`
#[path = "../../examples/rumour.rs"]
mod example;
use example::Rumour;

#[test]
fn the_rumour_goes_around_and_is_the_same_however_it_is_run() {
    let run = |workers: usize, shards: usize, zones: usize| {
        let new = Simulation::of::<Rumour>(Params::defaults()).workers(workers).shards(shards).zones(zones);
        let mut engine = new.build().unwrap();
        while engine.now() < Tick(60) {
            engine.advance(Tick(60)).unwrap();
        }
        engine.digest()
    };
    let right = run(1, 1, 1);
    for (workers, shards, zones) in [(2, 24, 1), (1, 5, 7), (2, 24, 40)] {
        assert_eq!(run(workers, shards, zones), right, "{workers} workers, {shards} shards, {zones} zones");
    }
    let report = Simulation::of::<Rumour>(Params::defaults()).seed(1).run(200).unwrap();
    let share = &report.series[0].values;
    assert!(share[0] < 0.01 && share.last().unwrap() > &0.9 && share.is_sorted(), "{share:?}");
    assert!(report.messages > 10, "some are called");
}

fn new(path: &str) -> (Option<i32>, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_myriad")).args(["new", path]).output().unwrap();
    (done.status.code(), String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
}

#[test]
fn new_writes_a_crate_once() {
    let scratch = Scratch::new("new");
    let path = scratch.path("mymodel");
    let (code, told) = new(&path);
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("cargo run --release -- --agents 100k"), "{told}");
    let read = |name: &str| std::fs::read_to_string(format!("{path}/{name}")).unwrap();
    assert!(read("Cargo.toml").contains("name = \"mymodel\"") && read("Cargo.toml").contains("myriad = { path = "));
    let model = read("src/main.rs");
    let example = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/rumour.rs")).unwrap();
    assert!(model.lines().zip(example.lines()).skip(1).all(|(own, right)| own == right), "it is the example");
    assert!(model.contains("fn it_is_the_same_however_it_is_run") && read("clippy.toml").contains("HashMap"));

    for (path, what) in [
        (path.clone(), "there is something in"),
        (scratch.path("My Model"), "is no name of a crate"),
        (scratch.path("9lives"), "is no name of a crate"),
        (scratch.file("file", "") + "/below", "cannot write"),
    ] {
        let (code, told) = new(&path);
        assert!(code != Some(0) && told.contains(what), "{path}: {told}");
    }
    assert_eq!(read("src/main.rs"), model, "nothing is overwritten");
}
