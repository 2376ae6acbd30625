//! A checkpoint, for reading.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::path::Path;

use super::finding::{manifest_path, segment_path};
use super::manifest::{Entry, Manifest};
use super::segment::Segment;
use crate::base::Digest;
use crate::store::{Access, AlignedVec, Backend, PieceInfo, Saved, StoreError};

/// A checkpoint whose files are open.
pub struct Checkpoint {
    manifest: Manifest,
    path: std::path::PathBuf,
    infos: Vec<PieceInfo>,
    segments: BTreeMap<u64, Segment>,
}

impl Checkpoint {
    /// Opens the files, in that folder, that a manifest names.
    ///
    /// # Errors
    /// Where one is missing, cut or of another run.
    pub fn open(backend: &dyn Backend, folder: &Path, manifest: Manifest) -> Result<Self, StoreError> {
        let mut segments = BTreeMap::new();
        for entry in &manifest.entries {
            let segment = match segments.entry(entry.file) {
                Slot::Occupied(slot) => slot.into_mut(),
                Slot::Vacant(slot) => {
                    let path = segment_path(folder, entry.file);
                    let file = backend.open(&path, Access::Read).map_err(StoreError::io("open", &path))?;
                    slot.insert(Segment::open(file, &path, manifest.run, entry.file)?)
                }
            };
            segment.has(entry)?;
        }
        let infos = manifest.entries.iter().map(|entry| entry.info).collect();
        Ok(Self { path: manifest_path(folder, manifest.generation), manifest, infos, segments })
    }

    /// What makes it up.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The bytes of a file that it needs.
    pub(super) fn file_len(&self, file: u64) -> u64 {
        self.segments[&file].len()
    }

    pub(super) fn archive(&self, entry: &Entry) -> Result<AlignedVec, StoreError> {
        self.segments[&entry.file].read(entry)
    }
}

impl Saved for Checkpoint {
    fn tick(&self) -> u64 {
        self.manifest.tick
    }
    fn digest(&self) -> Digest {
        self.manifest.digest
    }
    fn schema(&self) -> &str {
        &self.manifest.schema
    }
    fn pieces(&self) -> &[PieceInfo] {
        &self.infos
    }
    fn bytes(&self, index: usize) -> u64 {
        self.manifest.entries[index].bytes
    }
    fn read(&self, index: usize) -> Result<AlignedVec, StoreError> {
        self.archive(&self.manifest.entries[index])
    }
    fn senseless(&self, index: usize, why: String) -> StoreError {
        match self.manifest.entries.get(index) {
            Some(entry) => self.segments[&entry.file].senseless(entry, why),
            None => StoreError::damaged(&self.path, 0, "the checkpoint", why),
        }
    }
}
