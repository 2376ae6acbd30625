//! One file of a journal, for those who only look.

use std::path::Path;

use super::Record;
use super::format::{BLOCK_LEN, FileHeader, HeaderFault, Link, VERSION};
use super::walk::{Found, Walk, first_block};
use crate::store::{Access, Backend, StoreError};

/// What a file of a journal holds.
#[derive(Debug)]
pub struct FileSeen {
    /// The run.
    pub run: u128,
    /// Which process wrote it, counted from 1.
    pub epoch: u32,
    /// The tick from which on it has records.
    pub first_tick: u64,
    /// Records of the run before this file.
    pub before: u64,
    /// Its records, with their ticks.
    pub records: Vec<(u64, Record)>,
    /// Where the last of them ends.
    pub end: u64,
    /// What is wrong with what follows there, if that is more than zeros. By itself a file does not tell what was torn
    /// from what was damaged: the whole journal does.
    pub rest: Option<&'static str>,
}

/// Reads a file of a journal as far as it can be read.
///
/// # Errors
/// Where it is not such a file, or its header is damaged, or a record is whole and makes no sense.
pub fn look_at_file(backend: &dyn Backend, path: &Path) -> Result<FileSeen, StoreError> {
    let file = backend.open(path, Access::Read).map_err(StoreError::io("open", path))?;
    let header = match FileHeader::parse(&first_block(&*file, path)?) {
        Ok(header) => header,
        Err(HeaderFault::Unreadable(why)) => return Err(StoreError::damaged(path, 0, "the header", why)),
        Err(HeaderFault::Version(version)) => {
            let why = format!("has version {version} of the format, and this program reads {VERSION}");
            return Err(StoreError::Foreign { path: path.to_owned(), why });
        }
    };
    let mut walk = Walk::new(&*file, path, header.key())?;
    let (mut end, mut offset, mut records) = (header.before, BLOCK_LEN as u64, Vec::new());
    let stop = loop {
        match walk.record_at(offset, end)? {
            Found::End(stop) => break stop,
            Found::Record(entry) => {
                end = Link { count: end.count + 1, checksum: entry.checksum, tick: entry.header.tick };
                offset = entry.next;
                records.push((entry.header.tick, entry.record));
            }
        }
    };
    let rest = (!walk.rest(stop.offset)?.is_blank).then_some(stop.why);
    let FileHeader { run, epoch, first_tick, before } = header;
    Ok(FileSeen { run, epoch, first_tick, before: before.count, records, end: stop.offset, rest })
}
