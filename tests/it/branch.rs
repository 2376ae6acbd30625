//! Runs that begin with a checkpoint of another one, through the command; and what the catalog adds to `inspect`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;

use crate::command::{Said, done, say, stopped};
use crate::inspect::flip;
use crate::scratch::Scratch;

const QUIET: &str = "--json --progress none";
const HOUR: &str = "--hours 1 --keep 9";

/// Runs a small city into a folder, saved every ten minutes.
fn kept(folder: &str, words: &str) -> Said {
    let city = "run city --agents 300 --seed 7 --snapshot-every 10m";
    done(&format!("{city} {QUIET} --out {folder} {words}"))
}

fn manifest(folder: &str, generation: u64) -> String {
    format!("{folder}/ckpt/MANIFEST-{generation:08}")
}

fn inspected(folder: &str) -> Value {
    done(&format!("inspect {folder} --json")).object()
}

#[test]
fn a_run_begins_with_a_checkpoint_of_another() {
    let scratch = Scratch::new("branch");
    let (a, b, c) = (scratch.path("a"), scratch.path("b"), scratch.path("c"));
    let straight = kept(&a, HOUR);
    // Nothing is said again; what is said must be the same.
    for words in ["", "run city --agents 300 --seed 7 --hours 1"] {
        let _ = fs::remove_dir_all(&b);
        let from = manifest(&a, 3);
        let said = done(&format!("{words} --resume-from {from} --out {b} --workers 1 --shards 5 {QUIET}"));
        assert_eq!((said.digest(), &said.object()["ticks"]), (straight.digest(), &36_000.into()));
        assert_eq!(said.object()["kept"]["resumed_from"], 18_000);
        assert_eq!(said.object()["series"], straight.object()["series"]);
    }
    let seen = inspected(&b);
    let origin = &seen["origin"];
    assert_eq!((&seen["state"], &origin["generation"], &origin["tick"]), (&"ended".into(), &3.into(), &18_000.into()));
    assert_eq!(origin["run"], inspected(&a)["run"]);
    assert_ne!(origin["run"], seen["run"]);
    assert_eq!(seen["checkpoints"][0]["digest"], inspected(&a)["checkpoints"][2]["digest"]);
    assert_eq!(seen["checkpoints"][0]["kept_bytes"], 0, "it needs nothing of the other folder");
    assert!(done(&format!("inspect {b}")).out.contains("began with  checkpoint 3 of run"));
    let lines = done(&format!("journal {b} --json")).out;
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["record"], &first["tick"], &first["resumed_from"]),
        (&"start".into(), &18_000.into(), &18_000.into())
    );
    assert!(done(&format!("diff {a} {b}")).out.starts_with("They agree."));

    // Of a folder the newest; nothing has to be kept.
    let longer = done(&format!("resume {b} --hours 2 {QUIET}"));
    let branched = done(&format!("--resume-from {a} --hours 2 {QUIET}"));
    assert_eq!(longer.digest(), done(&format!("run city --agents 300 --seed 7 --hours 2 {QUIET}")).digest());
    assert_eq!((branched.digest(), &branched.object()["kept"]), (longer.digest(), &Value::Null));
    // Without the other folder too.
    done(&format!("--resume-from {} --out {c} --snapshot-every never {QUIET}", manifest(&a, 1)));
    fs::remove_dir_all(&a).unwrap();
    assert_eq!(done(&format!("resume {b} --hours 2.5 {QUIET}")).object()["ticks"], 90_000);
}

