//! What was meant: all layers resolved into typed options, and the origin of each value.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tracing::level_filters::LevelFilter;

use super::args::{FolderFlags, ModelFlags, OutputFlags};
use super::config::{self, ConfigFile};
use super::error::Error;
use super::layers::{self, Given, Layer, Origin};
use super::meta::Scenarios;
use super::{out, values};
use crate::sim::{
    AnyScenario, Begin, Budget, DetailPolicy, Every, Keep, ParamError, ParamSpec, RunOptions, Source, Span, Stepping,
    Timing, Value, find,
};

/// Settings that are short for a parameter of the same name.
const SUGAR: [&str; 3] = ["population", "weather", "map"];

/// When the world is saved by default: often enough for a run of days, and never in one of minutes.
const SNAPSHOTS: &str = "wall:10m";
const SNAPSHOTS_WALL: Duration = Duration::from_secs(600);

/// What is written beside a run that is kept, so that it can go on without being told again.
pub const KEPT_SETTINGS: [&str; 5] = ["days", "hours", "ticks", "snapshot-every", "keep"];

/// How progress is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ProgressMode {
    /// A bar on a terminal; elsewhere lines, once the run has taken a while.
    Auto,
    /// Lines.
    Plain,
    /// Nothing.
    None,
}

/// A value with its origin, as `--show-config` prints it.
#[derive(Clone, PartialEq, Debug)]
pub struct Shown {
    /// The setting or parameter.
    pub name: String,
    /// The value in force.
    pub value: String,
    /// Where it was said.
    pub origin: Origin,
}

/// What was typed for a run, before any other layer is consulted.
#[derive(Clone, Copy)]
pub struct Typed<'a> {
    /// The scenario's name, if any.
    pub scenario: Option<&'a str>,
    /// What is simulated and how.
    pub model: &'a ModelFlags,
    /// What is shown of it.
    pub output: &'a OutputFlags,
    /// Where the run is kept.
    pub folder: Option<&'a FolderFlags>,
    /// What the run was begun with, if it is one that goes on.
    pub before: Option<&'a Before>,
}

/// What a run was begun with, which counts unless a flag says otherwise.
#[derive(Debug, Default)]
pub struct Before {
    /// Settings.
    pub settings: Layer,
    /// Parameters, all of them.
    pub params: Vec<(String, Value)>,
    /// Where it is said.
    pub origin: String,
}

/// All that a run needs to know.
pub struct Settings {
    /// The scenario.
    pub scenario: &'static dyn AnyScenario,
    /// The options for the engine.
    pub options: RunOptions,
    /// The parameters that were set, checked.
    pub values: Vec<(String, Value)>,
    /// The folder for files.
    pub out: Option<PathBuf>,
    /// The checkpoint with which the run begins.
    pub from: Option<PathBuf>,
    /// Whether one JSON object replaces the tables.
    pub json: bool,
    /// Whether only errors are shown.
    pub quiet: bool,
    /// How progress is shown.
    pub progress: ProgressMode,
    /// Which log messages are shown.
    pub log: LevelFilter,
    /// Settings of the run with their origins.
    pub shown_settings: Vec<Shown>,
    /// Parameters with their origins, all of them.
    pub shown_params: Vec<Shown>,
}

/// Resolves the layers.
pub fn resolve(typed: &Typed<'_>, env: &BTreeMap<String, String>, scenarios: Scenarios) -> Result<Settings, Error> {
    let file = match (&typed.model.config, env.get("MYRIAD_CONFIG").filter(|path| !path.is_empty())) {
        (Some(path), _) => config::read(path, scenarios)?,
        (None, Some(path)) => config::read(Path::new(path), scenarios)?,
        (None, None) => ConfigFile::default(),
    };
    resolve_with(file, typed, env, scenarios)
}

