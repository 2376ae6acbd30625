//! The folder of a run's checkpoints.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::cleaning::worn;
use super::manifest::{Entry, Manifest};
use super::reading::Checkpoint;
use super::segment::SegmentWriter;
use crate::base::Digest;
use crate::store::{Backend, Piece, PieceId, PieceInfo, StoreError};

/// The checkpoints of a run, for the one process that writes them.
pub struct Checkpoints {
    backend: Arc<dyn Backend>,
    folder: PathBuf,
    run: u128,
    keep: usize,
    /// Those that exist, oldest first.
    manifests: Vec<Manifest>,
    /// Generations of manifests that cannot be read: their segments are left alone.
    unreadable: BTreeSet<u64>,
    next: u64,
}

/// What is in a folder of checkpoints.
pub struct Found {
    /// Manifests that can be read, oldest first.
    pub manifests: Vec<Manifest>,
    /// Those that cannot, and why.
    pub unreadable: Vec<(u64, StoreError)>,
    /// The generation that no file has yet.
    pub next: u64,
}

/// Checkpoints that are kept at least: one that is damaged must not be the last.
const KEPT_MIN: usize = 2;

pub(super) fn segment_path(folder: &Path, generation: u64) -> PathBuf {
    folder.join(format!("seg-{generation:08}"))
}

pub(super) fn manifest_path(folder: &Path, generation: u64) -> PathBuf {
    folder.join(format!("MANIFEST-{generation:08}"))
}

/// The generation in a file's name.
fn generation(name: &str, prefix: &str) -> Option<u64> {
    let digits = name.strip_prefix(prefix)?;
    let is_one = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_one.then(|| digits.parse().ok())?
}

/// Reads what manifests there are in the folder of a run, and changes nothing.
///
/// # Errors
/// Where the folder cannot be listed.
pub fn find(backend: &dyn Backend, run_folder: &Path, run: u128) -> Result<Found, StoreError> {
    let folder = run_folder.join("ckpt");
    let names = match backend.list(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        names => names.map_err(StoreError::io("list", &folder))?,
    };
    let (mut manifests, mut unreadable, mut next) = (Vec::new(), Vec::new(), 1);
    for name in names {
        if let Some(generation) = generation(&name, "seg-") {
            next = next.max(generation + 1);
        }
        let Some(generation) = generation(&name, "MANIFEST-") else { continue };
        next = next.max(generation + 1);
        let path = folder.join(&name);
        let manifest = backend
            .read(&path)
            .map_err(StoreError::io("read", &path))
            .and_then(|bytes| Manifest::decode(&bytes, &path))
            .and_then(|manifest| of_run(manifest, &path, run, generation));
        match manifest {
            Ok(manifest) => manifests.push(manifest),
            Err(error) => unreadable.push((generation, error)),
        }
    }
    manifests.sort_by_key(|manifest| manifest.generation);
    Ok(Found { manifests, unreadable, next })
}

fn of_run(manifest: Manifest, path: &Path, run: u128, generation: u64) -> Result<Manifest, StoreError> {
    if (manifest.run, manifest.generation) == (run, generation) {
        return Ok(manifest);
    }
    let why =
        format!("is checkpoint {} of run {:032x}, not {generation} of {run:032x}", manifest.generation, manifest.run);
    Err(StoreError::Foreign { path: path.to_owned(), why })
}

