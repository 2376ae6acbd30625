//! [`Scratch`]: a nameless file of fixed length, written in pages and read back where the pages lie.

use std::io;
use std::ops::Deref;
use std::path::Path;

use rkyv::util::AlignedVec;

use crate::store::backend::{Backend, File};

/// Bytes of a scratch file, aligned to pages.
pub enum Pages<'a> {
    /// In the file's own pages.
    Mapped(&'a [u8]),
    /// Read into memory.
    Read(AlignedVec<4096>),
}

impl Deref for Pages<'_> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(bytes) => bytes,
            Self::Read(bytes) => bytes,
        }
    }
}

/// A file for what need not last: no name leads to it, nobody else can open or cut it, and it is gone with whoever
/// made it. Its room on the disk is taken when it is made.
///
/// Offsets and lengths are of whole pages of 4 KiB. What is written may be seen by [`Scratch::view`]s that are still
/// held: an owner does not write where somebody reads.
pub trait Scratch: Send + Sync {
    /// Writes pages, from memory aligned to them.
    fn write_at(&self, offset: u64, pages: &[u8]) -> io::Result<()>;
    /// Says that pages will be wanted soon: the disk may begin to read.
    fn will_need(&self, offset: u64, len: usize);
    /// The bytes of pages, all of them in memory.
    fn view(&self, offset: u64, len: usize) -> io::Result<Pages<'_>>;
    /// Lets pages leave memory.
    fn done_with(&self, offset: u64, len: usize);
}

/// A scratch file that is read rather than mapped: for file systems that can do no better.
pub struct Unmapped(Box<dyn File>);

impl Unmapped {
    /// A scratch file of so many bytes.
    ///
    /// # Errors
    /// What the file system says.
    pub fn new<B: Backend + ?Sized>(backend: &B, path: &Path, len: u64) -> io::Result<Self> {
        let file = backend.create_paged(path)?;
        // Where an open file cannot lose its name it keeps it.
        let _ = backend.remove(path);
        file.set_len(len)?;
        Ok(Self(file))
    }
}

impl Scratch for Unmapped {
    fn write_at(&self, offset: u64, pages: &[u8]) -> io::Result<()> {
        self.0.write_at(offset, pages)
    }

    fn will_need(&self, _: u64, _: usize) {}

    fn view(&self, offset: u64, len: usize) -> io::Result<Pages<'_>> {
        let mut bytes = AlignedVec::new();
        bytes.resize(len, 0);
        match self.0.read_at(offset, &mut bytes)? {
            read if read == len => Ok(Pages::Read(bytes)),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn done_with(&self, _: u64, _: usize) {}
}
