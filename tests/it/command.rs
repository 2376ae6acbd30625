//! The command itself, as a process: exit codes, messages, and which stream says what.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::scratch::Scratch;

/// What a call of the command said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    /// The JSON object of the last line of stdout.
    pub fn object(&self) -> Value {
        let last = self.out.lines().last().unwrap_or_else(|| panic!("stdout is empty: {self:?}"));
        serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {last}"))
    }

    pub fn digest(&self) -> String {
        self.object()["digest"].as_str().unwrap().to_owned()
    }
}

/// The command, in an environment that sets nothing of its own.
pub fn myriad(words: impl IntoIterator<Item: AsRef<OsStr>>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_myriad"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MYRIAD_")) {
        command.env_remove(name);
    }
    command.args(words).stdin(Stdio::null());
    command
}

pub fn finish(mut command: Command) -> Said {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what is said is text");
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

/// Calls the command with these words, which no blank may be part of.
pub fn say(words: &str) -> Said {
    finish(myriad(words.split_whitespace()))
}

/// As [`say`], and it has to end well without a word on stderr.
pub fn done(words: &str) -> Said {
    let said = say(words);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{words}");
    said
}

/// Checks that each call is refused with code 2, with nothing on stdout, and an error of these parts on stderr. In
/// words and parts, `@name` stands for the path of a file in the folder.
fn refused(scratch: &Scratch, cases: &[(&str, &[&str])]) {
    let folder = scratch.path("");
    for (words, parts) in cases {
        let said = say(&words.replace('@', &folder));
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{words}: {}", said.err);
        assert!(said.err.starts_with("error: "), "{words}: {}", said.err);
        for part in *parts {
            let part = part.replace('@', &folder);
            assert!(said.err.contains(&part), "{words}: `{part}` is missing from {}", said.err);
        }
    }
}

#[test]
fn bad_words_are_refused_with_what_would_be_right() {
    let scratch = Scratch::new("words");
    refused(
        &scratch,
        &[
            ("--agents abc", &["`abc` is no number of agents, in --agents; write a whole number from 1 to", "8M"]),
            ("--agents -5", &["`-5` is no number of agents, in --agents; write a whole number from 1 to"]),
            ("--agents 0", &["0 agents are too few, in --agents; at least 1 would be right"]),
            ("--agents 99999999999", &["too many, in --agents; at most 2,000,000,000 would be right"]),
            ("--agents", &["a value is required for '--agents <COUNT>'"]),
            ("--agnets 5", &["unexpected argument '--agnets'", "--agents"]),
            ("run citi", &["there is no scenario `citi`; did you mean `city`?"]),
            ("run zzz", &["there is no scenario `zzz`; there are city"]),
            ("describe citty", &["there is no scenario `citty`; did you mean `city`?"]),
            ("validate citty", &["there is no scenario `citty`; did you mean `city`?"]),
            ("city", &["`city` is a scenario, not a command; `myriad run city` would be right"]),
            (
                "--set needs.hungr.decay_awake=5",
                &["`needs.hungr.decay_awake`", "did you mean `needs.hunger.decay_awake`?", "--set"],
            ),
            ("run wealth --agents 500M", &["500,000,000 agents are too many for 24 zones: at most 402,652,800 fit"]),
            ("run life --agents 300M", &["300000000 squares in a grid, where 1 to 268435456 fit"]),
            (
                "run wolf-sheep --agents 17M",
                &["17000000 agents of a board of Sheep, which is one zone, where 16777200 fit"],
            ),
            ("run life --memory-budget 1GiB", &["agents in a space act at every tick", "no memory budget"]),
            ("--set zzz=5", &["there is no parameter `zzz`, in --set; `describe` lists those there are"]),
            ("--set needs.hunger.decay_awake=lots", &["takes a number, not `lots`, in --set"]),
            (
                "--set needs.hunger.decay_awake=-1e9",
                &["`needs.hunger.decay_awake` must be from", "-1000000000", "in --set"],
            ),
            ("--set needs", &["`needs` sets nothing, in --set; write key=value, such as "]),
            ("--days 1 --ticks 5", &["the length of the run is given twice, in --days and --ticks; give one of"]),
            ("--days 0", &["0 is too little, in --days"]),
            ("--days 1e9", &["1e9 days are too many, in --days; at most"]),
            ("--ticks 0", &["0 ticks are too few, in --ticks; at least 1 would be right"]),
            ("--start 1999-02-29", &["there is no day 29 in 1999-02: its days run from 01 to 28, in --start"]),
            ("--start noon", &["noon", "in --start"]),
            ("--seed x", &["`x` is no seed, in --seed; write a whole number from 0 to"]),
            ("--workers 0", &["0 workers are too few, in --workers; at least 1 would be right"]),
            ("--shards 0", &["0 shards are too few, in --shards; at least 1 would be right"]),
            ("--shards many", &["`many` is no number of shards, in --shards; write a whole number from 1 to"]),
            ("--time-scale 0", &["0 is too little, in --time-scale", "must be more than 0"]),
            ("--backend gpu", &["no GPU backend, in --backend", "cpu or auto would be right"]),
            ("--stepping fast", &["invalid value 'fast' for '--stepping <HOW>'", "event, dense"]),
            ("--population a.csv --set population=b.csv", &["`population` is given twice, in --population and --set"]),
            ("completions dos", &["invalid value 'dos' for '<SHELL>'", "bash"]),
        ],
    );
}

#[test]
fn a_bad_configuration_is_refused_with_its_place() {
    let scratch = Scratch::new("configuration");
    let files: [(&str, &[u8]); 9] = [
        ("empty.toml", b""),
        ("cut.toml", b"seed = 1\nagents = \"1M"),
        ("binary.toml", b"\xff\xfe\0"),
        ("setting.toml", b"seed = 1\nagnets = 5\n"),
        ("scenario.toml", b"[citi]\n"),
        ("section.toml", b"[city.needs.hungr]\ndecay_awake = 5\n"),
        ("type.toml", b"[city.needs.hunger]\n  decay_awake = \"lots\"\n"),
        ("agents.toml", b"seed = 1\nagents = \"many\"\n"),
        ("range.toml", b"[city]\n\nneeds.hunger.decay_awake = -1e9\n"),
    ];
    for (name, content) in files {
        scratch.file(name, content);
    }
    refused(
        &scratch,
        &[
            ("--config @no.toml", &["there is no configuration file `@no.toml`; `describe --template` prints one"]),
            (
                "--config @empty.toml",
                &["the configuration file `@empty.toml` is empty; `describe --template` prints one"],
            ),
            ("--config @cut.toml", &["@cut.toml:2:", "this is not TOML"]),
            ("--config @binary.toml", &["`@binary.toml` is not text in UTF-8; it should be TOML"]),
            ("--config @setting.toml", &["@setting.toml:2:1: there is no setting `agnets`; did you mean `agents`?"]),
            ("--config @scenario.toml", &["@scenario.toml:1:2: there is no scenario `citi`; did you mean `city`?"]),
            (
                "--config @section.toml",
                &["@section.toml:1:13: `city` has no section `needs.hungr`; did you mean `needs.hunger`?"],
            ),
            ("--config @type.toml", &["@type.toml:2:17: `needs.hunger.decay_awake` takes a number, not `lots`"]),
            ("--config @agents.toml", &["`many` is no number of agents, in @agents.toml:2:10; write a whole number"]),
            ("--config @range.toml", &["@range.toml:3:28: `needs.hunger.decay_awake` must be from"]),
        ],
    );
}

#[test]
fn bad_input_files_are_refused_with_line_and_column() {
    let scratch = Scratch::new("inputs");
    let header = "geoid,pop,male,female,age_0_4,age_5_17,age_18_21,age_22_29,age_30_39,age_40_49,age_50_64,age_65_up,\
                  hh_1,hh_2,hh_3,hh_4,hh_5,hh_6,hh_7plus,employed_20_64";
    let row = "36005000100,10,4,6,1,1,1,1,2,2,1,1,1,1,1,0,0,0,0,5";
    let files = [
        ("empty.csv", String::new()),
        ("header.csv", format!("{header}\n")),
        ("column.csv", format!("{}\n{row}\n", header.replace(",male", ",men"))),
        ("fields.csv", format!("{header}\n{row}\n36005000200,10,4")),
        ("cut.csv", format!("{header}\n{row}\n")),
        ("geoid.csv", format!("{header}\n{row}\nBronx,{}\n", &row[12..])),
        ("tract.csv", format!("{header}\n34005000100,{}\n", &row[12..])),
        ("count.csv", format!("{header}\n{}\n", row.replace(",4,", ",four,"))),
        ("sexes.csv", format!("{header}\n{}\n", row.replace(",4,", ",5,"))),
        ("twice.csv", format!("{header}\n{row}\n{row}\n")),
        ("empty.geojson", " \n".to_owned()),
        ("cut.geojson", "{\"features\": [\n  {\"properties\"".to_owned()),
        ("type.geojson", "{\n\"features\": 5}".to_owned()),
        ("key.geojson", "{\"features\": [\n{\"properties\": {}}]}".to_owned()),
        ("none.geojson", "{\"features\": []}".to_owned()),
        ("degrees.csv", "date,tmin_c,tmax_c,prcp_mm\n1999-05-04,10,warm,0\n".to_owned()),
        ("days.csv", "date,tmin_c,tmax_c,prcp_mm\n1999-05-04,10,20,0\n".to_owned()),
    ];
    for (name, content) in files {
        scratch.file(name, content);
    }
    refused(
        &scratch,
        &[
            (
                "--population @no.csv",
                &["@no.csv: there is no such file; a CSV with a row for each census tract", "geoid, pop"],
            ),
            ("--population @empty.csv", &["@empty.csv: the file is empty; a CSV with a row for each census tract"]),
            ("--population @header.csv", &["@header.csv: there is a header but no row; a CSV"]),
            (
                "--population @column.csv",
                &["@column.csv:1: there is no column `male`; the columns are geoid, pop, men"],
            ),
            (
                "--population @fields.csv",
                &["@fields.csv: line 3 has 3 fields, the header has 20: is the file cut short?"],
            ),
            (
                "--population @cut.csv",
                &["@cut.csv: 2216 of the map's 2217 tracts have no row", "is the file cut short?"],
            ),
            (
                "--population @geoid.csv",
                &["@geoid.csv:3: column 1 (`geoid`): `Bronx` is not the 11-digit geoid of a tract"],
            ),
            ("--population @tract.csv", &["@tract.csv:2: column 1 (`geoid`): the map has no tract 34005000100"]),
            ("--population @count.csv", &["@count.csv:2: column 3 (`male`): `four` is not a count"]),
            ("--population @sexes.csv", &["@sexes.csv:2: column 2 (`pop`): `male` and `female` do not add up"]),
            ("--population @twice.csv", &["@twice.csv:3: column 1 (`geoid`): tract 36005000100 stands there twice"]),
            ("--map @no.geojson", &["@no.geojson: there is no such file; a GeoJSON FeatureCollection"]),
            ("--map @empty.geojson", &["@empty.geojson: the file is empty; a GeoJSON FeatureCollection"]),
            ("--map @cut.geojson", &["@cut.geojson: EOF while parsing an object at line 2 column 15; a GeoJSON"]),
            (
                "--map @type.geojson",
                &["@type.geojson: invalid type: integer `5`, expected a sequence at line 2 column 13"],
            ),
            ("--map @key.geojson", &["@key.geojson: missing field `geoid` at line 2 column"]),
            ("--map @none.geojson", &["@none.geojson: there is no feature; a GeoJSON FeatureCollection"]),
            ("--weather @no.csv", &["@no.csv: there is no such file; a CSV with a row for each day"]),
            ("--weather @degrees.csv", &["@degrees.csv:2: column 3 (`tmax_c`): `warm` is not a temperature"]),
            ("--weather @days.csv --days 3", &["the weather file has no row for 1999-05-05"]),
        ],
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_refused_before_the_run() {
    let scratch = Scratch::new("unwritable");
    scratch.file("file", "in the way");
    // A run of a year would take hours: it must not begin.
    refused(
        &scratch,
        &[
            ("--days 365 --out @file", &["cannot make the folder `@file`, in --out", "name one that can be written"]),
            ("--days 365 --out @file/below", &["cannot make the folder `@file/below`, in --out"]),
        ],
    );
    assert_eq!(fs::read_to_string(scratch.path("file")).unwrap(), "in the way");

    let locked = scratch.path("locked");
    fs::create_dir(&locked).unwrap();
    let mut permissions = fs::metadata(&locked).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&locked, permissions).unwrap();
    if File::create(format!("{locked}/probe")).is_ok() {
        println!("skipped: a read-only folder does not stop whoever runs this test (root?)");
        return;
    }
    let cases: [(&str, &[&str]); 1] =
        [("--days 365 --out @locked", &["cannot write in the folder `@locked`, in --out"])];
    refused(&scratch, &cases);
}

#[test]
fn json_is_one_object_with_all_that_was_promised() {
    let said = done("--agents 30 --ticks 3000 --workers 3 --json");
    assert_eq!(said.out.lines().count(), 1, "{}", said.out);
    let object = said.object();
    let promised = "scenario seed agents zones shards workers stepping backend ticks sim_seconds wall_seconds \
                    setup_seconds agent_ticks_per_second realtime_factor transitions messages handoffs tick_ns \
                    phase_seconds peak_rss_bytes digest invariants population_by_borough activity_shares meetings trips \
                    money_total interrupted start end series notes";
    for name in promised.split_whitespace() {
        assert!(object.get(name).is_some(), "{name} is missing");
    }
    let facts = ["scenario", "seed", "agents", "zones", "shards", "stepping", "backend", "ticks", "interrupted"];
    let facts: Vec<&Value> = facts.iter().map(|name| &object[name]).collect();
    assert_eq!(
        Value::from_iter(facts.into_iter().cloned()),
        serde_json::json!(["city", 1999, 30, 2217, 3, "event", "cpu", 3000, false])
    );
    for time in ["p50", "p99", "max"] {
        assert!(object["tick_ns"][time].is_u64(), "{}", object["tick_ns"]);
    }
    let digest = object["digest"].as_str().unwrap();
    assert!(digest.len() == 16 && digest.chars().all(|digit| digit.is_ascii_hexdigit()), "{digest}");
    assert!(object["invariants"].as_object().unwrap().values().all(|held| held == true), "{}", object["invariants"]);
    assert_eq!(done("--agents 30 --ticks 3000 --json --quiet").digest(), digest);
}

#[test]
fn people_see_a_table() {
    let said = done("run city --agents 372 --hours 1 --workers 2");
    let head = "city · 372 agents · 1999-05-04 00:00 to 1999-05-04 01:00 · seed 1999\n";
    assert!(said.out.starts_with(head), "{}", said.out);
    for part in [
        "Boroughs",
        "Staten Island",
        "✓ agents: settled = present",
        "2,217 zones, 2 shards, 2 workers",
        "Notes",
        "digest",
    ] {
        assert!(said.out.contains(part), "`{part}` is missing from {}", said.out);
    }
    assert!(!said.out.contains(['\u{1b}', '✗']), "no colours away from a terminal, nothing broken: {}", said.out);
    let quiet = done("run city --agents 372 --ticks 100 --quiet");
    assert_eq!(quiet.out, "");
}

#[test]
fn progress_goes_to_stderr_and_results_to_stdout() {
    let said = say("--agents 372 --ticks 6000 --progress plain --json");
    assert_eq!((said.code, said.out.lines().count()), (Some(0), 1));
    assert!(said.err.starts_with("setting up: ") && said.err.contains("x real time"), "{}", said.err);
}

#[test]
fn out_holds_the_report_and_the_series() {
    let scratch = Scratch::new("out");
    let folder = scratch.path("deep/down");
    let said = done(&format!("--agents 30 --ticks 3000 --json --out {folder}"));
    let report: Value = serde_json::from_str(&fs::read_to_string(format!("{folder}/report.json")).unwrap()).unwrap();
    assert_eq!(report, said.object());
    assert!(fs::read_to_string(format!("{folder}/series.csv")).unwrap().starts_with("series,tick,value\n"));
    let names = |folder: &str| {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let expected = ["LOCK", "RUN", "ckpt", "meta.redb", "report.json", "series.csv", "wal"];
    assert_eq!(names(&folder), expected, "and nothing else");
    let bare = scratch.path("bare");
    done(&format!("--agents 30 --ticks 3000 --json --out {bare} --snapshot-every never"));
    assert_eq!(names(&bare), ["report.json", "series.csv"]);
}

#[test]
fn a_run_that_was_stopped_goes_on_and_is_not_overwritten() {
    let scratch = Scratch::new("resume");
    let folder = scratch.path("run");
    let model = "--start 1999-05-04T07:00 --json";
    let stopped = interrupted(&scratch, &format!("{model} --out {folder}")).object();
    assert_eq!(stopped["interrupted"], Value::Bool(true));
    let ticks = stopped["ticks"].as_u64().unwrap();
    let words = format!("--agents 2k {model} --ticks {} --progress none", ticks + 20_000);
    let straight = done(&words).object();
    let words = format!("{words} --out @run");
    let with = |more: &str| format!("{words} {more}");
    refused(
        &scratch,
        &[
            (&words, &["run", "has not ended", "--resume", "--fresh"]),
            (&with("--resume --fresh"), &["--resume", "--fresh"]),
            (&with("--resume --seed 7"), &["another run", "seed", "1999", "7"]),
            (&with("--resume --set needs.hunger.decay_awake=5"), &["needs.hunger.decay_awake"]),
            ("--agents 30 --ticks 100 --resume", &["--out"]),
            (&with("--snapshot-every soon"), &["soon", "1h", "wall:10m", "never"]),
            (&with("--snapshot-every 0.01s"), &["less than a tick"]),
            (&with("--keep 1"), &["at least 2"]),
            // What is begun anew is not removed before it is known that it can begin.
            (&with("--fresh --population @nowhere.csv"), &["nowhere.csv"]),
        ],
    );
    let words = words.replace('@', &scratch.path(""));
    let resumed = done(&format!("{words} --resume --workers 1 --shards 5")).object();
    assert_eq!(resumed["kept"]["resumed_from"].as_u64(), Some(ticks));
    for key in ["digest", "ticks", "transitions", "messages", "handoffs", "activity_shares", "series"] {
        assert_eq!(resumed[key], straight[key], "{key}");
    }
    // What has ended may be begun anew, and another one take its place.
    assert_eq!(done(&words).object()["digest"], straight["digest"]);
    let other = format!("--agents 300 --ticks 1000 --json --progress none --out {folder}");
    assert!(done(&other).object()["kept"]["resumed_from"].is_null());
}

#[test]
fn a_second_start_on_a_live_run_is_refused() {
    let scratch = Scratch::new("live");
    let folder = scratch.path("run");
    let words = format!("--agents 300 --hours 2 --time-scale 600 --json --progress none --out {folder}");
    let mut first = myriad(words.split_whitespace()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let held = (0..200).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        fs::read_to_string(scratch.path("run/LOCK")).is_ok_and(|holder| holder.contains("process"))
    });
    assert!(held, "the first one takes the lock");
    let second = say(&format!("{words} --resume"));
    let process = format!("process {}", first.id());
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!((second.code, second.out.as_str()), (Some(1), ""));
    assert!(second.err.contains(&process) && second.err.contains("LOCK"), "{}", second.err);
}

#[test]
fn a_template_changes_nothing() {
    let scratch = Scratch::new("template");
    let template = done("describe city --template").out;
    let path = scratch.file("city.toml", &template);
    let length = "--agents 500 --ticks 6000 --start 1999-05-04T07:00 --json";
    let plain = done(length).digest();
    assert_eq!(done(&format!("{length} --config {path}")).digest(), plain);
    // It is read, not passed over.
    let key = "decay_awake = ";
    let at = template.find(key).unwrap() + key.len();
    let end = at + template[at..].find('\n').unwrap();
    let path = scratch.file("hungry.toml", format!("{}9.5{}", &template[..at], &template[end..]));
    assert_ne!(done(&format!("{length} --config {path}")).digest(), plain);
}

#[test]
fn flags_outrank_the_environment_which_outranks_the_file() {
    let scratch = Scratch::new("layers");
    let config = "agents = 40\nseed = 5\nticks = 200\n[city.needs.hunger]\ndecay_awake = 5.5\n";
    let path = scratch.file("my.toml", config);
    let call = |words: &str| {
        let mut command = myriad(words.split_whitespace());
        command.env("MYRIAD_SEED", "6").env("MYRIAD_AGENTS", "50").env("MYRIAD_CONFIG", &path);
        finish(command)
    };
    let shown = call("--agents 60 --set needs.hunger.weight=2 --show-config").out;
    let expected: [&[&str]; 6] = [
        &["agents", "60", "--agents"],
        &["seed", "6", "MYRIAD_SEED"],
        &["ticks", "200", &format!("{path}:3:9")],
        &["shards", "4", "for", "each", "worker", "default"],
        &["needs.hunger.decay_awake", "5.5", &format!("{path}:5:15")],
        &["needs.hunger.weight", "2", "--set"],
    ];
    for row in expected {
        let found = shown.lines().any(|line| line.split_whitespace().eq(row.iter().copied()));
        assert!(found, "{row:?} is missing from {shown}");
    }
    let object = call("--agents 60 --json").object();
    assert_eq!([&object["agents"], &object["seed"], &object["ticks"]].map(Value::as_u64), [60, 6, 200].map(Some));
}

#[test]
fn the_seed_of_the_environment_counts() {
    let words = "--agents 300 --ticks 3000 --json";
    let with_seed = |words: &str, seed: &str| {
        let mut command = myriad(words.split_whitespace());
        command.env("MYRIAD_SEED", seed);
        finish(command).digest()
    };
    let plain = done(words).digest();
    assert_ne!(with_seed(words, "7"), plain);
    assert_eq!(with_seed(words, "7"), done(&format!("{words} --seed 7")).digest());
    assert_eq!(with_seed(&format!("{words} --seed 1999"), "7"), plain);
    let mut misspelt = myriad(words.split_whitespace());
    misspelt.env("MYRIAD_SEDE", "7");
    let said = finish(misspelt);
    assert_eq!((said.code, said.digest()), (Some(0), plain));
    assert!(said.err.contains("MYRIAD_SEDE sets nothing; did you mean MYRIAD_SEED?"), "{}", said.err);
}

#[test]
fn the_other_commands_answer_on_stdout() {
    let cases: [(&str, &[&str]); 11] = [
        ("list", &["city", "New York, 1999"]),
        ("describe", &["needs.hunger.decay_awake", "population"]),
        ("describe city", &["needs.hunger.decay_awake", "population"]),
        ("describe city --template", &["[city.needs.hunger]", "# agents = 1000000"]),
        ("completions bash", &["_myriad()", "--agents", "city"]),
        ("completions zsh", &["#compdef myriad", "--agents"]),
        ("completions fish", &["complete -c myriad", "agents"]),
        ("man", &[".TH myriad 1", "\\-\\-agents"]),
        ("doctor", &["cores", "memory"]),
        ("--help", &["Exit codes: 0 done", "--time-scale"]),
        ("--version", &[concat!("myriad ", env!("CARGO_PKG_VERSION"))]),
    ];
    for (words, parts) in cases {
        let said = done(words);
        for part in parts {
            assert!(said.out.contains(part), "{words}: `{part}` is missing from {}", said.out);
        }
    }
    assert_eq!(done("list --json").object()[0]["name"], "city");
    assert_eq!(done("describe --json").object()["name"], "city");
    assert!(done("doctor --json").object().as_array().is_some_and(|checks| checks.len() >= 5));
}

#[test]
fn bash_can_read_its_completions() {
    let scratch = Scratch::new("completions");
    let path = scratch.file("myriad.bash", done("completions bash").out);
    match Command::new("bash").args(["-n", &path]).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => println!("skipped: there is no bash: {error}"),
    }
}

#[test]
fn a_missed_target_has_code_3() {
    // Nobody is at work in the first hour of a Monday.
    let said = say("validate city --agents 500 --hours 1 --json");
    assert_eq!(said.code, Some(3), "{}", said.err);
    assert!(said.err.starts_with("error: targets missed: "), "{}", said.err);
    assert_eq!(said.object()["ok"], false);
}

/// Starts a run of a month, interrupts it as soon as it has told of its progress, and waits for its end.
fn interrupted(scratch: &Scratch, words: &str) -> Said {
    stopped(scratch, &format!("--agents 2k --days 30 --progress plain {words}"), libc::SIGINT)
}

/// Starts a run, sends it a signal as soon as it has told of its progress, and waits for its end.
pub fn stopped(scratch: &Scratch, words: &str, signal: i32) -> Said {
    let out = scratch.path("stdout");
    let mut command = myriad(words.split_whitespace());
    let mut child = command.stdout(File::create(&out).unwrap()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut err = String::new();
    while !err.contains("x real time") {
        assert!(stderr.read_line(&mut err).unwrap() > 0, "it ended too soon: {err}");
    }
    let pid = libc::pid_t::try_from(child.id()).unwrap();
    // SAFETY: sends a signal to our own child, which has not been waited for, so the number is still its own.
    assert_eq!(unsafe { libc::kill(pid, signal) }, 0);
    stderr.read_to_string(&mut err).unwrap();
    let status = child.wait().unwrap();
    Said { code: status.code(), out: fs::read_to_string(out).unwrap(), err }
}

#[test]
fn ctrl_c_ends_a_run_with_its_report() {
    let scratch = Scratch::new("interrupt");
    let said = interrupted(&scratch, "");
    assert_eq!(said.code, Some(130), "{}", said.err);
    assert!(said.err.contains("stopping at the next exchange, with a report"), "{}", said.err);
    assert!(said.out.starts_with("city · 2,000 agents") && said.out.contains("interrupted after "), "{}", said.out);
    assert!(said.out.contains("✓ money") && !said.out.contains('✗'), "{}", said.out);

    let said = interrupted(&scratch, "--json");
    assert_eq!((said.code, said.out.lines().count()), (Some(130), 1), "{}", said.err);
    let object = said.object();
    let ticks = object["ticks"].as_u64().unwrap();
    assert_eq!(object["interrupted"], true);
    assert!(ticks > 0 && ticks.is_multiple_of(100) && ticks < 30 * 864_000, "at an exchange, not at the end: {ticks}");
    // What was done until then is what a run of that length does.
    assert_eq!(done(&format!("--agents 2k --ticks {ticks} --json")).digest(), object["digest"].as_str().unwrap());
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    for words in ["describe", "--agents 30 --ticks 100"] {
        let mut child = myriad(words.split(' ')).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), err.as_str()), (Some(0), ""), "{words}");
    }
}

