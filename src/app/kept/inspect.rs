//! `inspect`: what a run's folder holds.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::checkpoints::{self, CheckpointFacts};
use super::facts::{Damaged, Facts, ending, label, render_damage, tick};
use super::history::History;
use super::target::{self, Target};
use super::{files, zones};
use crate::app::args::InspectArgs;
use crate::app::cli::Console;
use crate::app::error::{Error, Outcome};
use crate::app::meta::Scenarios;
use crate::app::style::{Style, thousands};
use crate::store::journal::Record;
use crate::store::{Fs, JournalSeen, Manifest, RunView};

/// Inspects what a path names.
pub fn inspect(args: &InspectArgs, scenarios: Scenarios, console: &mut Console<'_>) -> Result<Outcome, Error> {
    let is_narrow = args.zones || args.zone.is_some() || args.agent.is_some();
    let damage = match target::of(&args.path)? {
        Target::Run(view) if is_narrow => {
            // One zone is looked up in the catalog, if that knows the newest checkpoint: no manifest is read.
            let listed = args.zone.and_then(|_| view.newest_listed());
            let newest = match listed {
                Some(listed) => Some(listed),
                None => view.checkpoints()?.manifests.pop(),
            };
            let newest = newest.ok_or_else(|| none(&args.path))?;
            let facts = Facts::of(&view.file, scenarios);
            zones::show(args, &newest, &view.checkpoint_folder(), Some(&facts), console)?
        }
        Target::Run(view) => show_run(args, &view, scenarios, console)?,
        Target::Manifest(path) => {
            let manifest = target::manifest(&path)?;
            let facts = target::run_around(&path, manifest.run).map(|view| Facts::of(&view.file, scenarios));
            let folder = path.parent().unwrap_or(Path::new(""));
            if is_narrow {
                zones::show(args, &manifest, folder, facts.as_ref(), console)?
            } else {
                show_manifest(args, &manifest, folder, facts.as_ref(), console)?
            }
        }
        Target::Segment(_) | Target::Journal(_) if is_narrow => {
            return Err(Error::Usage(format!(
                "`{}` is no checkpoint, of which zones and agents could be shown: a run's folder would be right, or \
                 ckpt/MANIFEST-*",
                args.path.display()
            )));
        }
        Target::Segment(path) => files::segment(args, &path, scenarios, console)?,
        Target::Journal(path) => files::journal(args, &path, scenarios, console)?,
    };
    console.out.flush()?;
    ending(&damage, &args.path)?;
    Ok(Outcome::Done)
}

fn none(path: &Path) -> Error {
    Error::Failed(format!("the run in `{}` has no checkpoint that can be read", path.display()))
}

/// Writes a result, as an object or as text.
pub fn put(
    json: bool,
    object: &impl Serialize,
    text: impl FnOnce() -> String,
    console: &mut Console<'_>,
) -> Result<(), Error> {
    match json {
        true => writeln!(console.out, "{}", serde_json::to_string(object)?)?,
        false => write!(console.out, "{}", text())?,
    }
    Ok(())
}

/// What a run's folder holds.
#[derive(Serialize)]
struct RunSeen {
    folder: PathBuf,
    #[serde(flatten)]
    facts: Facts,
    /// "live", "ended", "interrupted", "crashed", or "unknown" if the journal is damaged.
    state: &'static str,
    holder: Option<String>,
    checkpoints: Vec<CheckpointFacts>,
    journal: JournalFacts,
    history: History,
    damage: Vec<Damaged>,
}

/// How far the journal reaches.
#[derive(Serialize)]
struct JournalFacts {
    records: u64,
    inputs: u64,
    first_tick: Option<u64>,
    last_tick: Option<u64>,
    last_time: Option<String>,
    durable_tick: Option<u64>,
    torn: Option<Torn>,
    verified: bool,
}

/// The end of a write that a crash cut short.
#[derive(Clone, Serialize)]
pub struct Torn {
    /// The file.
    pub file: PathBuf,
    /// Where it begins.
    pub offset: u64,
}

impl Torn {
    /// Of a journal.
    pub fn of(seen: &JournalSeen) -> Option<Self> {
        let torn = seen.ending.as_ref().ok()?.torn.as_ref()?;
        Some(Self { file: torn.path.clone(), offset: torn.offset })
    }
}

impl JournalFacts {
    fn of(seen: &JournalSeen, facts: &Facts) -> Self {
        let inputs = seen.records.iter().map(|(_, record)| match record {
            Record::Inputs(inputs) => inputs.len() as u64,
            _ => 0,
        });
        let last_tick = seen.records.last().map(|(tick, _)| *tick);
        Self {
            records: seen.records.len() as u64,
            inputs: inputs.sum(),
            first_tick: seen.records.first().map(|(tick, _)| *tick),
            last_tick,
            last_time: last_tick.and_then(|tick| facts.civil(tick)),
            durable_tick: seen.ending.as_ref().ok().and_then(|recovered| recovered.durable_tick),
            torn: Torn::of(seen),
            verified: seen.ending.is_ok(),
        }
    }
}

