//! Every byte flipped, every length, every file lost: what is read is exactly what was written, or a named error.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::script::{History, OPTIONS, RUN, create, draws, folder, record};
use crate::base::Digest;
use crate::store::journal::format::{BLOCK_LEN, u32_at};
use crate::store::journal::{Journal, Known, Record, Recovered, read};
use crate::store::{Access, Backend, Mem, StoreError};

/// A journal of three files in two epochs, all of it acknowledged. The last one's unwritten part is kept short, so that
/// each of its bytes can be tried.
struct Sample {
    disk: Mem,
    records: Vec<(u64, Record)>,
}

impl Sample {
    fn new() -> Self {
        let disk = Mem::default();
        let options = crate::store::journal::Options { grow_bytes: 512 };
        let (mut draws, mut records) = (draws("sample", 0), Vec::new());
        let mut append = |journal: &mut Journal, tick, record: Record| {
            journal.append(tick, &record).unwrap();
            records.push((tick, record));
        };
        disk.create_folder(folder()).unwrap();
        let mut journal = Journal::create(Arc::new(disk.clone()), folder(), RUN, 0, 1, options).unwrap();
        append(&mut journal, 0, Record::Start { engine: "myriad 1".to_owned(), resumed_from: None });
        for tick in 0..8 {
            append(&mut journal, tick, record(&mut draws));
            match tick {
                3 => journal.roll(4).unwrap(),
                1 | 5 | 7 => drop(journal.commit().unwrap()),
                _ => {}
            }
        }
        let found = read(&disk, folder(), RUN, Known::default()).unwrap();
        let mut journal = Journal::resume(Arc::new(disk.clone()), &found, 8, options).unwrap();
        append(&mut journal, 8, Record::Start { engine: "myriad 1".to_owned(), resumed_from: Some(7) });
        append(&mut journal, 9, Record::Inputs(vec![vec![1; 40], Vec::new(), vec![2; 3]]));
        journal.commit().unwrap();
        append(&mut journal, 9, Record::Digest(Digest(9)));
        append(&mut journal, 9, Record::End(Digest(10)));
        journal.commit().unwrap();
        Self { disk, records }
    }

    fn read(&self) -> Result<Recovered, StoreError> {
        read(&self.disk, folder(), RUN, Known::default())
    }

    fn paths(&self) -> Vec<PathBuf> {
        let wal = folder().join("wal");
        self.disk.list(&wal).unwrap().into_iter().map(|name| wal.join(name)).collect()
    }

    fn logs(&self) -> Vec<PathBuf> {
        self.paths().into_iter().filter(|path| is_log(path)).collect()
    }

    /// Puts other bytes in place of a file.
    fn put(&self, path: &Path, bytes: &[u8]) {
        let file = match self.disk.open(path, Access::Write) {
            Ok(file) => file,
            Err(_) => self.disk.create(path).unwrap(),
        };
        file.write_at(0, bytes).unwrap();
        file.set_len(bytes.len() as u64).unwrap();
    }

    /// Reads what was damaged. All of it or an error that names a file; anything else is wrong.
    fn judge(&self, what: &str) -> Result<(), String> {
        match self.read() {
            Ok(found) if found.records == self.records => Ok(()),
            Ok(found) => panic!("{what}: {} of {} records", found.records.len(), self.records.len()),
            Err(StoreError::Io { .. }) => panic!("{what}: the disk is not at fault"),
            Err(error) => {
                let text = error.to_string();
                assert!(text.contains("runs/one/wal"), "{what}: {text}");
                Err(text)
            }
        }
    }
}

fn is_log(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("wal-"))
}

/// Where the records of a file begin, and where the last one ends.
fn starts(bytes: &[u8]) -> Vec<usize> {
    let mut starts = vec![BLOCK_LEN];
    loop {
        let at = *starts.last().unwrap();
        match bytes.get(at..at + 8) {
            Some(head) if head[0] != 0 => starts.push(at + 72 + (u32_at(head, 4) as usize).next_multiple_of(8)),
            _ => return starts,
        }
    }
}

/// Where they end. Behind that a file has zeros.
fn used(bytes: &[u8]) -> usize {
    *starts(bytes).last().unwrap()
}

#[test]
fn the_sample_is_whole() {
    let sample = Sample::new();
    assert_eq!(sample.logs().len(), 3);
    assert_eq!(sample.paths().len(), 6);
    let found = sample.read().unwrap();
    assert_eq!(found.records, sample.records);
    assert_eq!((found.durable_tick, found.last_tick, found.next_epoch), (Some(9), Some(9), 3));
    assert_eq!(found.torn, None);
}

