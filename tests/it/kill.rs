//! The real command, killed at any moment: it goes on where it was, as often as it takes, and nothing shows.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use myriad::base::{AgentId, Seed, Stream, Tick};
use myriad::store::{Fs, RunFile, find};
use serde_json::Value;

use crate::scratch::Scratch;

/// Kills in all, unless MYRIAD_KILLS says how many.
const KILLS: u64 = 200;

fn run(folder: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_myriad"));
    let words = "run city --agents 2k --start 1999-05-04T07:00 --hours 2.5 --snapshot-every 10m --keep 3 --workers 1 \
                 --no-pin --resume --quiet --out";
    command.args(words.split_whitespace()).arg(folder).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn report(folder: &str) -> Value {
    serde_json::from_slice(&std::fs::read(format!("{folder}/report.json")).unwrap()).unwrap()
}

/// Tick and digest of the checkpoints that are there.
fn digests(folder: &str) -> Vec<(u64, String)> {
    let folder = Path::new(folder);
    let run = RunFile::read(&Fs, folder).unwrap().expect("there is a run").run();
    let found = find(&Fs, folder, run).unwrap();
    found.manifests.iter().map(|manifest| (manifest.tick, manifest.digest.to_string())).collect()
}

#[test]
fn a_run_that_is_killed_again_and_again_ends_as_if_it_had_not_been() {
    let kills: u64 = std::env::var("MYRIAD_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let scratch = Scratch::new("kill");
    let straight = scratch.path("straight");
    assert!(run(&straight).status().unwrap().success());
    let (expected, chain) = (report(&straight), digests(&straight));
    assert_eq!(chain.len(), 3, "{chain:?}");
    let (killed, ended) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for part in 0..2_u32 {
            let (scratch, killed, ended, expected, chain) = (&scratch, &killed, &ended, &expected, &chain);
            scope.spawn(move || {
                let mut draws = Seed(11).draws(Stream::named("kill"), AgentId(part), Tick(0));
                for nth in 0.. {
                    if killed.load(Relaxed) >= kills {
                        break;
                    }
                    let folder = scratch.path(&format!("run-{part}-{nth}"));
                    loop {
                        let mut child = run(&folder).stderr(Stdio::piped()).spawn().unwrap();
                        std::thread::sleep(Duration::from_millis(draws.below(700) as u64));
                        if killed.load(Relaxed) < kills && child.try_wait().unwrap().is_none() {
                            child.kill().unwrap();
                        }
                        let output = child.wait_with_output().unwrap();
                        if output.status.success() {
                            break;
                        }
                        let said = String::from_utf8_lossy(&output.stderr);
                        assert_eq!((output.status.code(), &*said), (None, ""), "killed, and no word before");
                        killed.fetch_add(1, Relaxed);
                    }
                    let ended_as = report(&folder);
                    for key in ["digest", "ticks", "transitions", "messages", "handoffs", "series", "activity_shares"] {
                        assert_eq!(ended_as[key], expected[key], "{key} of {folder}");
                    }
                    assert_eq!(digests(&folder), *chain, "{folder}");
                    ended.fetch_add(1, Relaxed);
                    std::fs::remove_dir_all(&folder).unwrap();
                }
            });
        }
    });
    let (killed, ended) = (killed.into_inner(), ended.into_inner());
    assert!(killed >= kills && ended > 0, "{killed} kills in {ended} runs");
    eprintln!("{killed} kills in {ended} runs");
}
