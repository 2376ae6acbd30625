use super::*;
use crate::app::args::Cli;
use crate::app::fake::{self, FAKES};
use clap::Parser;

fn resolved(words: &str, env: &[(&str, &str)]) -> Result<Settings, String> {
    let cli = Cli::try_parse_from(std::iter::once("myriad").chain(words.split_whitespace())).unwrap();
    let scenario = words.contains("plain").then_some("plain");
    let typed =
        Typed { scenario, model: &cli.run.model, output: &cli.run.output, folder: Some(&cli.run.folder), before: None };
    let env = env.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect();
    resolve(&typed, &env, Scenarios(FAKES)).map_err(|error| error.to_string())
}

fn origin(settings: &Settings, name: &str) -> String {
    let shown = settings.shown_settings.iter().chain(&settings.shown_params).find(|shown| shown.name == name).unwrap();
    format!("{} from {}", shown.value, shown.origin)
}

fn error(words: &str) -> String {
    resolved(words, &[]).map(|_| ()).unwrap_err()
}

#[test]
fn flag_over_environment_over_file_over_default() {
    let folder = fake::folder("layers");
    let path = folder.join("my.toml");
    std::fs::write(&path, "agents = \"1M\"\nseed = 3\nshards = 6\n[toy]\ncoins = 7\nmercy = true\n").unwrap();
    let file = path.display().to_string();
    let words = format!("--config {file} --agents 30 --set coins=9");
    let settings = resolved(&words, &[("MYRIAD_AGENTS", "2k"), ("MYRIAD_SEED", "5")]).unwrap();
    assert_eq!(settings.options.agents, Some(30));
    assert_eq!((settings.options.seed, settings.options.shards), (5, Some(6)));
    assert_eq!(origin(&settings, "agents"), "30 from --agents");
    assert_eq!(origin(&settings, "seed"), "5 from MYRIAD_SEED");
    assert_eq!(origin(&settings, "shards"), format!("6 from {file}:3:10"));
    assert_eq!(origin(&settings, "workers"), "one a core from default");
    assert_eq!(origin(&settings, "coins"), "9 from --set");
    assert_eq!(origin(&settings, "mercy"), format!("true from {file}:6:9"));
    assert_eq!(origin(&settings, "needs.hunger.decay"), "4.5 from default");
    assert_eq!(
        settings.values,
        [("coins".to_owned(), Value::Int(9)), ("mercy".to_owned(), Value::Bool(true))],
        "only what was set goes to the scenario"
    );
    let by_variable = resolved("", &[("MYRIAD_CONFIG", &file)]).unwrap();
    assert_eq!(by_variable.options.agents, Some(1_000_000));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn every_option_reaches_the_engine() {
    let words = "--agents 8M --seed 7 --start 1999-05-04T06:00 --hours 2.5 --shards 3 --workers 2 --no-pin \
                 --stepping dense \
                 --backend auto --time-scale 48 --detail abstracted --json --quiet --progress plain \
                 --log debug --out runs/a";
    let settings = resolved(words, &[]).unwrap();
    let options = &settings.options;
    assert_eq!((options.agents, options.seed, options.shards, options.workers), (Some(8_000_000), 7, Some(3), Some(2)));
    assert_eq!(options.start, Some(crate::base::DateTime::new_const(1999, 5, 4, 6, 0, 0)));
    assert_eq!(options.span, Some(Span::Seconds(9_000.0)));
    assert_eq!((options.pin, options.stepping, options.detail), (false, Stepping::Dense, DetailPolicy::Abstracted));
    assert_eq!(options.time_scale, Some(48.0));
    assert_eq!((settings.json, settings.quiet, settings.progress), (true, true, ProgressMode::Plain));
    assert_eq!((settings.log, settings.out), (LevelFilter::DEBUG, Some(PathBuf::from("runs/a"))));
}

#[test]
fn defaults_are_the_scenarios() {
    let settings = resolved("", &[]).unwrap();
    assert_eq!((settings.options.agents, settings.options.span, settings.options.pin), (None, None, true));
    assert_eq!(origin(&settings, "agents"), "1000 from default");
    assert_eq!(origin(&settings, "days"), "1 from default");
    assert_eq!(origin(&settings, "start"), "1999-05-04 00:00 from default");
    assert_eq!(origin(&settings, "backend"), "cpu (auto) from default");
    assert!(settings.values.is_empty());
}

#[test]
fn a_typed_length_beats_one_in_another_unit_from_below() {
    let settings = resolved("--ticks 100", &[("MYRIAD_DAYS", "5")]).unwrap();
    assert_eq!(settings.options.span, Some(Span::Ticks(100)));
    assert!(error("--ticks 100 --days 1").starts_with("the length of the run is given twice, in --days and --ticks"));
}

#[test]
fn short_forms_set_parameters() {
    let settings = resolved("--population my.csv", &[]).unwrap();
    assert_eq!(settings.values, [("population".to_owned(), Value::Text("my.csv".into()))]);
    assert_eq!(origin(&settings, "population"), "my.csv from --population");
    let by_set = resolved("--set population=b.csv", &[("MYRIAD_POPULATION", "a.csv")]).unwrap();
    assert_eq!(origin(&by_set, "population"), "b.csv from --set");
}

#[test]
fn mistakes_say_what_where_and_what_would_be_right() {
    let cases = [
        ("--workers 0", "0 workers are too few, in --workers; at least 1 would be right"),
        ("--shards 5000", "5000 shards are too many, in --shards; at most 4,096 would be right"),
        ("--time-scale 0", "0 is too little, in --time-scale; simulated seconds per wall second must be more than 0"),
        ("--days -1", "-1 is too little, in --days; simulated days must be more than 0"),
        ("--days 1e9", "1e9 days are too many, in --days; at most 4630 would be right, for ticks of 100 ms"),
        ("--hours 1e-9", "1e-9 hours are shorter than a tick of 100 ms, in --hours; at least one tick would be right"),
        ("--ticks 0", "0 ticks are too few, in --ticks; at least 1 would be right"),
        (
            "--backend gpu",
            "there is no GPU backend, in --backend: this build computes on the CPU only; cpu or auto would be right",
        ),
        ("--set coins", "`coins` sets nothing, in --set; write key=value, such as coins=1"),
        ("--set coin=1", "there is no parameter `coin`; did you mean `coins`?, in --set"),
        ("--set coins=x", "`coins` takes a whole number, not `x`, in --set"),
        ("--set coins=5000", "`coins` must be from 0 to 1000, not 5000, in --set"),
        ("--weather w.csv", "`toy` has no parameter `weather`, in --weather; no scenario has one"),
        ("--population plain", "`plain` has no parameter `population`, in --population; it is for toy"),
        ("--population a --set population=b", "`population` is given twice, in --population and --set; give it once"),
    ];
    for (words, expected) in cases {
        assert_eq!(error(words), expected, "for {words}");
    }
    let by_variable = resolved("", &[("MYRIAD_STEPPING", "fast")]).map(|_| ()).unwrap_err();
    assert_eq!(by_variable, "`fast` is none of event, dense, in MYRIAD_STEPPING");
}
