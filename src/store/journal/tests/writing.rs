//! What a journal keeps, forgets and refuses.

use std::sync::Arc;

use super::script::{History, OPTIONS, RUN, Step, create, draws, folder, record, steps};
use crate::base::Digest;
use crate::store::journal::format::PAYLOAD_LEN_MAX;
use crate::store::journal::{Journal, Known, Options, Record, TornTail, read};
use crate::store::{Access, Backend, Fs, Mem};

fn start() -> Record {
    Record::Start { engine: "myriad 1".to_owned(), resumed_from: None }
}

#[test]
fn what_is_written_is_read() {
    for nth in 0..60 {
        let disk = Mem::default();
        let mut draws = draws("round", nth);
        let (mut history, mut journal) = (History::default(), create(Arc::new(disk.clone())).unwrap());
        let mut all = steps(&mut draws, 0, None, 60);
        for _ in 0..3 {
            all.iter().for_each(|step| history.step(&mut journal, step).unwrap());
            assert_eq!(history.acknowledged, history.all.len());
            let found = history.judge(&disk, true).unwrap_or_else(|why| panic!("{nth}: {why}"));
            assert_eq!(found.torn, None);
            assert_eq!(found.end.count as usize, history.all.len());
            let first_tick;
            (journal, first_tick) = history.resume(Arc::new(disk.clone()), &found).unwrap();
            all = steps(&mut draws, first_tick, found.last_tick, 20);
        }
    }
}

#[test]
fn each_kind_of_record_keeps_all_it_says() {
    let records = [
        Record::Start { engine: "größer als 1".to_owned(), resumed_from: Some(u64::MAX) },
        Record::Start { engine: String::new(), resumed_from: Some(0) },
        Record::Inputs(Vec::new()),
        Record::Inputs(vec![Vec::new(), vec![0; 3], vec![255; 70_000]]),
        Record::Sealed,
        Record::Digest(Digest(u64::MAX)),
        Record::Checkpoint { generation: 1, tick: 2, digest: Digest(3) },
        Record::End(Digest(0)),
        start(),
    ];
    for record in &records {
        let mut payload = Vec::new();
        record.write_payload(&mut payload);
        assert_eq!(payload.len(), record.payload_len());
        assert_eq!(Record::parse(record.kind(), &payload).as_ref(), Some(record));
        // One more or less is another record or none.
        for other in [&[&payload[..], &[0]].concat(), &payload[..payload.len().saturating_sub(1)]] {
            assert!(other == payload || Record::parse(record.kind(), other).is_none(), "{record:?}");
        }
    }
    assert!((7..=255).chain([0]).all(|kind| Record::parse(kind, &[]).is_none()));
}

#[test]
fn the_bytes_are_fixed_for_all_time() {
    // Journals are read by later versions: this value may only change with the version of the format.
    let disk = Mem::default();
    let mut journal = create(Arc::new(disk.clone())).unwrap();
    journal.append(3, &start()).unwrap();
    journal.commit().unwrap();
    journal.append(4, &Record::Inputs(vec![b"hello".to_vec()])).unwrap();
    journal.roll(5).unwrap();
    let bytes = disk.read(&folder().join("wal/wal-000000000000-0001")).unwrap();
    assert_eq!(bytes.len(), 4_096 + 72 + 24 + 72 + 16);
    assert_eq!(Digest(crate::base::hash_bytes(&bytes)).to_string(), "1086065c97aedf2c");
    let marks = disk.read(&folder().join("wal/mark-000000000000-0001")).unwrap();
    assert_eq!(
        (marks.len(), Digest(crate::base::hash_bytes(&marks)).to_string().as_str()),
        (4_096, "957b4d6d5c448ce4")
    );
}

#[test]
fn nothing_is_written_before_a_commit_and_nothing_without_need() {
    let sim = crate::store::Sim::default();
    let mut journal = create(Arc::new(sim.clone())).unwrap();
    let before = sim.operations();
    journal.append(0, &start()).unwrap();
    (0..100).for_each(|tick| journal.append(tick, &Record::Sealed).unwrap());
    assert_eq!(sim.operations(), before);
    assert_eq!(journal.commit().unwrap(), Some(99));
    assert_eq!(sim.operations(), before + 3, "records, one sync, a mark");
    assert_eq!(journal.commit().unwrap(), Some(99));
    assert_eq!(sim.operations(), before + 3);
    let len = sim.open(journal.path(), Access::Read).unwrap().len().unwrap();
    assert_eq!(len, OPTIONS.grow_bytes);
    journal.append(100, &Record::Inputs(vec![vec![1; 10_000]])).unwrap();
    journal.commit().unwrap();
    assert_eq!(sim.open(journal.path(), Access::Read).unwrap().len().unwrap(), 2 * len);
}