#[test]
fn every_byte_counts() {
    let sample = Sample::new();
    let (mut refused, mut exact) = (0, 0);
    for path in sample.paths() {
        let bytes = sample.disk.read(&path).unwrap();
        let file = sample.disk.open(&path, Access::Write).unwrap();
        for at in 0..bytes.len() {
            for mask in [1 << (at % 8), 0xFF] {
                let what = format!("byte {at} of {} ^ {mask}", path.display());
                file.write_at(at as u64, &[bytes[at] ^ mask]).unwrap();
                let judged = sample.judge(&what);
                // A header and a record are checked to the last byte; what lies behind them, and marks, need not be.
                assert_eq!(judged.is_err(), is_log(&path) && at < used(&bytes), "{what}: {judged:?}");
                if judged.is_err() {
                    refused += 1
                } else {
                    exact += 1
                }
                if let Err(why) = judged.as_ref().filter_err(|_| at >= BLOCK_LEN) {
                    assert!(why.contains("tick") && why.contains("at byte"), "{what}: {why}");
                    assert!(why.contains(&path.display().to_string()), "{what}: {why}");
                }
            }
            file.write_at(at as u64, &bytes[at..=at]).unwrap();
        }
    }
    println!("{refused} flips refused, {exact} without effect");
    assert!(refused > 20_000 && exact > 20_000);
}

/// Only an error that a condition holds for.
trait FilterErr<E> {
    fn filter_err(self, keep: impl Fn(&E) -> bool) -> Result<(), E>;
}

impl<T, E> FilterErr<E> for Result<T, E> {
    fn filter_err(self, keep: impl Fn(&E) -> bool) -> Result<(), E> {
        self.map(drop).or_else(|error| if keep(&error) { Err(error) } else { Ok(()) })
    }
}

#[test]
fn every_length_counts() {
    let sample = Sample::new();
    for path in sample.paths() {
        let bytes = sample.disk.read(&path).unwrap();
        for len in 0..bytes.len() {
            sample.put(&path, &bytes[..len]);
            let judged = sample.judge(&format!("{} cut to {len}", path.display()));
            assert_eq!(judged.is_err(), is_log(&path) && len < used(&bytes), "{} cut to {len}", path.display());
            if len % 8 == 0 {
                let mut zeroed = bytes[..len].to_vec();
                zeroed.resize(bytes.len(), 0);
                sample.put(&path, &zeroed);
                let judged = sample.judge(&format!("{} zeroed from {len}", path.display()));
                let is_lost = is_log(&path) && zeroed != bytes;
                assert_eq!(judged.is_err(), is_lost, "{} zeroed from {len}", path.display());
            }
        }
        sample.put(&path, &[&bytes[..], &[0; 4_000]].concat());
        assert_eq!(sample.judge("grown by zeros"), Ok(()));
        sample.put(&path, &[&bytes[..], &[9; 4_000]].concat());
        assert_eq!(sample.judge("grown by something"), Ok(()));
        sample.put(&path, &bytes);
    }
}

#[test]
fn every_file_counts() {
    let sample = Sample::new();
    let paths = sample.paths();
    let bytes: Vec<Vec<u8>> = paths.iter().map(|path| sample.disk.read(path).unwrap()).collect();
    for (nth, path) in paths.iter().enumerate() {
        sample.disk.remove(path).unwrap();
        assert_eq!(sample.judge(&format!("without {}", path.display())).is_err(), is_log(path));
        sample.put(path, &bytes[nth]);
        for (other_nth, other) in paths.iter().enumerate().skip(nth + 1) {
            let what = format!("{} and {} swapped", path.display(), other.display());
            sample.put(path, &bytes[other_nth]);
            sample.put(other, &bytes[nth]);
            assert_eq!(sample.judge(&what).is_err(), is_log(path) || is_log(other), "{what}");
            sample.put(path, &bytes[nth]);
            sample.put(other, &bytes[other_nth]);
        }
        // Of a file under another name its header knows; of marks their checksums.
        let copy =
            folder().join("wal").join(if is_log(path) { "wal-000000000100-0007" } else { "mark-000000000100-0007" });
        sample.put(&copy, &bytes[nth]);
        let judged = sample.judge(&format!("a copy of {}", path.display()));
        assert_eq!(judged.is_err(), is_log(path));
        assert!(judged.is_ok() || judged.unwrap_err().contains("another file's content"));
        sample.disk.remove(&copy).unwrap();
    }
    assert_eq!(sample.judge("all is as before"), Ok(()));
    for (name, is_refused) in [("wal-7-7", true), ("wal-000000000100-0007.bak", true), ("notes", false)] {
        let stray = folder().join("wal").join(name);
        sample.put(&stray, b"text");
        assert_eq!(sample.judge(name).is_err(), is_refused);
        sample.disk.remove(&stray).unwrap();
    }
}

#[test]
fn a_whole_record_elsewhere_is_not_one() {
    let sample = Sample::new();
    let path = &sample.logs()[0];
    let bytes = sample.disk.read(path).unwrap();
    let starts = starts(&bytes);
    let parts: Vec<&[u8]> = starts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
    let parts_count = parts.len();
    assert!(parts_count > 3);
    for from in 0..parts.len() {
        let without = [&parts[..from], &parts[from + 1..]].concat();
        let doubled = [&parts[..=from], &parts[from..]].concat();
        let mut swapped = parts.clone();
        swapped.swap(from, (from + 1) % parts.len());
        for (what, parts) in [("left out", without), ("doubled", doubled), ("swapped", swapped)] {
            sample.put(path, &[&bytes[..BLOCK_LEN], &parts.concat()].concat());
            let judged = sample.judge(&format!("record {from} {what}"));
            // The last one doubled is something behind the end.
            assert_eq!(judged.is_err(), !(what == "doubled" && from + 1 == parts_count), "{from} {what}");
        }
    }
}

