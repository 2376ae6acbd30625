//! [`Journal`]: append, commit, roll, forget.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::format::{FILE_LEN_MAX, FileHeader, Link, RECORD_HEADER_LEN, RecordHeader, padded};
use super::log::{Log, remove, sync_folder};
use super::names::{Name, Names, all_before};
use super::order::Order;
use super::{Record, Recovered};
use crate::store::{Backend, StoreError};

/// How a journal is written.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// By how many bytes a file is grown ahead of its records: at most 64 GiB, the longest file.
    pub grow_bytes: u64,
}

impl Default for Options {
    /// 64 MiB: some minutes of inputs, so that next to no commit changes a length.
    fn default() -> Self {
        Self { grow_bytes: 64 << 20 }
    }
}

/// The journal as its one writer sees it.
///
/// After an error for which [`StoreError::is_disk_full`] holds nothing is lost, and the call can be made again when
/// there is room. Any other error is final: every later call returns it, since nothing is known of what the file holds.
/// The run must stop, and resume from what can be read.
pub struct Journal {
    backend: Arc<dyn Backend>,
    wal: PathBuf,
    run: u128,
    epoch: u32,
    grow_bytes: u64,
    log: Log,
    /// Records that were appended since the last commit, as they will be in the file.
    buffer: Vec<u8>,
    /// The end of all that was appended.
    end: Link,
    /// The end of what is known to be durable.
    durable: Link,
    order: Order,
    /// A file that could not be made whole, and may be there, or come back after a crash.
    leftover: Option<Name>,
    written: Written,
    /// The error after which nothing is done any more.
    fault: Option<StoreError>,
}

/// What was made durable.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Written {
    /// Bytes of records.
    pub bytes: u64,
    /// How often.
    pub commits: u64,
}

impl Journal {
    /// Begins the journal of a new run in its folder, which must not have one: makes the folder `wal` and its first
    /// file.
    pub fn create(
        backend: Arc<dyn Backend>,
        folder: &Path,
        run: u128,
        first_tick: u64,
        epoch: u32,
        options: Options,
    ) -> Result<Self, StoreError> {
        let wal = folder.join("wal");
        if !Names::list(&*backend, &wal)?.logs.is_empty() {
            return Err(StoreError::Foreign { path: wal, why: "already holds the journal of a run".to_owned() });
        }
        backend.create_folder(&wal).map_err(StoreError::io("create", &wal))?;
        // The folder's own name is in the folder above.
        sync_folder(&*backend, folder)?;
        let header = FileHeader { run, epoch, first_tick, before: Link::default() };
        Self::begin(backend, wal, header, options)
    }

    /// Goes on after the last record that was read, in a new file of a new epoch: cuts off what is torn
    /// ([`Recovered::repair`]) first. It may be called for a run whose journal has no file at all.
    ///
    /// # Panics
    /// If `first_tick` is lower than that of the last record.
    pub fn resume(
        backend: Arc<dyn Backend>,
        recovered: &Recovered,
        first_tick: u64,
        options: Options,
    ) -> Result<Self, StoreError> {
        let last_tick = recovered.last_tick.unwrap_or(0);
        assert!(first_tick >= last_tick, "a run was resumed from tick {first_tick} on, but had tick {last_tick}");
        recovered.repair(&*backend)?;
        let wal = recovered.wal.clone();
        backend.create_folder(&wal).map_err(StoreError::io("create", &wal))?;
        sync_folder(&*backend, wal.parent().unwrap_or(Path::new("")))?;
        let (run, epoch, before) = (recovered.run, recovered.next_epoch, recovered.end);
        Self::begin(backend, wal, FileHeader { run, epoch, first_tick, before }, options)
    }

    fn begin(
        backend: Arc<dyn Backend>,
        wal: PathBuf,
        header: FileHeader,
        options: Options,
    ) -> Result<Self, StoreError> {
        let FileHeader { run, epoch, first_tick, before } = header;
        let grow_bytes = options.grow_bytes.clamp(1, FILE_LEN_MAX);
        let log = Log::create(&*backend, &wal, header, grow_bytes).inspect_err(|_| {
            // Half a file is of no use and takes room. Whether it can be removed does not matter beside the first
            // error: a reader knows such a file for what it is.
            let name = Name { epoch, first_tick };
            let _ = remove(&*backend, &name.log(&wal)).and_then(|()| remove(&*backend, &name.marks(&wal)));
        })?;
        Ok(Self {
            backend,
            wal,
            run,
            epoch,
            grow_bytes,
            log,
            buffer: Vec::new(),
            end: before,
            durable: before,
            order: Order::new(first_tick),
            leftover: None,
            written: Written::default(),
            fault: None,
        })
    }

