//! What can be done with a run that is kept, through the command: inspect, diff, journal, resume.

use std::fs;

use serde_json::Value;

use crate::command::{Said, done, say, stopped};
use crate::scratch::Scratch;

/// Runs a small city for an hour into a folder, saved every ten minutes; what it printed.
fn kept(folder: &str, words: &str) -> Said {
    done(&format!("run city --agents 300 --hours 1 --snapshot-every 10m --json --progress none --out {folder} {words}"))
}

/// The folder's files with a prefix, in order.
fn files(folder: &str, prefix: &str) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.starts_with(prefix)).collect();
    names.sort();
    names.into_iter().map(|name| format!("{folder}/{name}")).collect()
}

/// Changes a byte of a file, to which nobody may be allowed to write.
pub fn flip(path: &str, at: u64) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at as usize] ^= 1;
    fs::remove_file(path).unwrap();
    fs::write(path, bytes).unwrap();
}

/// All files below a folder, with their bytes.
fn content(folder: &str) -> Vec<(String, Vec<u8>)> {
    let parts = ["", "/ckpt", "/wal"].map(|part| format!("{folder}{part}"));
    let paths = parts.iter().flat_map(|part| files(part, "")).filter(|path| fs::metadata(path).unwrap().is_file());
    paths.map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

#[test]
fn a_run_is_inspected_and_nothing_is_written() {
    let scratch = Scratch::new("inspect-run");
    let folder = scratch.path("run");
    let ran = kept(&folder, "--seed 7");
    let before = content(&folder);
    let seen = done(&format!("inspect {folder} --json")).object();
    assert_eq!((&seen["state"], &seen["identity"]["seed"]), (&"ended".into(), &"7".into()));
    assert_eq!((&seen["settings"]["hours"], &seen["settings"]["snapshot-every"]), (&"1".into(), &"10m".into()));
    assert_eq!(seen["damage"], serde_json::json!([]));
    let checkpoints = seen["checkpoints"].as_array().unwrap();
    assert_eq!(checkpoints.len(), 5, "as many as are kept");
    for one in checkpoints {
        assert_eq!((&one["zones"], &one["verified"]), (&2_217.into(), &true.into()), "{one}");
        assert_eq!(one["agents"], 300, "places are not among them: {one}");
        let sum = one["own_bytes"].as_u64().unwrap() + one["kept_bytes"].as_u64().unwrap();
        assert_eq!(one["bytes"].as_u64(), Some(sum));
    }
    let last = &checkpoints[4];
    assert_eq!((&last["tick"], &last["time"]), (&36_000.into(), &"1999-05-04 01:00".into()));
    assert_eq!(last["digest"], ran.digest());
    assert!(last["kept_bytes"].as_u64() > Some(0), "most zones are empty and stay as they were: {last}");
    assert_eq!((&seen["journal"]["last_tick"], &seen["journal"]["verified"]), (&36_000.into(), &true.into()));

    let table = done(&format!("inspect {folder}")).out;
    for part in
        ["city · 300 agents", "ended at tick 36,000 (1999-05-04 01:00)", "Checkpoints", &ran.digest(), "Journal"]
    {
        assert!(table.contains(part), "`{part}` is missing from {table}");
    }
    assert!(table.lines().all(|line| line.chars().count() <= 120), "{table}");
    assert_eq!(content(&folder), before);
}

#[test]
fn zones_agents_and_files_are_shown() {
    let scratch = Scratch::new("inspect-parts");
    let folder = scratch.path("run");
    kept(&folder, "");
    let manifest = files(&format!("{folder}/ckpt"), "MANIFEST-").pop().unwrap();
    let zones = done(&format!("inspect {folder} --zones --json")).object();
    assert_eq!(zones["zones"], done(&format!("inspect {manifest} --zones --json")).object()["zones"]);
    let all = zones["zones"].as_array().unwrap();
    let agents = |zone: &Value| zone["agents"].as_u64().unwrap();
    let rows =
        |zone: &Value| zone["kinds"].as_object().unwrap().values().map(|kind| kind.as_u64().unwrap()).sum::<u64>();
    let of_kind = |zone: &Value, kind: &str| zone["kinds"][kind].as_u64().unwrap();
    let residents = all.iter().map(|zone| of_kind(zone, "Body + Person + Contacts")).sum::<u64>();
    let places = all.iter().map(|zone| of_kind(zone, "Place")).sum::<u64>();
    assert_eq!((all.len(), residents, all.iter().map(agents).sum::<u64>()), (2_217, 300, 300));
    assert!(places > 0 && residents + places == all.iter().map(rows).sum::<u64>(), "{places}");

    let agent = done(&format!("inspect {folder} --agent 17 --json")).object();
    assert_eq!(agent["agent"], 17);
    for row in agent["rows"].as_array().unwrap() {
        let words = row["words"].as_array().unwrap().len() as u64;
        assert_eq!(row["bytes"].as_u64(), Some(4 * words), "{row}");
    }
    let zone = done(&format!("inspect {folder} --zone {} --json", agent["zone"])).object();
    assert!(rows(&zone["zones"][0]) > 0, "{zone}");
    assert!(done(&format!("inspect {folder} --agent 17")).out.contains("bytes)"));
    assert!(done(&format!("inspect {folder} --zone 5")).out.contains("kind 0"));

    assert!(done(&format!("inspect {manifest}")).out.contains("Tables: types of rows"));
    for segment in files(&format!("{folder}/ckpt"), "seg-") {
        assert!(done(&format!("inspect {segment}")).out.contains("What checkpoints need of it"));
    }
    let journal = files(&format!("{folder}/wal"), "wal-").pop().unwrap();
    assert!(done(&format!("inspect {journal}")).out.contains("end"));

    let nobody = say(&format!("inspect {folder} --agent 4000000000"));
    assert_eq!((nobody.code, nobody.err.contains("has no agent 4000000000")), (Some(1), true), "{}", nobody.err);
    let report = format!("{folder}/report.json");
    let cases = [
        (report.clone(), "is no file of a run that could be inspected: a run's folder would be"),
        (scratch.path("none"), "there is no folder"),
        (scratch.path(""), "holds no run: there is no file"),
        (format!("{journal} --zones"), "is no checkpoint, of which zones and agents could be shown"),
    ];
    for (path, part) in cases {
        let said = say(&format!("inspect {path}"));
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{}", said.err);
        assert!(said.err.contains(part), "`{part}` is missing from {}", said.err);
    }
}

#[test]
fn damage_is_told_by_file_zone_and_byte() {
    let scratch = Scratch::new("inspect-damage");
    let folder = scratch.path("run");
    kept(&folder, "");
    let zones = done(&format!("inspect {folder} --zones --json")).object();
    let (zone, place) =
        zones["zones"].as_array().unwrap().iter().map(|zone| (&zone["zone"], &zone["pieces"][0])).next_back().unwrap();
    let (segment, offset) =
        (format!("{folder}/ckpt/{}", place["file"].as_str().unwrap()), place["offset"].as_u64().unwrap());
    flip(&segment, offset + 20);

    let said = say(&format!("inspect {folder}"));
    let told = format!("`{segment}` is damaged: zone {zone} at byte {offset}: checksum mismatch (checkpoint");
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains(&told), "`{told}` is missing from {}", said.out);
    assert_eq!(said.err, format!("error: `{folder}` is damaged in one place, as listed\n"));
    let said = say(&format!("inspect {folder} --json"));
    let damage = &said.object()["damage"][0];
    assert_eq!(
        (said.code, &damage["offset"], &damage["what"]),
        (Some(1), &offset.into(), &format!("zone {zone}").into())
    );
    assert_eq!(say(&format!("inspect {segment}")).code, Some(1));
    assert_eq!(say(&format!("inspect {folder} --zones")).code, Some(1));

    // A manifest, the journal, and `RUN` itself.
    let manifest = files(&format!("{folder}/ckpt"), "MANIFEST-").remove(0);
    flip(&manifest, 60);
    let journal = files(&format!("{folder}/wal"), "wal-").pop().unwrap();
    flip(&journal, 4_096 + 80);
    let said = say(&format!("inspect {folder} --json"));
    let object = said.object();
    let told: Vec<&str> =
        object["damage"].as_array().unwrap().iter().map(|one| one["file"].as_str().unwrap()).collect();
    assert_eq!((said.code, told), (Some(1), vec![manifest.as_str(), &segment, &journal]));
    assert_eq!(object["state"], "unknown");
    let said = say(&format!("journal {folder}"));
    assert!(said.code == Some(1) && said.out.contains("is damaged"), "{said:?}");
    assert_eq!(say(&format!("diff {folder} {folder}")).code, Some(1));
    flip(&format!("{folder}/RUN"), 30);
    assert_eq!(say(&format!("inspect {folder}")).code, Some(1));
}

