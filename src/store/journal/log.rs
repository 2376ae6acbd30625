//! A file that is being written: made, written, grown, cut, marked.

use std::io;
use std::path::{Path, PathBuf};

use super::format::{BLOCK_LEN, FILE_LEN_MAX, FileHeader, Key, Link, MARK_LEN};
use super::names::Name;
use crate::store::error::is_full;
use crate::store::{Backend, File, StoreError};

/// A file of records with its marks. It holds nothing back: what it is given it writes at once.
pub(super) struct Log {
    pub(super) key: Key,
    path: PathBuf,
    file: Box<dyn File>,
    marks_path: PathBuf,
    marks: Box<dyn File>,
    /// Where the next record goes.
    used: u64,
    /// The file's length: zeros from `used` on.
    len: u64,
    grow_bytes: u64,
    mark_count: u64,
}

impl Log {
    /// Makes the file, durable with its header and its name when this returns.
    pub(super) fn create(
        backend: &dyn Backend,
        wal: &Path,
        header: FileHeader,
        grow_bytes: u64,
    ) -> Result<Self, StoreError> {
        let name = Name { epoch: header.epoch, first_tick: header.first_tick };
        let (path, marks_path) = (name.log(wal), name.marks(wal));
        let used = BLOCK_LEN as u64;
        let len = used.next_multiple_of(grow_bytes);
        let file = backend.create(&path).map_err(StoreError::io("create", &path))?;
        file.set_len(len).map_err(StoreError::io("grow", &path))?;
        file.write_at(0, &header.to_bytes()).map_err(StoreError::io("write", &path))?;
        sync_file(&*file, &path)?;
        let marks = backend.create(&marks_path).map_err(StoreError::io("create", &marks_path))?;
        marks.set_len(BLOCK_LEN as u64).map_err(StoreError::io("grow", &marks_path))?;
        // Only now may records be written: what is in a file without a name is lost, however often it was synced.
        sync_folder(backend, wal)?;
        Ok(Self { key: header.key(), path, file, marks_path, marks, used, len, grow_bytes, mark_count: 0 })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes whole records behind those before. Nothing is durable yet. After an error it can be tried again with
    /// these bytes and more behind them.
    pub(super) fn write(&mut self, records: &[u8]) -> Result<(), StoreError> {
        let end = self.used + records.len() as u64;
        if end > FILE_LEN_MAX {
            let why = format!("a file of a journal has at most {FILE_LEN_MAX} bytes: checkpoints are too rare");
            return Err(StoreError::io("grow", &self.path)(io::Error::new(io::ErrorKind::FileTooLarge, why)));
        }
        if end > self.len {
            let len = end.next_multiple_of(self.grow_bytes).min(FILE_LEN_MAX);
            self.file.set_len(len).map_err(StoreError::io("grow", &self.path))?;
            self.len = len;
        }
        self.file.write_at(self.used, records).map_err(StoreError::io("write", &self.path))
    }

    /// Makes durable what was written: so many bytes of records.
    pub(super) fn sync(&mut self, written: usize) -> Result<(), StoreError> {
        sync_file(&*self.file, &self.path)?;
        self.used += written as u64;
        Ok(())
    }

    /// Writes down how far the file is durable, without making that durable.
    pub(super) fn mark(&mut self, durable: Link) -> Result<(), StoreError> {
        let slot = self.mark_count % (BLOCK_LEN / MARK_LEN) as u64;
        self.mark_count += 1;
        let written = self.marks.write_at(slot * MARK_LEN as u64, &self.key.mark(durable));
        written.map_err(StoreError::io("write", &self.marks_path))
    }

    /// Cuts the file to what it holds, when no more is to come.
    pub(super) fn cut(&mut self) -> Result<(), StoreError> {
        if self.len > self.used {
            self.file.set_len(self.used).map_err(StoreError::io("cut", &self.path))?;
            self.len = self.used;
            sync_file(&*self.file, &self.path)?;
        }
        Ok(())
    }
}

/// Syncs a file. What its error says is no longer that the disk is full, even if it was: that would be to try again
/// later, and after a failed sync there is no later.
pub(super) fn sync_file(file: &dyn File, path: &Path) -> Result<(), StoreError> {
    file.sync().map_err(|error| StoreError::io("sync", path)(final_error(error)))
}

/// Syncs a folder: the same holds.
pub(super) fn sync_folder(backend: &dyn Backend, folder: &Path) -> Result<(), StoreError> {
    backend.sync_folder(folder).map_err(|error| StoreError::io("sync", folder)(final_error(error)))
}

fn final_error(error: io::Error) -> io::Error {
    if is_full(&error) { io::Error::other(error) } else { error }
}

/// Removes a file that may be gone already.
pub(super) fn remove(backend: &dyn Backend, path: &Path) -> Result<(), StoreError> {
    match backend.remove(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(StoreError::io("remove", path)),
    }
}
