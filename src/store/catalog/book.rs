//! [`Book`]: who writes the catalog while the run goes on.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::contents::{Contents, Start};
use super::tables::{Fault, Tables};
use super::truth::Truth;
use crate::store::checkpoint::Manifest;
use crate::store::{Access, Backend};

/// Microseconds since some time.
pub type Clock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// What the process says of itself that writes a catalog.
pub struct Process {
    /// Records that the journal had before it began to write to it.
    pub sequence: u64,
    /// The tick from which on it writes.
    pub tick: u64,
    /// The tick of the world from which it goes on.
    pub resumed_from: Option<u64>,
    /// Its worker threads.
    pub workers: u64,
    /// What the time is.
    pub clock: Clock,
}

/// Writes the catalog of a run. It never fails: what goes wrong is told once, and from then on nothing is written.
pub struct Book {
    backend: Arc<dyn Backend>,
    folder: PathBuf,
    /// What the file says.
    contents: Contents,
    /// None once something went wrong.
    tables: Option<Tables>,
    fault: Option<String>,
    process: Process,
}

/// The catalog in a run's folder.
pub(crate) fn path(run_folder: &Path) -> PathBuf {
    run_folder.join("meta.redb")
}

/// What it is called while it is made.
fn unfinished(run_folder: &Path) -> PathBuf {
    run_folder.join("meta.redb.tmp")
}

impl Book {
    /// Opens the catalog of a run, and makes it say what the journal and the manifests say; makes it anew if there is
    /// none, or it cannot be read.
    pub fn open(backend: Arc<dyn Backend>, run_folder: &Path, run: u128, process: Process) -> Self {
        let folder = run_folder.to_owned();
        let contents = Contents { run, ..Contents::default() };
        let mut book = Self { backend, folder, contents, tables: None, fault: None, process };
        let own = Start {
            tick: book.process.tick,
            resumed_from: book.process.resumed_from,
            engine: env!("CARGO_PKG_VERSION").to_owned(),
            workers: Some(book.process.workers),
            ending: None,
            last_tick: None,
        };
        let sequence = book.process.sequence;
        let truth = match Truth::read(&*book.backend, &book.folder, run, Some(sequence)) {
            Ok(truth) => truth,
            Err(error) => {
                book.give_up(&error.to_string());
                return book;
            }
        };
        let mut new = Contents::of(&truth);
        let found = book.find(run);
        if let Ok(Some((_, earlier))) = &found {
            new.remember(earlier, &truth);
        }
        new.starts.insert(sequence, own);
        new.records = sequence + 1;
        let opened = match found {
            Ok(Some((tables, earlier))) => tables.write(&earlier, &new).map(|()| tables),
            Ok(None) => book.make(&new),
            Err(fault) => Err(fault),
        };
        let remade = opened.or_else(|Fault(why)| {
            let why = format!("the catalog `{}` could not be used: {why}", path(&book.folder).display());
            let made = book.make(&new).map_err(|Fault(again)| Fault(format!("{why}; nor made anew: {again}")))?;
            book.fault = Some(format!("{why}; it was made anew from the journal and the manifests"));
            Ok(made)
        });
        match remade {
            Ok(tables) => (book.tables, book.contents) = (Some(tables), new),
            Err(Fault(why)) => book.fault = Some(format!("{why}; the run goes on without it")),
        }
        book
    }

    /// The catalog that is there, and what it says.
    fn find(&self, run: u128) -> Result<Option<(Tables, Contents)>, Fault> {
        let file = match self.backend.open(&path(&self.folder), Access::Write) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        // An empty file would be made into a catalog without a word, in its place and not beside it.
        if file.is_empty()? {
            return Err(Fault("it is empty".to_owned()));
        }
        let tables = Tables::open(file)?;
        let contents = tables.read(run)?;
        Ok(Some((tables, contents)))
    }

    /// Makes it, whole before it has its name.
    fn make(&self, contents: &Contents) -> Result<Tables, Fault> {
        let unfinished = unfinished(&self.folder);
        match self.backend.remove(&unfinished) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let made = self.backend.create(&unfinished).map_err(Fault::from).and_then(|file| {
            let tables = Tables::open(file)?;
            tables.write(&Contents::default(), contents)?;
            self.backend.rename(&unfinished, &path(&self.folder))?;
            self.backend.sync_folder(&self.folder)?;
            Ok(tables)
        });
        made.inspect_err(|_| {
            // What is left of it is of no use.
            let _ = self.backend.remove(&unfinished);
        })
    }

    /// Takes note of a checkpoint that was published: the last of those that are there now, begun at that time of the
    /// process's clock.
    pub fn published(&mut self, kept: &[Manifest], begun: u64) {
        if let (Some(newest), Some(_)) = (kept.last(), &self.tables) {
            let mut new = self.contents.clone();
            new.publish(newest, kept, (self.process.clock)().saturating_sub(begun));
            self.change(new);
        }
    }

    /// Takes note of the end of the process: nothing is written to the journal any more.
    pub fn end(&mut self) {
        if self.tables.is_none() {
            return;
        }
        match Truth::read(&*self.backend, &self.folder, self.contents.run, None) {
            Ok(truth) => {
                let mut new = Contents::of(&truth);
                new.remember(&self.contents, &truth);
                self.change(new);
            }
            Err(error) => self.give_up(&error.to_string()),
        }
    }

    fn change(&mut self, new: Contents) {
        let Some(tables) = &self.tables else { return };
        match tables.write(&self.contents, &new) {
            Ok(()) => self.contents = new,
            Err(Fault(why)) => self.give_up(&why),
        }
    }

    fn give_up(&mut self, why: &str) {
        self.tables = None;
        let shown = path(&self.folder);
        let told = format!("the catalog `{}` is not kept any more: {why}; it is made anew on resume", shown.display());
        self.fault.get_or_insert(told);
    }

    /// What went wrong, once.
    pub fn take_fault(&mut self) -> Option<String> {
        self.fault.take()
    }
}