/// Resolves the layers, with what a configuration file says.
pub fn resolve_with(
    file: ConfigFile,
    typed: &Typed<'_>,
    env: &BTreeMap<String, String>,
    scenarios: Scenarios,
) -> Result<Settings, Error> {
    let scenario = scenarios.pick(typed.scenario)?;
    let specs = scenario.specs();
    let flags = layers::flags(
        typed
            .model
            .given()
            .into_iter()
            .chain(typed.output.given())
            .chain(typed.folder.into_iter().flat_map(FolderFlags::given)),
    );
    // A whole table of parameters in the file, then `--set`; the short forms fall in by their own layer.
    let mut params: BTreeMap<String, (Value, Origin)> = BTreeMap::new();
    for param in file.params.into_iter().filter(|param| param.scenario == scenario.name()) {
        params.insert(param.name, (param.value, Origin::File(param.position)));
    }
    let before = typed.before.map_or_else(Layer::new, |before| before.settings.clone());
    let sets = parse_sets(&typed.model.set, &specs)?;
    let merged = layers::merge([file.settings, layers::environment(env), before, flags])?;
    for name in SUGAR {
        let Some(given) = merged.get(name) else { continue };
        let typed_twice = matches!(given.origin, Origin::Flag(_)) && sets.iter().any(|(set, _)| set == name);
        if typed_twice {
            return Err(Error::Usage(format!("`{name}` is given twice, in --{name} and --set; give it once")));
        }
        params.insert(name.to_owned(), (sugar(name, given, scenario, scenarios)?, given.origin.clone()));
    }
    if let Some(before) = typed.before {
        for (name, value) in &before.params {
            let typed = matches!(params.get(name), Some((_, Origin::Flag(_))));
            if !typed {
                params.insert(name.clone(), (value.clone(), Origin::Run(before.origin.clone())));
            }
        }
    }
    for (name, value) in sets {
        params.insert(name, (value, Origin::Flag("--set".to_owned())));
    }
    let mut resolver = Resolver { merged: &merged, shown: Vec::new() };
    let mut resolved = resolver.run(scenario)?;
    if typed.folder.is_none() {
        // Only a run may begin elsewhere than at tick 0.
        (resolved.from, resolved.options.from) = (None, None);
    }
    let shown_params = specs
        .iter()
        .map(|spec| {
            let (value, origin) = match params.get(&spec.name) {
                Some((value, origin)) => (value, origin.clone()),
                None => (&spec.default, Origin::Default),
            };
            Shown { name: spec.name.clone(), value: value.to_string(), origin }
        })
        .collect();
    Ok(Settings {
        values: params.into_iter().map(|(name, (value, _))| (name, value)).collect(),
        shown_settings: resolver.shown,
        shown_params,
        ..resolved
    })
}

/// The `key=value` of each `--set`; of two for one key the later one holds.
fn parse_sets(sets: &[String], specs: &[ParamSpec]) -> Result<Vec<(String, Value)>, Error> {
    sets.iter()
        .map(|set| {
            let (name, text) = set.split_once('=').ok_or_else(|| {
                let example = specs.iter().find(|spec| matches!(spec.default, Value::Int(_) | Value::Float(_)));
                let example = example.map(|spec| format!(", such as {}={}", spec.name, spec.default));
                let example = example.unwrap_or_default();
                Error::Usage(format!("`{set}` sets nothing, in --set; write key=value{example}"))
            })?;
            let wrong = |error| match error {
                ParamError::Unknown { nearest: None, .. } => {
                    Error::Usage(format!("{error}, in --set; `describe` lists those there are"))
                }
                error => Error::Usage(format!("{error}, in --set")),
            };
            let name = name.trim();
            let value = find(specs, name).and_then(|spec| spec.parse(text.trim())).map_err(wrong)?;
            Ok((name.to_owned(), value))
        })
        .collect()
}

fn sugar(name: &str, given: &Given, scenario: &dyn AnyScenario, scenarios: Scenarios) -> Result<Value, Error> {
    if let Some(spec) = scenario.specs().iter().find(|spec| spec.name == name) {
        return spec.parse(&given.text).map_err(|error| Error::Usage(format!("{error}, in {}", given.origin)));
    }
    let able: Vec<_> = scenarios
        .iter()
        .filter(|scenario| scenario.specs().iter().any(|spec| spec.name == name))
        .map(|scenario| scenario.name())
        .collect();
    let able =
        if able.is_empty() { "no scenario has one".to_owned() } else { format!("it is for {}", able.join(", ")) };
    Err(Error::Usage(format!("`{}` has no parameter `{name}`, in {}; {able}", scenario.name(), given.origin)))
}

/// Reads settings one by one and notes each with its origin.
struct Resolver<'a> {
    merged: &'a Layer,
    shown: Vec<Shown>,
}

