//! The format of a manifest.
//!
//! | bytes | what | why |
//! |---|---|---|
//! | 8 | `MYRIADMF` | it is a manifest |
//! | 4 | format version | another one is refused by name |
//! | 4 | features that a reader must know | none so far |
//! | 16 | run | a file of another run is not taken for one of this |
//! | 8 | generation | the name of the file says it too |
//! | 8, 8 | tick, digest of all state | what is read back is checked against it |
//! | 8, 8 | bytes of the schema, entries | |
//! | | schema, filled up with zeros to a multiple of 8 | what the tables mean |
//! | 72 each | entries: see [`Entry`] | checksums lie apart from what they are of: a block written elsewhere shows |
//! | 8 | bytes of the file | a file that was cut shows |
//! | 16 | xxh3-128 of all before | |
//! | 8 | `MYRIAD.E` | |
//!
//! The first three lines and the last three are the same in all versions. A manifest that can be read is the one that
//! would be written of what was read: nothing in it has no meaning. It may come from anybody, and a checksum proves
//! only that nothing happened to it: pieces lie apart, none is larger than an archive can be, and digests add up.

use std::path::Path;

use bytemuck::{Pod, Zeroable, bytes_of, pod_read_unaligned};
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::segment::PAGE;
use crate::base::Digest;
use crate::store::proven::{UNPROVEN_MAX, pass};
use crate::store::{Access, Backend, File, PieceId, PieceInfo, StoreError};

const MAGIC: [u8; 8] = *b"MYRIADMF";
const END: [u8; 8] = *b"MYRIAD.E";
/// The version that is written, and the only one so far.
pub(crate) const VERSION: u32 = 1;

/// The most bytes of a manifest: fourteen million pieces.
const LEN_MAX: u64 = 1 << 30;
/// The most bytes of a piece: beyond, an archive cannot say where in it something is.
const PIECE_MAX: u64 = u32::MAX as u64;

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Header {
    magic: [u8; 8],
    version: u32,
    features: u32,
    run: [u8; 16],
    generation: u64,
    tick: u64,
    digest: u64,
    schema_bytes: u64,
    entries: u64,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Footer {
    bytes: u64,
    checksum: [u8; 16],
    magic: [u8; 8],
}

/// Where a piece lies, and what it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entry {
    /// What it holds.
    pub info: PieceInfo,
    /// The generation of the segment file.
    pub file: u64,
    /// Its first byte there.
    pub offset: u64,
    /// Its bytes.
    pub bytes: u64,
    /// xxh3-128 of them.
    pub checksum: u128,
}

/// An entry as it is stored.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct RawEntry {
    /// 0 the world, 1 letters, 2 a zone.
    kind: u32,
    /// The shard, or the zone.
    which: u32,
    /// The part of the zone.
    part: u32,
    reserved: u32,
    rows: u64,
    digest: u64,
    file: u64,
    offset: u64,
    bytes: u64,
    checksum: [u8; 16],
}
const _: () = assert!(size_of::<RawEntry>() == 72 && size_of::<Header>() == 72 && size_of::<Footer>() == 32);

impl From<&Entry> for RawEntry {
    fn from(entry: &Entry) -> Self {
        let (kind, which, part) = match entry.info.id {
            PieceId::World => (0, 0, 0),
            PieceId::Mail(shard) => (1, shard, 0),
            PieceId::Zone { zone, part } => (2, zone, part),
        };
        let PieceInfo { rows, digest: Digest(digest), .. } = entry.info;
        let Entry { file, offset, bytes, .. } = *entry;
        let checksum = entry.checksum.to_le_bytes();
        Self { kind, which, part, reserved: 0, rows, digest, file, offset, bytes, checksum }
    }
}

