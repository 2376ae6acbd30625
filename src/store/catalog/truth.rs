//! What the journal and the manifests say of a run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::store::checkpoint::{Manifest, SegmentSeen, find, segment_path};
use crate::store::journal::{self, Record};
use crate::store::{Access, Backend, StoreError};

/// What the journal and the manifests say of a run.
pub(super) struct Truth {
    pub run: u128,
    /// Checkpoints that can be read, oldest first.
    pub manifests: Vec<Manifest>,
    /// The generation that no checkpoint has yet.
    pub next: u64,
    /// Records of the journal before the first of these, if that can be told.
    pub first: Option<u64>,
    /// Records that are there, with their ticks.
    pub records: Vec<(u64, Record)>,
    /// By segment: the tick for which it was written.
    pub written: BTreeMap<u64, u64>,
}

impl Truth {
    /// Reads it. `own` is how many records the journal had before the process that reads began to write to it: what it
    /// writes from then on may be there in part.
    pub(super) fn read(
        backend: &dyn Backend,
        run_folder: &Path,
        run: u128,
        own: Option<u64>,
    ) -> Result<Self, StoreError> {
        let found = find(backend, run_folder, run)?;
        let durable_tick = None;
        let (mut records, ending) = journal::look(backend, run_folder, run, durable_tick);
        let first = match own {
            // The start that this process wrote is the last, and it was durable before anybody could ask.
            Some(own) => {
                let start = records.iter().rposition(|(_, record)| matches!(record, Record::Start { .. }));
                records.truncate(start.unwrap_or(0));
                own.checked_sub(records.len() as u64)
            }
            None => ending.ok().and_then(|recovered| recovered.record_count().checked_sub(records.len() as u64)),
        };
        let mut truth =
            Self { run, manifests: found.manifests, next: found.next, first, records, written: BTreeMap::new() };
        truth.date(backend, run_folder);
        Ok(truth)
    }

    /// Finds out when the segments were written that the newest checkpoint needs. One whose checkpoint is gone says it
    /// itself; one that cannot be read does not.
    fn date(&mut self, backend: &dyn Backend, run_folder: &Path) {
        self.written.extend(self.manifests.iter().map(|manifest| (manifest.generation, manifest.tick)));
        let files: Vec<u64> = self.manifests.last().into_iter().flat_map(Manifest::files).collect();
        for file in files {
            if self.written.contains_key(&file) {
                continue;
            }
            let path: PathBuf = segment_path(&run_folder.join("ckpt"), file);
            let seen = backend.open(&path, Access::Read).ok().and_then(|file| SegmentSeen::read(&*file, &path).ok());
            self.written.extend(seen.map(|(seen, _)| (file, seen.tick)));
        }
    }
}
