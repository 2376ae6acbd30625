//! [`Backend`]: the file system as the store sees it.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::cold::{Scratch, Unmapped};

/// What an opened file is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Reading only.
    Read,
    /// Reading and writing.
    Write,
}

/// An open file. Several threads may read at once; one writes.
pub trait File: Send + Sync {
    /// Its length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Whether it has no bytes.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
    /// Fills `into` with the bytes from `offset` on, as far as there are any, and says how many there were: fewer only
    /// at the end of the file.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;
    /// Writes all of `bytes` at `offset`; the file grows if need be. After an error any part of them may be there.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;
    /// Cuts the file, or lets it grow by zeros for which there is room on the disk: writing to them later cannot find
    /// it full.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Makes content and length durable. After an error nothing is known of what is durable, and asking again would
    /// not tell: the file is to be given up.
    fn sync(&self) -> io::Result<()>;
}

/// What holds a lock until it is dropped.
pub trait Lock: Send + Sync {}

/// A file system.
///
/// A file's name is durable only once its folder was synced ([`Backend::sync_folder`]), whatever was done to the file.
pub trait Backend: Send + Sync {
    /// Makes a file for writing; it is an error if it exists.
    fn create(&self, path: &Path) -> io::Result<Box<dyn File>>;
    /// As [`Backend::create`], for a file that is written front to back in whole pages of 4 KiB, from memory aligned to
    /// them: what is written need not pass through the page cache, which costs as much as writing it.
    fn create_paged(&self, path: &Path) -> io::Result<Box<dyn File>> {
        self.create(path)
    }
    /// Makes a nameless file of so many bytes in a folder, for what need not last.
    fn scratch(&self, folder: &Path, len: u64) -> io::Result<Box<dyn Scratch>> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("cold-{}.tmp", NEXT.fetch_add(1, Relaxed));
        Ok(Box::new(Unmapped::new(self, &folder.join(name), len)?))
    }
    /// Opens a file that exists.
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn File>>;
    /// Renames a file, in place of one that may be there: at any time one or the other has the name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Lets nobody write any more to a file that is closed: from now on it can only be read, or removed.
    fn seal(&self, path: &Path) -> io::Result<()> {
        let _ = path;
        Ok(())
    }
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// The names of the files in a folder, in order; folders are not among them.
    fn list(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// The names of the folders in a folder, in order.
    fn folders(&self, folder: &Path) -> io::Result<Vec<String>>;
    /// Whether a file has that name, as far as one can see.
    fn is_file(&self, path: &Path) -> bool;
    /// Makes a folder and those above it, as far as they are missing.
    fn create_folder(&self, folder: &Path) -> io::Result<()>;
    /// Makes names in a folder durable: of files made, renamed, removed.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// Takes the lock of a file, which is made if need be, and writes `holder` into it; or says who holds it.
    fn lock(&self, path: &Path, holder: &str) -> io::Result<Result<Box<dyn Lock>, String>>;
    /// Who holds the lock of a file, if anybody does; for those who only look: nothing is written.
    fn holder(&self, path: &Path) -> io::Result<Option<String>>;
    /// Free bytes where the folder is.
    fn free_bytes(&self, folder: &Path) -> io::Result<u64>;

    /// All bytes of a file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let file = self.open(path, Access::Read)?;
        let len = usize::try_from(file.len()?).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(len).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
        bytes.resize(len, 0);
        let read = file.read_at(0, &mut bytes)?;
        bytes.truncate(read);
        Ok(bytes)
    }

    /// All of a file that is text; an error of the kind `InvalidData` if it is not UTF-8.
    fn read_text(&self, path: &Path) -> io::Result<String> {
        String::from_utf8(self.read(path)?).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }

    /// Writes a file that is whole or as it was before, whatever happens: under another name first.
    fn publish(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".tmp");
        let temporary = Path::new(&temporary);
        match self.remove(temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let written = self.create(temporary).and_then(|file| {
            file.write_at(0, bytes)?;
            file.sync()
        });
        written.and_then(|()| self.rename(temporary, path)).inspect_err(|_| {
            // What is left of it is of no use; that it cannot be removed does not matter beside the first error.
            let _ = self.remove(temporary);
        })?;
        self.sync_folder(path.parent().unwrap_or(Path::new("")))
    }
}