#[test]
fn a_branch_that_is_killed_goes_on() {
    let scratch = Scratch::new("branch-kill");
    let (a, b) = (scratch.path("a"), scratch.path("b"));
    kept(&a, HOUR);
    let from = manifest(&a, 2);
    let paced = format!("--resume-from {from} --hours 6 --snapshot-every wall:1h --time-scale 4320 --progress plain");
    let said = stopped(&scratch, &format!("{paced} --out {b}"), libc::SIGKILL);
    assert_eq!(said.code, None, "{}", said.err);
    assert_eq!(inspected(&b)["checkpoints"].as_array().unwrap().len(), 1, "that with which it began");
    fs::rename(&a, scratch.path("elsewhere")).unwrap();
    let resumed = done(&format!("resume {b} {QUIET}"));
    assert_eq!(resumed.digest(), done(&format!("run city --agents 300 --seed 7 --hours 6 {QUIET}")).digest());
}

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let scratch = Scratch::new("branch-refused");
    let (a, b) = (scratch.path("a"), scratch.path("b"));
    kept(&a, HOUR);
    kept(&b, "--hours 0.5");
    let from = manifest(&a, 3);
    let segment = format!("{a}/ckpt/seg-00000003");
    let none = scratch.path("none");
    fs::create_dir(scratch.path("alone")).unwrap();
    let file = scratch.file("alone/MANIFEST-00000003", fs::read(&from).unwrap());
    for (words, code, part) in [
        (format!("--resume-from {from} --seed 8"), 2, "has seed `7`, not `8` as in --seed"),
        (format!("--resume-from {from} --agents 301"), 2, "has agents `300`, not `301` as in --agents"),
        (format!("--resume-from {from} --set needs.hunger.decay_awake=6"), 2, "not `6.0` as in --set"),
        (format!("--resume-from {from} --resume --out {b}"), 2, "cannot be used with"),
        (format!("--resume-from {from} --out {b}"), 2, "holds a run already"),
        (format!("--resume-from {from} --out {a} --fresh"), 2, "holds the very run"),
        (format!("resume {a} --resume-from {from}"), 2, "--resume-from has no place"),
        (format!("--resume-from {segment}"), 2, "is only a part of a run"),
        (format!("--resume-from {none}"), 2, "there is no folder"),
        (format!("--resume-from {}", scratch.path("")), 2, "holds no run"),
        (format!("--resume-from {a}/report.json"), 2, "is no file of a run"),
        (format!("--resume-from {file}"), 1, "RUN` is missing: it says what the checkpoint is one of"),
    ] {
        let said = say(&format!("{words} --progress none"));
        assert_eq!((said.code, said.out.as_str()), (Some(code), ""), "{words}: {}", said.err);
        assert!(said.err.contains(part), "{words}: `{part}` is missing from {}", said.err);
    }
    assert_eq!(inspected(&a)["damage"], serde_json::json!([]), "what was refused has touched nothing");
    assert_eq!(inspected(&b)["state"], "ended");
    let said = done(&format!("--resume-from {from} --out {b} --fresh {QUIET}"));
    assert_eq!(said.object()["kept"]["resumed_from"], 18_000);

    // Damage is named, and nothing begins.
    let new = scratch.path("new");
    flip(&segment, 4_096 + 20);
    let said = say(&format!("--resume-from {from} --out {new} {QUIET}"));
    assert!(said.code == Some(1) && said.err.contains(&segment), "{said:?}");
    assert!(!fs::exists(format!("{new}/RUN")).unwrap());
    flip(&from, 100);
    let said = say(&format!("--resume-from {from} --out {new} {QUIET}"));
    assert!(said.code == Some(1) && said.err.contains(&from), "{said:?}");
}