#[test]
fn runs_agree_however_they_were_carried_out() {
    let scratch = Scratch::new("diff-equal");
    let (a, b) = (scratch.path("a"), scratch.path("b"));
    kept(&a, "");
    kept(&b, "--shards 3 --workers 1 --stepping dense --keep 20");
    let same = done(&format!("diff {a} {b} --json")).object();
    assert_eq!(
        (&same["equal"], &same["agree_until"], &same["differ_from"]),
        (&true.into(), &36_000.into(), &Value::Null)
    );
    assert!(same["ticks_compared"].as_u64() >= Some(6), "{same}");
    assert!(done(&format!("diff {a} {b}")).out.starts_with("They agree."));
    let (newest_a, newest_b) = (
        files(&format!("{a}/ckpt"), "MANIFEST-").pop().unwrap(),
        files(&format!("{b}/ckpt"), "MANIFEST-").pop().unwrap(),
    );
    assert_eq!(done(&format!("diff {newest_a} {newest_b} --json")).object()["equal"], true);
    // One that is longer says the same as far as both go.
    let longer = done(&format!("resume {b} --hours 2 --json --progress none")).object();
    assert_eq!(longer["ticks"], 72_000);
    let table = done(&format!("diff {a} {b}")).out;
    assert!(table.contains("B goes on to tick 72,000"), "{table}");
}

