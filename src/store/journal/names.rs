//! Which files a journal has, and which of them hold a tick.

use std::io;
use std::path::{Path, PathBuf};

use crate::store::{Backend, StoreError};

/// The name of a file of records and of its marks. In order of time: by epoch, then by first tick.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Name {
    pub(super) epoch: u32,
    pub(super) first_tick: u64,
}

impl Name {
    pub(super) fn log(self, wal: &Path) -> PathBuf {
        wal.join(self.text("wal"))
    }

    pub(super) fn marks(self, wal: &Path) -> PathBuf {
        wal.join(self.text("mark"))
    }

    fn text(self, what: &str) -> String {
        format!("{what}-{:012}-{:04}", self.first_tick, self.epoch)
    }

    /// Whether every record of a file is of an earlier tick, if this is the next file. Within an epoch files begin
    /// after all ticks before; a resumed run may go on within the last tick of the run before it.
    fn follows_all_before(self, tick: u64, file: Self) -> bool {
        self.first_tick < tick || self.first_tick == tick && self.epoch == file.epoch
    }
}

/// The files in a folder, in order of time.
#[derive(Default, Debug)]
pub(super) struct Names {
    pub(super) logs: Vec<Name>,
    pub(super) marks: Vec<Name>,
}

impl Names {
    /// Lists a folder, which need not exist. Files that are called otherwise are somebody else's.
    pub(super) fn list(backend: &dyn Backend, wal: &Path) -> Result<Self, StoreError> {
        let texts = match backend.list(wal) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            listed => listed.map_err(StoreError::io("list", wal))?,
        };
        let mut names = Self::default();
        for text in texts {
            let (what, list) = match text.split_once('-') {
                Some(("wal", _)) => ("wal", &mut names.logs),
                Some(("mark", _)) => ("mark", &mut names.marks),
                _ => continue,
            };
            let foreign = || StoreError::Foreign {
                path: wal.join(&text),
                why: format!("is not the name of a file of a journal: {what}-<first tick>-<epoch> would be"),
            };
            list.push(parse(what, &text).ok_or_else(foreign)?);
        }
        names.logs.sort_unstable();
        names.marks.sort_unstable();
        Ok(names)
    }

    /// The epoch of the next process; none if they are used up.
    pub(super) fn next_epoch(&self) -> Option<u32> {
        let used = self.logs.iter().chain(&self.marks).map(|name| name.epoch).max();
        used.map_or(Some(1), |used| used.checked_add(1))
    }
}

/// How many files have only records of ticks before this one: those at the beginning, never the last. Only a whole file
/// says by its name that the one before it is done: the making of one may have been broken off, and the file before it
/// then got more.
pub(super) fn all_before(logs: &[Name], is_whole: &[bool], tick: u64) -> usize {
    let followed = |nth: usize| {
        let next = (nth + 1..logs.len()).find(|&next| is_whole[next]);
        next.is_some_and(|next| logs[next].follows_all_before(tick, logs[nth]))
    };
    (0..logs.len()).take_while(|&nth| followed(nth)).count()
}

fn parse(what: &str, text: &str) -> Option<Name> {
    let (first_tick, epoch) = text.strip_prefix(what)?.strip_prefix('-')?.split_once('-')?;
    let name = Name { epoch: epoch.parse().ok()?, first_tick: first_tick.parse().ok()? };
    // One name for one file: no other way of writing the numbers.
    (name.text(what) == text).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_written_in_one_way() {
        let name = Name { epoch: 7, first_tick: 81_001 };
        assert_eq!(name.text("wal"), "wal-000000081001-0007");
        assert_eq!(parse("wal", "wal-000000081001-0007"), Some(name));
        let long = Name { epoch: 123_456, first_tick: u64::MAX };
        assert_eq!(parse("mark", &long.text("mark")), Some(long));
        for wrong in ["wal-81001-0007", "wal-000000081001-7", "wal-000000081001", "wal-000000081001-0007.bak"] {
            assert_eq!(parse("wal", wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_file_is_needless_only_if_all_its_records_are_earlier() {
        let name = |first_tick, epoch| Name { epoch, first_tick };
        let logs = vec![name(0, 1), name(10, 1), name(20, 1), name(20, 2), name(30, 2)];
        let names = Names { logs, marks: Vec::new() };
        for (tick, needless) in [(0, 0), (9, 0), (10, 1), (19, 1), (20, 2), (21, 3), (29, 3), (30, 4), (99, 4)] {
            assert_eq!(all_before(&names.logs, &[true; 5], tick), needless, "tick {tick}");
        }
        // Without the file of tick 10, which was never whole, the first one goes on up to tick 20.
        let is_whole = [true, false, true, true, false];
        for (tick, needless) in [(0, 0), (10, 0), (19, 0), (20, 2), (21, 3), (30, 3), (99, 3)] {
            assert_eq!(all_before(&names.logs, &is_whole, tick), needless, "tick {tick}, some broken off");
        }
        assert_eq!(names.next_epoch(), Some(3));
    }
}
