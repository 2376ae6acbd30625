//! The folder of a run's checkpoints: which there are, and which files can go.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::finding::{Found, checkpoints, find, is_unfinished, make_folder, manifest_path, of_segment, put_away};
use super::manifest::Manifest;
use super::reading::Checkpoint;
use crate::store::catalog::{Book, Process};
use crate::store::{Backend, StoreError};

/// The checkpoints of a run, for the one process that writes them.
///
/// Each takes over from the last one the pieces to which nothing has happened since. Who saves the world knows only
/// what has changed since it was last saved, so that this needs the last one to have come into being, and to be the one
/// that the world was saved to last: see [`Checkpoints::publish`].
pub struct Checkpoints {
    pub(super) backend: Arc<dyn Backend>,
    pub(super) folder: PathBuf,
    pub(super) run: u128,
    keep: usize,
    /// Those that exist, oldest first.
    pub(super) manifests: Vec<Manifest>,
    /// Those that are to go: as long as one may be there, or come back after a crash, the files that it needs stay.
    doomed: Vec<Manifest>,
    /// Files that stay for good: a sync failed that was to make it certain that they are not needed, and no later one
    /// would make up for it.
    spared: BTreeSet<u64>,
    /// Files up to this generation stay: manifests in `quarantine` may need them.
    quarantined: u64,
    /// The one that pieces can be kept from, if it is still the last.
    pub(super) base: Option<u64>,
    /// The generation that comes next.
    pub(super) next: u64,
    /// Why files that are not needed are still there.
    pub(super) leftover: Option<StoreError>,
}

/// Checkpoints that are kept at least: one that is damaged must not be the last.
const KEPT_MIN: usize = 2;

impl Checkpoints {
    /// Opens the folder of a run for writing, and makes it if there is none. What a crash left of a checkpoint that was
    /// being written is removed; manifests that cannot be read are moved to `quarantine`, and told. As long as they are
    /// there, no segment is removed that they may need.
    ///
    /// # Errors
    /// Where the folder cannot be read or written.
    pub fn open(
        backend: Arc<dyn Backend>,
        run_folder: &Path,
        run: u128,
        keep: usize,
    ) -> Result<(Self, Vec<StoreError>), StoreError> {
        let folder = checkpoints(run_folder);
        make_folder(&*backend, &folder)?;
        // A process that was killed may have renamed and removed manifests without making it durable: none that is
        // found may be lost later, and none come back whose segments are removed now.
        backend.sync_folder(&folder).map_err(StoreError::io("make durable", &folder))?;
        let Found { manifests, unreadable, mut quarantined, next } = find(&*backend, run_folder, run)?;
        let mut told = Vec::new();
        for (generation, error) in unreadable {
            put_away(&*backend, run_folder, &manifest_path(&folder, generation))?;
            quarantined = quarantined.max(generation);
            told.push(error);
        }
        let checkpoints = Self {
            backend,
            folder,
            run,
            keep: keep.max(KEPT_MIN),
            manifests,
            doomed: Vec::new(),
            spared: BTreeSet::new(),
            quarantined,
            base: None,
            next,
            leftover: None,
        };
        checkpoints.sweep()?;
        Ok((checkpoints, told))
    }

    /// Those that exist, oldest first.
    pub fn manifests(&self) -> &[Manifest] {
        &self.manifests
    }

    /// Opens one of them for reading.
    ///
    /// # Errors
    /// Where a file that it needs is missing, cut or of another run.
    pub fn load(&self, manifest: &Manifest) -> Result<Checkpoint, StoreError> {
        Checkpoint::open(&*self.backend, &self.folder, manifest.clone())
    }

    /// Says that the world was brought back from one of them, and knows what has changed since: the next checkpoint may
    /// keep pieces of it. Whether it is the last one: pieces of another cannot be kept.
    ///
    /// A process that was killed when it had made the last one may have left more than are to be kept: they go now that
    /// the last one has been read. If that fails, it is tried again with the next checkpoint.
    pub fn resume(&mut self, generation: u64) -> bool {
        let is_last = self.manifests.last().is_some_and(|last| last.generation == generation);
        self.base = is_last.then_some(generation);
        if is_last && self.manifests.len() > self.keep {
            self.leftover = self.retire().err();
        }
        is_last
    }