#[test]
fn runs_of_two_seeds_differ() {
    let scratch = Scratch::new("diff-seed");
    let (a, b) = (scratch.path("a"), scratch.path("b"));
    kept(&a, "");
    kept(&b, "--seed 8 --shards 5");
    let said = say(&format!("diff {a} {b} --json"));
    let found = said.object();
    assert_eq!((said.code, said.err.as_str(), &found["equal"]), (Some(3), "", &false.into()));
    assert_eq!(found["identity"], serde_json::json!([{ "name": "seed", "a": "1999", "b": "8" }]));
    let agents = found["checkpoints"]["agents"].as_array().unwrap();
    assert_eq!(agents.len(), 10);
    assert!(agents.is_sorted_by_key(|agent| agent["agent"].as_u64()), "{agents:?}");
    assert!(!agents[0]["rows"].as_array().unwrap().is_empty(), "{}", agents[0]);
    assert!(!found["checkpoints"]["zones"].as_array().unwrap().is_empty());
    let table = say(&format!("diff {a} {b}")).out;
    for part in ["They differ.", "differ from", "seed", "zones differ", "first agents", "bytes"] {
        assert!(table.contains(part), "`{part}` is missing from {table}");
    }
    let refused = say(&format!("diff {a} {a}/report.json"));
    assert_eq!(refused.code, Some(2), "{}", refused.err);
}

