//! The simulated file system does what a real one may do, and no more; and publishing stands it.

use std::collections::BTreeSet;
use std::io::{ErrorKind, Result};
use std::path::Path;

use super::*;
use crate::store::contract;

/// Seeds with which each crash is tried.
const SEEDS: u64 = 300;

fn file() -> &'static Path {
    Path::new("run/file")
}

/// A file system with the folder `run` and, durable in it, the file with this content.
fn with_file(sim: Sim, content: &[u8]) -> Sim {
    sim.create_folder(Path::new("run")).unwrap();
    sim.publish(file(), content).unwrap();
    sim
}

/// All contents that the file may have after a crash; `None` where it is not there.
fn contents(sim: &Sim, after: usize) -> BTreeSet<Option<Vec<u8>>> {
    (0..SEEDS).map(|seed| sim.crash(after, seed).read(file()).ok()).collect()
}

fn now(sim: &Sim) -> BTreeSet<Option<Vec<u8>>> {
    contents(sim, sim.operations())
}

fn writer(sim: &Sim) -> Box<dyn File> {
    sim.open(file(), Access::Write).unwrap()
}

#[test]
fn it_keeps_the_contract() {
    contract::check(&Sim::default(), Path::new("root"));
    contract::check(&Sim::default().crash(0, 1), Path::new("/root"));
}

#[test]
fn what_was_synced_is_there() {
    let sim = with_file(Sim::default(), b"old");
    let writer = writer(&sim);
    writer.write_at(1000, b"far").unwrap();
    writer.write_at(0, b"O").unwrap();
    writer.sync().unwrap();
    let mut expected = b"Old".to_vec();
    expected.resize(1000, 0);
    expected.extend(b"far");
    assert_eq!(now(&sim), [Some(expected)].into());
}

#[test]
fn an_unsynced_write_is_kept_lost_or_torn_sector_by_sector() {
    let sim = with_file(Sim::default(), &[1; 4 * 512]);
    writer(&sim).write_at(0, &[2; 4 * 512]).unwrap();
    let (mut whole_sectors, mut torn_count) = (BTreeSet::new(), 0);
    for found in now(&sim) {
        let found = found.unwrap();
        assert!(found.len() == 4 * 512 && found.iter().all(|byte| [1, 2].contains(byte)));
        for sector in found.chunks(512) {
            let new_count = sector.iter().take_while(|byte| **byte == 2).count();
            assert!(sector[new_count..].iter().all(|byte| *byte == 1), "torn at one place");
            torn_count += usize::from(![0, 512].contains(&new_count));
        }
        whole_sectors.insert(found.chunks(512).map(|sector| sector[0]).collect::<Vec<_>>());
    }
    assert_eq!(whole_sectors.len(), 16, "every choice of sectors is seen");
    assert!(torn_count > 10, "{torn_count}");
}

#[test]
fn a_sector_has_a_content_that_it_had() {
    let sim = with_file(Sim::default(), &[0; 512]);
    let writer = writer(&sim);
    (1..=3).for_each(|nth| writer.write_at(100 * u64::from(nth), &[nth; 2]).unwrap());
    let seen: BTreeSet<Vec<u8>> = now(&sim).into_iter().map(|found| found.unwrap()).collect();
    let mut content = vec![0; 512];
    let mut had = BTreeSet::from([content.clone()]);
    for nth in 1..=3_usize {
        content[100 * nth..100 * nth + 2].fill(nth as u8);
        had.insert(content.clone());
    }
    assert!(seen.is_superset(&had));
    // More only by the last write torn between its two bytes, or before them.
    assert!(seen.difference(&had).all(|found| found[..300] == content[..300] && found[301] == 0), "{seen:?}");
}

#[test]
fn unsynced_growth_is_lost_or_leaves_holes() {
    let sim = with_file(Sim::default(), b"old");
    writer(&sim).write_at(3, &[9; 2000]).unwrap();
    let found: Vec<Vec<u8>> = now(&sim).into_iter().map(|found| found.unwrap()).collect();
    let lens: BTreeSet<usize> = found.iter().map(Vec::len).collect();
    assert!(lens.is_superset(&[3, 512, 1024, 2003].into()), "{lens:?}");
    assert!(found.iter().all(|found| found.starts_with(b"old") && found[3..].iter().all(|byte| [0, 9].contains(byte))));
    let has_hole = |found: &Vec<u8>| found.len() == 2003 && found[600] == 0 && found[2002] == 9;
    assert!(found.iter().any(has_hole));
}

#[test]
fn what_was_cut_is_whole_cut_or_zeros() {
    let sim = with_file(Sim::default(), &[5; 1024]);
    let writer = writer(&sim);
    writer.set_len(100).unwrap();
    writer.set_len(1024).unwrap();
    let found = now(&sim);
    assert!(found.iter().flatten().any(|found| found.len() == 100) && found.contains(&Some(vec![5; 1024])));
    writer.sync().unwrap();
    let cut = [vec![5; 100], vec![0; 924]].concat();
    assert_eq!(now(&sim), [Some(cut)].into());
}

