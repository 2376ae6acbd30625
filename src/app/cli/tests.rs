use super::*;
use crate::app::fake::{self, FAKES};

struct Said {
    code: u8,
    out: String,
    err: String,
}

fn never(_quiet: bool) -> &'static AtomicBool {
    static NEVER: AtomicBool = AtomicBool::new(false);
    &NEVER
}

fn at_once(_quiet: bool) -> &'static AtomicBool {
    static AT_ONCE: AtomicBool = AtomicBool::new(true);
    &AT_ONCE
}

fn say_stopped(words: &str, stop: fn(bool) -> &'static AtomicBool) -> Said {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut console = Console {
        out: &mut out,
        err: &mut err,
        out_is_terminal: false,
        err_is_terminal: false,
        may_colour: false,
        stop,
    };
    let args = std::iter::once("myriad").chain(words.split_whitespace()).map(OsString::from).collect();
    let app = App::new(FAKES);
    let code = app.run_cli(&Call { args, env: BTreeMap::new() }, &mut console);
    Said { code, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

fn say(words: &str) -> Said {
    say_stopped(words, never)
}

fn object(said: &Said) -> serde_json::Value {
    assert_eq!(said.out.lines().count(), 1, "{}", said.out);
    serde_json::from_str(&said.out).unwrap()
}

#[test]
fn without_a_command_the_first_scenario_runs() {
    for words in
        ["--agents 1M --json", "run --agents 1M --json", "run toy --agents 1M --json", "run --json toy --agents=1M"]
    {
        let said = say(words);
        let object = object(&said);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{words}");
        assert_eq!((&object["scenario"], &object["agents"]), (&"toy".into(), &1_000_000.into()), "{words}");
    }
    assert_eq!(object(&say("run plain --json --ticks 100"))["ticks"], 100);
    assert_eq!(object(&say("--json"))["agents"], 1_000);
}

#[test]
fn the_object_has_what_the_contract_promises() {
    let object = object(&say("--json --set coins=3"));
    let names = "scenario seed agents zones shards workers stepping backend ticks sim_seconds wall_seconds \
                 setup_seconds \
                 agent_ticks_per_second realtime_factor transitions messages handoffs tick_ns phase_seconds \
                 peak_rss_bytes \
                 digest invariants";
    for name in names.split_whitespace() {
        assert!(object.get(name).is_some(), "{name} is missing");
    }
    assert!(object.get("sections").is_none());
    assert_eq!(object["values"]["coins"], "3");
}

#[test]
fn results_go_to_stdout_and_progress_to_stderr() {
    let said = say("--progress plain");
    assert!(said.out.starts_with("toy · 1,000 agents"), "{}", said.out);
    assert!(said.err.starts_with("setting up: settling 1000 agents\n"), "{}", said.err);
    let quiet = say("--quiet --progress plain");
    assert_eq!((quiet.code, quiet.out.as_str(), quiet.err.as_str()), (0, "", ""));
    assert_eq!(object(&say("--quiet --json"))["scenario"], "toy");
}

#[test]
fn bad_usage_is_told_on_stderr_with_code_2() {
    let cases = [
        ("--agents abc", "error: `abc` is no number of agents, in --agents; write a whole number from 1 to"),
        ("--agents -5", "error: `-5` is no number of agents, in --agents; write"),
        ("--agents 0", "error: 0 agents are too few, in --agents; at least 1 would be right\n"),
        (
            "--agents 99999999999",
            "error: 99999999999 agents are too many, in --agents; at most 2,000,000,000 would be right\n",
        ),
        ("run tou", "error: there is no scenario `tou`; did you mean `toy`?\n"),
        ("plain", "error: `plain` is a scenario, not a command; `myriad run plain` would be right\n"),
        ("lst", "error: unrecognized subcommand 'lst'"),
        ("--agnets 5", "error: unexpected argument '--agnets' found"),
        ("--stepping fast", "error: invalid value 'fast' for '--stepping <HOW>'"),
        ("--backend gpu", "error: there is no GPU backend, in --backend: this build computes on the CPU only"),
        ("--config /no/such.toml", "error: there is no configuration file `/no/such.toml`"),
        ("--set coins=lots", "error: `coins` takes a whole number, not `lots`, in --set\n"),
        ("describe tou", "error: there is no scenario `tou`; did you mean `toy`?\n"),
        ("describe --json --template", "error: the argument '--json' cannot be used with '--template'"),
        ("completions dos", "error: invalid value 'dos' for '<SHELL>'"),
        ("validate plain", "error: `plain` has no measured figures to be compared with\n"),
        ("--agents", "error: a value is required for '--agents <COUNT>'"),
        ("--days 1 --ticks 5", "error: the length of the run is given twice, in --days and --ticks; give one of"),
    ];
    for (words, message) in cases {
        let said = say(words);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{words}: {}", said.err);
        assert!(said.err.starts_with(message), "{words}: {}", said.err);
    }
}

#[test]
fn each_ending_of_a_run_has_its_code() {
    let broken = say("run broken");
    assert_eq!((broken.code, broken.err.as_str()), (1, "error: zone 3, agent 17, tick 41: division by zero\n"));
    let wrong = say("run wrong");
    assert_eq!((wrong.code, wrong.err.as_str()), (3, "error: invariant missed: money_conserved\n"));
    assert!(wrong.out.contains("✗ money conserved: broken"), "{}", wrong.out);
    let stopped = say_stopped("run plain --json", at_once);
    assert_eq!((stopped.code, stopped.err.as_str()), (130, ""));
    assert_eq!(object(&stopped)["interrupted"], true);
    assert_eq!(say_stopped("run wrong", at_once).code, 3);
}

#[test]
fn files_go_to_a_folder_that_is_tried_before_the_run() {
    let folder = fake::folder("cli-out");
    let out = folder.join("deep/down");
    let said = say(&format!("--quiet --out {}", out.display()));
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(out.join("report.json").is_file() && out.join("series.csv").is_file());
    let below_a_file = out.join("report.json/below");
    // The scenario would fail, but the folder is refused before it starts.
    let refused = say(&format!("run broken --out {}", below_a_file.display()));
    assert_eq!(refused.code, 2);
    assert!(refused.err.starts_with("error: cannot make the folder"), "{}", refused.err);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_template_is_a_configuration_that_changes_nothing() {
    let folder = fake::folder("cli-template");
    let path = folder.join("toy.toml");
    let template = say("describe toy --template");
    assert_eq!(template.code, 0);
    std::fs::write(&path, &template.out).unwrap();
    let shown = object(&say(&format!("--show-config --json --config {}", path.display())));
    let plain = object(&say("--show-config --json"));
    assert_eq!(shown["settings"], plain["settings"]);
    let values = |object: &serde_json::Value| -> Vec<String> {
        object["parameters"].as_object().unwrap().values().map(|entry| entry["value"].to_string()).collect()
    };
    assert_eq!(values(&shown), values(&plain));
    assert!(shown["parameters"]["coins"]["origin"].as_str().unwrap().starts_with(&path.display().to_string()));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn show_config_tells_origins_and_runs_nothing() {
    let said = say("run broken --show-config --seed 5");
    assert_eq!(said.code, 0);
    let seed = said.out.lines().find(|line| line.trim_start().starts_with("seed")).unwrap();
    assert_eq!(seed.split_whitespace().collect::<Vec<_>>(), ["seed", "5", "--seed"]);
}

#[test]
fn validation_meets_or_misses_its_targets() {
    let met = say("validate toy --seed 8");
    assert_eq!(met.code, 0, "{}", met.err);
    assert!(met.out.starts_with("toy · 1 of 1 targets met\n"), "{}", met.out);
    let missed = say("validate --seed 12");
    assert_eq!((missed.code, missed.err.as_str()), (3, "error: target missed: sleep\n"));
    let object = object(&say("validate toy --seed 12 --json"));
    assert_eq!((&object["ok"], &object["rows"][0]["target"]), (&false.into(), &8.0.into()));
}

#[test]
fn a_benchmark_that_nobody_waits_for_measures_nothing() {
    let stopped = say_stopped("bench --quick --only bandwidth --json", at_once);
    assert_eq!((stopped.code, stopped.err.as_str()), (130, ""));
    let object = object(&stopped);
    assert_eq!((&object["interrupted"], &object["results"]), (&true.into(), &serde_json::json!([])));
    assert_eq!(say("bench --only zzz").code, 2);
}

#[test]
fn the_other_commands_answer_on_stdout() {
    let cases = [
        ("list", "scenario"),
        ("describe", "needs.hunger.decay = 4.5"),
        ("completions bash", "toy"),
        ("completions fish", "completions"),
        ("completions zsh", "toy"),
        ("completions powershell", "describe"),
        ("completions elvish", "completions"),
        ("man", ".TH myriad 1"),
        ("doctor", "cores"),
        ("--help", "--time-scale"),
        ("--help", "Exit codes"),
        ("--version", "myriad 0."),
        ("run --help", "--show-config"),
        ("bench --help", "city-dense"),
    ];
    for (words, expected) in cases {
        let said = say(words);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{words}");
        assert!(said.out.contains(expected), "{words}: {}", said.out);
    }
    assert_eq!(object(&say("list --json")).as_array().map(Vec::len), Some(FAKES.len()));
    assert_eq!(object(&say("describe plain --json"))["name"], "plain");
    assert!(object(&say("doctor --json")).as_array().is_some_and(|checks| checks.len() == 8));
}

#[test]
fn a_users_own_program_speaks_under_its_own_name() {
    let app = App::new(FAKES);
    let call = Call { args: ["/usr/bin/wealth", "--help"].map(OsString::from).to_vec(), env: BTreeMap::new() };
    let help = app.command(&call).render_help().to_string();
    assert!(help.contains("wealth [FLAGS OF RUN]"), "{help}");
}

#[test]
fn a_reader_that_has_gone_is_no_failure() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for words in ["list", "run", "run --json", "completions bash", "man", "describe --template"] {
        let mut err = Vec::new();
        let mut console = Console {
            out: &mut Gone,
            err: &mut err,
            out_is_terminal: false,
            err_is_terminal: false,
            may_colour: false,
            stop: never,
        };
        let args = std::iter::once("myriad").chain(words.split_whitespace()).map(OsString::from).collect();
        assert_eq!(App::new(FAKES).run_cli(&Call { args, env: BTreeMap::new() }, &mut console), 0, "{words}");
        assert_eq!(String::from_utf8(err).unwrap(), "", "{words}");
    }
}
