//! `resume`: a run goes on with what it was begun with.

use std::collections::BTreeMap;

use super::target;
use crate::app::args::{FolderFlags, ResumeArgs, SETTINGS};
use crate::app::cli::Console;
use crate::app::error::{Error, Outcome};
use crate::app::layers::{Given, Layer, Origin};
use crate::app::meta::Scenarios;
use crate::app::run;
use crate::app::settings::{Before, Shown, Typed, resolve};
use crate::sim::{AnyScenario, Value, find};
use crate::store::RunFile;

/// Goes on with a run.
pub fn resume(
    args: &ResumeArgs,
    env: &BTreeMap<String, String>,
    scenarios: Scenarios,
    console: &mut Console<'_>,
) -> Result<Outcome, Error> {
    let folder = args.folder.display().to_string();
    let given = &args.flags.folder;
    let misplaced = [("--out", given.out.is_some()), ("--fresh", given.fresh), ("--resume-from", given.is_branch())];
    if let Some((flag, _)) = misplaced.into_iter().find(|(_, is_given)| *is_given) {
        return Err(Error::Usage(format!(
            "`resume` goes on with the run in `{folder}`, in which {flag} has no place: `myriad run` begins another one"
        )));
    }
    let view = target::run(&args.folder)?;
    let origin = RunFile::path(&args.folder).display().to_string();
    // Another folder is not asked for, whatever the environment says.
    let named = FolderFlags { out: Some(folder.clone()), resume: true, ..FolderFlags::default() };
    let folder_flags = FolderFlags { snapshot_every: given.snapshot_every.clone(), keep: given.keep.clone(), ..named };
    let (model, output) = (&args.flags.model, &args.flags.output);
    let typed = Typed { scenario: None, model, output, folder: Some(&folder_flags), before: None };
    let (scenario, before) = agreed(&view.file, &folder, &origin, &typed, scenarios)?;
    let typed = Typed { scenario: Some(&scenario), before: Some(&before), ..typed };
    // Nor is another checkpoint.
    let mut env = env.clone();
    env.remove(&crate::app::layers::variable("resume-from"));
    run::run(&typed, &env, scenarios, console)
}

/// The scenario and the settings of a run that is there: what was typed, or stands in a file that was named, must be
/// the same, as far as it decides what comes of the run.
pub fn agreed(
    file: &RunFile,
    folder: &str,
    origin: &str,
    typed: &Typed<'_>,
    scenarios: Scenarios,
) -> Result<(String, Before), Error> {
    let there = said(file, "scenario", origin)?;
    if let Some(asked) = typed.scenario.filter(|asked| *asked != there) {
        let asked = scenarios.pick(Some(asked))?.name();
        return Err(Error::Usage(format!("the run in `{folder}` has scenario `{there}`, not `{asked}`")));
    }
    let scenario = scenarios.pick(Some(there))?;
    let typed = Typed { scenario: Some(there), before: None, ..*typed };
    let asked = resolve(&typed, &BTreeMap::new(), scenarios)?;
    for shown in &asked.shown_settings {
        agree(shown, file.identity.get(&shown.name), folder)?;
    }
    for shown in &asked.shown_params {
        agree(shown, file.identity.get(&format!("parameter {}", shown.name)), folder)?;
    }
    let (settings, params) = (settings(file, origin), params(file, scenario, origin)?);
    Ok((there.to_owned(), Before { settings, params, origin: origin.to_owned() }))
}

/// Refuses what was typed, or stands in a file that was named, where it is another than the run's.
fn agree(shown: &Shown, there: Option<&String>, folder: &str) -> Result<(), Error> {
    let is_asked = matches!(shown.origin, Origin::Flag(_) | Origin::File(_));
    match there {
        Some(there) if is_asked && *there != shown.value => Err(Error::Usage(format!(
            "the run in `{folder}` has {} `{there}`, not `{}` as in {}; leave it out, or begin another run elsewhere",
            shown.name, shown.value, shown.origin
        ))),
        _ => Ok(()),
    }
}

fn said<'a>(file: &'a RunFile, name: &str, origin: &str) -> Result<&'a str, Error> {
    let said = file.identity.get(name).map(String::as_str);
    said.ok_or_else(|| Error::Failed(format!("`{origin}` does not say which {name} the run has")))
}

/// The run's settings, as a layer.
fn settings(file: &RunFile, origin: &str) -> Layer {
    let kept = file.settings.iter().chain(&file.identity);
    let known = |(name, text): (&String, &String)| {
        let name = SETTINGS.into_iter().find(|setting| setting == name)?;
        Some((name, Given { text: text.clone(), origin: Origin::Run(origin.to_owned()) }))
    };
    kept.filter_map(known).collect()
}

/// The run's parameters.
fn params(file: &RunFile, scenario: &dyn AnyScenario, origin: &str) -> Result<Vec<(String, Value)>, Error> {
    let specs = scenario.specs();
    let params = file.identity.iter().filter_map(|(name, text)| Some((name.strip_prefix("parameter ")?, text)));
    let read = |(name, text): (&str, &String)| {
        let value = find(&specs, name).and_then(|spec| spec.parse(text));
        value.map(|value| (name.to_owned(), value)).map_err(|error| Error::Usage(format!("{error}, in {origin}")))
    };
    params.map(read).collect()
}
