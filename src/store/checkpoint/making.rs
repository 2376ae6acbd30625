//! How a checkpoint is made.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::cleaning::worn;
use super::finding::{GENERATION_END, manifest_path, segment_path};
use super::folder::Checkpoints;
use super::manifest::{Entry, Manifest};
use super::reading::Checkpoint;
use super::segment::SegmentWriter;
use crate::base::Digest;
use crate::store::{Chunk, Piece, PieceId, PieceInfo, Saved, StoreError};

/// A checkpoint in the making.
pub struct Writing {
    generation: u64,
    tick: u64,
    /// The checkpoint that pieces can be kept from.
    base: Option<u64>,
    state: Mutex<State>,
}

struct State {
    writer: SegmentWriter,
    entries: Vec<Entry>,
    failure: Option<StoreError>,
}

impl Writing {
    /// Writes a piece. If that fails, publishing says so.
    pub fn write(&self, info: PieceInfo, piece: &Piece) {
        self.act(|writer| writer.write(info, piece).map(|entry| vec![entry]));
    }

    /// Writes pieces. If that fails, publishing says so.
    pub fn put(&self, chunk: &Chunk) {
        self.act(|writer| writer.put(chunk));
    }

    /// Writes the archive of a piece. If that fails, publishing says so.
    pub fn append(&self, info: PieceInfo, archive: &[u8]) {
        self.act(|writer| writer.append(info, archive).map(|entry| vec![entry]));
    }

    fn act(&self, write: impl FnOnce(&mut SegmentWriter) -> Result<Vec<Entry>, StoreError>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { writer, entries, failure } = &mut *state;
        if failure.is_none() {
            match write(writer) {
                Ok(written) => entries.extend(written),
                Err(error) => *failure = Some(error),
            }
        }
    }

    /// The tick of the checkpoint.
    pub fn tick(&self) -> u64 {
        self.tick
    }
}

impl Checkpoints {
    /// Begins the checkpoint of a tick. If it is not published, for whatever reason, the next has to have all pieces.
    ///
    /// # Errors
    /// Where its file cannot be made.
    pub fn begin(&mut self, tick: u64) -> Result<Writing, StoreError> {
        let (generation, base) = (self.next, self.base.take());
        let path = segment_path(&self.folder, generation);
        if generation >= GENERATION_END {
            return Err(StoreError::io("make", &path)(io::Error::other("a file has the last number that there is")));
        }
        self.next += 1;
        let writer = SegmentWriter::create(&*self.backend, path, (self.run, generation, tick));
        let writer = writer.inspect_err(|_| {
            // As in `publish`.
            let _ = self.sweep();
        })?;
        let state = State { writer, entries: Vec::new(), failure: None };
        Ok(Writing { generation, tick, base, state: Mutex::new(state) })
    }

    /// Makes a checkpoint of all that another one holds, of whatever run.
    ///
    /// # Errors
    /// Where that one cannot be read, or this one not be made durable.
    pub fn import(&mut self, from: &Checkpoint) -> Result<&Manifest, StoreError> {
        let writing = self.begin(from.tick())?;
        for (index, info) in from.pieces().iter().enumerate() {
            writing.append(*info, &from.read(index)?);
        }
        self.publish(writing, &[], from.schema())
    }

