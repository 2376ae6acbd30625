//! [`Imported`]: a checkpoint of any run, whoever wrote it, from which another run is to begin.
//!
//! It is hostile input: nothing of it is mapped, since who sent it may still hold it open; no count in it decides how
//! much memory is taken, but what there is of a file; files are named by numbers, never by paths.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::checkpoint::{Checkpoint, Manifest, manifest_path, newest_generation};
use super::journal::Record;
use super::{Access, Backend, Origin, RunFile, RunView, StoreError};
use crate::base::Digest;

/// Bytes of a manifest, at most: of several million pieces.
const MANIFEST_BYTES_MAX: u64 = 1 << 28;

/// Bytes of a piece, at most: archives have pointers of 32 bits, one of which is for the sign.
const PIECE_BYTES_MAX: u64 = 1 << 31;

/// See the module.
pub struct Imported {
    /// What the run is a run of that it was taken from.
    pub file: RunFile,
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// Inputs that came to that run after the checkpoint, as far as its journal can be read.
    pub inputs_after: u64,
    path: PathBuf,
}

impl Imported {
    /// Opens a checkpoint for reading: of a run's folder the newest one, or that of a manifest in its folder.
    ///
    /// # Errors
    /// Where it cannot be read, or there is nothing that says what it is a checkpoint of.
    pub fn open(backend: Arc<dyn Backend>, path: &Path) -> Result<Self, StoreError> {
        let path = match backend.is_file(path) {
            true => path.to_owned(),
            false => newest(&*backend, path)?,
        };
        let manifest = manifest(&*backend, &path)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let run_folder = if folder.as_os_str().is_empty() { Path::new("..") } else { parent(folder) };
        let view = RunView::open(backend.clone(), run_folder)?.ok_or_else(|| {
            let why = "is missing: it says what the checkpoint is one of, and has to lie beside the folder `ckpt`";
            StoreError::Foreign { path: RunFile::path(run_folder), why: why.to_owned() }
        })?;
        if view.file.run() != manifest.run {
            let why = format!("is of run {:032x}, and the file `RUN` of {:032x}", manifest.run, view.file.run());
            return Err(StoreError::Foreign { path, why });
        }
        let is_after = |(tick, _): &&(u64, Record)| *tick >= manifest.tick;
        let inputs = |(_, record): &(u64, Record)| match record {
            Record::Inputs(inputs) => inputs.len() as u64,
            _ => 0,
        };
        let inputs_after = view.journal(None).records.iter().filter(is_after).map(inputs).sum();
        let checkpoint = Checkpoint::open(&*backend, folder, manifest)?;
        Ok(Self { file: view.file, checkpoint, inputs_after, path })
    }

    /// Where a run comes from that begins with it.
    pub fn origin(&self) -> Origin {
        let Manifest { run, generation, tick, digest, .. } = self.checkpoint.manifest();
        // Another process, elsewhere, may have to find it.
        let path = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        Origin {
            path: path.to_string_lossy().into_owned(),
            run: format!("{run:032x}"),
            generation: *generation,
            tick: *tick,
            digest: digest.to_string(),
        }
    }
}

fn parent(folder: &Path) -> &Path {
    folder.parent().unwrap_or(folder)
}

/// The manifest of a run's newest checkpoint.
fn newest(backend: &dyn Backend, run_folder: &Path) -> Result<PathBuf, StoreError> {
    let folder = run_folder.join("ckpt");
    let newest = newest_generation(backend, run_folder)?.ok_or_else(|| {
        let why = "holds no checkpoint of a run".to_owned();
        StoreError::Foreign { path: run_folder.to_owned(), why }
    })?;
    Ok(manifest_path(&folder, newest))
}

/// Reads a manifest that may hold anything.
fn manifest(backend: &dyn Backend, path: &Path) -> Result<Manifest, StoreError> {
    let len = backend.open(path, Access::Read).and_then(|file| file.len()).map_err(StoreError::io("open", path))?;
    if len > MANIFEST_BYTES_MAX {
        let why = format!("it has {len} bytes, and {MANIFEST_BYTES_MAX} are the most");
        return Err(StoreError::damaged(path, 0, "the manifest", why));
    }
    let bytes = backend.read(path).map_err(StoreError::io("read", path))?;
    let manifest = Manifest::decode(&bytes, path)?;
    let mut digest = Digest::EMPTY;
    for entry in &manifest.entries {
        digest.merge(entry.info.digest);
        if entry.bytes > PIECE_BYTES_MAX {
            let why = format!("{} has {} bytes, and {PIECE_BYTES_MAX} are the most", entry.info.id, entry.bytes);
            return Err(StoreError::damaged(path, 0, "the table", why));
        }
    }
    if digest != manifest.digest {
        let why = format!("its pieces come to the digest {digest}, and it says {}", manifest.digest);
        return Err(StoreError::damaged(path, 0, "the table", why));
    }
    Ok(manifest)
}