#[test]
fn a_journal_is_read_line_by_line() {
    let scratch = Scratch::new("journal");
    let folder = scratch.path("run");
    let ran = kept(&folder, "");
    let lines = done(&format!("journal {folder} --json")).out;
    let records: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&records[0]["record"], &records[0]["tick"]), (&"start".into(), &0.into()));
    let end = records.last().unwrap();
    assert_eq!(
        (&end["record"], &end["digest"], &end["time"]),
        (&"end".into(), &ran.digest().into(), &"1999-05-04 01:00".into())
    );
    assert!(records.iter().any(|record| record["record"] == "checkpoint" && record["of_tick"] == 6_000), "{lines}");
    assert_eq!(done(&format!("journal {folder}")).out.lines().count(), records.len());
    assert_eq!(say(&format!("journal {}", scratch.path("none"))).code, Some(2));
}

#[test]
fn an_interrupted_run_goes_on_as_if_it_had_not_been() {
    let scratch = Scratch::new("resume");
    let folder = scratch.path("run");
    let words = "run city --agents 400 --seed 11 --set needs.hunger.decay_awake=5 --hours 6";
    // At this pace it takes five seconds; nothing of that is asked for again.
    let paced = format!("{words} --snapshot-every 10m --time-scale 4320 --progress plain --out {folder}");
    let said = stopped(&scratch, &paced, libc::SIGINT);
    assert_eq!(said.code, Some(130), "{}", said.err);
    let seen = done(&format!("inspect {folder} --json")).object();
    assert_eq!(seen["state"], "interrupted");

    let shown = done(&format!("resume {folder} --show-config")).out;
    for (name, value) in
        [("seed", "11"), ("hours", "6"), ("snapshot-every", "10m"), ("needs.hunger.decay_awake", "5.0")]
    {
        let is = |line: &str| line.split_whitespace().eq([name, value, &format!("{folder}/RUN")]);
        assert!(shown.lines().any(is), "{name} {value} is missing from {shown}");
    }
    let refused = [
        ("--seed 12", "has seed `11`, not `12` as in --seed"),
        ("--agents 401", "has agents `400`, not `401` as in --agents"),
        ("--set needs.hunger.decay_awake=6", "has needs.hunger.decay_awake `5.0`, not `6.0` as in --set"),
        ("--out x", "--out has no place"),
        ("--fresh", "--fresh has no place"),
    ];
    for (flags, part) in refused {
        let said = say(&format!("resume {folder} {flags}"));
        assert!(said.code == Some(2) && said.err.contains(part), "{flags}: {}", said.err);
    }

    let straight = done(&format!("{words} --json --progress none"));
    let resumed = done(&format!("resume {folder} --seed 11 --workers 1 --json --progress none"));
    assert_eq!((resumed.digest(), &resumed.object()["ticks"]), (straight.digest(), &216_000.into()));
    assert!(resumed.object()["kept"]["resumed_from"].as_u64() > Some(0), "{}", resumed.out);
    assert_eq!(done(&format!("inspect {folder} --json")).object()["state"], "ended");
    assert_eq!(say(&format!("resume {}", scratch.path("none"))).code, Some(2));
}

#[test]
fn a_killed_run_has_crashed_and_goes_on() {
    let scratch = Scratch::new("crash");
    let folder = scratch.path("run");
    let words = "run city --agents 400 --hours 6";
    let paced = format!("{words} --snapshot-every 10m --time-scale 4320 --progress plain --out {folder}");
    let said = stopped(&scratch, &paced, libc::SIGKILL);
    assert_eq!(said.code, None, "{}", said.err);
    let seen = done(&format!("inspect {folder} --json")).object();
    assert_eq!((&seen["state"], &seen["holder"]), (&"crashed".into(), &Value::Null));
    assert_eq!(
        done(&format!("resume {folder} --json --progress none")).digest(),
        done(&format!("{words} --json --progress none")).digest()
    );
}