    /// Makes a checkpoint of the pieces that were written, and of those that are kept as the last one has them. From
    /// then on it exists, whatever happens. Older ones than are to be kept are removed; that this fails is no error of
    /// the checkpoint ([`Checkpoints::take_leftover`]).
    ///
    /// Pieces can be kept if the last one is that which was published last, or which the world was brought back from
    /// ([`Checkpoints::resume`]), and if none was begun since. Otherwise what is kept might have changed in between.
    ///
    /// # Errors
    /// Where it cannot be made durable, or where pieces are kept that cannot be: the checkpoints that there were are
    /// still there, and the next has to have all pieces.
    ///
    /// # Panics
    /// If another was begun meanwhile, or if a piece was written twice, or written and kept.
    pub fn publish(&mut self, writing: Writing, kept: &[PieceId], schema: &str) -> Result<&Manifest, StoreError> {
        assert_eq!(writing.generation + 1, self.next, "one checkpoint is written at a time");
        match self.try_publish(writing, kept, schema) {
            Ok(manifest) => {
                self.base = Some(manifest.generation);
                self.manifests.push(manifest);
                self.leftover = self.retire().err();
                Ok(self.manifests.last().expect("just published"))
            }
            Err(error) => {
                // What was written is of no use and may be what filled the disk. The first error is the one to tell.
                let _ = self.sweep();
                Err(error)
            }
        }
    }

    fn try_publish(&mut self, writing: Writing, kept: &[PieceId], schema: &str) -> Result<Manifest, StoreError> {
        let Writing { generation, tick, base, state } = writing;
        let State { mut writer, mut entries, failure } = state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = failure {
            return Err(error);
        }
        let path = manifest_path(&self.folder, generation);
        if !kept.is_empty() {
            let last = self.manifests.last().filter(|last| Some(last.generation) == base);
            let last = last.ok_or_else(|| {
                let why = "the one before it was not made or is gone, so that it has to have all pieces";
                StoreError::io("write", &path)(io::Error::other(why))
            })?;
            entries.extend(self.keep_pieces(last, kept, &mut writer)?);
        }
        writer.finish()?;
        self.seal(&segment_path(&self.folder, generation));
        self.backend.sync_folder(&self.folder).map_err(StoreError::io("make durable", &self.folder))?;
        entries.sort_by_key(|entry| entry.info.id);
        assert!(entries.is_sorted_by(|a, b| a.info.id < b.info.id), "each piece is written or kept, once");
        let mut digest = Digest::EMPTY;
        entries.iter().for_each(|entry| digest.merge(entry.info.digest));
        let schema = schema.to_owned();
        let manifest = Manifest { run: self.run, generation, tick, digest, schema, entries };
        match self.backend.publish(&path, &manifest.encode()) {
            Ok(()) => {
                self.seal(&path);
                Ok(manifest)
            }
            Err(error) => {
                // It may have its name already, for now or for good: its segment must not go before it.
                self.take_back(manifest);
                Err(StoreError::io("write", &path)(error))
            }
        }
    }

    /// Lets nobody write any more to a file that is done. A file system that cannot do it loses nothing by that.
    fn seal(&self, path: &Path) {
        let _ = self.backend.seal(path);
    }

    /// Where kept pieces lie. Those in files of which little else is needed are written anew, so that the files can go.
    fn keep_pieces(
        &self,
        last: &Manifest,
        kept: &[PieceId],
        writer: &mut SegmentWriter,
    ) -> Result<Vec<Entry>, StoreError> {
        let known: BTreeMap<PieceId, Entry> = last.entries.iter().map(|entry| (entry.info.id, *entry)).collect();
        let entry = |id: &PieceId| {
            known.get(id).copied().ok_or_else(|| {
                let why = format!("{id} is to be kept and is not in it");
                StoreError::io("keep pieces of", &manifest_path(&self.folder, last.generation))(io::Error::other(why))
            })
        };
        let entries: Vec<Entry> = kept.iter().map(entry).collect::<Result<_, _>>()?;
        // Opened even if nothing is to be read: a file that is missing or was cut is not to be relied on once more.
        let checkpoint = Checkpoint::open(&*self.backend, &self.folder, Manifest { entries, ..last.clone() })?;
        let entries = &checkpoint.manifest().entries;
        let worn = worn(entries, |file| checkpoint.file_len(file));
        let place = |entry: &Entry| {
            if worn.contains(&entry.file) { writer.append(entry.info, &checkpoint.archive(entry)?) } else { Ok(*entry) }
        };
        entries.iter().map(place).collect()
    }
}
