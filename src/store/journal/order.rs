//! What may be appended after what. To do otherwise is a mistake of the program, so it panics.

use super::Record;
use super::format::PAYLOAD_LEN_MAX;
use crate::store::StoreError;
use std::io;
use std::path::Path;

/// The state of a sequence of appends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    /// No later record may have a lower tick.
    tick: u64,
    /// Whether the epoch's first record was appended.
    is_started: bool,
}

impl Order {
    /// Of a process that begins with this tick.
    pub(super) fn new(first_tick: u64) -> Self {
        Self { tick: first_tick, is_started: false }
    }

    /// Takes note of a record for that file, unless it is too long for any.
    ///
    /// # Panics
    /// If its tick is lower than one before, or it is a start where none belongs, or none where one does.
    pub(super) fn append(&mut self, tick: u64, record: &Record, path: &Path) -> Result<(), StoreError> {
        assert!(tick >= self.tick, "a record of tick {tick} was appended after tick {} had begun", self.tick);
        let is_start = matches!(record, Record::Start { .. });
        assert!(is_start != self.is_started, "a start is the first record of a process, and no other is");
        let len = record.payload_len();
        if len > PAYLOAD_LEN_MAX {
            let why = format!("the record of tick {tick} has {len} bytes, and {PAYLOAD_LEN_MAX} are the most");
            return Err(StoreError::io("append to", path)(io::Error::new(io::ErrorKind::InvalidInput, why)));
        }
        *self = Self { tick, is_started: true };
        Ok(())
    }

    /// Takes note of a new file.
    ///
    /// # Panics
    /// If it would not begin after all ticks before.
    pub(super) fn roll(&mut self, first_tick: u64) {
        assert!(first_tick > self.tick, "a file from tick {first_tick} on was asked for in tick {}", self.tick);
        self.tick = first_tick;
    }
}
