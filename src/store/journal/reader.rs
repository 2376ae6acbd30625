//! [`read`]: all files in order, what is torn told from what is damaged.

use std::path::{Path, PathBuf};

use super::Record;
use super::format::{BLOCK_LEN, FileHeader, HeaderFault, Key, Link, MARK_LEN, VERSION};
use super::names::{Name, Names, all_before};
use super::walk::{Found, Stop, Walk, first_block};
use crate::store::{Access, Backend, StoreError};

/// More records than a run can have: they can be counted on from any number that is believed.
const COUNT_MAX: u64 = 1 << 60;

/// What a reader knows from elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Known {
    /// The first tick whose records are needed: files before it are not looked at, and may be gone. With 0 the journal
    /// must begin where the run did.
    pub from: u64,
    /// A tick that a commit returned, as a checkpoint's manifest may say.
    pub durable_tick: Option<u64>,
}

/// The end of a write that nobody was told of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TornTail {
    /// The file.
    pub path: PathBuf,
    /// Where it is to be cut off. At 0, the file was never whole and is to be removed.
    pub offset: u64,
}

/// A journal that was read and verified.
#[derive(Debug)]
pub struct Recovered {
    /// All records of the files that have records of [`Known::from`] or later, with their ticks, in order.
    pub records: Vec<(u64, Record)>,
    /// The tick of the last record that is proven to have been durable.
    pub durable_tick: Option<u64>,
    /// The tick of the last record, proven or not, also if that record's file is no longer there.
    pub last_tick: Option<u64>,
    /// The epoch of the process that resumes the run.
    pub next_epoch: u32,
    /// What is to be cut off.
    pub torn: Option<TornTail>,
    pub(super) run: u128,
    pub(super) wal: PathBuf,
    pub(super) end: Link,
    /// The file with the end of the chain.
    pub(super) tail: Option<Tail>,
    /// Files whose making was broken off.
    pub(super) unfinished: Vec<Name>,
}

impl Recovered {
    /// Records of the run up to the last one, those included that are not there any more.
    pub fn record_count(&self) -> u64 {
        self.end.count
    }
}

/// The file that has to be settled before a run goes on.
#[derive(Debug)]
pub(super) struct Tail {
    pub(super) path: PathBuf,
    /// Up to here it is proven to be durable.
    pub(super) proven: u64,
    /// Here its last record ends.
    pub(super) end: u64,
}

/// Reads the journal in a run's folder and changes nothing. A folder without one is an empty journal.
///
/// # Errors
/// [`StoreError::Damaged`] if a record cannot be read that was acknowledged, with file, place, and the last tick that
/// is proven; or if what is there cannot have been left by any crash. [`StoreError::Foreign`] for files of another run
/// or version, or under another file's name.
pub fn read(backend: &dyn Backend, folder: &Path, run: u128, known: Known) -> Result<Recovered, StoreError> {
    let wal = folder.join("wal");
    let names = Names::list(backend, &wal)?;
    let mut reader = Reader::new(backend, &wal, run, known);
    let next_epoch = reader.files(&names, false)?;
    reader.finish(next_epoch)
}

/// Reads all that there is of the journal in a run's folder, for those who only look: the records up to the first place
/// that cannot be read, and what [`read`] would say. Files at the beginning may be gone.
pub fn look(
    backend: &dyn Backend,
    folder: &Path,
    run: u128,
    durable_tick: Option<u64>,
) -> (Vec<(u64, Record)>, Result<Recovered, StoreError>) {
    let wal = folder.join("wal");
    let names = match Names::list(backend, &wal) {
        Ok(names) => names,
        Err(error) => return (Vec::new(), Err(error)),
    };
    // Whatever the first file goes on after is not asked for.
    let mut reader = Reader::new(backend, &wal, run, Known { from: u64::MAX, durable_tick });
    let next_epoch = reader.files(&names, true);
    let records = std::mem::take(&mut reader.records);
    (records, next_epoch.and_then(|next_epoch| reader.finish(next_epoch)))
}

/// The highest claim of how many records are durable, and the file that it is about.
#[derive(Default)]
struct Proof {
    durable: Link,
    name: Option<Name>,
}

