//! What a path names: a run's folder, or one of its files.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::error::Error;
use crate::store::{Access, Backend, Fs, Manifest, RunFile, RunView, StoreError};

/// What a path names.
pub enum Target {
    /// A run.
    Run(RunView),
    /// The manifest of a checkpoint.
    Manifest(PathBuf),
    /// A file with pieces of checkpoints.
    Segment(PathBuf),
    /// A file of a journal.
    Journal(PathBuf),
}

type FileKind = (&'static str, &'static [u8; 8], fn(PathBuf) -> Target);

/// By the beginning of a file's name, or by its first bytes: what it is.
const FILES: [FileKind; 3] = [
    ("MANIFEST-", b"MYRIADMF", Target::Manifest),
    ("seg-", b"MYRIADSG", Target::Segment),
    ("wal-", b"MYRIADJL", Target::Journal),
];

/// What a path names.
pub fn of(path: &Path) -> Result<Target, Error> {
    let shown = path.display();
    if !Fs.is_file(path) {
        return run(path).map(Target::Run);
    }
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if name == "RUN" {
        return run(path.parent().unwrap_or(Path::new(""))).map(Target::Run);
    }
    // By the name first: a file whose first bytes are damaged is still what it is called.
    let by_name = FILES.iter().find(|(prefix, _, _)| name.starts_with(prefix));
    let begins = |magic: &[u8; 8]| begins_with(path, magic).map(|begins| begins.then_some(()));
    let mut found = by_name;
    for file in &FILES {
        if found.is_none() && begins(file.1)?.is_some() {
            found = Some(file);
        }
    }
    found.map(|(_, _, target)| target(path.to_owned())).ok_or_else(|| {
        Error::Usage(format!(
            "`{shown}` is no file of a run that could be inspected: a run's folder would be, or of its files \
             ckpt/MANIFEST-*, ckpt/seg-* and wal/wal-*"
        ))
    })
}

fn begins_with(path: &Path, magic: &[u8; 8]) -> Result<bool, Error> {
    let mut bytes = [0; 8];
    let read = Fs.open(path, Access::Read).and_then(|file| file.read_at(0, &mut bytes));
    let read = read.map_err(StoreError::io("read", path))?;
    Ok(read == bytes.len() && bytes == *magic)
}

/// The run in a folder.
pub fn run(folder: &Path) -> Result<RunView, Error> {
    let shown = folder.display();
    if let Err(error) = Fs.list(folder) {
        return Err(match error.kind() {
            ErrorKind::NotFound => Error::Usage(format!("there is no folder `{shown}`")),
            ErrorKind::NotADirectory => Error::Usage(format!("`{shown}` is no folder; that of a run would be right")),
            _ => StoreError::io("list", folder)(error).into(),
        });
    }
    RunView::open(Arc::new(Fs), folder)?.ok_or_else(|| {
        let path = RunFile::path(folder);
        Error::Usage(format!(
            "`{shown}` holds no run: there is no file `{}`, which `myriad run --out` writes",
            path.display()
        ))
    })
}

/// The manifest in a file.
pub fn manifest(path: &Path) -> Result<Manifest, StoreError> {
    Manifest::read(&Fs, path)
}

/// The run in whose folder a file lies, one folder deeper, if it is of that run and can be read.
pub fn run_around(path: &Path, run: u128) -> Option<RunView> {
    let folder = path.parent()?;
    let above = if folder.as_os_str().is_empty() { Path::new("..") } else { folder.parent()? };
    let view = RunView::open(Arc::new(Fs), above).ok()??;
    (view.file.run() == run).then_some(view)
}