impl RawEntry {
    fn read(&self) -> Option<Entry> {
        let id = match (self.kind, self.which, self.part, self.reserved) {
            (0, 0, 0, 0) => PieceId::World,
            (1, shard, 0, 0) => PieceId::Mail(shard),
            (2, zone, part, 0) => PieceId::Zone { zone, part },
            _ => return None,
        };
        let info = PieceInfo { id, rows: self.rows, digest: Digest(self.digest) };
        let checksum = u128::from_le_bytes(self.checksum);
        Some(Entry { info, file: self.file, offset: self.offset, bytes: self.bytes, checksum })
    }
}

impl Entry {
    /// As manifests have it.
    pub(crate) fn to_bytes(self) -> [u8; size_of::<RawEntry>()] {
        bytemuck::cast(RawEntry::from(&self))
    }

    /// Read back; none if no entry has these bytes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytemuck::try_pod_read_unaligned::<RawEntry>(bytes).ok()?.read()
    }
}

/// What makes up a checkpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Manifest {
    /// The run.
    pub run: u128,
    /// The checkpoint's number.
    pub generation: u64,
    /// The tick of the world.
    pub tick: u64,
    /// The digest of all its state.
    pub digest: Digest,
    /// What the tables mean.
    pub schema: String,
    /// Its pieces, in order.
    pub entries: Vec<Entry>,
}

impl Manifest {
    /// The generations of the segment files that it needs; the same one may come up several times.
    pub(crate) fn files(&self) -> impl Iterator<Item = u64> {
        self.entries.iter().map(|entry| entry.file)
    }

