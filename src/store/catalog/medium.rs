//! redb on our files, so that a crash, a full disk or a flipped bit under it is an ordinary test.

use std::fmt;
use std::io;

use redb::StorageBackend;

use crate::store::File;

/// Bytes of redb's pages: its files have whole ones.
const PAGE: u64 = 4_096;

/// A file as redb sees it. Who may write it is settled by the run's own lock.
pub(super) struct Medium(pub Box<dyn File>);

impl fmt::Debug for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Medium")
    }
}

impl StorageBackend for Medium {
    /// Whole pages. A crash while the file grows may leave a part of one at its end, which redb has not used yet and
    /// would take for damage.
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.len()? / PAGE * PAGE)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match self.0.read_at(offset, out)? {
            read if read == out.len() => Ok(()),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write_at(offset, data)
    }
}