impl Checkpoints {
    /// Opens the folder of a run for writing, and makes it if there is none. What a crash left of a checkpoint that was
    /// being written is removed; manifests that cannot be read are moved to `quarantine`, and told.
    ///
    /// # Errors
    /// Where the folder cannot be read or written.
    pub fn open(
        backend: Arc<dyn Backend>,
        run_folder: &Path,
        run: u128,
        keep: usize,
    ) -> Result<(Self, Vec<StoreError>), StoreError> {
        let folder = run_folder.join("ckpt");
        backend.create_folder(&folder).map_err(StoreError::io("make", &folder))?;
        let Found { manifests, unreadable, next } = find(&*backend, run_folder, run)?;
        let keep = keep.max(KEPT_MIN);
        let mut told = Vec::new();
        let mut generations = BTreeSet::new();
        for (generation, error) in unreadable {
            quarantine(&*backend, run_folder, &manifest_path(&folder, generation))?;
            generations.insert(generation);
            told.push(error);
        }
        let mut checkpoints = Self { backend, folder, run, keep, manifests, unreadable: generations, next };
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

    /// Gives up one that turned out to be damaged: its manifest is moved to `quarantine`.
    ///
    /// # Errors
    /// Where it cannot be moved.
    pub fn give_up(&mut self, generation: u64) -> Result<(), StoreError> {
        let run_folder = self.folder.parent().unwrap_or(Path::new(""));
        quarantine(&*self.backend, run_folder, &manifest_path(&self.folder, generation))?;
        self.manifests.retain(|manifest| manifest.generation != generation);
        self.unreadable.insert(generation);
        Ok(())
    }

    /// Gives up those beyond a tick, whose future is another from now on.
    ///
    /// # Errors
    /// Where one cannot be removed.
    pub fn forget_after(&mut self, tick: u64) -> Result<(), StoreError> {
        for manifest in self.manifests.extract_if(.., |manifest| manifest.tick > tick) {
            let path = manifest_path(&self.folder, manifest.generation);
            self.backend.remove(&path).map_err(StoreError::io("remove", &path))?;
        }
        self.backend.sync_folder(&self.folder).map_err(StoreError::io("make durable", &self.folder))
    }

    /// Begins the checkpoint of a tick.
    ///
    /// # Errors
    /// Where its file cannot be made.
    pub fn begin(&mut self, tick: u64) -> Result<Writing, StoreError> {
        let generation = self.next;
        self.next += 1;
        let path = segment_path(&self.folder, generation);
        let writer = SegmentWriter::create(&*self.backend, path, (self.run, generation, tick))?;
        Ok(Writing { generation, tick, state: Mutex::new(State { writer, entries: Vec::new(), failure: None }) })
    }

    /// Makes a checkpoint of the pieces that were written, and of those that are kept as the last one has them. From
    /// then on it exists, whatever happens. Older ones than are to be kept are removed.
    ///
    /// # Errors
    /// Where it cannot be made durable: the checkpoints that there were are still there.
    pub fn publish(&mut self, writing: Writing, kept: &[PieceId], schema: &str) -> Result<&Manifest, StoreError> {
        if let Err(error) = self.try_publish(writing, kept, schema) {
            // What was written is of no use and may be what filled the disk. The first error is the one to tell.
            let _ = self.sweep();
            return Err(error);
        }
        Ok(self.manifests.last().expect("just published"))
    }

    fn try_publish(&mut self, writing: Writing, kept: &[PieceId], schema: &str) -> Result<(), StoreError> {
        let (generation, tick) = (writing.generation, writing.tick);
        let State { mut writer, mut entries, failure } =
            writing.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(error) = failure {
            return Err(error);
        }
        entries.extend(self.keep_pieces(kept, &mut writer)?);
        writer.finish()?;
        self.backend.sync_folder(&self.folder).map_err(StoreError::io("make durable", &self.folder))?;
        entries.sort_by_key(|entry| entry.info.id);
        let mut digest = Digest::EMPTY;
        entries.iter().for_each(|entry| digest.merge(entry.info.digest));
        let schema = schema.to_owned();
        let manifest = Manifest { run: self.run, generation, tick, digest, schema, entries };
        let path = manifest_path(&self.folder, generation);
        self.backend.publish(&path, &manifest.encode()).map_err(StoreError::io("write", &path))?;
        self.manifests.push(manifest);
        self.retire()
    }

    /// Where kept pieces lie. Those in files of which little else is needed are written anew, so that the files can go.
    fn keep_pieces(&self, kept: &[PieceId], writer: &mut SegmentWriter) -> Result<Vec<Entry>, StoreError> {
        let Some(last) = self.manifests.last() else {
            assert!(kept.is_empty(), "the first checkpoint has all pieces");
            return Ok(Vec::new());
        };
        let known: BTreeMap<PieceId, Entry> = last.entries.iter().map(|entry| (entry.info.id, *entry)).collect();
        let kept: Vec<Entry> = kept.iter().map(|id| known[id]).collect();
        let worn = worn(&kept, |file| {
            let path = segment_path(&self.folder, file);
            let open = self.backend.open(&path, crate::store::Access::Read);
            open.and_then(|file| file.len()).unwrap_or(0)
        });
        if worn.is_empty() {
            return Ok(kept);
        }
        let checkpoint = self.load(last)?;
        kept.into_iter()
            .map(|entry| {
                if worn.contains(&entry.file) {
                    writer.append(entry.info, &checkpoint.archive(&entry)?)
                } else {
                    Ok(entry)
                }
            })
            .collect()
    }

    /// Removes checkpoints beyond those to be kept, and files that none of the others needs.
    fn retire(&mut self) -> Result<(), StoreError> {
        let surplus = self.manifests.len().saturating_sub(self.keep);
        if surplus > 0 {
            for manifest in self.manifests.drain(..surplus) {
                let path = manifest_path(&self.folder, manifest.generation);
                self.backend.remove(&path).map_err(StoreError::io("remove", &path))?;
            }
            // Before the segments: a manifest that came back after a crash would name files that are gone.
            self.backend.sync_folder(&self.folder).map_err(StoreError::io("make durable", &self.folder))?;
        }
        self.sweep()
    }

    /// Removes files that no checkpoint needs.
    fn sweep(&mut self) -> Result<(), StoreError> {
        let needed: BTreeSet<u64> =
            self.manifests.iter().flat_map(|manifest| &manifest.entries).map(|entry| entry.file).collect();
        for name in self.backend.list(&self.folder).map_err(StoreError::io("list", &self.folder))? {
            let stray = match generation(&name, "seg-") {
                // What an unreadable manifest needs is not known: nothing of its time or before is touched.
                Some(generation) => {
                    !needed.contains(&generation) && self.unreadable.last().is_none_or(|&last| generation > last)
                }
                None => name.starts_with("MANIFEST-") && name.ends_with(".tmp"),
            };
            if stray {
                let path = self.folder.join(&name);
                self.backend.remove(&path).map_err(StoreError::io("remove", &path))?;
            }
        }
        Ok(())
    }
}

/// Moves a file out of the way, beside others of its name that may be there.
fn quarantine(backend: &dyn Backend, run_folder: &Path, path: &Path) -> Result<(), StoreError> {
    let folder = run_folder.join("quarantine");
    backend.create_folder(&folder).map_err(StoreError::io("make", &folder))?;
    let there = backend.list(&folder).map_err(StoreError::io("list", &folder))?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("file").to_owned();
    let mut free = (1..).map(|nth| if nth == 1 { name.clone() } else { format!("{name}.{nth}") });
    let to = folder.join(free.find(|name| !there.contains(name)).expect("numbers do not end"));
    backend.rename(path, &to).map_err(StoreError::io("move", path))?;
    let from = path.parent().unwrap_or(Path::new(""));
    backend.sync_folder(&folder).map_err(StoreError::io("make durable", &folder))?;
    backend.sync_folder(from).map_err(StoreError::io("make durable", from))
}

/// A checkpoint in the making.
pub struct Writing {
    generation: u64,
    tick: u64,
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
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { writer, entries, failure } = &mut *state;
        if failure.is_none() {
            match writer.write(info, piece) {
                Ok(entry) => entries.push(entry),
                Err(error) => *failure = Some(error),
            }
        }
    }

    /// The tick of the checkpoint.
    pub fn tick(&self) -> u64 {
        self.tick
    }
}
