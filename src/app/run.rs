//! `run`: settings, a world, a report.

use std::collections::BTreeMap;
use std::path::Path;

use super::cli::Console;
use super::error::{Error, Outcome};
use super::meta::Scenarios;
use super::probe::Probe;
use super::progress::Reporter;
use super::settings::{ProgressMode, Settings, Typed, resolve};
use super::{kept, layers, log, out, show, summary};
use crate::exec::take_small_pages;
use crate::sim::{RunError, RunReport, Watch};
use tracing::level_filters::LevelFilter;

/// Agents up to which a world is too small to gain by huge pages.
const SMALL: u64 = 50_000;

/// Runs a scenario and reports.
pub fn run(
    typed: &Typed<'_>,
    env: &BTreeMap<String, String>,
    scenarios: Scenarios,
    console: &mut Console<'_>,
) -> Result<Outcome, Error> {
    let mut settings = resolve(typed, env, scenarios)?;
    if let (Some(from), None) = (&settings.from, typed.before) {
        let (scenario, before) = kept::branch(from, typed, scenarios)?;
        let typed = Typed { scenario: Some(&scenario), before: Some(&before), ..*typed };
        settings = resolve(&typed, env, scenarios)?;
    }
    if typed.model.show_config {
        let _log = start_log(&settings, env, console, None);
        return show_config(&settings, console);
    }
    let folder = settings.out.as_deref().map(out::prepare).transpose()?;
    let _log = start_log(&settings, env, console, settings.out.as_deref());
    if settings.options.agents.unwrap_or(settings.scenario.timing().agents) <= SMALL {
        take_small_pages();
    }
    let probe = Probe { root: Path::new("/"), env };
    settings.options.available_bytes = probe.memory().map(|memory| memory.usable() + memory.swap);
    let report =
        watched(&settings, console, |watch| settings.scenario.run(&settings.values, &settings.options, watch))?;
    // The report is shown even if its files could not be written: it may have taken hours.
    let written = folder.map_or(Ok(()), |folder| folder.write(&report));
    print(&settings, &report, console)?;
    written?;
    Ok(outcome(&report))
}

/// Starts the log, and warns of variables that set nothing.
pub fn start_log(
    settings: &Settings,
    env: &BTreeMap<String, String>,
    console: &Console<'_>,
    folder: Option<&Path>,
) -> log::Log {
    let level = if settings.quiet { LevelFilter::ERROR } else { settings.log };
    let log = log::start(level, console.err_is_terminal && console.may_colour, folder);
    for warning in layers::misspelt(env) {
        tracing::warn!("{warning}");
    }
    log
}

/// Prints each value with its origin.
pub fn show_config(settings: &Settings, console: &mut Console<'_>) -> Result<Outcome, Error> {
    if settings.json {
        writeln!(console.out, "{}", show::object(settings))?;
    } else {
        write!(console.out, "{}", show::render(settings, console.style()))?;
    }
    Ok(Outcome::Done)
}

/// Does something long under the eyes of a person.
pub fn watched<T>(
    settings: &Settings,
    console: &mut Console<'_>,
    act: impl FnOnce(&mut dyn Watch) -> Result<T, RunError>,
) -> Result<T, Error> {
    let mode = if settings.quiet { ProgressMode::None } else { settings.progress };
    let stop = (console.stop)(settings.quiet);
    let mut reporter = Reporter::new(mode, &mut *console.err, console.err_is_terminal, stop);
    Ok(act(&mut reporter)?)
}

fn print(settings: &Settings, report: &RunReport, console: &mut Console<'_>) -> Result<(), Error> {
    if settings.json {
        writeln!(console.out, "{}", serde_json::to_string(report)?)?;
    } else if !settings.quiet {
        write!(console.out, "{}", summary::render(report, console.style()))?;
    }
    Ok(console.out.flush()?)
}

/// A broken invariant weighs more than an interruption: it says that the figures are wrong.
fn outcome(report: &RunReport) -> Outcome {
    let broken: Vec<_> = report.invariants.iter().filter(|(_, held)| !**held).map(|(name, _)| name.clone()).collect();
    match (broken.is_empty(), report.interrupted) {
        (false, _) => Outcome::Missed { what: "invariant", names: broken },
        (true, true) => Outcome::Interrupted,
        (true, false) => Outcome::Done,
    }
}
