//! [`RunView`]: a run's folder, for those who only look. Nothing is written, moved or removed, and the run may be live.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::catalog::{self, Contents, Seen};
use super::journal::{self, Record, Recovered};
use super::{Backend, Found, Manifest, RunFile, StoreError, find};

/// How often a journal that is being written is read again before it is held to be damaged: what was appended in the
/// middle of a reading looks as if something before it were missing.
const TRIES: u32 = 5;
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// See the module.
pub struct RunView {
    backend: Arc<dyn Backend>,
    folder: PathBuf,
    /// What the run is a run of.
    pub file: RunFile,
}

/// A journal, as far as it can be read.
pub struct JournalSeen {
    /// Records up to the first place that cannot be read, with their ticks.
    pub records: Vec<(u64, Record)>,
    /// How it ends, or what is damaged.
    pub ending: Result<Recovered, StoreError>,
}

impl RunView {
    /// The run in a folder, if there is one.
    ///
    /// # Errors
    /// Where `RUN` is damaged, or of another version.
    pub fn open(backend: Arc<dyn Backend>, folder: &Path) -> Result<Option<Self>, StoreError> {
        let file = RunFile::read(&*backend, folder)?;
        Ok(file.map(|file| Self { backend, folder: folder.to_owned(), file }))
    }

    /// The file system.
    pub fn backend(&self) -> &dyn Backend {
        &*self.backend
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of its checkpoints.
    pub fn checkpoint_folder(&self) -> PathBuf {
        self.folder.join("ckpt")
    }

    /// The process that is at work in the folder, if there is one.
    ///
    /// # Errors
    /// Where that cannot be found out.
    pub fn holder(&self) -> Result<Option<String>, StoreError> {
        let path = self.folder.join("LOCK");
        self.backend.holder(&path).map_err(StoreError::io("look at", &path))
    }

    /// What checkpoints there are.
    ///
    /// # Errors
    /// Where the folder cannot be listed.
    pub fn checkpoints(&self) -> Result<Found, StoreError> {
        let mut found = find(&*self.backend, &self.folder, self.file.run())?;
        // A live run may have removed one between its name and its bytes.
        found.unreadable.retain(|(_, error)| !is_gone(&*self.backend, error));
        Ok(found)
    }

    /// The journal. `durable_tick` is what a checkpoint proves of it.
    pub fn journal(&self, durable_tick: Option<u64>) -> JournalSeen {
        let mut tries = 1;
        loop {
            let (records, ending) = journal::look(&*self.backend, &self.folder, self.file.run(), durable_tick);
            let is_changing = ending.is_err() && self.holder().ok().flatten().is_some();
            if !is_changing || tries == TRIES {
                return JournalSeen { records, ending };
            }
            tries += 1;
            std::thread::sleep(BETWEEN_TRIES);
        }
    }

    /// What has become of the run, and where its zones lie: from the catalog as far as it goes, from the journal and
    /// the manifests in any case.
    ///
    /// # Errors
    /// Where these cannot be read.
    pub fn history(&self) -> Result<(Contents, Seen), StoreError> {
        let mut tries = 1;
        loop {
            let is_live = self.holder()?.is_some();
            let (mut contents, seen) = catalog::look(&*self.backend, &self.folder, self.file.run())?;
            // What is read while it is written is not whole.
            if is_live && matches!(seen, Seen::Broken(_)) && tries < TRIES {
                tries += 1;
                std::thread::sleep(BETWEEN_TRIES);
                continue;
            }
            if let Some(last) = contents.starts.values_mut().next_back().filter(|_| is_live) {
                (last.ending, last.last_tick) = (None, None);
            }
            return Ok((contents, seen));
        }
    }

    /// The newest checkpoint as far as the catalog knows it, if it does: where its zones lie, and none of its other
    /// pieces. No manifest is read.
    pub fn newest_listed(&self) -> Option<Manifest> {
        catalog::zones(&*self.backend, &self.folder, self.file.run())?.newest()
    }
}

/// Whether an error only says that a file is there no more.
fn is_gone(backend: &dyn Backend, error: &StoreError) -> bool {
    matches!(error, StoreError::Io { path, source, .. }
        if source.kind() == std::io::ErrorKind::NotFound && !backend.is_file(path))
}
