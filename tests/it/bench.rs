//! `bench` as a process: its object, its files, its refusals, and how it ends when a person has seen enough.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::scratch::Scratch;

fn bench(words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_myriad"));
    command.arg("bench").args(words.split_whitespace()).stdin(Stdio::null());
    command
}

fn said(words: &str) -> (Output, String, String) {
    let output = bench(words).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    (output, out, err)
}

#[test]
fn the_memory_is_measured_and_told_as_one_object_and_in_files() {
    let scratch = Scratch::new("bench");
    let folder = scratch.path("out");
    let (output, out, err) =
        said(&format!("--quick --only bandwidth --repeat 1 --progress none --json --out {folder}"));
    assert_eq!((output.status.code(), err.as_str(), out.lines().count()), (Some(0), "", 1), "{out}");
    let object: Value = serde_json::from_str(&out).unwrap();
    for name in ["machine", "quick", "repeat", "interrupted", "results", "ratios", "failed", "left_out"] {
        assert!(object.get(name).is_some(), "{name} is missing from {object}");
    }
    assert_eq!((&object["quick"], &object["repeat"], &object["interrupted"]), (&true.into(), &1.into(), &false.into()));
    for name in ["processor", "cores", "memory_bytes", "kernel", "myriad"] {
        assert!(object["machine"].get(name).is_some(), "{name} is missing from {object}");
    }
    let rows = object["results"].as_array().unwrap();
    assert!(rows.len() == 2 || rows.len() == 4, "read and updated, by one worker and by all: {object}");
    for row in rows {
        assert_eq!((&row["workload"], &row["unit"], &row["bound"]), (&"bandwidth".into(), &"GB".into(), &Value::Null));
        for number in ["median", "min", "max"] {
            assert!(row["rate"][number].as_f64().is_some_and(|rate| rate > 0.01), "{row}");
            assert!(row["seconds"][number].as_f64().is_some_and(|seconds| seconds > 0.0), "{row}");
        }
    }
    let mut names: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[0].starts_with("bench-") && names[0].ends_with("-cores.json") && names[1].ends_with("-cores.txt"));
    let kept: Value =
        serde_json::from_str(&std::fs::read_to_string(format!("{folder}/{}", names[0])).unwrap()).unwrap();
    assert_eq!(kept, object);
    let table = std::fs::read_to_string(format!("{folder}/{}", names[1])).unwrap();
    assert!(table.contains("myriad ") && table.contains("GB/s read"), "{table}");
}

#[test]
fn an_engine_is_held_against_its_bound() {
    let (output, out, err) = said("--quick --only setup --repeat 1 --workers 1 --progress none");
    assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{out}");
    let row = out.lines().find(|line| line.trim_start().starts_with("setup ")).unwrap_or_else(|| panic!("{out}"));
    assert!(row.contains("100k") && row.contains("agents/s") && row.contains('%'), "{out}");
}

#[test]
fn bad_words_are_refused_with_what_would_be_right() {
    let cases: [(&str, &[&str]); 6] = [
        (
            "--only zzz",
            &[
                "no workload `zzz`, in --only; there are city-day, city-dense, messages, skewed-city, setup, kept-day, checkpoint, journal, cold-zones, bandwidth",
            ],
        ),
        (
            "--only city",
            &[
                "did you mean `city-day`?",
                "there are city-day, city-dense, messages, skewed-city, setup, kept-day, checkpoint, journal, cold-zones, bandwidth",
            ],
        ),
        ("--repeat 0", &["0 repeats are too few, in --repeat; at least 1 would be right"]),
        ("--repeat often", &["`often` is no number of repeats, in --repeat"]),
        ("--workers 0", &["0 workers are too few, in --workers"]),
        ("--part {}", &["`{}` is no order"]),
    ];
    for (words, parts) in cases {
        let (output, out, err) = said(words);
        assert_eq!((output.status.code(), out.as_str()), (Some(2), ""), "{words}: {err}");
        assert!(err.starts_with("error: "), "{words}: {err}");
        for part in parts {
            assert!(err.contains(part), "{words}: `{part}` is missing from {err}");
        }
    }
}

#[test]
fn ctrl_c_ends_it_with_what_was_measured() {
    // Rounds without end: it must be interrupted.
    let mut child = bench("--quick --only bandwidth --repeat 1000 --workers 1 --progress plain --json")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    // The second line of progress comes after some parts are done.
    let mut err = String::new();
    for _ in 0..4 {
        assert!(stderr.read_line(&mut err).unwrap() > 0, "it ended too soon: {err}");
    }
    assert!(err.contains("bandwidth read, 1 worker · ") && err.contains(" left\n"), "{err}");
    let pid = libc::pid_t::try_from(child.id()).unwrap();
    // SAFETY: sends a signal to our own child, which has not been waited for, so the number is still its own.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGINT) }, 0);
    stderr.read_to_string(&mut err).unwrap();
    let mut out = String::new();
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{err}");
    let object: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(object["interrupted"], true);
    assert!(object["results"].as_array().is_some_and(|rows| !rows.is_empty()), "{object}");
    assert_eq!(object["failed"], serde_json::json!([]));
}