#[test]
fn a_file_that_is_done_is_cut_and_goes_when_no_tick_needs_it() {
    let disk = Mem::default();
    let mut journal = create(Arc::new(disk.clone())).unwrap();
    journal.append(0, &start()).unwrap();
    for tick in 1..40 {
        journal.append(tick, &Record::Sealed).unwrap();
        if tick % 10 == 9 {
            journal.roll(tick + 1).unwrap();
        }
    }
    let wal = folder().join("wal");
    let logs = || disk.list(&wal).unwrap().into_iter().filter(|name| name.starts_with("wal-")).collect::<Vec<_>>();
    assert_eq!(logs().len(), 5);
    assert_eq!(disk.read(&wal.join(&logs()[1])).unwrap().len(), 4_096 + 10 * 72);
    journal.forget_before(19).unwrap();
    assert_eq!(logs()[0], "wal-000000000010-0001");
    journal.forget_before(20).unwrap();
    assert_eq!(logs()[0], "wal-000000000020-0001");
    assert_eq!(disk.list(&wal).unwrap().len(), 6, "marks went with their files");
    let found = read(&disk, folder(), RUN, Known { from: 20, durable_tick: Some(39) }).unwrap();
    assert_eq!(found.records.len(), 20);
    journal.forget_before(u64::MAX).unwrap();
    assert_eq!(logs(), ["wal-000000000040-0001"], "the one that is written stays");
    assert_eq!(read(&disk, folder(), RUN, Known { from: 40, durable_tick: Some(39) }).unwrap().last_tick, Some(39));
}

#[test]
fn a_crash_while_forgetting_leaves_no_gap() {
    let sim = crate::store::Sim::default();
    let mut journal = create(Arc::new(sim.clone())).unwrap();
    journal.append(0, &start()).unwrap();
    (1..6).for_each(|first_tick| journal.roll(first_tick).unwrap());
    let before = sim.operations();
    journal.forget_before(5).unwrap();
    for after in before..=sim.operations() {
        for seed in 0..20 {
            let names = sim.crash(after, seed).list(&folder().join("wal")).unwrap();
            let logs: Vec<_> = names.iter().filter_map(|name| name.strip_prefix("wal-00000000000")).collect();
            let kept = ["0-0001", "1-0001", "2-0001", "3-0001", "4-0001", "5-0001"];
            assert_eq!(logs, kept[6 - logs.len()..], "seed {seed}, after {}", sim.describe(after - 1));
        }
    }
}

#[test]
fn a_torn_tail_is_reported_by_a_reader_and_cut_by_a_writer() {
    let disk = Mem::default();
    let mut journal = create(Arc::new(disk.clone())).unwrap();
    journal.append(0, &start()).unwrap();
    journal.append(7, &Record::Sealed).unwrap();
    journal.commit().unwrap();
    let (path, end) = (journal.path().to_owned(), 4_096 + 96 + 72);
    disk.open(&path, Access::Write).unwrap().write_at(end + 200, b"torn").unwrap();
    let unfinished = folder().join("wal/wal-000000000009-0001");
    disk.create(&unfinished).unwrap().write_at(0, b"MYRIADJL").unwrap();
    let before = disk.read(&path).unwrap();
    let found = read(&disk, folder(), RUN, Known::default()).unwrap();
    assert_eq!(found.torn, Some(TornTail { path: path.clone(), offset: end }));
    assert_eq!((found.last_tick, found.durable_tick, found.next_epoch), (Some(7), Some(7), 2));
    assert!(disk.read(&path).unwrap() == before && disk.read(&unfinished).is_ok(), "a reader changes nothing");
    found.repair(&disk).unwrap();
    assert_eq!(disk.read(&path).unwrap(), before[..end as usize]);
    assert!(disk.read(&unfinished).is_err());
    assert_eq!(read(&disk, folder(), RUN, Known::default()).unwrap().torn, None);
}

#[test]
fn a_file_that_was_never_whole_does_not_say_that_the_one_before_it_is_done() {
    let disk = Mem::default();
    let mut journal = create(Arc::new(disk.clone())).unwrap();
    journal.append(0, &start()).unwrap();
    (1..10).for_each(|tick| journal.append(tick, &Record::Sealed).unwrap());
    journal.roll(10).unwrap();
    journal.append(10, &Record::Sealed).unwrap();
    journal.commit().unwrap();
    // What is left of an attempt to roll at tick 5, and came back after a crash.
    let unfinished = folder().join("wal/wal-000000000005-0001");
    disk.create(&unfinished).unwrap().write_at(0, b"MYRIADJL").unwrap();
    for from in 0..=9 {
        let found = read(&disk, folder(), RUN, Known { from, durable_tick: Some(10) }).unwrap();
        assert_eq!(found.records.len(), 11, "from tick {from}");
        assert_eq!(found.torn, Some(TornTail { path: unfinished.clone(), offset: 0 }));
    }
    assert_eq!(read(&disk, folder(), RUN, Known { from: 10, durable_tick: None }).unwrap().records.len(), 1);
}