#[test]
fn a_name_is_lost_with_a_content_that_was_synced() {
    let sim = with_file(Sim::default(), b"old");
    let other = Path::new("run/other");
    let made = sim.create(other).unwrap();
    made.write_at(0, b"text").unwrap();
    made.sync().unwrap();
    let seen = |sim: &Sim| -> BTreeSet<Option<Vec<u8>>> {
        (0..SEEDS).map(|seed| sim.crash(sim.operations(), seed).read(other).ok()).collect()
    };
    assert_eq!(seen(&sim), [None, Some(b"text".to_vec())].into());
    sim.sync_folder(Path::new("run")).unwrap();
    assert_eq!(seen(&sim), [Some(b"text".to_vec())].into());
    sim.remove(other).unwrap();
    assert_eq!(seen(&sim), [None, Some(b"text".to_vec())].into());
}

#[test]
fn a_rename_is_done_or_not() {
    let sim = with_file(Sim::default(), b"old");
    sim.publish(Path::new("run/other"), b"new").unwrap();
    sim.rename(Path::new("run/other"), file()).unwrap();
    let seen: BTreeSet<_> = (0..SEEDS)
        .map(|seed| {
            let image = sim.crash(sim.operations(), seed);
            (image.read(file()).unwrap(), image.list(Path::new("run")).unwrap())
        })
        .collect();
    let (lost, kept) = (vec!["file".to_owned(), "other".to_owned()], vec!["file".to_owned()]);
    assert_eq!(seen, [(b"old".to_vec(), lost), (b"new".to_vec(), kept)].into());
}

#[test]
fn a_folder_takes_what_is_in_it_along() {
    let sim = with_file(Sim::default(), b"old");
    sim.fail(1, Fault::Sync, Refusal::Broken);
    let folder = Path::new("a/b");
    assert!(sim.create_folder(folder).is_err());
    sim.publish(&folder.join("file"), b"text").unwrap();
    let seen: BTreeSet<_> = (0..SEEDS)
        .map(|seed| {
            let image = sim.crash(sim.operations(), seed);
            assert!(image.list(Path::new("a")).unwrap().is_empty(), "its own folder was synced");
            image.read(&folder.join("file")).map_err(|error| error.kind())
        })
        .collect();
    assert_eq!(seen, [Ok(b"text".to_vec()), Err(ErrorKind::NotFound)].into());
}

#[test]
fn what_a_failed_sync_forgot_no_later_one_makes_durable() {
    let sim = with_file(Sim::default(), b"old");
    let writer = writer(&sim);
    writer.write_at(0, b"new").unwrap();
    sim.fail(0, Fault::Sync, Refusal::Broken);
    assert!(writer.sync().is_err());
    writer.sync().unwrap();
    assert_eq!(sim.read(file()).unwrap(), b"new", "it is still shown");
    assert!(now(&sim).contains(&Some(b"old".to_vec())));
    writer.write_at(0, b"new").unwrap();
    writer.sync().unwrap();
    assert_eq!(now(&sim), [Some(b"new".to_vec())].into(), "written once more, it is dirty once more");
}

#[test]
fn the_same_crash_leaves_the_same_disk() {
    let sim = with_file(Sim::default(), &[1; 5000]);
    writer(&sim).write_at(0, &[2; 6000]).unwrap();
    let read = |seed| sim.crash(sim.operations(), seed).read(file()).unwrap();
    assert!((0..20).all(|seed| read(seed) == read(seed)));
    assert!((0..20).any(|seed| read(seed) != read(0)));
    let again = sim.crash(sim.operations(), 3);
    assert_eq!(again.operations(), 0);
    assert!((0..20).all(|seed| again.crash(0, seed).read(file()).unwrap() == read(3)), "it is durable now");
}

#[test]
fn a_crash_frees_locks_and_keeps_the_capacity() {
    let sim = with_file(Sim::default(), b"old");
    sim.set_capacity(Some(100));
    let lock = Path::new("run/LOCK");
    let _held = sim.lock(lock, "process 1").unwrap().unwrap_or_else(|holder| panic!("held by {holder}"));
    let image = sim.crash(sim.operations(), 1);
    assert!(sim.lock(lock, "process 2").unwrap().is_err());
    assert!(image.lock(lock, "process 2").unwrap().is_ok());
    assert!(image.publish(file(), &[0; 101]).is_err());
}

