//! [`Recovered::repair`]: what a resuming writer does before it goes on.

use super::Recovered;
use super::log::{remove, sync_file};
use super::reader::Tail;
use crate::store::{Access, Backend, StoreError};

/// How much is copied at once.
const COPY_LEN: u64 = 1 << 20;

impl Recovered {
    /// Cuts off what is torn and makes durable what was read. Only the process that resumes the run may do so; a crash
    /// within leaves a journal that reads as before.
    pub fn repair(&self, backend: &dyn Backend) -> Result<(), StoreError> {
        if let Some(tail) = &self.tail {
            settle(backend, tail)?;
        }
        // They may come back after a crash: nothing was in them, so that they can be removed again.
        for name in &self.unfinished {
            remove(backend, &name.log(&self.wal))?;
            remove(backend, &name.marks(&self.wal))?;
        }
        Ok(())
    }
}

/// Cuts a file and makes the rest durable.
///
/// What was read may be in the kernel's memory only: the process was killed before its sync, or the sync failed, after
/// which the kernel may take the bytes for written. So what is not proven is written again, each byte over itself.
fn settle(backend: &dyn Backend, Tail { path, proven, end }: &Tail) -> Result<(), StoreError> {
    let file = backend.open(path, Access::Write).map_err(StoreError::io("open", path))?;
    let mut chunk = Vec::new();
    let mut at = *proven;
    while at < *end {
        chunk.resize(COPY_LEN.min(end - at) as usize, 0);
        let read = file.read_at(at, &mut chunk).map_err(StoreError::io("read", path))?;
        if read < chunk.len() {
            return Err(StoreError::damaged(path, at + read as u64, "the end", "the file became shorter"));
        }
        file.write_at(at, &chunk).map_err(StoreError::io("write", path))?;
        at += read as u64;
    }
    file.set_len(*end).map_err(StoreError::io("cut", path))?;
    sync_file(&*file, path)
}