    /// Gives up one that turned out to be damaged: its manifest is moved to `quarantine`. If it was the last one, the
    /// next has to have all pieces, unless the world is brought back from one of the others ([`Checkpoints::resume`]).
    ///
    /// # Errors
    /// Where it cannot be moved, or is not known.
    pub fn give_up(&mut self, generation: u64) -> Result<(), StoreError> {
        let run_folder = self.folder.parent().unwrap_or(Path::new(""));
        let path = manifest_path(&self.folder, generation);
        let Some(index) = self.manifests.iter().position(|manifest| manifest.generation == generation) else {
            return Err(StoreError::io("give up", &path)(ErrorKind::NotFound.into()));
        };
        // Given up in any case: if it cannot be moved, it is found again when the folder is opened anew.
        self.manifests.remove(index);
        self.quarantined = self.quarantined.max(generation);
        put_away(&*self.backend, run_folder, &path)
    }

    /// Gives up those beyond a tick, whose future is another from now on. If there were any, the next has to have all
    /// pieces, unless the world is brought back from one of the others ([`Checkpoints::resume`]).
    ///
    /// # Errors
    /// Where one cannot be removed for certain: it may be there when the folder is opened anew.
    pub fn forget_after(&mut self, tick: u64) -> Result<(), StoreError> {
        // The newest first: what is left after a crash is a world of the same past.
        let beyond: Vec<Manifest> = self.manifests.extract_if(.., |manifest| manifest.tick > tick).collect();
        self.doomed.extend(beyond.into_iter().rev());
        self.bury()
    }

    /// The catalog of the run, for the one process that writes it.
    pub(super) fn book(&self, process: Process) -> Book {
        let run_folder = self.folder.parent().unwrap_or(Path::new(""));
        Book::open(self.backend.clone(), run_folder, self.run, process)
    }

    /// Why files that are not needed any more are still there, if that is so: to remove them is tried again with the
    /// next checkpoint. Tells it once.
    pub fn take_leftover(&mut self) -> Option<StoreError> {
        self.leftover.take()
    }

    /// Removes checkpoints beyond those to be kept, and files that none of the others needs.
    pub(super) fn retire(&mut self) -> Result<(), StoreError> {
        let surplus = self.manifests.len().saturating_sub(self.keep);
        self.doomed.extend(self.manifests.drain(..surplus));
        self.bury().and(self.sweep())
    }

    /// Takes back a manifest that may have come into being or not.
    pub(super) fn take_back(&mut self, manifest: Manifest) {
        self.doomed.push(manifest);
        // The error that counts is the one for which it is taken back. What cannot be removed is tried again.
        let _ = self.bury();
    }

    /// Removes the manifests that are to go.
    fn bury(&mut self) -> Result<(), StoreError> {
        if self.doomed.is_empty() {
            return Ok(());
        }
        let mut done = Ok(());
        let mut removed = Vec::new();
        for manifest in std::mem::take(&mut self.doomed) {
            let path = manifest_path(&self.folder, manifest.generation);
            match self.backend.remove(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    done = done.and(Err(StoreError::io("remove", &path)(error)));
                    self.doomed.push(manifest);
                }
                _ => removed.push(manifest),
            }
        }
        // Before the segments: a manifest that came back after a crash would name files that are gone.
        let synced = self.backend.sync_folder(&self.folder).map_err(StoreError::io("make durable", &self.folder));
        if synced.is_err() {
            self.spared.extend(removed.iter().flat_map(Manifest::files));
        }
        done.and(synced)
    }

    /// Removes files that no checkpoint needs.
    pub(super) fn sweep(&self) -> Result<(), StoreError> {
        let mut needed: BTreeSet<u64> = self.manifests.iter().chain(&self.doomed).flat_map(Manifest::files).collect();
        needed.extend(&self.spared);
        let mut done = Ok(());
        for name in self.backend.list(&self.folder).map_err(StoreError::io("list", &self.folder))? {
            let is_stray = match of_segment(&name) {
                Some(generation) => generation > self.quarantined && !needed.contains(&generation),
                None => is_unfinished(&name),
            };
            if is_stray {
                let path = self.folder.join(&name);
                done = done.and(self.backend.remove(&path).map_err(StoreError::io("remove", &path)));
            }
        }
        done
    }
}