    /// Appends a record, in memory only. An error says that it is too long (64 MiB) or that the journal was given up;
    /// then it was not appended.
    ///
    /// # Panics
    /// If the tick is lower than one before, or than the file's first; if the first record of a process is not
    /// [`Record::Start`], or another one is.
    pub fn append(&mut self, tick: u64, record: &Record) -> Result<(), StoreError> {
        self.check()?;
        self.order.append(tick, record, self.log.path())?;
        let at = self.buffer.len();
        self.buffer.resize(at + RECORD_HEADER_LEN, 0);
        record.write_payload(&mut self.buffer);
        let payload_at = at + RECORD_HEADER_LEN;
        let payload_len = self.buffer.len() - payload_at;
        assert_eq!(payload_len, record.payload_len(), "a payload is as long as it was said to be");
        self.buffer.resize(payload_at + padded(payload_len), 0);
        let header = RecordHeader {
            kind: record.kind(),
            payload_len: payload_len as u32,
            tick,
            sequence: self.end.count,
            durable_tick: self.durable.tick,
            durable_count: self.durable.count,
            previous: self.end.checksum,
            payload_checksum: self.log.key.checksum(&self.buffer[payload_at..]),
        };
        let bytes = header.to_bytes(self.log.key);
        self.buffer[at..payload_at].copy_from_slice(&bytes);
        let checksum = super::format::u64_at(&bytes, RECORD_HEADER_LEN - 8);
        self.end = Link { count: self.end.count + 1, checksum, tick };
        Ok(())
    }

    /// Makes durable all that was appended; returns the last record's tick.
    pub fn commit(&mut self) -> Result<Option<u64>, StoreError> {
        self.attempt(Self::try_commit)?;
        Ok(self.durable.last_tick())
    }

    /// Makes durable all that was appended, and goes on in a new file, which begins with this tick: for a checkpoint
    /// of the state before it.
    ///
    /// # Panics
    /// If the tick is not higher than that of the last record, and than the first of the file before.
    pub fn roll(&mut self, first_tick: u64) -> Result<(), StoreError> {
        let mut order = self.order;
        order.roll(first_tick);
        self.attempt(|journal| journal.try_roll(first_tick))?;
        self.order = order;
        Ok(())
    }

    /// Removes the files that hold only records of ticks before this one, with their marks; never the one that is
    /// written.
    pub fn forget_before(&mut self, tick: u64) -> Result<(), StoreError> {
        self.attempt(|journal| journal.try_forget_before(tick))
    }

    /// The tick of the last record that is known to be durable.
    pub fn durable_tick(&self) -> Option<u64> {
        self.durable.last_tick()
    }

    /// What was made durable so far.
    pub fn written(&self) -> Written {
        self.written
    }

    /// The file that is being written.
    pub fn path(&self) -> &Path {
        self.log.path()
    }

    pub(super) fn order(&self) -> Order {
        self.order
    }

    /// Does what may fail, and keeps an error that is final.
    fn attempt(&mut self, act: impl FnOnce(&mut Self) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.check()?;
        act(self).inspect_err(|error| {
            if !error.is_disk_full() {
                self.fault = Some(error.again());
            }
        })
    }

    fn check(&self) -> Result<(), StoreError> {
        self.fault.as_ref().map_or(Ok(()), |fault| Err(fault.again()))
    }

    fn try_commit(&mut self) -> Result<(), StoreError> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.discard_leftover()?;
        self.log.write(&self.buffer)?;
        self.log.sync(self.buffer.len())?;
        self.durable = self.end;
        self.written.bytes += self.buffer.len() as u64;
        self.written.commits += 1;
        self.buffer.clear();
        // One tick of much input must not be paid for ever after.
        self.buffer.shrink_to(1 << 20);
        self.log.mark(self.durable)
    }

    fn try_roll(&mut self, first_tick: u64) -> Result<(), StoreError> {
        self.try_commit()?;
        self.log.cut()?;
        self.discard_leftover()?;
        let name = Name { epoch: self.epoch, first_tick };
        self.leftover = Some(name);
        let header = FileHeader { run: self.run, epoch: self.epoch, first_tick, before: self.durable };
        let made = Log::create(&*self.backend, &self.wal, header, self.grow_bytes);
        self.log = made.inspect_err(|_| {
            // As long as it is there it takes room that may be what is missing.
            let _ = self.discard(name);
        })?;
        self.leftover = None;
        Ok(())
    }

    /// Removes the file that an earlier attempt to roll may have left, for good. It says after which record it begins:
    /// were it to come back after a crash, when further records are in the file before it, the history would fork.
    fn discard_leftover(&mut self) -> Result<(), StoreError> {
        if let Some(name) = self.leftover {
            self.discard(name)?;
            sync_folder(&*self.backend, &self.wal)?;
            self.leftover = None;
        }
        Ok(())
    }

    fn discard(&self, name: Name) -> Result<(), StoreError> {
        remove(&*self.backend, &name.log(&self.wal))?;
        remove(&*self.backend, &name.marks(&self.wal))
    }

    fn try_forget_before(&mut self, tick: u64) -> Result<(), StoreError> {
        let names = Names::list(&*self.backend, &self.wal)?;
        // What was never whole was removed when the journal was opened, or after it; but the last attempt's file.
        let is_whole: Vec<bool> = names.logs.iter().map(|&name| Some(name) != self.leftover).collect();
        let needless = all_before(&names.logs, &is_whole, tick);
        for name in &names.logs[..needless] {
            assert!(name.log(&self.wal) != self.log.path(), "the file that is written is the last");
            self.discard(*name)?;
            // One after the other: were a later one gone and an earlier one back after a crash, there would be a gap.
            sync_folder(&*self.backend, &self.wal)?;
        }
        // Marks that came back after a crash, and their file did not.
        let kept = &names.logs[needless..];
        let mut strays = names.marks.iter().filter(|&name| kept.first().is_some_and(|first| name < first));
        strays.try_for_each(|name| remove(&*self.backend, &name.marks(&self.wal)))
    }
}
