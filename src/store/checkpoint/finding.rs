//! What files there are in the folder of a run's checkpoints, and where those go that cannot be read.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::manifest::Manifest;
use crate::store::{Backend, StoreError};

/// What is in a folder of checkpoints.
pub struct Found {
    /// Manifests that can be read, oldest first.
    pub manifests: Vec<Manifest>,
    /// Those that cannot, and why.
    pub unreadable: Vec<(u64, StoreError)>,
    /// The newest generation that was moved to `quarantine`, 0 if none was.
    pub quarantined: u64,
    /// The generation that no file has yet, nor any younger one.
    pub next: u64,
}

/// Generations are below this: a file whose name says more is none of ours.
pub(super) const GENERATION_END: u64 = u64::MAX >> 1;

/// The folder of the checkpoints of a run.
pub(super) fn checkpoints(run_folder: &Path) -> PathBuf {
    run_folder.join("ckpt")
}

fn quarantine(run_folder: &Path) -> PathBuf {
    run_folder.join("quarantine")
}

pub(crate) fn segment_path(folder: &Path, generation: u64) -> PathBuf {
    folder.join(format!("seg-{generation:08}"))
}

pub(crate) fn manifest_path(folder: &Path, generation: u64) -> PathBuf {
    folder.join(format!("MANIFEST-{generation:08}"))
}

/// The generation of a segment, from its file's name.
pub(super) fn of_segment(name: &str) -> Option<u64> {
    generation(name, "seg-")
}

/// Whether a file is a manifest that was never given its name.
pub(super) fn is_unfinished(name: &str) -> bool {
    name.starts_with("MANIFEST-") && name.ends_with(".tmp")
}

/// The generation in a file's name, if it is spelled as we spell it.
fn generation(name: &str, prefix: &str) -> Option<u64> {
    let digits = name.strip_prefix(prefix)?;
    let number: u64 = digits.parse().ok()?;
    (number < GENERATION_END && format!("{number:08}") == digits).then_some(number)
}

/// Names of files in a folder, which need not be there.
fn names(backend: &dyn Backend, folder: &Path) -> Result<Vec<String>, StoreError> {
    match backend.list(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        names => names.map_err(StoreError::io("list", folder)),
    }
}

/// Reads what manifests there are in the folder of a run, and changes nothing.
///
/// # Errors
/// Where the folder cannot be listed.
pub fn find(backend: &dyn Backend, run_folder: &Path, run: u128) -> Result<Found, StoreError> {
    let folder = checkpoints(run_folder);
    let (mut manifests, mut unreadable, mut newest) = (Vec::new(), Vec::new(), 0);
    for name in names(backend, &folder)? {
        newest = newest.max(of_segment(&name).unwrap_or(0));
        let Some(generation) = generation(&name, "MANIFEST-") else { continue };
        newest = newest.max(generation);
        let path = folder.join(&name);
        let manifest = Manifest::read(backend, &path).and_then(|manifest| of_run(manifest, &path, run, generation));
        match manifest {
            Ok(manifest) => manifests.push(manifest),
            Err(error) => unreadable.push((generation, error)),
        }
    }
    manifests.sort_by_key(|manifest| manifest.generation);
    let names = names(backend, &quarantine(run_folder))?;
    // The second file of a name is called `MANIFEST-00000041.2` there.
    let generations = names.iter().filter_map(|name| generation(name.split('.').next()?, "MANIFEST-"));
    let quarantined = generations.max().unwrap_or(0);
    Ok(Found { manifests, unreadable, quarantined, next: newest.max(quarantined) + 1 })
}

/// The newest checkpoint that there is by the names of files, none if there is none.
///
/// # Errors
/// Where the folder cannot be listed.
pub(crate) fn newest_generation(backend: &dyn Backend, run_folder: &Path) -> Result<Option<u64>, StoreError> {
    let names = names(backend, &checkpoints(run_folder))?;
    Ok(names.iter().filter_map(|name| generation(name, "MANIFEST-")).max())
}

fn of_run(manifest: Manifest, path: &Path, run: u128, generation: u64) -> Result<Manifest, StoreError> {
    if (manifest.run, manifest.generation) == (run, generation) {
        return Ok(manifest);
    }
    let why =
        format!("is checkpoint {} of run {:032x}, not {generation} of {run:032x}", manifest.generation, manifest.run);
    Err(StoreError::Foreign { path: path.to_owned(), why })
}

/// Makes a folder in that of a run, for certain: a process that was killed may have made it and not its name durable.
pub(super) fn make_folder(backend: &dyn Backend, folder: &Path) -> Result<(), StoreError> {
    backend.create_folder(folder).map_err(StoreError::io("make", folder))?;
    let above = folder.parent().unwrap_or(Path::new(""));
    backend.sync_folder(above).map_err(StoreError::io("make durable", above))
}

/// Moves a manifest out of the way, beside others of its name that may be there.
pub(super) fn put_away(backend: &dyn Backend, run_folder: &Path, path: &Path) -> Result<(), StoreError> {
    let folder = quarantine(run_folder);
    make_folder(backend, &folder)?;
    let there = names(backend, &folder)?;
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("file").to_owned();
    let mut free = (1..).map(|nth| if nth == 1 { name.clone() } else { format!("{name}.{nth}") });
    let to = folder.join(free.find(|name| !there.contains(name)).expect("numbers do not end"));
    backend.rename(path, &to).map_err(StoreError::io("move", path))?;
    let from = path.parent().unwrap_or(Path::new(""));
    backend.sync_folder(&folder).map_err(StoreError::io("make durable", &folder))?;
    backend.sync_folder(from).map_err(StoreError::io("make durable", from))
}
