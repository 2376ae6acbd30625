//! The format of a segment file: a header of one page, then archives of pieces, each from the start of a page on, so
//! that a mapped file has them where rkyv wants them.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `MYRIADSG` |
//! | 4 | format version |
//! | 4 | how rkyv lays out archives: pointer width, byte order, alignment |
//! | 16, 8, 8 | run, generation, tick |
//! | 8 | xxh3-64 of all before |
//!
//! Which piece lies where, and its checksum, is said by manifests.

use std::path::{Path, PathBuf};

use bytemuck::{Pod, Zeroable, bytes_of, pod_read_unaligned};
use xxhash_rust::xxh3::{Xxh3, xxh3_64, xxh3_128};

use super::manifest::Entry;
use crate::store::chunk::{self, Archived, Chunk};
use crate::store::proven::{UNPROVEN_MAX, pass};
use crate::store::{AlignedVec, Backend, File, Piece, PieceInfo, StoreError};

const MAGIC: [u8; 8] = *b"MYRIADSG";
const VERSION: u32 = 1;
/// 32-bit pointers, little-endian, aligned: the features of rkyv that this crate asks for.
const LAYOUT: u32 = 0x20_1e_a1;
const _: () = assert!(size_of::<rkyv::rend::u32_le>() == size_of::<rkyv::primitive::ArchivedUsize>());

/// Where pieces begin: at multiples of this.
pub(crate) const PAGE: u64 = chunk::PAGE as u64;

/// Bytes after which what was written is made durable, so that the last sync of a checkpoint is short and reads of
/// others do not wait behind it.
const PACE: u64 = if cfg!(test) { 8 * PAGE } else { 64 << 20 };

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Header {
    magic: [u8; 8],
    version: u32,
    layout: u32,
    run: [u8; 16],
    generation: u64,
    tick: u64,
    checksum: u64,
}

impl Header {
    fn sum(&self) -> u64 {
        let bytes = bytes_of(self);
        xxh3_64(&bytes[..bytes.len() - 8])
    }
}

/// A segment file in the making.
pub(crate) struct SegmentWriter {
    path: PathBuf,
    file: Box<dyn File>,
    generation: u64,
    gathered: Chunk,
    /// Bytes written, and of these durable.
    written: u64,
    durable: u64,
}

impl SegmentWriter {
    pub(crate) fn create(
        backend: &dyn Backend,
        path: PathBuf,
        (run, generation, tick): (u128, u64, u64),
    ) -> Result<Self, StoreError> {
        let file = backend.create_paged(&path).map_err(StoreError::io("make", &path))?;
        let mut header = Header {
            magic: MAGIC,
            version: VERSION,
            layout: LAYOUT,
            run: run.to_le_bytes(),
            generation,
            tick,
            checksum: 0,
        };
        header.checksum = header.sum();
        let mut page = AlignedVec::<{ chunk::PAGE }>::new();
        page.extend_from_slice(bytes_of(&header));
        page.resize(chunk::PAGE, 0);
        let mut writer = Self { path, file, generation, gathered: Chunk::default(), written: 0, durable: 0 };
        writer.write_pages(&page)?;
        Ok(writer)
    }

    /// Appends a piece.
    pub(crate) fn write(&mut self, info: PieceInfo, piece: &Piece) -> Result<Entry, StoreError> {
        self.gathered.add(info, piece);
        self.gathered_one()
    }

    /// Appends the archive of a piece.
    pub(crate) fn append(&mut self, info: PieceInfo, archive: &[u8]) -> Result<Entry, StoreError> {
        self.gathered.add_archive(info, archive);
        self.gathered_one()
    }

    /// The entry of the piece that was gathered last.
    fn gathered_one(&mut self) -> Result<Entry, StoreError> {
        let entry = self.entry(self.gathered.pieces().last().expect("one was added"));
        if self.gathered.is_full() {
            self.flush()?;
        }
        Ok(entry)
    }

    /// Appends pieces.
    pub(crate) fn put(&mut self, chunk: &Chunk) -> Result<Vec<Entry>, StoreError> {
        self.flush()?;
        let entries = chunk.pieces().iter().map(|piece| self.entry(piece)).collect();
        self.write_pages(chunk.bytes())?;
        Ok(entries)
    }

    /// Where a piece of the chunk that is written next will lie.
    fn entry(&self, piece: &Archived) -> Entry {
        let Archived { info, start, len, checksum } = *piece;
        Entry { info, file: self.generation, offset: self.written + start as u64, bytes: len as u64, checksum }
    }

    fn flush(&mut self) -> Result<(), StoreError> {
        let mut gathered = std::mem::take(&mut self.gathered);
        self.write_pages(gathered.bytes())?;
        gathered.clear();
        self.gathered = gathered;
        Ok(())
    }

