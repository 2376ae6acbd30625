//! [`Source`]: a checkpoint from which another run begins, as if it had come so far itself.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::report::Watch;
use super::scenario::RunError;
use super::versions::check;
use crate::store::{Backend, Fs, Imported, Origin, RunFile, Saved};

/// A checkpoint from which another run begins.
#[derive(Clone)]
pub struct Source {
    /// The file system.
    pub backend: Arc<dyn Backend>,
    /// Its manifest, or the folder of its run, of which the newest is taken.
    pub path: PathBuf,
}

impl Source {
    /// One of the machine's files.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { backend: Arc::new(Fs), path: path.into() }
    }

    /// Opens it; it must be of a run that is a run of the same.
    pub(crate) fn open(
        &self,
        identity: &BTreeMap<String, String>,
        watch: &mut dyn Watch,
    ) -> Result<Imported, RunError> {
        let imported = Imported::open(self.backend.clone(), &self.path)?;
        let shown = self.path.display();
        let (there, here) = (RunFile::version(&imported.file.identity), RunFile::version(identity));
        check(&format!("`{shown}`"), there, here)?;
        if let Some((name, there, here)) = imported.file.difference(identity) {
            return Err(RunError::Input(format!(
                "`{shown}` is a checkpoint of another run: its {name} is `{there}`, not `{here}`; give the same, or \
                 begin from another checkpoint"
            )));
        }
        let (tick, inputs) = (imported.checkpoint.tick(), imported.inputs_after);
        if inputs > 0 {
            let plural = if inputs == 1 { "input that came" } else { "inputs that came" };
            watch.warn(&format!(
                "this run is a branch: {inputs} {plural} to the run of `{shown}` from tick {tick} on are not part of it"
            ));
        }
        Ok(imported)
    }

    /// Opens the one with which a run began, which must still be it.
    pub(crate) fn reopen(&self, origin: &Origin, identity: &BTreeMap<String, String>) -> Result<Imported, RunError> {
        let imported = self.open(identity, &mut super::NoWatch)?;
        let found = imported.origin();
        let is_it = (&found.run, found.generation, &found.digest) == (&origin.run, origin.generation, &origin.digest);
        match is_it {
            true => Ok(imported),
            false => Err(RunError::Input(format!(
                "`{}` is not the checkpoint any more with which the run began; with that one it could go on",
                self.path.display()
            ))),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("path", &self.path).finish_non_exhaustive()
    }
}
