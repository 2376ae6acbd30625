//! Reading what may not be what was written: a file that is damaged, or was made to mislead, may say that it is longer
//! than memory. What is long is held only once its checksum is known to be right, and what should be short only if it
//! is.

use std::io;
use std::path::Path;

use super::{Access, Backend, File, StoreError};

/// Bytes that are held unproven at most.
pub(super) const UNPROVEN_MAX: u64 = 1 << 20;
/// Bytes that are looked at in passing.
const PASSING: u64 = 1 << 16;

/// Shows bytes of a file, some at a time, without holding them; false if the file ends within them.
pub(super) fn pass(file: &dyn File, from: u64, len: u64, mut show: impl FnMut(&[u8])) -> io::Result<bool> {
    let mut buffer = vec![0; PASSING.min(len) as usize];
    let mut done = 0;
    while done < len {
        let count = (len - done).min(PASSING) as usize;
        let read = file.read_at(from + done, &mut buffer[..count])?;
        show(&buffer[..read]);
        if read < count {
            return Ok(false);
        }
        done += read as u64;
    }
    Ok(true)
}

/// All bytes of a file that can only be short.
pub(super) fn read_short(backend: &dyn Backend, path: &Path) -> Result<Vec<u8>, StoreError> {
    let file = backend.open(path, Access::Read).map_err(StoreError::io("read", path))?;
    let len = file.len().map_err(StoreError::io("read", path))?;
    if len > UNPROVEN_MAX {
        let why = format!("it has {len} bytes, and {UNPROVEN_MAX} would be many");
        return Err(StoreError::damaged(path, UNPROVEN_MAX, "the file", why));
    }
    let mut bytes = vec![0; len as usize];
    let read = file.read_at(0, &mut bytes).map_err(StoreError::io("read", path))?;
    bytes.truncate(read);
    Ok(bytes)
}