    fn write_pages(&mut self, pages: &[u8]) -> Result<(), StoreError> {
        if pages.is_empty() {
            return Ok(());
        }
        self.file.write_at(self.written, pages).map_err(StoreError::io("write", &self.path))?;
        self.written += pages.len() as u64;
        if self.written - self.durable >= PACE {
            self.sync()?;
        }
        Ok(())
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        self.file.sync().map_err(StoreError::io("make durable", &self.path))?;
        self.durable = self.written;
        Ok(())
    }

    /// Makes all of it durable, but for the name. Says how many bytes it has.
    pub(crate) fn finish(mut self) -> Result<u64, StoreError> {
        self.flush()?;
        self.sync()?;
        Ok(self.written)
    }
}

/// A segment file, for reading.
pub(crate) struct Segment {
    path: PathBuf,
    file: Box<dyn File>,
    len: u64,
}

impl Segment {
    /// Opens a file and checks its header.
    pub(crate) fn open(file: Box<dyn File>, path: &Path, run: u128, generation: u64) -> Result<Self, StoreError> {
        let (seen, len) = SegmentSeen::read(&*file, path)?;
        if (seen.run, seen.generation) != (run, generation) {
            let why = "is of another run, or of another checkpoint of this one".to_owned();
            return Err(StoreError::Foreign { path: path.to_owned(), why });
        }
        Ok(Self { path: path.to_owned(), file, len })
    }

    /// Its bytes.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Whether the file is long enough for a piece.
    pub(crate) fn has(&self, entry: &Entry) -> Result<(), StoreError> {
        let fits = entry.offset.checked_add(entry.bytes).is_some_and(|end| end <= self.len);
        if fits && entry.offset.is_multiple_of(PAGE) && entry.offset > 0 {
            return Ok(());
        }
        let why = format!("{} bytes were written where the file has {}", entry.bytes, self.len);
        Err(StoreError::damaged(&self.path, entry.offset, entry.info.id.to_string(), why))
    }

    /// The archive of a piece, verified.
    pub(crate) fn read(&self, entry: &Entry) -> Result<AlignedVec, StoreError> {
        self.has(entry)?;
        let damaged = |why: &str| StoreError::damaged(&self.path, entry.offset, entry.info.id.to_string(), why);
        if entry.bytes > UNPROVEN_MAX {
            let mut sum = Xxh3::new();
            let passed = pass(&*self.file, entry.offset, entry.bytes, |bytes| sum.update(bytes));
            if !passed.map_err(StoreError::io("read", &self.path))? {
                return Err(damaged("the file ends within it"));
            }
            if sum.digest128() != entry.checksum {
                return Err(damaged("checksum mismatch"));
            }
        }
        let mut archive = AlignedVec::new();
        archive.resize(entry.bytes as usize, 0);
        let read = self.file.read_at(entry.offset, &mut archive).map_err(StoreError::io("read", &self.path))?;
        if read < archive.len() {
            return Err(damaged("the file ends within it"));
        }
        if xxh3_128(&archive) != entry.checksum {
            return Err(damaged("checksum mismatch"));
        }
        Ok(archive)
    }

    /// What to say of a piece that is as it was written, and makes no sense.
    pub(crate) fn senseless(&self, entry: &Entry, why: String) -> StoreError {
        StoreError::damaged(&self.path, entry.offset, entry.info.id.to_string(), why)
    }
}

/// What a segment file says of itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SegmentSeen {
    /// The run.
    pub run: u128,
    /// The checkpoint for which it was written.
    pub generation: u64,
    /// That checkpoint's tick.
    pub tick: u64,
}

impl SegmentSeen {
    /// Reads the header of a file; also says how long the file is.
    ///
    /// # Errors
    /// Where it is damaged, or of another version.
    pub fn read(file: &dyn File, path: &Path) -> Result<(Self, u64), StoreError> {
        let mut bytes = [0; size_of::<Header>()];
        let len = file.len().map_err(StoreError::io("read", path))?;
        let read = file.read_at(0, &mut bytes).map_err(StoreError::io("read", path))?;
        let damaged = |why: &str| StoreError::damaged(path, 0, "the header", why);
        if read < bytes.len() {
            return Err(damaged("the file ends within it"));
        }
        let header: Header = pod_read_unaligned(&bytes);
        if header.magic != MAGIC {
            return Err(damaged("it does not begin as a segment does"));
        }
        if header.checksum != header.sum() {
            return Err(damaged("checksum mismatch"));
        }
        if header.version != VERSION || header.layout != LAYOUT {
            let why = format!("has format {}; this build reads format {VERSION}", header.version);
            return Err(StoreError::Foreign { path: path.to_owned(), why });
        }
        let Header { generation, tick, .. } = header;
        Ok((Self { run: u128::from_le_bytes(header.run), generation, tick }, len))
    }
}
