//! The bytes around the payloads: file headers, record headers, marks, checksums. The module's page draws them.

use xxhash_rust::xxh3::{Xxh3, xxh3_64, xxh3_64_with_seed};

/// Bytes of a file's header, and of a file of marks.
pub(super) const BLOCK_LEN: usize = 4_096;
/// Bytes of a record's header.
pub(super) const RECORD_HEADER_LEN: usize = 72;
/// Bytes of a mark.
pub(super) const MARK_LEN: usize = 32;
/// The longest payload: more than any tick's inputs should be, and a bound on what a reader allocates.
pub(super) const PAYLOAD_LEN_MAX: usize = 64 << 20;
/// The longest file: a bound on how long a reader searches. A run of which so much comes in between two checkpoints
/// could not be replayed in any useful time.
pub(super) const FILE_LEN_MAX: u64 = 64 << 30;

const FILE_MAGIC: &[u8; 8] = b"MYRIADJL";
pub(super) const VERSION: u32 = 1;
/// "MYJL" in the file.
pub(super) const RECORD_MAGIC: u32 = 0x4C4A_594D;
const BLOCK_CHECKSUM_AT: usize = BLOCK_LEN - 8;
const MARKS_DOMAIN: u64 = 0x6D61_726B;

/// Where a chain of records ends: also how far one is durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Link {
    /// Records of the run so far.
    pub(super) count: u64,
    /// The last one's header checksum; 0 if there is none.
    pub(super) checksum: u64,
    /// The last one's tick; 0 if there is none.
    pub(super) tick: u64,
}

impl Link {
    /// The last record's tick.
    pub(super) fn last_tick(self) -> Option<u64> {
        (self.count > 0).then_some(self.tick)
    }

    fn write(self, into: &mut [u8]) {
        put_u64(into, 0, self.count);
        put_u64(into, 8, self.checksum);
        put_u64(into, 16, self.tick);
    }

    fn read(bytes: &[u8]) -> Self {
        Self { count: u64_at(bytes, 0), checksum: u64_at(bytes, 8), tick: u64_at(bytes, 16) }
    }
}

/// What the header of a file says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct FileHeader {
    pub(super) run: u128,
    pub(super) epoch: u32,
    pub(super) first_tick: u64,
    /// The end of the chain before this file.
    pub(super) before: Link,
}

/// Why a file's header cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum HeaderFault {
    /// It is not what was written.
    Unreadable(&'static str),
    /// It is whole, of a version that this program does not know.
    Version(u32),
}

impl FileHeader {
    pub(super) fn to_bytes(self) -> [u8; BLOCK_LEN] {
        let mut block = [0; BLOCK_LEN];
        block[..8].copy_from_slice(FILE_MAGIC);
        block[8..12].copy_from_slice(&VERSION.to_le_bytes());
        block[12..16].copy_from_slice(&self.epoch.to_le_bytes());
        block[16..32].copy_from_slice(&self.run.to_le_bytes());
        put_u64(&mut block, 32, self.first_tick);
        self.before.write(&mut block[40..64]);
        let checksum = xxh3_64(&block[..BLOCK_CHECKSUM_AT]);
        put_u64(&mut block, BLOCK_CHECKSUM_AT, checksum);
        block
    }

    /// Reads the first bytes of a file, of which there may be too few.
    pub(super) fn parse(block: &[u8]) -> Result<Self, HeaderFault> {
        if block.len() < BLOCK_LEN {
            return Err(HeaderFault::Unreadable("the file ends within it"));
        }
        if block[..8] != *FILE_MAGIC {
            return Err(HeaderFault::Unreadable("it does not begin as a journal does"));
        }
        if xxh3_64(&block[..BLOCK_CHECKSUM_AT]) != u64_at(block, BLOCK_CHECKSUM_AT) {
            return Err(HeaderFault::Unreadable("checksum mismatch"));
        }
        match u32_at(block, 8) {
            VERSION => Ok(Self {
                run: u128::from(u64_at(block, 16)) | u128::from(u64_at(block, 24)) << 64,
                epoch: u32_at(block, 12),
                first_tick: u64_at(block, 32),
                before: Link::read(&block[40..64]),
            }),
            other => Err(HeaderFault::Version(other)),
        }
    }

    pub(super) fn key(&self) -> Key {
        Key::new(self.run, self.first_tick, self.epoch)
    }
}

/// The seed of a file's checksums.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Key(u64);

