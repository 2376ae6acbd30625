//! What happened on a simulated file system, and what is to happen to it.

use std::io;
use std::path::{Path, PathBuf};

use super::crash::Image;

/// What code may leave undone ([`super::Sim::without`]). Calls succeed and are counted, and nothing comes of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Omit {
    /// No file is synced.
    FileSync,
    /// No file is synced whose path has this in it at that time.
    SyncOf(&'static str),
    /// No folder is synced.
    FolderSync,
    /// Renaming is copying: after a crash the old name may still be there and the new one hold a part of the file.
    Rename,
}

/// What can fail ([`super::Sim::fail`]).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// A change of any kind is refused, and nothing of it is done.
    Change,
    /// Half of the bytes of a write are there.
    ShortWrite,
    /// A file or a folder is not made durable, and later syncs of it do not make up for that.
    Sync,
    /// Bytes of a file cannot be read.
    Read,
    /// A file cannot be opened, its length not told, a folder not listed.
    Look,
    /// Whatever is called.
    Any,
}

/// With what error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The device is broken (`EIO`).
    Broken,
    /// The device is full (`ENOSPC`).
    Full,
}

impl Refusal {
    /// As the system would say it.
    pub(super) fn error(self) -> io::Error {
        match self {
            Self::Broken if cfg!(unix) => io::Error::from_raw_os_error(5),
            Self::Broken => io::Error::other("the device is broken"),
            Self::Full => io::ErrorKind::StorageFull.into(),
        }
    }
}

/// What came of a sync.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Done {
    Synced,
    Failed,
    Omitted,
}

impl Done {
    pub(super) fn of(struck: &io::Result<()>, is_omitted: bool) -> Self {
        match struck {
            Err(_) => Self::Failed,
            Ok(()) if is_omitted => Self::Omitted,
            Ok(()) => Self::Synced,
        }
    }
}

/// A change; files are numbers, as their names change.
pub(super) enum Change {
    Create { path: PathBuf, file: u64 },
    Write { file: u64, offset: u64, bytes: Box<[u8]> },
    SetLen { file: u64, len: u64 },
    Sync { file: u64, done: Done },
    Rename { from: PathBuf, to: PathBuf, file: u64 },
    Remove { path: PathBuf },
    CreateFolder { folder: PathBuf },
    SyncFolder { folder: PathBuf, done: Done },
}

/// All changes since the beginning, and what is planned.
#[derive(Default)]
pub(super) struct Log {
    /// What was there before the first change, and is durable.
    pub(super) base: Image,
    pub(super) changes: Vec<Change>,
    pub(super) omitted: Option<Omit>,
    pub(super) capacity: Option<u64>,
    pub(super) planned: Vec<Plan>,
}

/// A fault to come.
pub(super) struct Plan {
    /// How many come before, of what, with what error.
    pub(super) left: usize,
    pub(super) fault: Fault,
    pub(super) refusal: Refusal,
    /// Whether all that follow are hit as well.
    pub(super) lasts: bool,
    pub(super) is_met: bool,
}

impl Log {
    /// Counts down what is planned for these; an error if one of them is hit now.
    pub(super) fn strike(&mut self, faults: &[Fault]) -> io::Result<()> {
        let mut hit = None;
        self.planned.retain_mut(|plan| {
            if plan.fault != Fault::Any && !faults.contains(&plan.fault) {
                return true;
            }
            if plan.left > 0 {
                plan.left -= 1;
                return true;
            }
            hit = Some(plan.refusal);
            plan.is_met = true;
            plan.lasts
        });
        hit.map_or(Ok(()), |refusal| Err(refusal.error()))
    }

    /// The name that a file had first.
    fn name(&self, file: u64) -> String {
        let made = self.changes.iter().find_map(|change| match change {
            Change::Create { path, file: made } if *made == file => Some(path.as_path()),
            _ => None,
        });
        made.or_else(|| self.base.name(file)).unwrap_or(Path::new("?")).display().to_string()
    }

    /// A change in words.
    pub(super) fn describe(&self, index: usize) -> String {
        match &self.changes[index] {
            Change::Create { path, .. } => format!("create {}", path.display()),
            Change::Write { file, offset, bytes } => {
                format!("write {} bytes at {offset} of {}", bytes.len(), self.name(*file))
            }
            Change::SetLen { file, len } => format!("set the length of {} to {len}", self.name(*file)),
            Change::Sync { file, done } => format!("sync {}: {done:?}", self.name(*file)),
            Change::Rename { from, to, .. } => format!("rename {} to {}", from.display(), to.display()),
            Change::Remove { path } => format!("remove {}", path.display()),
            Change::CreateFolder { folder } => format!("create the folder {}", folder.display()),
            Change::SyncFolder { folder, done } => format!("sync the folder {}: {done:?}", folder.display()),
        }
    }
}