#[test]
fn the_history_of_a_run_is_told_with_and_without_its_catalog() {
    let scratch = Scratch::new("history");
    let folder = scratch.path("run");
    kept(&folder, "--hours 1 --keep 2");
    done(&format!("resume {folder} --hours 1.5 --workers 1 {QUIET}"));
    let seen = inspected(&folder);
    let history = &seen["history"];
    assert_eq!(history["catalog"], "current");
    let starts = history["starts"].as_array().unwrap();
    let told = |at: usize, key: &str| starts[at][key].clone();
    assert_eq!((starts.len(), told(0, "ending"), told(0, "last_tick")), (2, "ended".into(), 36_000.into()));
    assert_eq!((told(1, "workers"), told(1, "resumed_from")), (1.into(), 36_000.into()));
    let checkpoints = history["checkpoints"].as_array().unwrap();
    assert_eq!(checkpoints.len(), 9);
    let kept: Vec<bool> = checkpoints.iter().map(|one| one["kept"].as_bool().unwrap()).collect();
    assert_eq!(kept, [[false; 7].as_slice(), &[true; 2]].concat());
    assert!(checkpoints.iter().all(|one| one["bytes"].is_u64() && one["seconds"].is_f64()), "{history}");
    // The first after a resume keeps what nothing has happened to.
    assert!(checkpoints[6]["own_bytes"].as_u64() < checkpoints[6]["bytes"].as_u64(), "{}", checkpoints[6]);
    let table = done(&format!("inspect {folder}")).out;
    for part in ["History", "ended at tick 36,000 (1999-05-04 01:00)", "written for it"] {
        assert!(table.contains(part), "`{part}` is missing from {table}");
    }
    assert!(table.lines().all(|line| line.chars().count() <= 120), "{table}");

    let catalog = format!("{folder}/meta.redb");
    let zone = done(&format!("inspect {folder} --zone 5 --json")).out;
    let newest = manifest(&folder, 9);
    assert_eq!(zone, done(&format!("inspect {newest} --zone 5 --json")).out);
    // It is looked up in the catalog: the manifest need not be read.
    let bytes = fs::read(&newest).unwrap();
    flip(&newest, 100);
    assert_eq!(done(&format!("inspect {folder} --zone 5 --json")).out, zone);
    fs::write(&newest, bytes).unwrap();

    for rubbish in [b"rubbish".repeat(999), fs::read(&catalog).unwrap()[..9_000].to_vec(), Vec::new()] {
        fs::write(&catalog, rubbish).unwrap();
        let seen = inspected(&folder);
        assert_eq!((&seen["history"]["catalog"], &seen["damage"]), (&"broken".into(), &serde_json::json!([])));
        assert_eq!(
            seen["history"]["checkpoints"].as_array().unwrap().iter().filter(|one| one["kept"] == true).count(),
            2
        );
        assert_eq!(done(&format!("inspect {folder} --zone 5 --json")).out, zone);
        assert!(done(&format!("inspect {folder}")).out.contains("cannot be read ("));
        let said = say(&format!("resume {folder} {QUIET}"));
        let lines: Vec<_> = said.err.lines().collect();
        assert!(lines.len() == 1 && lines[0].contains("it was made anew from the journal"), "{said:?}");
        assert_eq!(inspected(&folder)["history"]["catalog"], "current");
    }
    fs::remove_file(&catalog).unwrap();
    assert_eq!(inspected(&folder)["history"]["catalog"], "missing");
    fs::create_dir(&catalog).unwrap();
    let said = say(&format!("resume {folder} --hours 2 {QUIET}"));
    assert!(said.code == Some(0) && said.err.contains("the run goes on without it"), "{said:?}");
    assert_eq!(said.digest(), done(&format!("run city --agents 300 --seed 7 --hours 2 {QUIET}")).digest());
}

#[test]
fn agents_are_counted_by_kind() {
    let scratch = Scratch::new("kinds");
    let folder = scratch.path("run");
    kept(&folder, HOUR);
    let newest = inspected(&folder)["checkpoints"].as_array().unwrap().last().unwrap().clone();
    let kinds = newest["kinds"].as_object().unwrap();
    assert_eq!((&newest["agents"], &kinds["Body + Person + Contacts"]), (&300.into(), &300.into()));
    assert!(kinds["Place"].as_u64() > Some(0), "{newest}");
    let table = done(&format!("inspect {folder}")).out;
    assert!(
        table.lines().any(|line| line.split_whitespace().take(4).eq(["number", "agents", "Place", "zones"])),
        "{table}"
    );
}

#[test]
fn files_are_their_owners_and_what_is_done_is_read_only() {
    let scratch = Scratch::new("modes");
    let folder = scratch.path("run");
    kept(&folder, HOUR);
    let mode = |path: &str| fs::metadata(format!("{folder}/{path}")).unwrap().permissions().mode() & 0o777;
    for (path, expected) in [("", 0o700), ("ckpt", 0o700), ("wal", 0o700), ("RUN", 0o600), ("meta.redb", 0o600)] {
        assert_eq!(mode(path), expected, "{path}");
    }
    assert_eq!(["report.json", "series.csv", "LOCK"].map(mode), [0o600; 3]);
    assert_eq!(["ckpt/MANIFEST-00000006", "ckpt/seg-00000006"].map(mode), [0o444; 2]);
}