impl Key {
    pub(super) fn new(run: u128, first_tick: u64, epoch: u32) -> Self {
        let mut bytes = [0; 28];
        bytes[..16].copy_from_slice(&run.to_le_bytes());
        put_u64(&mut bytes, 16, first_tick);
        bytes[24..].copy_from_slice(&epoch.to_le_bytes());
        Self(xxh3_64(&bytes))
    }

    pub(super) fn checksum(self, bytes: &[u8]) -> u64 {
        xxh3_64_with_seed(bytes, self.0)
    }

    /// The same of bytes that come one after the other.
    pub(super) fn hasher(self) -> Xxh3 {
        Xxh3::with_seed(self.0)
    }

    /// The bytes of a mark.
    pub(super) fn mark(self, durable: Link) -> [u8; MARK_LEN] {
        let mut bytes = [0; MARK_LEN];
        durable.write(&mut bytes);
        let checksum = xxh3_64_with_seed(&bytes[..24], self.0 ^ MARKS_DOMAIN);
        put_u64(&mut bytes, 24, checksum);
        bytes
    }

    /// What a mark says, if it is one.
    pub(super) fn parse_mark(self, bytes: &[u8]) -> Option<Link> {
        let whole = xxh3_64_with_seed(&bytes[..24], self.0 ^ MARKS_DOMAIN) == u64_at(bytes, 24);
        let durable = Link::read(bytes);
        (whole && durable.count > 0).then_some(durable)
    }
}

/// What the header of a record says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct RecordHeader {
    pub(super) kind: u8,
    pub(super) payload_len: u32,
    pub(super) tick: u64,
    pub(super) sequence: u64,
    pub(super) durable_tick: u64,
    pub(super) durable_count: u64,
    pub(super) previous: u64,
    pub(super) payload_checksum: u64,
}

impl RecordHeader {
    /// Its bytes, of which the last 8 are its checksum.
    pub(super) fn to_bytes(self, key: Key) -> [u8; RECORD_HEADER_LEN] {
        let mut bytes = [0; RECORD_HEADER_LEN];
        bytes[..4].copy_from_slice(&RECORD_MAGIC.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.payload_len.to_le_bytes());
        bytes[8] = self.kind;
        let words =
            [self.tick, self.sequence, self.durable_tick, self.durable_count, self.previous, self.payload_checksum];
        for (nth, word) in words.into_iter().enumerate() {
            put_u64(&mut bytes, 16 + 8 * nth, word);
        }
        let checksum = key.checksum(&bytes[..64]);
        put_u64(&mut bytes, 64, checksum);
        bytes
    }

    /// What the 72 bytes of a header say, and their checksum; none if they are not one of this file.
    pub(super) fn parse(bytes: &[u8], key: Key) -> Option<(Self, u64)> {
        let checksum = u64_at(bytes, 64);
        if u32_at(bytes, 0) != RECORD_MAGIC || !equal(key.checksum(&bytes[..64]), checksum) {
            return None;
        }
        let word = |nth: usize| u64_at(bytes, 16 + 8 * nth);
        let header = Self {
            kind: bytes[8],
            payload_len: u32_at(bytes, 4),
            tick: word(0),
            sequence: word(1),
            durable_tick: word(2),
            durable_count: word(3),
            previous: word(4),
            payload_checksum: word(5),
        };
        Some((header, checksum))
    }

    /// How far the journal was durable when the record was appended.
    pub(super) fn claim(&self) -> Link {
        Link { count: self.durable_count, checksum: 0, tick: self.durable_tick }
    }

    /// The record's length in the file.
    pub(super) fn record_len(&self) -> u64 {
        (RECORD_HEADER_LEN + padded(self.payload_len as usize)) as u64
    }
}

/// The length with padding.
pub(super) const fn padded(payload_len: usize) -> usize {
    payload_len.next_multiple_of(8)
}

/// Whether a record's checksum is the one that it should be. Tests can switch it off, to see that they would notice.
pub(super) fn equal(computed: u64, stored: u64) -> bool {
    #[cfg(test)]
    if super::tests::mutants::NO_RECORD_CHECKSUMS.get() {
        return true;
    }
    computed == stored
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(std::array::from_fn(|nth| bytes[at + nth]))
}

pub(super) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(std::array::from_fn(|nth| bytes[at + nth]))
}

fn put_u64(bytes: &mut [u8], at: usize, value: u64) {
    bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
}