impl Proof {
    fn add(&mut self, claim: Link, name: Name) {
        if claim.count > self.durable.count {
            *self = Self { durable: claim, name: Some(name) };
        }
    }
}

/// A file that was read, up to the first place without a record that follows.
struct Last {
    name: Name,
    path: PathBuf,
    end: Link,
    /// Where each of its records begins, and how many there were before.
    offsets: Vec<u64>,
    count_before: u64,
    stop: Stop,
    is_blank: bool,
}

/// Which epoch had the last record before a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LastEpoch {
    /// The record is in a file that was not read.
    Unknown,
    /// There is no record.
    None,
    Of(u32),
}

struct Reader<'a> {
    backend: &'a dyn Backend,
    wal: &'a Path,
    run: u128,
    known: Known,
    records: Vec<(u64, Record)>,
    proof: Proof,
    last: Option<Last>,
    last_epoch: LastEpoch,
    /// Files without a header and anything else, and how that shows. The making of a file that was broken off looks so;
    /// that nothing was in it the others' chain says.
    unfinished: Vec<(Name, &'static str)>,
}

impl<'a> Reader<'a> {
    fn new(backend: &'a dyn Backend, wal: &'a Path, run: u128, known: Known) -> Self {
        Self {
            backend,
            wal,
            run,
            known,
            records: Vec::new(),
            proof: Proof::default(),
            last: None,
            last_epoch: LastEpoch::None,
            unfinished: Vec::new(),
        }
    }

    /// Reads the files, all of them or those that are needed; the epoch that comes next.
    fn files(&mut self, names: &Names, all: bool) -> Result<u32, StoreError> {
        let next_epoch = names.next_epoch().ok_or_else(|| StoreError::Foreign {
            path: self.wal.to_owned(),
            why: "has files of the last epoch that can be counted: the run cannot be resumed any more".to_owned(),
        })?;
        for name in &names.marks {
            self.marks(*name)?;
        }
        let logs = if all { &names.logs } else { self.needed(&names.logs)? };
        for name in logs {
            self.log(*name)?;
        }
        Ok(next_epoch)
    }

    /// Takes what marks say. They were never synced: those that cannot be read say nothing.
    fn marks(&mut self, name: Name) -> Result<(), StoreError> {
        let path = name.marks(self.wal);
        let file = self.backend.open(&path, Access::Read).map_err(StoreError::io("open", &path))?;
        let block = first_block(&*file, &path)?;
        let key = Key::new(self.run, name.first_tick, name.epoch);
        for mark in block.chunks_exact(MARK_LEN).filter_map(|bytes| key.parse_mark(bytes)) {
            self.proof.add(mark, name);
        }
        Ok(())
    }

