//! Files that nobody wrote: with right checksums and wrong content, with none, and of lengths that nobody has.

use std::sync::Arc;

use super::script::{RUN, create, draws, folder};
use crate::store::journal::format::{BLOCK_LEN, FileHeader, Key, Link, RecordHeader, u64_at};
use crate::store::journal::{Known, Record, read};
use crate::store::{Access, Backend, Mem};

/// A file with a good header and whatever follows it.
fn disk_with(rest: &[u8]) -> Mem {
    disk_after(Link::default(), rest)
}

fn disk_after(before: Link, rest: &[u8]) -> Mem {
    let disk = Mem::default();
    let wal = folder().join("wal");
    disk.create_folder(&wal).unwrap();
    let header = FileHeader { run: RUN, epoch: 1, first_tick: 0, before };
    let file = disk.create(&wal.join("wal-000000000000-0001")).unwrap();
    file.write_at(0, &header.to_bytes()).unwrap();
    file.write_at(BLOCK_LEN as u64, rest).unwrap();
    disk
}

/// A record's bytes, with whatever is wrong with it.
fn forged(kind: u8, payload: &[u8], change: impl FnOnce(&mut RecordHeader)) -> Vec<u8> {
    let key = Key::new(RUN, 0, 1);
    let mut padded = payload.to_vec();
    padded.resize(payload.len().next_multiple_of(8), 0);
    let mut header = RecordHeader {
        kind,
        payload_len: payload.len() as u32,
        tick: 0,
        sequence: 0,
        durable_tick: 0,
        durable_count: 0,
        previous: 0,
        payload_checksum: key.checksum(&padded),
    };
    change(&mut header);
    [header.to_bytes(key).to_vec(), padded].concat()
}

fn refusal(rest: &[u8]) -> String {
    read(&disk_with(rest), folder(), RUN, Known::default()).unwrap_err().to_string()
}

#[test]
fn a_forged_record_is_damage_or_torn_and_never_more() {
    let mut start = Vec::new();
    Record::Start { engine: "x".to_owned(), resumed_from: None }.write_payload(&mut start);
    let good = forged(1, &start, |_| {});
    assert_eq!(read(&disk_with(&good), folder(), RUN, Known::default()).unwrap().records.len(), 1);
    for (kind, payload) in
        [(0, &[][..]), (7, &[]), (255, &[1; 9]), (3, &[0]), (2, &[255; 4]), (2, &[1, 0, 0, 0, 255, 255, 255, 255])]
    {
        let text = refusal(&forged(kind, payload, |_| {}));
        assert!(text.contains(&format!("no such record of kind {kind}")), "{text}");
    }
    let text = refusal(&forged(3, &[], |_| {}));
    assert!(text.contains("a start is the first record of an epoch"), "{text}");
    let text = refusal(&forged(1, &start, |header| header.durable_count = u64::MAX));
    assert!(text.contains("were durable"), "{text}");
    // A length of 4 GiB, and one that ends just behind the file: they are not there, and nothing says they were.
    for payload_len in [u32::MAX, u32::MAX - 7, (64 << 20) + 1, 64 << 20, start.len() as u32 + 8] {
        let long = forged(1, &start, |header| header.payload_len = payload_len);
        let found = read(&disk_with(&long), folder(), RUN, Known::default()).unwrap();
        assert!(found.records.is_empty() && found.torn.is_some());
    }
}

#[test]
fn more_records_than_can_be_counted_are_not_believed() {
    let disk = disk_after(Link { count: u64::MAX - 1, checksum: 3, tick: 9 }, &[]);
    let text = read(&disk, folder(), RUN, Known { from: 10, durable_tick: None }).unwrap_err().to_string();
    assert!(text.contains("it goes on after 18446744073709551614 records"), "{text}");
}