#[test]
fn a_record_that_is_too_long_is_refused_and_the_longest_is_not() {
    let disk = Mem::default();
    let options = Options { grow_bytes: 8 << 20 };
    disk.create_folder(folder()).unwrap();
    let mut journal = Journal::create(Arc::new(disk.clone()), folder(), RUN, 0, 1, options).unwrap();
    journal.append(0, &start()).unwrap();
    let longest = Record::Inputs(vec![vec![1; PAYLOAD_LEN_MAX - 8]]);
    let error = journal.append(1, &Record::Inputs(vec![vec![1; PAYLOAD_LEN_MAX - 7]])).unwrap_err().to_string();
    assert!(error.contains("tick 1 has 67108865 bytes, and 67108864 are the most"), "{error}");
    journal.append(1, &longest).unwrap();
    journal.commit().unwrap();
    assert_eq!(read(&disk, folder(), RUN, Known::default()).unwrap().records[1], (1, longest));
}

#[test]
fn mistakes_of_a_program_are_panics() {
    let fails = |act: fn(&mut Journal)| {
        let mut journal = create(Arc::new(Mem::default())).unwrap();
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| act(&mut journal))).is_err()
    };
    assert!(fails(|journal| drop(journal.append(0, &Record::Sealed))), "no start");
    assert!(fails(|journal| {
        journal.append(5, &start()).unwrap();
        drop(journal.append(4, &Record::Sealed));
    }));
    assert!(fails(|journal| {
        journal.append(5, &start()).unwrap();
        drop(journal.append(5, &start()));
    }));
    assert!(fails(|journal| {
        journal.append(5, &start()).unwrap();
        drop(journal.roll(5));
    }));
}

#[test]
fn the_machines_own_file_system_will_do() {
    let disk = Fs;
    let folder = std::env::temp_dir().join(format!("myriad-journal-{}", std::process::id()));
    disk.create_folder(&folder).unwrap();
    let mut journal = Journal::create(Arc::new(Fs), &folder, RUN, 0, 1, Options::default()).unwrap();
    let (mut draws, mut expected) = (draws("machine", 0), vec![(0, start())]);
    journal.append(0, &start()).unwrap();
    for tick in 1..50 {
        let record = record(&mut draws);
        journal.append(tick, &record).unwrap();
        expected.push((tick, record));
        if tick % 20 == 0 {
            journal.roll(tick + 1).unwrap();
        }
    }
    assert_eq!(journal.commit().unwrap(), Some(49));
    let found = read(&disk, &folder, RUN, Known::default()).unwrap();
    assert!(found.records == expected && found.torn.is_none());
    let journal = Journal::resume(Arc::new(Fs), &found, 50, Options::default()).unwrap();
    drop(journal);
    let again = read(&disk, &folder, RUN, Known { from: 41, durable_tick: Some(49) }).unwrap();
    assert_eq!((again.records.len(), again.next_epoch), (9, 3));
    let wal = folder.join("wal");
    disk.list(&wal).unwrap().iter().for_each(|name| disk.remove(&wal.join(name)).unwrap());
}

#[test]
fn forgetting_across_a_resumption_keeps_a_tick_that_both_have() {
    let disk = Mem::default();
    let (mut history, mut journal) = (History::default(), create(Arc::new(disk.clone())).unwrap());
    for step in [Step::Append(0, start()), Step::Append(5, Record::Sealed), Step::Commit] {
        history.step(&mut journal, &step).unwrap();
    }
    let found = read(&disk, folder(), RUN, Known::default()).unwrap();
    let mut journal = Journal::resume(Arc::new(disk.clone()), &found, 5, OPTIONS).unwrap();
    let resumed = Record::Start { engine: "myriad 1".to_owned(), resumed_from: Some(5) };
    for step in [Step::Append(5, resumed), Step::Append(6, Record::Sealed), Step::Commit, Step::Forget(5)] {
        history.step(&mut journal, &step).unwrap();
    }
    history.judge(&disk, true).unwrap();
    assert_eq!(read(&disk, folder(), RUN, Known { from: 5, durable_tick: None }).unwrap().records.len(), 4);
    history.step(&mut journal, &Step::Forget(6)).unwrap();
    history.judge(&disk, true).unwrap();
    assert!(read(&disk, folder(), RUN, Known { from: 5, durable_tick: None }).is_err());
}
