//! [`Budget`]: how much memory a run may take, and where the rest goes.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::units;
use crate::store::{Backend, Fs};

/// How much.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Allowance {
    /// Bytes that the process may have resident.
    Process(u64),
    /// This many percent of what the agents' rows take.
    Rows(u64),
}

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process(bytes) => f.write_str(&units::bytes(*bytes)),
            Self::Rows(percent) => write!(f, "{percent}%"),
        }
    }
}

/// How much memory a run may take. Zones that sleep longest leave memory when it does not suffice, and come back when
/// something is due in them: which ones never shows in a result.
#[derive(Clone)]
pub struct Budget {
    /// How much.
    pub allowance: Allowance,
    /// The file system that takes what is out of memory.
    pub disk: Arc<dyn Backend>,
    /// The folder in which it takes room: in nameless files, so that nothing is left behind.
    pub folder: PathBuf,
}

impl Budget {
    /// A budget with room for the rest in a folder.
    pub fn new(allowance: Allowance, folder: impl Into<PathBuf>) -> Self {
        Self { allowance, disk: Arc::new(Fs), folder: folder.into() }
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget")
            .field("allowance", &self.allowance)
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}