#[test]
fn faults_hit_what_they_were_planned_for() {
    let sim = with_file(Sim::default(), b"old");
    let writer = writer(&sim);
    sim.fail(2, Fault::Change, Refusal::Broken);
    sim.fail(1, Fault::ShortWrite, Refusal::Full);
    sim.fail(1, Fault::Read, Refusal::Broken);
    let failures: Vec<Result<()>> = (0..4).map(|_| writer.write_at(0, b"1234")).collect();
    let kinds: Vec<_> = failures.iter().map(|done| done.as_ref().err().map(|error| error.kind())).collect();
    assert_eq!((kinds[0], kinds[1], kinds[3]), (None, Some(ErrorKind::StorageFull), None));
    assert!(kinds[2].is_some() && kinds[2] != kinds[1]);
    assert_eq!(sim.read(file()).unwrap(), b"1234");
    assert!(sim.has_faults() && sim.read(file()).is_err() && !sim.has_faults());
    sim.fail(0, Fault::ShortWrite, Refusal::Broken);
    assert!(writer.write_at(0, b"abcd").is_err());
    assert_eq!(sim.read(file()).unwrap(), b"ab34");
}

#[test]
fn a_full_disk_takes_what_fits() {
    let sim = with_file(Sim::default(), b"old");
    sim.set_capacity(Some(10));
    assert_eq!(sim.free_bytes(Path::new("run")).unwrap(), 7);
    let writer = writer(&sim);
    let full = |done: Result<()>| done.unwrap_err().kind() == ErrorKind::StorageFull;
    assert!(full(writer.set_len(11)) && full(writer.write_at(2, b"123456789")));
    assert_eq!(sim.read(file()).unwrap(), b"ol12345678");
    assert!(full(writer.write_at(11, b"x")));
    writer.write_at(0, b"0123456789").unwrap();
    sim.set_capacity(None);
    writer.set_len(11).unwrap();
    assert!(sim.describe(sim.operations() - 1).contains("run/file"), "{}", sim.describe(sim.operations() - 1));
}

const OLD: [u8; 1500] = [b'o'; 1500];
const NEW: [u8; 1100] = [b'n'; 1100];

/// Publishes the new content over the old, crashes after every change, publishes once more, crashes in that. What is
/// wrong with what was found.
fn publish_and_crash(omit: Option<Omit>) -> Vec<String> {
    let sim = with_file(Sim::default(), &OLD);
    omit.inspect(|omit| sim.omit(*omit));
    let before = sim.operations();
    sim.publish(file(), &NEW).unwrap();
    let mut wrong = Vec::new();
    let mut judge = |sim: &Sim, may_be_old: bool, when: String| match sim.read(file()) {
        Ok(found) if found == NEW || (may_be_old && found == OLD) => {}
        Ok(found) => wrong.push(format!("{when}: {} bytes", found.len())),
        Err(error) => wrong.push(format!("{when}: {error}")),
    };
    for after in before..=sim.operations() {
        for seed in 0..SEEDS / 4 {
            let image = sim.crash(after, seed);
            let when = format!("seed {seed}, after {}", sim.describe(after - 1));
            judge(&image, after < sim.operations(), when.clone());
            image.publish(file(), &NEW).unwrap();
            for after in 0..=image.operations() {
                judge(&image.crash(after, seed), after < image.operations(), format!("{when}, again after {after}"));
            }
        }
    }
    wrong
}

#[test]
fn publishing_is_old_or_new_after_any_crash() {
    let wrong = publish_and_crash(None);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_step_left_out_of_publishing_is_noticed() {
    for omit in [Omit::FileSync, Omit::SyncOf("file.tmp"), Omit::FolderSync, Omit::Rename] {
        assert!(!publish_and_crash(Some(omit)).is_empty(), "{omit:?}");
    }
    assert!(publish_and_crash(Some(Omit::SyncOf("other"))).is_empty());
}

#[test]
fn one_without_syncs_has_none_from_the_start() {
    assert!(now(&with_file(Sim::without(Omit::FileSync), &OLD)).contains(&Some(Vec::new())));
    assert!(now(&with_file(Sim::without(Omit::FolderSync), &OLD)).contains(&None));
}

#[test]
fn no_fault_loses_the_old_content() {
    for (fault, refusal) in [
        (Fault::Change, Refusal::Broken),
        (Fault::Change, Refusal::Full),
        (Fault::ShortWrite, Refusal::Full),
        (Fault::Sync, Refusal::Broken),
    ] {
        for nth in 0.. {
            let sim = with_file(Sim::default(), &OLD);
            sim.fail(nth, fault, refusal);
            let published = sim.publish(file(), &NEW);
            if sim.has_faults() {
                assert!(nth > 0, "{fault:?} was tried");
                break;
            }
            assert!(published.is_err());
            for found in now(&sim).into_iter().chain([sim.read(file()).ok()]) {
                assert!(found.as_deref() == Some(&OLD) || found.as_deref() == Some(&NEW), "{fault:?} {nth}");
            }
        }
    }
}

#[test]
fn a_full_disk_leaves_what_was_published() {
    let sim = with_file(Sim::default(), &OLD);
    sim.set_capacity(Some(OLD.len() as u64 + NEW.len() as u64 - 1));
    assert_eq!(sim.publish(file(), &NEW).unwrap_err().kind(), ErrorKind::StorageFull);
    assert_eq!(sim.list(Path::new("run")).unwrap(), ["file"], "what did not fit is removed");
    assert_eq!(now(&sim), [Some(OLD.to_vec())].into());
}
