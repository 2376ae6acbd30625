//! Files of a journal. The format is written down here a second time, from its description.

use std::path::Path;
use std::sync::Arc;

use myriad::base::Digest;
use myriad::store::journal::{self, Journal, Known, Options, Record};
use myriad::store::{Backend, Mem};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::bytes::{Bytes, chunk, put, u32_at, u64_at};

const RUN: u128 = 7;
const BLOCK: usize = 4_096;
const HEADER: usize = 72;

/// What of a file is put right: bits of its first byte.
mod right {
    pub const MARKS: u8 = 1;
    pub const NAME: u8 = 2;
    pub const BEFORE: u8 = 4;
    pub const FILE_SUM: u8 = 8;
    pub const CHAIN: u8 = 16;
    pub const TICKS: u8 = 32;
    pub const PAYLOADS: u8 = 64;
    pub const SUMS: u8 = 128;
}

/// Where the chain of records ends.
#[derive(Clone, Copy, Default)]
struct End {
    count: u64,
    checksum: u64,
    tick: u64,
}

fn key(first_tick: u64, epoch: u32) -> u64 {
    xxh3_64(&[&RUN.to_le_bytes()[..], &first_tick.to_le_bytes(), &epoch.to_le_bytes()].concat())
}

/// A file of records, from the first 64 bytes of its header and what follows the header's block.
fn log(fix: u8, damaged: u8, (first_tick, epoch): (u64, u32), body: &[u8], end: &mut End) -> Vec<u8> {
    let mut file = vec![0; BLOCK + body.len().saturating_sub(64).next_multiple_of(8)];
    let head = body.len().min(64);
    file[..head].copy_from_slice(&body[..head]);
    file[BLOCK..BLOCK + body.len() - head].copy_from_slice(&body[head..]);
    if fix & right::NAME != 0 {
        put(&mut file, 0, b"MYRIADJL");
        put(&mut file, 8, &1_u32.to_le_bytes());
        put(&mut file, 12, &epoch.to_le_bytes());
        put(&mut file, 16, &RUN.to_le_bytes());
        put(&mut file, 32, &first_tick.to_le_bytes());
    }
    if fix & right::BEFORE != 0 {
        for (nth, word) in [end.count, end.checksum, end.tick].into_iter().enumerate() {
            put(&mut file, 40 + 8 * nth, &word.to_le_bytes());
        }
    }
    if fix & right::FILE_SUM != 0 {
        let sum = xxh3_64(&file[..BLOCK - 8]);
        put(&mut file, BLOCK - 8, &sum.to_le_bytes());
    }
    let (key, mut at, mut nth) = (key(first_tick, epoch), BLOCK, 0_u8);
    while at + HEADER <= file.len() {
        let room = file.len() - at - HEADER;
        let record = &mut file[at..];
        let len = u32_at(record, 4) as usize % (room + 1).min(600);
        let padded = len.next_multiple_of(8).min(room);
        // One record may stay as it is.
        if nth != damaged {
            put(record, 0, &0x4C4A_594D_u32.to_le_bytes());
            put(record, 4, &(len as u32).to_le_bytes());
            if fix & right::TICKS != 0 {
                let tick = first_tick.max(end.tick) + u64_at(record, 16) % 4;
                put(record, 16, &tick.to_le_bytes());
            }
            if fix & right::CHAIN != 0 {
                put(record, 24, &end.count.to_le_bytes());
                put(record, 48, &end.checksum.to_le_bytes());
                let durable = u64_at(record, 40) % (end.count + 2);
                put(record, 40, &durable.to_le_bytes());
            }
            if fix & right::PAYLOADS != 0 {
                let sum = xxh3_64_with_seed(&record[HEADER..HEADER + padded], key);
                put(record, 56, &sum.to_le_bytes());
            }
            if fix & right::SUMS != 0 {
                let sum = xxh3_64_with_seed(&record[..64], key);
                put(record, 64, &sum.to_le_bytes());
            }
        }
        *end = End { count: end.count + 1, checksum: u64_at(record, 64), tick: u64_at(record, 16) };
        (at, nth) = (at + HEADER + padded, nth.wrapping_add(1));
    }
    file
}

/// A file of marks.
fn marks(fix: u8, (first_tick, epoch): (u64, u32), body: &[u8]) -> Vec<u8> {
    let mut file = body[..body.len().min(BLOCK)].to_vec();
    if fix & right::SUMS != 0 {
        for mark in file.chunks_exact_mut(32) {
            let sum = xxh3_64_with_seed(&mark[..24], key(first_tick, epoch) ^ 0x6D61_726B);
            put(mark, 24, &sum.to_le_bytes());
        }
    }
    file
}

