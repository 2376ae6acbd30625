//! Instructions that the hot paths take, counted by valgrind: `cargo bench --bench instructions`. Unlike times they are
//! the same on a busy machine, so that a change of a percent shows.
//!
//! Each path runs twice, once for twice as long: the difference is free of what setting up takes.

use std::process::Command;

#[path = "couriers/model.rs"]
mod couriers;

use couriers::{Couriers, INTERVAL, Load};
use myriad::base::{AgentId, RowHash, Seed, Stream, Tick, ZoneId};
use myriad::prelude::*;
use myriad::scenarios::City;

/// The engine for so many intervals; how many wakes there were.
fn intervals(messages: u32, travels: bool, intervals: u64) -> u64 {
    let load = Load { couriers: 20_000, messages, travels };
    let run = Simulation::of::<Couriers>(load).workers(1).run(intervals * INTERVAL as u64);
    run.expect("couriers do not fail").transitions
}

/// The city for so many hours of a morning; how many transitions there were.
fn city(hours: u64, stepping: Stepping) -> RunReport {
    let start = DateTime::new_const(1999, 5, 4, 6, 0, 0);
    let options =
        RunOptions { agents: Some(4_000), workers: Some(1), start: Some(start), stepping, ..Default::default() };
    let span = Some(Span::Seconds(600.0 * hours as f64));
    let run = Simulation::of::<City>(Params::defaults()).options(RunOptions { span, ..options });
    run.watch(&mut NoWatch).expect("the city runs")
}

/// A path: its name, and what runs it for a number of rounds and says how many units that were.
type Path = (&'static str, u64, fn(u64) -> u64);

const PATHS: [Path; 7] = [
    ("draw", 100_000, |rounds| {
        let draws = |n| Seed(1).draws(Stream::named("bench"), AgentId(n as u32), Tick(7)).u32();
        std::hint::black_box((0..rounds).map(draws).fold(0, |a, b| a ^ b));
        rounds
    }),
    ("digest of a row of 144 bytes", 20_000, |rounds| {
        let hash = |n| RowHash::agent(AgentId(n as u32), ZoneId(3)).bytes(std::hint::black_box(&[7; 144])).finish();
        std::hint::black_box((0..rounds).map(hash).fold(0, u64::wrapping_add));
        rounds
    }),
    ("engine: wake", 20, |rounds| intervals(0, false, rounds)),
    ("engine: wake with 4 messages", 20, |rounds| intervals(4, false, rounds)),
    ("engine: wake with a handoff", 20, |rounds| intervals(0, true, rounds)),
    ("city: transition", 6, |rounds| city(rounds, Stepping::Event).transitions),
    ("city: agent at a tick, dense", 1, |rounds| {
        let run = city(rounds, Stepping::Dense);
        run.agents * run.ticks
    }),
];

fn main() {
    let words: Vec<String> = std::env::args().collect();
    if let Some(at) = words.iter().position(|word| word == "--path") {
        let number = |word: &str| word.parse::<u64>().expect("a number");
        let (_, _, run) = PATHS[number(&words[at + 1]) as usize];
        println!("{}", run(number(&words[at + 2])));
        return;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("valgrind is not installed: no instructions are counted");
        return;
    }
    println!("{:>36}  instructions", "");
    for (index, (name, rounds, _)) in PATHS.iter().enumerate() {
        let (once, twice) = (counted(&words[0], index, *rounds), counted(&words[0], index, 2 * rounds));
        println!("{name:>36}  {:>12.1}", (twice.0 - once.0) / (twice.1 - once.1));
    }
}

/// Instructions and units of a path.
fn counted(program: &str, path: usize, rounds: u64) -> (f64, f64) {
    let run = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", program, "--path"])
        .args([path.to_string(), rounds.to_string()])
        .output()
        .expect("valgrind starts");
    let said = String::from_utf8_lossy(&run.stderr);
    let collected = said.lines().find_map(|line| line.split("Collected :").nth(1));
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let figures = collected.and_then(number).zip(number(&String::from_utf8_lossy(&run.stdout)));
    figures.unwrap_or_else(|| panic!("valgrind failed: {said}"))
}
