//! One file read record by record, and what lies behind the first that cannot be read.

use std::path::Path;

use super::Record;
use super::format::{BLOCK_LEN, FILE_LEN_MAX, Key, Link, PAYLOAD_LEN_MAX, RECORD_HEADER_LEN, RecordHeader, padded};
use crate::store::proven::pass;
use crate::store::{File, StoreError};

/// How much is read at once.
const WINDOW_LEN: usize = 1 << 20;

/// A file that is read from its beginning to its end.
pub(super) struct Walk<'a> {
    file: &'a dyn File,
    path: &'a Path,
    key: Key,
    len: u64,
    /// Bytes of the file from `window_at` on.
    window: Vec<u8>,
    window_at: u64,
}

/// What lies at a place.
pub(super) enum Found {
    /// The record that follows the one before, and where the next begins.
    Record(Box<Entry>),
    /// Something else.
    End(Stop),
}

pub(super) struct Entry {
    pub(super) header: RecordHeader,
    pub(super) checksum: u64,
    pub(super) record: Record,
    pub(super) next: u64,
}

/// Why a place holds no record that follows.
#[derive(Clone, Debug)]
pub(super) struct Stop {
    pub(super) offset: u64,
    pub(super) why: &'static str,
    /// The record's tick, if its header is whole.
    pub(super) tick: Option<u64>,
}

/// What lies behind the last readable record.
pub(super) struct Rest {
    /// Whether it is all zeros.
    pub(super) is_blank: bool,
    /// The highest claim of a record's header there.
    pub(super) durable: Link,
}

impl<'a> Walk<'a> {
    /// For a file that is no longer than one of ours can be: what is behind the last record is searched to its end.
    pub(super) fn new(file: &'a dyn File, path: &'a Path, key: Key) -> Result<Self, StoreError> {
        let len = file.len().map_err(StoreError::io("read", path))?;
        if len > FILE_LEN_MAX {
            let why = format!("it has {len} bytes, and {FILE_LEN_MAX} are the most");
            return Err(StoreError::damaged(path, 0, "the file", why));
        }
        Ok(Self { file, path, key, len, window: Vec::new(), window_at: 0 })
    }

    /// The record at a place, if it follows `end` in the chain. A record that is whole but cannot be meant is an
    /// error: no crash makes one.
    pub(super) fn record_at(&mut self, offset: u64, end: Link) -> Result<Found, StoreError> {
        let stop = |why, tick| Ok(Found::End(Stop { offset, why, tick }));
        let key = self.key;
        let bytes = self.bytes(offset, RECORD_HEADER_LEN)?;
        if bytes.iter().all(|&byte| byte == 0) {
            return stop("there is none", None);
        }
        if bytes.len() < RECORD_HEADER_LEN {
            return stop("the file ends within it", None);
        }
        let Some((header, checksum)) = RecordHeader::parse(bytes, key) else {
            return stop("its header's checksum does not match", None);
        };
        let tick = Some(header.tick);
        if (header.sequence, header.previous) != (end.count, end.checksum) {
            return stop("it does not follow the one before it", tick);
        }
        let payload_len = header.payload_len as usize;
        if payload_len > PAYLOAD_LEN_MAX || offset + header.record_len() > self.len {
            return stop("it is longer than it can be", tick);
        }
        if padded(payload_len) > WINDOW_LEN {
            // It may be as long as its header says, which is only believed once it is as its header says.
            let (from, len, mut sum) = (offset + RECORD_HEADER_LEN as u64, padded(payload_len) as u64, key.hasher());
            let passed = pass(self.file, from, len, |bytes| sum.update(bytes));
            if !passed.map_err(StoreError::io("read", self.path))? {
                return stop("the file ends within it", tick);
            }
            if !super::format::equal(sum.digest(), header.payload_checksum) {
                return stop("its payload's checksum does not match", tick);
            }
        }
        let bytes = self.bytes(offset + RECORD_HEADER_LEN as u64, padded(payload_len))?;
        if bytes.len() < padded(payload_len) {
            return stop("the file ends within it", tick);
        }
        if !super::format::equal(key.checksum(bytes), header.payload_checksum) {
            return stop("its payload's checksum does not match", tick);
        }
        let Some(record) = Record::parse(header.kind, &bytes[..payload_len]) else {
            return Err(self.damaged(offset, header.tick, format!("there is no such record of kind {}", header.kind)));
        };
        if end.last_tick().is_some_and(|last| header.tick < last) {
            return Err(self.damaged(offset, header.tick, format!("it comes after tick {}", end.tick)));
        }
        Ok(Found::Record(Box::new(Entry { header, checksum, record, next: offset + header.record_len() })))
    }

    /// Searches from a place to the end of the file. The time this takes depends on the file's length only.
    pub(super) fn rest(&mut self, from: u64) -> Result<Rest, StoreError> {
        let (key, len) = (self.key, self.len);
        let mut rest = Rest { is_blank: true, durable: Link::default() };
        let mut at = from;
        while at < len {
            let bytes = self.bytes(at, WINDOW_LEN)?;
            if bytes.is_empty() {
                break;
            }
            if bytes.iter().any(|&byte| byte != 0) {
                rest.is_blank = false;
                for header in bytes.windows(RECORD_HEADER_LEN).step_by(8) {
                    if let Some((header, _)) = RecordHeader::parse(header, key) {
                        let claim = header.claim();
                        rest.durable = if claim.count > rest.durable.count { claim } else { rest.durable };
                    }
                }
            }
            // A header may begin in the last bytes of a window: the next one has them again.
            at += if bytes.len() < WINDOW_LEN { bytes.len() } else { WINDOW_LEN - padded(RECORD_HEADER_LEN) } as u64;
        }
        Ok(rest)
    }

    /// The error of a record that is whole and yet wrong.
    pub(super) fn damaged(&self, offset: u64, tick: u64, why: String) -> StoreError {
        StoreError::damaged(self.path, offset, format!("the record of tick {tick}"), why)
    }

    /// So many bytes from a place on, or as many as there are.
    fn bytes(&mut self, offset: u64, len: usize) -> Result<&[u8], StoreError> {
        let known = self.window_at..self.window_at + self.window.len() as u64;
        let len = (len as u64).min(self.len.saturating_sub(offset)) as usize;
        if !(known.contains(&offset) && offset + len as u64 <= known.end) && len > 0 {
            // Never more than the file has: a length that a record claims was compared with the file's before.
            let wanted = (len.max(WINDOW_LEN) as u64).min(self.len - offset) as usize;
            self.window.resize(wanted, 0);
            let read = self.file.read_at(offset, &mut self.window).map_err(StoreError::io("read", self.path))?;
            self.window.truncate(read);
            self.window_at = offset;
        }
        let start = (offset.saturating_sub(self.window_at) as usize).min(self.window.len());
        Ok(&self.window[start..(start + len).min(self.window.len())])
    }
}

/// The block with which a file begins, as far as it is there.
pub(super) fn first_block(file: &dyn File, path: &Path) -> Result<Vec<u8>, StoreError> {
    let mut block = vec![0; BLOCK_LEN];
    let read = file.read_at(0, &mut block).map_err(StoreError::io("read", path))?;
    block.truncate(read);
    Ok(block)
}
