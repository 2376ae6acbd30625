//! What a run says of itself, and how damage is told.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::Serialize;

use crate::app::error::Error;
use crate::app::meta::Scenarios;
use crate::app::style::{Style, thousands};
use crate::base::{Calendar, DateTime, Tick};
use crate::store::{Origin, RunFile, StoreError};

/// What a run is a run of.
#[derive(Clone, Serialize)]
pub struct Facts {
    /// Its number.
    pub run: String,
    /// All that decides what comes of it.
    pub identity: BTreeMap<String, String>,
    /// What else was asked for.
    pub settings: BTreeMap<String, String>,
    /// The checkpoint of another run with which it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<Box<Origin>>,
    /// Civil time, if the scenario is known.
    #[serde(skip)]
    pub calendar: Option<Calendar>,
}

impl Facts {
    /// Of a run.
    pub fn of(file: &RunFile, scenarios: Scenarios) -> Self {
        let RunFile { identity, settings, origin, .. } = file;
        let scenario = scenarios.iter().find(|scenario| identity.get("scenario").is_some_and(|s| s == scenario.name()));
        let start: Option<DateTime> = identity.get("start").and_then(|start| start.parse().ok());
        let calendar = scenario.zip(start).map(|(scenario, start)| Calendar::new(start, scenario.timing().tick_ms));
        let run = format!("{:032x}", file.run());
        let mut identity = identity.clone();
        // The first files did not say it.
        identity.entry("version".to_owned()).or_insert_with(|| "1".to_owned());
        Self { run, identity, settings: settings.clone(), origin: origin.clone(), calendar }
    }

    /// The civil time of a tick.
    pub fn civil(&self, tick: u64) -> Option<String> {
        civil(self.calendar.as_ref(), tick)
    }

    /// The heading, and the parameters that are not as the scenario has them.
    pub fn render(&self, scenarios: Scenarios, style: Style) -> String {
        let said = |name: &str| self.identity.get(name).map_or("?", String::as_str);
        let agents = said("agents").parse().map_or_else(|_| said("agents").to_owned(), thousands);
        let (seed, start) = (said("seed"), said("start"));
        let mut text = format!("{} · {agents} agents · from {start} · seed {seed}\n\n", style.bold(said("scenario")));
        let specs = scenarios.iter().find(|scenario| scenario.name() == said("scenario")).map(|found| found.specs());
        let specs = specs.unwrap_or_default();
        for (name, value) in &self.identity {
            let Some(name) = name.strip_prefix("parameter ") else { continue };
            let is_default = specs.iter().any(|spec| spec.name == name && spec.default.to_string() == *value);
            if !is_default {
                let _ = writeln!(text, "{}{name} = {value}", style.dim(&label("parameter")));
            }
        }
        let settings: Vec<String> = self.settings.iter().map(|(name, value)| format!("{name} {value}")).collect();
        let came_from = self.origin.as_ref().map_or_else(String::new, |origin| {
            let Origin { path, run, generation, tick: at, .. } = &**origin;
            format!("checkpoint {generation} of run {run}, {}\n{}`{path}`", tick(*at, self.civil(*at)), label(""))
        });
        let lines = [
            ("run", self.run.clone()),
            ("began with", came_from),
            ("version", said("version").to_owned()),
            ("engine", said("engine").to_owned()),
            ("asked for", settings.join(", ")),
        ];
        for (name, value) in lines.into_iter().filter(|(_, value)| !value.is_empty()) {
            let _ = writeln!(text, "{}{value}", style.dim(&label(name)));
        }
        text
    }
}

/// The name of a line, filled up.
pub fn label(name: &str) -> String {
    format!("  {name:<12}")
}

/// The civil time of a tick.
pub fn civil(calendar: Option<&Calendar>, tick: u64) -> Option<String> {
    // A tick beyond every run may stand in a file that is damaged.
    calendar.filter(|_| tick <= u64::from(u32::MAX)).map(|calendar| calendar.at(Tick(tick)).to_string())
}

/// A tick with its civil time.
pub fn tick(tick: u64, civil: Option<String>) -> String {
    let number = format!("tick {}", thousands(tick));
    civil.map_or_else(|| number.clone(), |civil| format!("{number} ({civil})"))
}

/// Something that cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Damaged {
    /// The file.
    pub file: String,
    /// The first byte of what cannot be believed, if it is some of the file and not all of it.
    pub offset: Option<u64>,
    /// What lies there.
    pub what: String,
    /// How it shows.
    pub why: String,
    /// The checkpoints that need it.
    pub checkpoints: Vec<u64>,
    #[serde(skip)]
    told: String,
}

impl Damaged {
    /// Of an error.
    pub fn of(error: &StoreError, checkpoints: Vec<u64>) -> Self {
        let whole = |path: &Path, why: String| (path.display().to_string(), None, "the file".to_owned(), why);
        let (file, offset, what, why) = match error {
            StoreError::Damaged(damage) => {
                let path = damage.path.display().to_string();
                (path, Some(damage.offset), damage.what.clone(), damage.why.clone())
            }
            StoreError::Foreign { path, why } => whole(path, why.clone()),
            StoreError::Io { act, path, source } => whole(path, format!("cannot {act} it: {source}")),
            StoreError::Locked { path, holder } => whole(path, format!("held by {holder}")),
        };
        Self { file, offset, what, why, checkpoints, told: error.to_string() }
    }

    /// A bullet.
    pub fn render(&self, style: Style) -> String {
        let of = match self.checkpoints.as_slice() {
            [] => String::new(),
            [one] => format!(" (checkpoint {one})"),
            several => {
                let names: Vec<String> = several.iter().map(u64::to_string).collect();
                format!(" (checkpoints {})", names.join(", "))
            }
        };
        format!("  {} {}{of}\n", style.bad("✗"), self.told)
    }
}

/// The list of what is damaged, "" if nothing is.
pub fn render_damage(damage: &[Damaged], style: Style) -> String {
    if damage.is_empty() {
        return String::new();
    }
    let lines: String = damage.iter().map(|one| one.render(style)).collect();
    format!("\n{}\n{lines}", style.bold("Damage"))
}

/// How a command ends that found so much damage, all of which it told.
pub fn ending(damage: &[Damaged], of: &Path) -> Result<(), Error> {
    match damage.len() {
        0 => Ok(()),
        1 => Err(Error::Failed(format!("`{}` is damaged in one place, as listed", of.display()))),
        count => Err(Error::Failed(format!("`{}` is damaged in {count} places, as listed", of.display()))),
    }
}