fn state(seen: &JournalSeen, holder: Option<&String>, newest: Option<u64>) -> &'static str {
    match (&seen.ending, seen.records.last()) {
        _ if holder.is_some() => "live",
        (Err(_), _) => "unknown",
        (Ok(_), Some((_, Record::End(_)))) => "ended",
        // A process that is interrupted saves the world as it is, and has nothing to say after that.
        (Ok(recovered), Some((tick, _))) if newest == Some(*tick) && recovered.torn.is_none() => "interrupted",
        (Ok(_), _) => "crashed",
    }
}

fn show_run(
    args: &InspectArgs,
    view: &RunView,
    scenarios: Scenarios,
    console: &mut Console<'_>,
) -> Result<Vec<Damaged>, Error> {
    let facts = Facts::of(&view.file, scenarios);
    // The lock before the journal: a run that ends meanwhile is called live, not crashed.
    let holder = view.holder()?;
    let found = view.checkpoints()?;
    let newest = found.manifests.last().map(|manifest| manifest.tick);
    let journal = view.journal(newest);
    let mut damage: Vec<Damaged> =
        found.unreadable.iter().map(|(generation, error)| Damaged::of(error, vec![*generation])).collect();
    let (checkpoints, pieces) =
        checkpoints::check(view.backend(), &view.checkpoint_folder(), &found.manifests, facts.calendar.as_ref());
    damage.extend(pieces);
    damage.extend(journal.ending.as_ref().err().map(|error| Damaged::of(error, Vec::new())));
    let seen = RunSeen {
        folder: args.path.clone(),
        state: state(&journal, holder.as_ref(), newest),
        journal: JournalFacts::of(&journal, &facts),
        history: History::of(view, &facts)?,
        facts,
        holder,
        checkpoints,
        damage,
    };
    let style = console.style();
    put(args.json, &seen, || render_run(&seen, scenarios, style), console)?;
    Ok(seen.damage)
}

fn render_run(seen: &RunSeen, scenarios: Scenarios, style: Style) -> String {
    let mut text = seen.facts.render(scenarios, style);
    let journal = &seen.journal;
    let reach = journal.last_tick.map(|last| tick(last, journal.last_time.clone()));
    let reach = reach.unwrap_or_else(|| "before its first tick".to_owned());
    let state = match (seen.state, &seen.holder) {
        ("live", Some(holder)) => style.good(&format!("live: {holder} is at work on it")),
        ("ended", _) => style.good(&format!("ended at {reach}")),
        ("interrupted", _) => format!("interrupted at {reach}; `resume` goes on with it"),
        ("crashed", _) => style.bad(&format!("crashed after {reach}; `resume` goes on with it")),
        _ => style.bad("unknown: its journal is damaged"),
    };
    let _ = writeln!(text, "{}{state}", style.dim(&label("state")));
    let _ = writeln!(text, "\n{}", style.bold("Checkpoints"));
    if seen.checkpoints.is_empty() {
        text.push_str("  none\n");
    } else {
        text.push_str(&checkpoints::render(&seen.checkpoints, style));
    }
    let _ = writeln!(text, "\n{}", style.bold("Journal"));
    let _ = writeln!(
        text,
        "  {} records from tick {} to {reach}, with {} inputs",
        thousands(journal.records),
        thousands(journal.first_tick.unwrap_or(0)),
        thousands(journal.inputs)
    );
    if let Some(durable) = journal.durable_tick {
        let _ = writeln!(text, "  proven to be on disk up to tick {}", thousands(durable));
    }
    if let Some(torn) = &journal.torn {
        let live = if seen.holder.is_some() { "being written" } else { "cut short by a crash; nobody was told of it" };
        let _ = writeln!(text, "  `{}` from byte {} on: {live}", torn.file.display(), torn.offset);
    }
    text.push_str(&seen.history.render(style));
    text.push_str(&render_damage(&seen.damage, style));
    text
}

/// One checkpoint.
#[derive(Serialize)]
struct ManifestSeen<'a> {
    run: String,
    schema: &'a str,
    #[serde(flatten)]
    checkpoint: Option<CheckpointFacts>,
    damage: Vec<Damaged>,
}

fn show_manifest(
    args: &InspectArgs,
    manifest: &Manifest,
    folder: &Path,
    facts: Option<&Facts>,
    console: &mut Console<'_>,
) -> Result<Vec<Damaged>, Error> {
    let calendar = facts.and_then(|facts| facts.calendar.as_ref());
    let (mut checkpoints, damage) = checkpoints::check(&Fs, folder, std::slice::from_ref(manifest), calendar);
    let run = format!("{:032x}", manifest.run);
    let seen = ManifestSeen { run, schema: &manifest.schema, checkpoint: checkpoints.pop(), damage };
    let style = console.style();
    let text = || {
        let title = style.bold(&format!("Checkpoint {}", manifest.generation));
        let mut text = format!("{title} of run {}\n\n", seen.run);
        text.push_str(&checkpoints::render(seen.checkpoint.as_slice(), style));
        let _ = writeln!(text, "\n{}", style.bold("Tables: types of rows, and bytes of each"));
        manifest.schema.lines().skip(1).for_each(|line| text.push_str(&format!("  {line}\n")));
        text.push_str(&render_damage(&seen.damage, style));
        text
    };
    put(args.json, &seen, text, console)?;
    Ok(seen.damage)
}
