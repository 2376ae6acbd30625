//! Scratch files mapped into memory.

// A room of `fs`.
#![allow(clippy::disallowed_types)]

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use memmap2::{Advice, Mmap, MmapOptions, UncheckedAdvice};

use crate::store::cold::{Pages, Scratch};

/// A nameless file, written past the page cache and read through a mapping.
pub(super) struct Mapped {
    file: File,
    map: Mmap,
}

impl Mapped {
    /// Of a file that nobody else can reach, and that has `len` bytes.
    pub(super) fn new(file: File, len: u64) -> io::Result<Self> {
        let len = usize::try_from(len).map_err(|_| io::Error::from(io::ErrorKind::FileTooLarge))?;
        // SAFETY: the file has no name, so that nobody else can cut it or write to it; it is written through
        // `Scratch::write_at` only, whose callers do not write where they read.
        let map = unsafe { MmapOptions::new().len(len).map(&file) }?;
        // Without this the system reads megabytes ahead of each page: 80 times slower.
        map.advise(Advice::Random)?;
        Ok(Self { file, map })
    }
}

impl Scratch for Mapped {
    fn write_at(&self, offset: u64, pages: &[u8]) -> io::Result<()> {
        self.file.write_all_at(pages, offset)
    }

    fn will_need(&self, offset: u64, len: usize) {
        // It is a hint: what is not read ahead is read when it is looked at.
        let _ = self.map.advise_range(Advice::WillNeed, offset as usize, len);
    }

    /// An error of the disk is an error here: a mere look at a page that cannot be read would end the process.
    fn view(&self, offset: u64, len: usize) -> io::Result<Pages<'_>> {
        self.will_need(offset, len);
        #[cfg(target_os = "linux")]
        match self.map.advise_range(Advice::PopulateRead, offset as usize, len) {
            // Before Linux 5.14 there is no such request.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {}
            // What the system says of a page that cannot be read: a bad address.
            Err(error) => return Err(io::Error::other(format!("its pages cannot be read: {error}"))),
            Ok(()) => {}
        }
        Ok(Pages::Mapped(&self.map[offset as usize..][..len]))
    }

    fn done_with(&self, offset: u64, len: usize) {
        // SAFETY: the mapping is read-only and of a file, whose pages keep what they hold.
        let _ = unsafe { self.map.unchecked_advise_range(UncheckedAdvice::DontNeed, offset as usize, len) };
    }
}