    /// The files that have records of ticks that are needed, and those after them.
    fn needed<'n>(&self, logs: &'n [Name]) -> Result<&'n [Name], StoreError> {
        let is_whole = |name: &Name| {
            let path = name.log(self.wal);
            let file = self.backend.open(&path, Access::Read).map_err(StoreError::io("open", &path))?;
            Ok(FileHeader::parse(&first_block(&*file, &path)?).is_ok())
        };
        let is_whole: Vec<bool> = logs.iter().map(is_whole).collect::<Result<_, StoreError>>()?;
        Ok(&logs[all_before(logs, &is_whole, self.known.from)..])
    }

    /// Reads a file of records.
    fn log(&mut self, name: Name) -> Result<(), StoreError> {
        let path = name.log(self.wal);
        let file = self.backend.open(&path, Access::Read).map_err(StoreError::io("open", &path))?;
        let mut walk = Walk::new(&*file, &path, Key::new(self.run, name.first_tick, name.epoch))?;
        let foreign = |why: String| StoreError::Foreign { path: path.clone(), why };
        let block = first_block(&*file, &path)?;
        let header = match FileHeader::parse(&block) {
            Ok(header) => header,
            Err(HeaderFault::Version(version)) => {
                return Err(foreign(format!("has version {version} of the format, and this program reads {VERSION}")));
            }
            Err(HeaderFault::Unreadable(why)) => {
                if !self.may_be_torn(&block, name) || !walk.rest(BLOCK_LEN as u64)?.is_blank {
                    return Err(StoreError::damaged(&path, 0, "the header", why));
                }
                self.unfinished.push((name, why));
                return Ok(());
            }
        };
        if header.run != self.run {
            return Err(foreign(format!("is of run {:032x}, and this is run {:032x}", header.run, self.run)));
        }
        if (header.first_tick, header.epoch) != (name.first_tick, name.epoch) {
            let (tick, epoch) = (header.first_tick, header.epoch);
            return Err(foreign(format!("has another file's content: that from tick {tick} on in epoch {epoch}")));
        }
        self.join(&header, name, &path)?;
        self.records(&mut walk, &header, name, &path)
    }

    /// Whether a block is what a crash may leave of a header of that name: some of its bytes, and zeros. Where it goes
    /// on is not known: it may be of an attempt that failed, after which the file before it got more.
    fn may_be_torn(&self, block: &[u8], name: Name) -> bool {
        let Name { epoch, first_tick } = name;
        let whole = FileHeader { run: self.run, epoch, first_tick, before: Link::default() }.to_bytes();
        let is_fixed = |at: usize| !(40..64).contains(&at) && at < BLOCK_LEN - 8;
        block.iter().enumerate().all(|(at, &byte)| byte == 0 || byte == whole[at] || !is_fixed(at))
    }

    /// Checks that a file goes on where the one before ended.
    fn join(&self, header: &FileHeader, name: Name, path: &Path) -> Result<(), StoreError> {
        let (before, from) = (header.before, self.known.from);
        if before.count > COUNT_MAX {
            let why = format!("it goes on after {} records, and {COUNT_MAX} are the most", before.count);
            return Err(StoreError::damaged(path, 0, "the header", why));
        }
        let Some(last) = &self.last else {
            // The first file that is needed; others before it may have been removed.
            if before.last_tick().is_some_and(|tick| tick >= from) {
                let why =
                    format!("it goes on after tick {}, but the records from tick {from} on are needed", before.tick);
                return Err(StoreError::damaged(path, 0, "the file before this one", format!("it is missing: {why}")));
            }
            return Ok(());
        };
        let next = path.display();
        if before.count > last.end.count {
            let why = format!("`{next}` goes on {} records later", before.count - last.end.count);
            return Err(self.lost(&why, None));
        }
        if before.count < last.end.count {
            let why = format!("there are records up to tick {}, but `{next}` goes on before them", last.end.tick);
            return Err(StoreError::damaged(&last.path, last.stop.offset, "the end", why));
        }
        if before != last.end {
            return Err(StoreError::damaged(path, 0, "the header", "it names another record as the one before"));
        }
        let is_later = if name.epoch == last.name.epoch {
            last.end.last_tick().is_none_or(|tick| name.first_tick > tick)
        } else {
            last.end.last_tick().is_none_or(|tick| name.first_tick >= tick)
        };
        if !is_later {
            let why = format!("it begins with tick {}, but tick {} came before", name.first_tick, before.tick);
            return Err(StoreError::damaged(path, 0, "the header", why));
        }
        Ok(())
    }

    fn records(&mut self, walk: &mut Walk, header: &FileHeader, name: Name, path: &Path) -> Result<(), StoreError> {
        let (mut end, mut offset, mut offsets) = (header.before, BLOCK_LEN as u64, Vec::new());
        if self.last.is_none() && end.count > 0 {
            self.last_epoch = LastEpoch::Unknown;
        }
        let stop = loop {
            let entry = match walk.record_at(offset, end)? {
                Found::End(stop) => break stop,
                Found::Record(entry) => entry,
            };
            let tick = entry.header.tick;
            if tick < name.first_tick {
                return Err(walk.damaged(offset, tick, "the file begins with a later tick".to_owned()));
            }
            let is_start = matches!(entry.record, Record::Start { .. });
            let begins = self.last_epoch != LastEpoch::Of(name.epoch);
            if is_start != begins && self.last_epoch != LastEpoch::Unknown {
                let why = "a start is the first record of an epoch, and no other is".to_owned();
                return Err(walk.damaged(offset, tick, why));
            }
            self.last_epoch = LastEpoch::Of(name.epoch);
            self.proof.add(entry.header.claim(), name);
            end = Link { count: end.count + 1, checksum: entry.checksum, tick };
            offsets.push(offset);
            offset = entry.next;
            self.records.push((tick, entry.record));
        };
        let rest = walk.rest(stop.offset)?;
        self.proof.add(rest.durable, name);
        let (path, count_before, is_blank) = (path.to_owned(), header.before.count, rest.is_blank);
        self.last = Some(Last { name, path, end, offsets, count_before, stop, is_blank });
        Ok(())
    }

    /// Compares what was read with what is proven.
    fn finish(self, next_epoch: u32) -> Result<Recovered, StoreError> {
        let end = self.end();
        let proven = self.proof.durable;
        let gone = self.proof.name.filter(|&name| self.last.as_ref().is_none_or(|last| name > last.name));
        if proven.count > end.count {
            return Err(self.lost(&format!("ticks up to {} were durable", proven.tick), gone));
        }
        if proven.count == end.count && ![0, end.checksum].contains(&proven.checksum) {
            return Err(self.lost(&format!("another record of tick {} was durable as the last", proven.tick), gone));
        }
        if let Some(tick) = self.known.durable_tick.filter(|&tick| end.last_tick().is_none_or(|last| last < tick)) {
            return Err(self.lost(&format!("ticks up to {tick} were durable, as is known from elsewhere"), None));
        }
        let proven_tick = (proven.count > 0).then_some(proven.tick).max(self.known.durable_tick);
        let torn = self.last.as_ref().filter(|last| !last.is_blank);
        let torn = torn.map(|last| TornTail { path: last.path.clone(), offset: last.stop.offset });
        let broken_off = || self.unfinished.first().map(|(name, _)| TornTail { path: name.log(self.wal), offset: 0 });
        Ok(Recovered {
            records: self.records,
            durable_tick: proven_tick,
            last_tick: end.last_tick(),
            next_epoch,
            torn: torn.or_else(broken_off),
            run: self.run,
            wal: self.wal.to_owned(),
            end,
            tail: self.last.map(|last| last.tail(proven)),
            unfinished: self.unfinished.into_iter().map(|(name, _)| name).collect(),
        })
    }

    fn end(&self) -> Link {
        self.last.as_ref().map_or(Link::default(), |last| last.end)
    }

    /// The error of records that were acknowledged and are not to be had: they were in a file that has lost its header,
    /// or that is gone, or where the file ends that was read last.
    fn lost(&self, why: &str, gone: Option<Name>) -> StoreError {
        let proof = match self.end().last_tick() {
            Some(tick) => format!("; the last provable tick is {tick}"),
            None => "; no tick is provable".to_owned(),
        };
        if let Some((name, how)) = self.unfinished.first() {
            return StoreError::damaged(&name.log(self.wal), 0, "the header", format!("{how}, but {why}{proof}"));
        }
        match &self.last {
            Some(last) if gone.is_none() => {
                let what = match (last.stop.tick, last.end.last_tick()) {
                    (Some(tick), _) => format!("the record of tick {tick}"),
                    (None, Some(tick)) => format!("the record after tick {tick}"),
                    (None, None) => "the first record".to_owned(),
                };
                let why = format!("{}, but {why}{proof}", last.stop.why);
                StoreError::damaged(&last.path, last.stop.offset, what, why)
            }
            _ => {
                let path = gone.map_or_else(|| self.wal.to_owned(), |name| name.log(self.wal));
                StoreError::damaged(&path, 0, "the file", format!("it is missing, but {why}{proof}"))
            }
        }
    }
}

impl Last {
    fn tail(self, proven: Link) -> Tail {
        let end = self.stop.offset;
        let proven = match proven.count.checked_sub(self.count_before) {
            // No record of the file is proven to be durable, so nor is its header.
            None | Some(0) => 0,
            Some(count) => self.offsets.get(count as usize).copied().unwrap_or(end),
        };
        Tail { path: self.path, proven, end }
    }
}