#[test]
fn files_of_others_are_named() {
    let sample = Sample::new();
    let other = read(&sample.disk, folder(), RUN + 1, Known::default()).unwrap_err();
    assert!(matches!(&other, StoreError::Foreign { .. }) && other.to_string().contains("is of run"), "{other}");
    let path = &sample.logs()[1];
    let mut bytes = sample.disk.read(path).unwrap();
    bytes[8] = 2;
    let checksum = xxhash_rust::xxh3::xxh3_64(&bytes[..BLOCK_LEN - 8]);
    bytes[BLOCK_LEN - 8..BLOCK_LEN].copy_from_slice(&checksum.to_le_bytes());
    sample.put(path, &bytes);
    let later = sample.read().unwrap_err();
    assert!(later.to_string().contains("version 2 of the format, and this program reads 1"), "{later}");
}

#[test]
fn what_is_known_from_elsewhere_is_a_proof_too() {
    let sample = Sample::new();
    let known = |from, durable_tick| read(&sample.disk, folder(), RUN, Known { from, durable_tick });
    assert!(known(0, Some(9)).is_ok());
    let error = known(0, Some(10)).unwrap_err().to_string();
    assert!(error.contains("ticks up to 10 were durable, as is known from elsewhere"), "{error}");
    // Without marks and the first file: needed or not.
    for path in sample.paths().iter().filter(|path| !is_log(path)) {
        sample.disk.remove(path).unwrap();
    }
    let last = sample.logs()[2].clone();
    let bytes = sample.disk.read(&last).unwrap();
    // What a later commit followed is known to have been durable without any mark.
    let mut flipped = bytes.clone();
    flipped[BLOCK_LEN + 30] ^= 1;
    sample.put(&last, &flipped);
    let error = known(0, None).unwrap_err().to_string();
    assert!(error.contains("the record after tick 7 at byte 4096"), "{error}");
    sample.put(&last, &bytes[..used(&bytes) - 8]);
    assert_eq!(known(0, None).unwrap().last_tick, Some(9), "nothing tells a cut from a crash");
    sample.put(&last, &bytes[..BLOCK_LEN]);
    assert_eq!(known(0, None).unwrap().last_tick, Some(7));
    assert!(known(0, Some(9)).is_err());
    sample.disk.remove(&sample.logs()[0]).unwrap();
    assert_eq!(known(4, None).unwrap().records[0].0, 4);
    let error = known(3, None).unwrap_err().to_string();
    assert!(error.contains("the records from tick 3 on are needed"), "{error}");
}

#[test]
fn another_history_in_place_of_a_file_is_noticed() {
    let (sample, other) = (Sample::new(), Sample::new());
    let path = sample.logs()[2].clone();
    for disk in [&sample.disk, &other.disk] {
        disk.remove(&path).unwrap();
        disk.remove(&folder().join("wal/mark-000000000008-0002")).unwrap();
    }
    for (disk, engine) in [(&sample.disk, "myriad 1"), (&other.disk, "myriad 2")] {
        let found = read(disk, folder(), RUN, Known::default()).unwrap();
        let mut journal = Journal::resume(Arc::new(disk.clone()), &found, 8, OPTIONS).unwrap();
        journal.append(8, &Record::Start { engine: engine.to_owned(), resumed_from: Some(7) }).unwrap();
        journal.commit().unwrap();
    }
    assert!(sample.read().is_ok());
    sample.put(&path, &other.disk.read(&path).unwrap());
    let error = sample.read().unwrap_err().to_string();
    assert!(error.contains("another record of tick 8 was durable as the last"), "{error}");
}

#[test]
fn a_history_does_not_fork() {
    // Two processes resumed the same run from the same place: only a lock can be to blame, but it is said.
    let disk = Mem::default();
    let (mut history, mut journal) = (History::default(), create(Arc::new(disk.clone())).unwrap());
    let start = |resumed_from| Record::Start { engine: "myriad 1".to_owned(), resumed_from };
    journal.append(0, &start(None)).unwrap();
    journal.commit().unwrap();
    let found = read(&disk, folder(), RUN, Known::default()).unwrap();
    history.all = found.records.clone();
    for first_tick in [1, 2] {
        let mut journal = Journal::resume(Arc::new(disk.clone()), &found, first_tick, OPTIONS).unwrap();
        journal.append(first_tick, &start(Some(0))).unwrap();
        journal.commit().unwrap();
    }
    let error = read(&disk, folder(), RUN, Known::default()).unwrap_err().to_string();
    assert!(error.contains("there are records up to tick 1, but"), "{error}");
}
