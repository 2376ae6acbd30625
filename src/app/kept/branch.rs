//! `--resume-from`: a run begins with the checkpoint of another one.

use std::path::Path;
use std::sync::Arc;

use super::resume::agreed;
use super::target::{self, Target};
use crate::app::error::Error;
use crate::app::meta::Scenarios;
use crate::app::settings::{Before, Typed};
use crate::store::{Fs, Imported, RunFile};

/// What a run is to be that begins with a checkpoint: all that is not said is as in the run of that checkpoint, and
/// what is said must be so too.
pub fn branch(from: &Path, typed: &Typed<'_>, scenarios: Scenarios) -> Result<(String, Before), Error> {
    let file = run_of(from)?;
    let origin = format!("{} of `{}`", RunFile::path(Path::new("")).display(), from.display());
    agreed(&file, &from.display().to_string(), &origin, typed, scenarios)
}

fn run_of(from: &Path) -> Result<RunFile, Error> {
    match target::of(from)? {
        Target::Run(view) => Ok(view.file),
        Target::Manifest(path) => Ok(Imported::open(Arc::new(Fs), &path)?.file),
        Target::Segment(_) | Target::Journal(_) => Err(Error::Usage(format!(
            "`{}` is only a part of a run, with which none could begin: its folder would be right, or ckpt/MANIFEST-*",
            from.display()
        ))),
    }
}
