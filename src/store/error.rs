//! What can be wrong with what was stored: which file, where, and what would be right.

use std::io;
use std::path::{Path, PathBuf};

/// Why something could not be stored or read back.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system refused.
    #[error("cannot {act} `{}`: {source}", path.display())]
    Io {
        /// What was tried: "write", "open".
        act: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// A file does not hold what was written to it.
    #[error("{0}")]
    Damaged(Damage),
    /// A file is whole, but not of this run, this version or this model.
    #[error("`{}` {why}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What differs, and what would be right.
        why: String,
    },
    /// Another process is at work in the folder.
    #[error("`{}` is held by {holder}: a run has one process at a time", path.display())]
    Locked {
        /// The lock's file.
        path: PathBuf,
        /// Who holds it.
        holder: String,
    },
}

/// Where a file is damaged, and how that shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// The first byte of what cannot be believed.
    pub offset: u64,
    /// What lies there: "the header", "zone 1184", "the record of tick 82417".
    pub what: String,
    /// How it shows: "checksum mismatch".
    pub why: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` is damaged: {} at byte {}: {}", self.path.display(), self.what, self.offset, self.why)
    }
}

impl StoreError {
    /// For `map_err`: the file system refused to do this to that file.
    pub fn io(act: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { act, path: path.to_owned(), source }
    }

    /// A damaged file.
    pub fn damaged(path: &Path, offset: u64, what: impl Into<String>, why: impl Into<String>) -> Self {
        Self::Damaged(Damage { path: path.to_owned(), offset, what: what.into(), why: why.into() })
    }

    /// Whether the disk is full, or as full as we may make it.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Io { source, .. } if is_full(source))
    }

    /// The same error, for whoever else it concerns.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Io { act, path, source } => {
                let source = match source.raw_os_error() {
                    Some(code) => io::Error::from_raw_os_error(code),
                    None => io::Error::new(source.kind(), source.to_string()),
                };
                Self::Io { act, path: path.clone(), source }
            }
            Self::Damaged(damage) => Self::Damaged(damage.clone()),
            Self::Foreign { path, why } => Self::Foreign { path: path.clone(), why: why.clone() },
            Self::Locked { path, holder } => Self::Locked { path: path.clone(), holder: holder.clone() },
        }
    }
}

/// Whether a file system refused for want of room.
pub(super) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