/// The folder of a run, from an input; and what is known from elsewhere.
fn folder(input: &[u8]) -> (Mem, Known) {
    let mut input = Bytes(input);
    let known = Known { from: input.u8() as u64, durable_tick: Some(input.u8() as u64).filter(|&tick| tick > 0) };
    let (mem, mut end) = (Mem::default(), End::default());
    mem.create_folder(Path::new("run/wal")).expect("memory");
    for _ in 0..8 {
        if input.is_empty() {
            break;
        }
        let (fix, damaged) = (input.u8(), input.u8());
        let (first_tick, epoch) = (input.u8() as u64, input.u8() as u32);
        let body = input.chunk();
        let (what, bytes) = match fix & right::MARKS {
            0 => ("wal", log(fix, damaged, (first_tick, epoch), body, &mut end)),
            _ => ("mark", marks(fix, (first_tick, epoch), body)),
        };
        let path = format!("run/wal/{what}-{first_tick:012}-{epoch:04}");
        mem.publish(Path::new(&path), &bytes).expect("memory");
    }
    (mem, known)
}

/// Whatever a journal says: an answer. What can be read can be gone on with, and then holds the same and more.
pub fn read(input: &[u8]) {
    let (mem, known) = folder(input);
    let run = Path::new("run");
    for name in mem.list(Path::new("run/wal")).expect("memory") {
        let _ = journal::look_at_file(&mem, &run.join("wal").join(name));
    }
    let _ = journal::look(&mem, run, RUN, known.durable_tick);
    let Ok(found) = journal::read(&mem, run, RUN, known) else { return };
    // As a run does: it is where its checkpoint is, at least.
    let last = found.last_tick.unwrap_or(0).max(known.from);
    let options = Options { grow_bytes: 4_096 };
    let Ok(mut journal) = Journal::resume(Arc::new(mem.clone()), &found, last, options) else { return };
    let start = Record::Start { engine: "fuzz".to_owned(), resumed_from: Some(last) };
    journal.append(last, &start).expect("memory");
    journal.append(last, &Record::Inputs(vec![vec![1, 2, 3], Vec::new()])).expect("memory");
    journal.commit().expect("memory");
    drop(journal);
    let again =
        journal::read(&mem, run, RUN, Known { durable_tick: Some(last), ..known }).expect("it was gone on with");
    assert!(again.torn.is_none(), "{again:?}");
    let count = found.records.len();
    // Files before those that are needed may be fewer now.
    let kept = again.records.len() - 2;
    assert!(kept <= count && again.records[..kept] == found.records[count - kept..]);
}

/// Journals as they are written: of two processes, with every kind of record.
pub fn seeds() -> Vec<Vec<u8>> {
    let mem = Mem::default();
    let backend: Arc<dyn Backend> = Arc::new(mem.clone());
    let (run, options) = (Path::new("run"), Options { grow_bytes: 4_096 });
    mem.create_folder(run).expect("memory");
    let mut journal = Journal::create(backend.clone(), run, RUN, 0, 1, options).expect("memory");
    let start = |resumed_from| Record::Start { engine: "0.1.0".to_owned(), resumed_from };
    let digest = Digest(42);
    let records = [
        (0, start(None)),
        (3, Record::Inputs(vec![vec![5; 9], vec![6]])),
        (5, Record::Sealed),
        (6, Record::Digest(digest)),
        (8, Record::Checkpoint { generation: 1, tick: 6, digest }),
    ];
    for (tick, record) in &records {
        journal.append(*tick, record).expect("memory");
        journal.commit().expect("memory");
    }
    journal.roll(9).expect("memory");
    journal.append(9, &Record::Inputs(vec![vec![7; 20]])).expect("memory");
    drop(journal);
    let found = journal::read(&mem, run, RUN, Known::default()).expect("just written");
    let mut journal = Journal::resume(backend, &found, 9, options).expect("memory");
    journal.append(9, &start(Some(6))).expect("memory");
    journal.append(12, &Record::End(digest)).expect("memory");
    journal.commit().expect("memory");
    drop(journal);

    let mut files = Vec::new();
    for name in mem.list(Path::new("run/wal")).expect("memory") {
        let bytes = mem.read(&Path::new("run/wal").join(&name)).expect("memory");
        let (what, rest) = name.split_once('-').expect("names have numbers");
        let (first_tick, epoch) = rest.split_once('-').expect("names have numbers");
        let numbers = [first_tick, epoch].map(|number| number.parse().expect("a small number"));
        let body = match what {
            "wal" => [&bytes[..64], &bytes[BLOCK..]].concat(),
            _ => bytes[..192].to_vec(),
        };
        let all = if what == "wal" { !right::MARKS } else { right::MARKS | right::SUMS };
        files.push((what == "mark", numbers, [&[all, 255, numbers[0], numbers[1]][..], &chunk(&body)].concat()));
    }
    // In order of time, as they follow each other.
    files.sort_by_key(|(is_mark, [first_tick, epoch], _)| (*is_mark, *epoch, *first_tick));
    let joined = |wanted: &[usize]| {
        let parts = wanted.iter().map(|&nth| files[nth].2.as_slice()).collect::<Vec<_>>().concat();
        [&[0, 0][..], &parts].concat()
    };
    let all: Vec<usize> = (0..files.len()).collect();
    vec![joined(&all), joined(&[0]), joined(&[0, 1]), joined(&[0, 3])]
}