#[test]
fn a_memory_budget_never_shows_in_a_result() {
    let scratch = Scratch::new("budget");
    let folder = scratch.path("run");
    let words = "--agents 2000 --hours 1 --start 1999-05-04T07:30 --json --progress none";
    let plain = done(words);
    for budget in ["100%", "20%", "8GiB"] {
        let tiered = done(&format!("{words} --memory-budget {budget}"));
        assert_eq!(tiered.digest(), plain.digest(), "{budget}");
        let tiers = &tiered.object()["tiers"];
        assert_eq!(tiers["thawed"].as_u64().unwrap() > 100, budget == "20%", "{budget}: {tiers}");
    }
    assert!(plain.object().get("tiers").is_none());
    let kept = done(&format!("{words} --memory-budget 20% --out {folder} --snapshot-every 20m"));
    assert_eq!(kept.digest(), plain.digest());
    let resumed = done(&format!("{words} --memory-budget 50% --out {folder} --snapshot-every 20m --resume"));
    assert_eq!(resumed.digest(), plain.digest());
    let mut left = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(!left.any(|name| name.to_string_lossy().contains("cold")), "what is out of memory has no name");
    let tight = say(&format!("{words} --memory-budget 1MiB"));
    assert_eq!((tight.code, tight.digest()), (Some(0), plain.digest()));
    assert!(tight.err.contains("a memory budget of 1 MiB leaves no room for agents"), "{}", tight.err);
    let table = done("--agents 2000 --hours 1 --start 1999-05-04T07:30 --progress none --memory-budget 20%");
    assert!(table.out.contains("  cold zones    "), "{}", table.out);
    let right = "write bytes as 4GiB or 500MB, or a share of what agents take as 30%";
    refused(
        &scratch,
        &[
            ("--memory-budget 0", &["`0` is no amount of memory, in --memory-budget", right]),
            ("--memory-budget much", &["`much` is no amount of memory, in --memory-budget", right]),
            ("--memory-budget 0%", &["`0%` is no amount of memory, in --memory-budget", right]),
        ],
    );
}