#[test]
fn ticks_do_not_fall() {
    let mut start = Vec::new();
    Record::Start { engine: "x".to_owned(), resumed_from: None }.write_payload(&mut start);
    let first = forged(1, &start, |header| header.tick = 9);
    let checksum = u64_at(&first, 64);
    let second = |tick| forged(3, &[], |header| (header.tick, header.sequence, header.previous) = (tick, 1, checksum));
    let disk = disk_with(&[&first[..], &second(9)].concat());
    assert_eq!(read(&disk, folder(), RUN, Known::default()).unwrap().last_tick, Some(9));
    let text = refusal(&[&first[..], &second(8)].concat());
    assert!(text.contains("the record of tick 8") && text.contains("it comes after tick 9"), "{text}");
    // Nor from one file to the next.
    let before = Link { count: 1, checksum, tick: 9 };
    for (epoch, first_tick, is_fine) in [(1, 9, false), (1, 10, true), (2, 8, false), (2, 9, true), (0, 10, false)] {
        let disk = disk_with(&first);
        let header = FileHeader { run: RUN, epoch, first_tick, before };
        let path = folder().join(format!("wal/wal-{first_tick:012}-{epoch:04}"));
        disk.create(&path).unwrap().write_at(0, &header.to_bytes()).unwrap();
        assert_eq!(read(&disk, folder(), RUN, Known::default()).is_ok(), is_fine, "{first_tick} in epoch {epoch}");
    }
}

#[test]
fn a_long_file_of_headers_is_searched_once() {
    // Each one claims the rest of the file as its payload: to check every payload would take years.
    let long = forged(2, &[], |header| (header.payload_len, header.sequence) = (60 << 20, 7));
    let file = long.repeat((24 << 20) / long.len());
    let found = read(&disk_with(&file), folder(), RUN, Known::default()).unwrap();
    assert_eq!(found.torn.unwrap().offset, BLOCK_LEN as u64);
    // The very last of them may be the one that matters, wherever reading in parts has cut the file.
    for extra in (0..200).step_by(8) {
        let claim = forged(3, &[], |header| (header.sequence, header.durable_count) = (9, 9));
        let mut file = vec![0; (1 << 20) - 160 + extra];
        file[8] = 1;
        file.extend(&claim);
        file.extend([0; 5]);
        let text = refusal(&file);
        assert!(text.contains("were durable"), "{extra}: {text}");
    }
}

#[test]
fn no_bytes_make_it_panic() {
    let disk = Mem::default();
    let mut journal = create(Arc::new(disk.clone())).unwrap();
    journal.append(0, &Record::Start { engine: "myriad 1".to_owned(), resumed_from: None }).unwrap();
    for tick in 1..12 {
        journal.append(tick, &Record::Inputs(vec![vec![tick as u8; 100]])).unwrap();
        journal.commit().unwrap();
    }
    journal.roll(12).unwrap();
    let wal = folder().join("wal");
    let names = disk.list(&wal).unwrap();
    let whole: Vec<Vec<u8>> = names.iter().map(|name| disk.read(&wal.join(name)).unwrap()).collect();
    let mut refused = 0;
    for nth in 0..4_000 {
        let mut draws = draws("garbage", nth);
        for (name, whole) in names.iter().zip(&whole) {
            let mut bytes = whole.clone();
            for _ in 0..draws.below(4) {
                let at = draws.below(bytes.len() as u32) as usize;
                let len = (draws.below(200) as usize).min(bytes.len() - at);
                match draws.below(4) {
                    0 => bytes[at..at + len].fill(0),
                    1 => bytes[at..at + len].iter_mut().for_each(|byte| *byte = draws.u32() as u8),
                    2 => bytes.copy_within(at..at + len, draws.below((whole.len() - len) as u32 + 1) as usize),
                    _ => bytes.truncate(at.max(1)),
                }
                bytes.resize(whole.len(), 0);
            }
            disk.open(&wal.join(name), Access::Write).unwrap().write_at(0, &bytes).unwrap();
        }
        match read(&disk, folder(), RUN, Known::default()) {
            Ok(found) => assert!(found.records.iter().enumerate().all(|(nth, (tick, _))| nth as u64 == *tick)),
            Err(_) => refused += 1,
        }
    }
    assert!((2_000..4_000).contains(&refused), "{refused}");
}
