//! [`Keep`]: how a run is kept in a folder.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::store::{Backend, Fs};

/// When the world is saved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Every {
    /// Only when the run ends or is interrupted.
    End,
    /// Each time so many ticks have passed.
    Ticks(u64),
    /// Each time so much wall time has passed.
    Wall(Duration),
}

/// What is done with what the folder holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Begin {
    /// Nothing may be lost: a run that has not ended is not touched.
    New,
    /// The run in it goes on; if there is none, one begins.
    Resume,
    /// What is in it is removed, and a run begins.
    Fresh,
}

/// How a run is kept in a folder.
#[derive(Clone)]
pub struct Keep {
    /// The file system.
    pub backend: Arc<dyn Backend>,
    /// The folder.
    pub folder: PathBuf,
    /// What is done with what it holds.
    pub begin: Begin,
    /// When the world is saved.
    pub every: Every,
    /// Checkpoints that are kept, 2 at least.
    pub keep: usize,
    /// What was asked for beside what the run is a run of, by name: kept with it, for those who go on with it.
    pub settings: BTreeMap<String, String>,
    /// What tells the run from all others, if it is a new one.
    pub run: u128,
    /// Bytes by which the journal's file grows ahead of what is written to it.
    pub journal_grows: u64,
    /// Records after which the journal goes on in a new file at the next checkpoint, so that old ones can be removed.
    pub journal_rolls: u64,
}

impl Keep {
    /// A new run in a folder, saved at its end.
    pub fn new(folder: impl Into<PathBuf>, run: u128) -> Self {
        Self {
            backend: Arc::new(Fs),
            folder: folder.into(),
            begin: Begin::New,
            every: Every::End,
            keep: 5,
            settings: BTreeMap::new(),
            run,
            journal_grows: 4 << 20,
            journal_rolls: 8_192,
        }
    }
}

impl fmt::Debug for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keep")
            .field("folder", &self.folder)
            .field("begin", &self.begin)
            .field("every", &self.every)
            .field("keep", &self.keep)
            .finish_non_exhaustive()
    }
}