    /// The file's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = bytes_of(&Header {
            magic: MAGIC,
            version: VERSION,
            features: 0,
            run: self.run.to_le_bytes(),
            generation: self.generation,
            tick: self.tick,
            digest: self.digest.0,
            schema_bytes: self.schema.len() as u64,
            entries: self.entries.len() as u64,
        })
        .to_vec();
        bytes.extend_from_slice(self.schema.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        for entry in &self.entries {
            bytes.extend_from_slice(bytes_of(&RawEntry::from(entry)));
        }
        let total = (bytes.len() + size_of::<Footer>()) as u64;
        bytes.extend_from_slice(&total.to_le_bytes());
        let checksum = xxh3_128(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        bytes.extend_from_slice(&END);
        bytes
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Where it cannot be read, and as [`Manifest::decode`].
    pub fn read(backend: &dyn Backend, path: &Path) -> Result<Self, StoreError> {
        let file = backend.open(path, Access::Read).map_err(StoreError::io("read", path))?;
        let len = file.len().map_err(StoreError::io("read", path))?;
        if len > UNPROVEN_MAX {
            prove(&*file, len, path)?;
        }
        let mut bytes = vec![0; len as usize];
        let read = file.read_at(0, &mut bytes).map_err(StoreError::io("read", path))?;
        bytes.truncate(read);
        Self::decode(&bytes, path)
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    /// Where the file is not whole, or of another version.
    pub fn decode(bytes: &[u8], path: &Path) -> Result<Self, StoreError> {
        let damaged = |offset: usize, what: &str, why: &str| StoreError::damaged(path, offset as u64, what, why);
        let (head, foot) = (size_of::<Header>(), size_of::<Footer>());
        if bytes.len() < head + foot {
            return Err(damaged(bytes.len(), "the header", "the file ends here"));
        }
        let header: Header = pod_read_unaligned(&bytes[..head]);
        if header.magic != MAGIC {
            return Err(damaged(0, "the header", "it does not begin as a manifest does"));
        }
        let body = bytes.len() - foot;
        let footer: Footer = pod_read_unaligned(&bytes[body..]);
        if footer.magic != END || footer.bytes != bytes.len() as u64 {
            return Err(damaged(body, "the end", "the file was cut, or is longer than it was"));
        }
        if u128::from_le_bytes(footer.checksum) != xxh3_128(&bytes[..body + 8]) {
            return Err(damaged(0, "the manifest", "checksum mismatch"));
        }
        if header.version != VERSION || header.features != 0 {
            return Err(StoreError::Foreign {
                path: path.to_owned(),
                why: format!("has format {}; this build reads format {VERSION}", header.version),
            });
        }
        // What follows can only be wrong in a file that was made to be.
        let senseless = |offset: usize| damaged(offset, "the table", "lengths that do not fit the file");
        let schema_bytes = usize::try_from(header.schema_bytes).map_err(|_| senseless(head))?;
        let schema_end = head.checked_add(schema_bytes).filter(|&end| end <= body).ok_or_else(|| senseless(head))?;
        let schema = std::str::from_utf8(&bytes[head..schema_end]).map_err(|_| senseless(head))?.to_owned();
        let table = schema_end.next_multiple_of(8);
        let rows = bytes.get(table..body).ok_or_else(|| senseless(table))?;
        if bytes[schema_end..table].iter().any(|&byte| byte != 0) {
            return Err(damaged(schema_end, "the schema", "it is not filled up with zeros"));
        }
        if rows.len() as u64 != header.entries.saturating_mul(size_of::<RawEntry>() as u64) {
            return Err(senseless(table));
        }
        let entries: Option<Vec<Entry>> =
            rows.chunks_exact(size_of::<RawEntry>()).map(|row| pod_read_unaligned::<RawEntry>(row).read()).collect();
        let entries = entries.ok_or_else(|| damaged(table, "the table", "an entry of no known kind"))?;
        if !entries.is_sorted_by(|a, b| a.info.id < b.info.id) {
            return Err(damaged(table, "the table", "entries out of order, or twice"));
        }
        let mut sum = Digest::EMPTY;
        entries.iter().for_each(|entry| sum.merge(entry.info.digest));
        if sum != Digest(header.digest) {
            return Err(damaged(table, "the table", "its digests do not add up to that of the whole"));
        }
        let digest = Digest(header.digest);
        let run = u128::from_le_bytes(header.run);
        let Header { generation, tick, .. } = header;
        let can_be = |entry: &Entry| {
            let end = entry.offset.checked_add(entry.bytes);
            entry.file <= generation
                && entry.offset > 0
                && entry.offset.is_multiple_of(PAGE)
                && end.is_some()
                && entry.bytes <= PIECE_MAX
                // A row has a byte at least.
                && entry.info.rows <= entry.bytes
        };
        if let Some(index) = entries.iter().position(|entry| !can_be(entry)) {
            let why = format!("{} lies where none can be", entries[index].info.id);
            return Err(damaged(table + index * size_of::<RawEntry>(), "the table", &why));
        }
        // So all pieces together have no more bytes than the files.
        let mut places: Vec<&Entry> = entries.iter().collect();
        places.sort_unstable_by_key(|entry| (entry.file, entry.offset));
        let apart = |pair: &[&Entry]| pair[0].file < pair[1].file || pair[0].offset + pair[0].bytes <= pair[1].offset;
        if let Some(pair) = places.windows(2).find(|pair| !apart(pair)) {
            let why = format!("{} and {} lie one over the other", pair[0].info.id, pair[1].info.id);
            return Err(damaged(table, "the table", &why));
        }
        Ok(Self { run, generation, tick, digest, schema, entries })
    }
}

/// Checks the end and the checksum of a file that is too long to be held before that.
fn prove(file: &dyn File, len: u64, path: &Path) -> Result<(), StoreError> {
    let damaged = |offset: u64, what: &str, why: &str| StoreError::damaged(path, offset, what, why);
    let mut end = [0; size_of::<Footer>()];
    let body = len - end.len() as u64;
    file.read_at(body, &mut end).map_err(StoreError::io("read", path))?;
    let footer: Footer = pod_read_unaligned(&end);
    if footer.magic != END || footer.bytes != len || len > LEN_MAX {
        return Err(damaged(body, "the end", "the file was cut, or is longer than it was"));
    }
    let mut sum = Xxh3::new();
    pass(file, 0, body + 8, |bytes| sum.update(bytes)).map_err(StoreError::io("read", path))?;
    if sum.digest128() != u128::from_le_bytes(footer.checksum) {
        return Err(damaged(0, "the manifest", "checksum mismatch"));
    }
    Ok(())
}
