//! A day of the city at growing sizes, each in a process of its own (the largest resident set is a process's), beside
//! what the machine's memory can do: `cargo bench --bench scale -- [--quick | --full]`.

use std::process::Command;
use std::time::Instant;

use myriad::base::units;
use myriad::exec::cores;
use myriad::prelude::*;
use myriad::scenarios::City;

/// Bytes of the probe's buffer: far beyond any cache.
const PROBE_BYTES: usize = 512 << 20;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if let Some(at) = words.iter().position(|word| word == "--row") {
        return row(&words[at + 1], &words[at + 2]);
    }
    if words.iter().any(|word| word == "--probe") {
        return probes();
    }
    let given = |flag: &str| words.iter().any(|word| word == flag);
    let sizes: &[&str] = match (given("--quick"), given("--full")) {
        (true, _) => &["10000", "100000"],
        (_, true) => &["10000", "100000", "1000000", "8008278"],
        _ => &["10000", "100000", "1000000"],
    };
    let workers: &[&str] = if cores::count() > 1 { &["1", "2"] } else { &["1"] };
    // In processes of their own: a child begins with its parent's largest resident set.
    let this = std::env::current_exe().expect("a process knows its program");
    let run = |words: &[&str]| {
        let done = Command::new(&this).args(words).status();
        assert!(done.is_ok_and(|status| status.success()), "{words:?} failed");
    };
    run(&["--probe"]);
    println!(
        "\n{:>9}  {:>7}  {:>7}  {:>8}  {:>12}  {:>10}  {:>12}  {:>8}  digest",
        "agents", "workers", "set-up", "run", "transitions", "ns each", "x real time", "memory"
    );
    for size in sizes {
        for workers in workers {
            run(&["--row", size, workers]);
        }
    }
}

fn probes() {
    println!("{} cores; memory, GB/s read and updated in place:", cores::count());
    for threads in 1..=cores::count().min(2) {
        let (read, update) = probe(threads);
        println!("  {threads} threads: {read:.1} read, {update:.1} updated (read and written)");
    }
}

/// One run and its line.
fn row(agents: &str, workers: &str) {
    let (agents, workers): (u64, usize) = (agents.parse().expect("a count"), workers.parse().expect("a count"));
    let options = RunOptions { agents: Some(agents), workers: Some(workers), pin: true, ..RunOptions::default() };
    let run = Simulation::of::<City>(Params::defaults()).options(options).watch(&mut NoWatch).expect("the city runs");
    println!(
        "{:>9}  {workers:>7}  {:>6.2}s  {:>7.2}s  {:>12}  {:>10.0}  {:>12.0}  {:>8}  {}",
        run.agents,
        run.setup_seconds,
        run.wall_seconds,
        run.transitions,
        run.wall_seconds * 1e9 / run.transitions as f64,
        run.realtime_factor,
        units::bytes(run.peak_rss_bytes),
        run.digest
    );
}

/// Gigabytes a second, read and updated in place, by so many threads together.
fn probe(threads: usize) -> (f64, f64) {
    let mut buffer = vec![1_u64; PROBE_BYTES / 8];
    let share = buffer.len() / threads;
    let best = |work: &mut dyn FnMut()| {
        let once = |work: &mut dyn FnMut()| {
            let started = Instant::now();
            work();
            started.elapsed().as_secs_f64()
        };
        (0..5).map(|_| once(work)).fold(f64::INFINITY, f64::min)
    };
    let read = best(&mut || {
        std::thread::scope(|scope| {
            for part in buffer.chunks(share) {
                scope.spawn(|| std::hint::black_box(part.iter().fold(0_u64, |sum, word| sum.wrapping_add(*word))));
            }
        });
    });
    let update = best(&mut || {
        std::thread::scope(|scope| {
            for part in buffer.chunks_mut(share) {
                scope.spawn(|| part.iter_mut().for_each(|word| *word = word.wrapping_mul(3)));
            }
        });
    });
    let gigabytes = PROBE_BYTES as f64 / 1e9;
    (gigabytes / read, 2.0 * gigabytes / update)
}