impl Resolver<'_> {
    /// Reads a setting, or takes the default; `text` is how a value is shown.
    fn read<T>(
        &mut self,
        name: &str,
        default: T,
        read: impl FnOnce(&Given) -> Result<T, Error>,
        text: impl FnOnce(&T) -> String,
    ) -> Result<T, Error> {
        let (value, origin) = match self.merged.get(name) {
            Some(given) => (read(given)?, given.origin.clone()),
            None => (default, Origin::Default),
        };
        self.shown.push(Shown { name: name.to_owned(), value: text(&value), origin });
        Ok(value)
    }

    fn choice<T: Copy + PartialEq>(&mut self, name: &str, default: T, words: &[(&'static str, T)]) -> Result<T, Error> {
        let word = |value: &T| {
            let found = words.iter().find(|(_, meaning)| meaning == value);
            found.map(|(word, _)| (*word).to_owned()).unwrap_or_default()
        };
        self.read(name, default, |given| values::choice(given, words), word)
    }

    fn switch(&mut self, name: &str) -> Result<bool, Error> {
        self.read(name, false, values::switch, bool::to_string)
    }

    fn run(&mut self, scenario: &'static dyn AnyScenario) -> Result<Settings, Error> {
        let timing = scenario.timing();
        let plain = RunOptions::default();
        let some = |number: u64| Some(number);
        let agents = self.read(
            "agents",
            None,
            |given| values::count(given, "agents", 1, values::AGENTS_MAX).map(some),
            |agents| agents.unwrap_or(timing.agents).to_string(),
        )?;
        let seed = self.read("seed", plain.seed, values::seed, u64::to_string)?;
        let start = self.read(
            "start",
            None,
            |given| values::date_time(given).map(Some),
            |start| start.unwrap_or(timing.start).to_string(),
        )?;
        let span = self.span(scenario)?;
        let shards = self.read(
            "shards",
            None,
            |given| values::count(given, "shards", 1, values::SHARDS_MAX).map(|count| Some(count as usize)),
            |shards| shards.map_or_else(|| "4 for each worker".to_owned(), |count| count.to_string()),
        )?;
        let workers = self.read(
            "workers",
            None,
            |given| values::count(given, "workers", 1, values::WORKERS_MAX).map(|count| Some(count as usize)),
            |workers| workers.map_or_else(|| "one a core".to_owned(), |count| count.to_string()),
        )?;
        let pin = !self.switch("no-pin")?;
        let stepping =
            self.choice("stepping", plain.stepping, &[("event", Stepping::Event), ("dense", Stepping::Dense)])?;
        self.backend()?;
        let allowance = self.read(
            "memory-budget",
            None,
            |given| values::allowance(given).map(Some),
            |allowance| allowance.map_or_else(|| "as much as it takes".to_owned(), |allowance| allowance.to_string()),
        )?;
        let time_scale = self.read(
            "time-scale",
            None,
            |given| values::positive(given, "simulated seconds per wall second").map(Some),
            |scale| scale.map_or_else(|| "as fast as it goes".to_owned(), |scale| scale.to_string()),
        )?;
        let details =
            [("auto", DetailPolicy::Auto), ("active", DetailPolicy::Active), ("abstracted", DetailPolicy::Abstracted)];
        let detail = self.choice("detail", plain.detail, &details)?;
        let folder = |given: &Given| match given.text.trim() {
            "" => {
                Err(Error::Usage(format!("the folder has no name, in {}; name one, such as runs/first", given.origin)))
            }
            _ => Ok(Some(PathBuf::from(&given.text))),
        };
        let shown =
            |out: &Option<PathBuf>| out.as_ref().map_or_else(|| "none".to_owned(), |out| out.display().to_string());
        let out = self.read("out", None, folder, shown)?;
        let checkpoint = |given: &Given| match given.text.trim() {
            "" => Err(Error::Usage(format!(
                "the snapshot has no name, in {}; name one, such as runs/first/ckpt/MANIFEST-00000007",
                given.origin
            ))),
            _ => Ok(Some(PathBuf::from(&given.text))),
        };
        let from = self.read("resume-from", None, checkpoint, shown)?;
        let keep = self.keep(out.as_deref(), from.is_some(), &timing)?;
        // The run's own folder, if there will be one when room is needed.
        let cold = keep.as_ref().map_or_else(std::env::temp_dir, |keep| keep.folder.clone());
        let memory = allowance.map(|allowance| Budget::new(allowance, cold));
        let json = self.switch("json")?;
        let quiet = self.switch("quiet")?;
        let modes = [("auto", ProgressMode::Auto), ("plain", ProgressMode::Plain), ("none", ProgressMode::None)];
        let progress = self.choice("progress", ProgressMode::Auto, &modes)?;
        let levels = [
            ("error", LevelFilter::ERROR),
            ("warn", LevelFilter::WARN),
            ("info", LevelFilter::INFO),
            ("debug", LevelFilter::DEBUG),
        ];
        let log = self.choice("log", LevelFilter::WARN, &levels)?;
        let options = RunOptions { agents, seed, start, span, shards, workers, pin, stepping, ..plain };
        let options = RunOptions { detail, time_scale, memory, keep, from: from.clone().map(Source::new), ..options };
        Ok(Settings {
            scenario,
            options,
            values: Vec::new(),
            out,
            from,
            json,
            quiet,
            progress,
            log,
            shown_settings: Vec::new(),
            shown_params: Vec::new(),
        })
    }

    /// How long to simulate, in whichever unit it was said, and whether that many ticks can be counted.
    fn span(&mut self, scenario: &dyn AnyScenario) -> Result<Option<Span>, Error> {
        let timing = scenario.timing();
        let units = [("days", 86_400.0), ("hours", 3_600.0)];
        for (name, seconds) in units {
            let Some(given) = self.merged.get(name) else { continue };
            let number = values::positive(given, &format!("simulated {name}"))?;
            let tick_seconds = f64::from(timing.tick_ms) / 1_000.0;
            let ticks = number * seconds / tick_seconds;
            if ticks > values::TICKS_MAX as f64 {
                let most = values::TICKS_MAX as f64 * tick_seconds / seconds;
                return Err(Error::Usage(format!(
                    "{} {name} are too many, in {}; at most {most:.0} would be right, for ticks of {} ms",
                    given.text, given.origin, timing.tick_ms
                )));
            }
            if ticks < 1.0 {
                return Err(Error::Usage(format!(
                    "{} {name} are shorter than a tick of {} ms, in {}; at least one tick would be right",
                    given.text, timing.tick_ms, given.origin
                )));
            }
            self.shown.push(Shown { name: name.to_owned(), value: number.to_string(), origin: given.origin.clone() });
            return Ok(Some(Span::Seconds(number * seconds)));
        }
        if let Some(given) = self.merged.get("ticks") {
            let ticks = values::count(given, "ticks", 1, values::TICKS_MAX)?;
            self.shown.push(Shown { name: "ticks".to_owned(), value: ticks.to_string(), origin: given.origin.clone() });
            return Ok(Some(Span::Ticks(ticks)));
        }
        let (name, value) = match timing.span {
            Span::Ticks(ticks) => ("ticks", ticks.to_string()),
            Span::Seconds(seconds) if seconds % 86_400.0 == 0.0 => ("days", (seconds / 86_400.0).to_string()),
            Span::Seconds(seconds) => ("hours", (seconds / 3_600.0).to_string()),
        };
        self.shown.push(Shown { name: name.to_owned(), value, origin: Origin::Default });
        Ok(None)
    }

    /// How the run is kept in its folder.
    fn keep(&mut self, out: Option<&Path>, is_branch: bool, timing: &Timing) -> Result<Option<Keep>, Error> {
        let every = |given: &Given| values::snapshots(given, timing).map(|every| (given.text.clone(), every));
        let wall = (SNAPSHOTS.to_owned(), Some(Every::Wall(SNAPSHOTS_WALL)));
        let (_, every) = self.read("snapshot-every", wall, every, |(text, _)| text.clone())?;
        let keep = |given: &Given| values::count(given, "snapshots", 2, values::SNAPSHOTS_MAX);
        let keep = self.read("keep", 5, keep, u64::to_string)? as usize;
        let (resume, fresh) = (self.switch("resume")?, self.switch("fresh")?);
        if resume && is_branch {
            return Err(Error::Usage(
                "`resume` and `resume-from` are both asked for: the one goes on with the run in the folder, the other \
                 begins one; one of them would be right"
                    .into(),
            ));
        }
        let begin = match (resume, fresh) {
            (true, true) => {
                return Err(Error::Usage("`resume` and `fresh` are both asked for; one of them would be right".into()));
            }
            (true, false) => Begin::Resume,
            (false, true) => Begin::Fresh,
            (false, false) => Begin::New,
        };
        let (Some(out), Some(every)) = (out, every) else {
            return match (begin, out) {
                (Begin::New, _) => Ok(None),
                (_, None) => Err(Error::Usage("--resume and --fresh are of a folder: name it by --out".into())),
                (_, Some(_)) => Err(Error::Usage("--resume and --fresh need --snapshot-every other than never".into())),
            };
        };
        let asked = |shown: &&Shown| KEPT_SETTINGS.contains(&shown.name.as_str());
        let settings = self.shown.iter().filter(asked).map(|shown| (shown.name.clone(), shown.value.clone())).collect();
        Ok(Some(Keep { begin, every, keep, settings, ..Keep::new(out, out::run_number()) }))
    }

    fn backend(&mut self) -> Result<(), Error> {
        let words = [("auto", "cpu (auto)"), ("cpu", "cpu"), ("gpu", "gpu")];
        let backend =
            self.read("backend", "cpu (auto)", |given| values::choice(given, &words), |word| (*word).to_owned())?;
        match (backend, self.merged.get("backend")) {
            ("gpu", Some(given)) => Err(Error::Usage(format!(
                "there is no GPU backend, in {}: this build computes on the CPU only; cpu or auto would be right",
                given.origin
            ))),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
