//! What is kept, for how long, and from what.

use super::world::{World, compare, files, folder, open, read, run_folder, strays};
use crate::store::checkpoint::cleaning::FILES_MAX;
use crate::store::checkpoint::finding::segment_path;
use crate::store::{Backend, Checkpoints, Mem, PieceId, Sim, StoreError};

/// A run of so many checkpoints.
fn run(backend: &(impl Backend + Clone + 'static), keep: usize, checkpoint_count: usize) -> (Checkpoints, World) {
    let (mut checkpoints, _) = open(backend, keep).unwrap();
    let mut world = World::new(21);
    for nth in 0..checkpoint_count {
        world.step();
        world.save(&mut checkpoints, nth == 0).unwrap();
    }
    (checkpoints, world)
}

fn generations(checkpoints: &Checkpoints) -> Vec<u64> {
    checkpoints.manifests().iter().map(|manifest| manifest.generation).collect()
}

fn newest_is(checkpoints: &Checkpoints, world: &World) {
    compare(checkpoints, checkpoints.manifests().last().unwrap(), Some(&world.contents())).unwrap();
}

fn needs_all(saved: Result<u64, StoreError>) {
    let error = saved.unwrap_err().to_string();
    assert!(error.contains("all pieces"), "{error}");
}

#[test]
fn as_many_are_kept_as_were_asked_for_and_two_at_least() {
    for (keep, kept) in [(0, 2), (1, 2), (2, 2), (3, 3), (4, 4)] {
        let mem = Mem::default();
        let (mut checkpoints, _) = open(&mem, keep).unwrap();
        let mut world = World::new(1);
        for nth in 1..10 {
            world.step();
            world.save(&mut checkpoints, nth == 1).unwrap();
            let oldest = nth - (nth - 1).min(kept - 1);
            assert_eq!(generations(&checkpoints), (oldest..=nth).collect::<Vec<_>>());
            assert!(strays(&mem, &checkpoints).is_empty());
        }
    }
    // Fewer than there were.
    let mem = Mem::default();
    let (_, mut world) = run(&mem, 4, 6);
    let (mut checkpoints, _) = open(&mem, 2).unwrap();
    world.save(&mut checkpoints, true).unwrap();
    assert_eq!(generations(&checkpoints), [6, 7]);
    assert!(strays(&mem, &checkpoints).is_empty());
}

#[test]
fn zones_that_sleep_do_not_keep_files_that_are_worn() {
    let mem = Mem::default();
    let (mut checkpoints, mut world) = run(&mem, 2, 1);
    let first = read(&checkpoints, &checkpoints.manifests()[0]).unwrap();
    let mut moved = false;
    for _ in 0..60 {
        world.step();
        world.save(&mut checkpoints, false).unwrap();
        newest_is(&checkpoints, &world);
        let newest = checkpoints.manifests().last().unwrap();
        let pages = |bytes: u64| bytes.next_multiple_of(4096);
        for file in newest.files().filter(|file| *file != newest.generation) {
            let needed: u64 =
                newest.entries.iter().filter(|entry| entry.file == file).map(|entry| pages(entry.bytes)).sum();
            let len = files(&mem)[&segment_path(&folder(), file)].len() as u64;
            assert!(needed * 2 >= len, "{needed} of {len} bytes of file {file}");
        }
        let asleep = |entry: &&crate::store::Entry| {
            entry.info.id == PieceId::Zone { zone: 0, part: 0 } && first[&entry.info.id].0 == entry.info
        };
        moved |= newest.entries.iter().find(asleep).is_some_and(|entry| entry.file > 1);
    }
    assert!(moved, "a sleeper was written anew");
}

#[test]
fn many_sleepers_do_not_keep_more_files_than_can_be_open() {
    let mem = Mem::default();
    let (mut checkpoints, mut world) = run(&mem, 2, 1);
    let mut most = 0;
    for zone in 100..100 + 3 * FILES_MAX as u32 {
        world.step_only(&[PieceId::Zone { zone, part: 0 }]);
        world.save(&mut checkpoints, false).unwrap();
        let files: std::collections::BTreeSet<u64> = checkpoints.manifests().last().unwrap().files().collect();
        most = most.max(files.len());
    }
    newest_is(&checkpoints, &world);
    assert!((FILES_MAX / 2..=FILES_MAX).contains(&most), "{most} files");
}

#[test]
fn after_one_was_not_made_the_next_has_all_pieces() {
    let sim = Sim::default();
    let (mut checkpoints, mut world) = run(&sim, 2, 3);
    for how in 0..4 {
        world.step();
        match how {
            // It cannot be begun; it cannot be written; it is dropped; it is refused.
            0 => {
                sim.fail(0, crate::store::Fault::Change, crate::store::Refusal::Full);
                assert!(world.save(&mut checkpoints, false).unwrap_err().is_disk_full());
            }
            1 => {
                sim.fail(1, crate::store::Fault::Change, crate::store::Refusal::Broken);
                world.save(&mut checkpoints, false).unwrap_err();
            }
            2 => drop((world.take(false), checkpoints.begin(world.tick).unwrap())),
            _ => {
                let writing = checkpoints.begin(world.tick).unwrap();
                let unknown = PieceId::Zone { zone: 999, part: 1 };
                let error = checkpoints.publish(writing, &[unknown], "").unwrap_err().to_string();
                assert!(error.contains("zone 999, part 2"), "{error}");
            }
        }
        world.step();
        needs_all(world.save(&mut checkpoints, false));
        world.step();
        world.save(&mut checkpoints, true).unwrap();
        world.step();
        world.save(&mut checkpoints, false).unwrap();
        newest_is(&checkpoints, &world);
        assert!(strays(&sim, &checkpoints).is_empty());
    }
}

#[test]
fn pieces_are_kept_from_the_one_that_the_world_was_brought_back_from() {
    let mem = Mem::default();
    let (_, mut world) = run(&mem, 3, 4);
    let (mut checkpoints, _) = open(&mem, 3).unwrap();
    let saved = world.clone();
    world.step();
    needs_all(world.save(&mut checkpoints, false));
    let mut world = saved;
    assert!(!checkpoints.resume(3) && !checkpoints.resume(77));
    assert!(checkpoints.resume(4));
    world.step();
    world.save(&mut checkpoints, false).unwrap();
    newest_is(&checkpoints, &world);
    assert!(checkpoints.manifests().last().unwrap().files().any(|file| file <= 4), "some were kept");
}

#[test]
fn one_more_than_is_to_be_kept_goes_when_the_last_has_been_read() {
    let mem = Mem::default();
    // As a process leaves it that is killed before the oldest is removed.
    let (_, world) = run(&mem, 4, 5);
    let (mut checkpoints, _) = open(&mem, 3).unwrap();
    assert!(!checkpoints.resume(4));
    assert_eq!(generations(&checkpoints), [2, 3, 4, 5], "the last may be damaged, for all that is known");
    assert!(checkpoints.resume(5));
    assert_eq!(generations(&checkpoints), [3, 4, 5]);
    assert!(checkpoints.take_leftover().is_none() && strays(&mem, &checkpoints).is_empty());
    let (checkpoints, _) = open(&mem, 3).unwrap();
    assert_eq!(generations(&checkpoints), [3, 4, 5]);
    newest_is(&checkpoints, &world);
}

#[test]
fn one_that_is_given_up_is_put_away_with_all_that_it_needs() {
    let mem = Mem::default();
    let (mut checkpoints, mut world) = run(&mem, 3, 5);
    let last = checkpoints.manifests().last().unwrap().clone();
    checkpoints.give_up(last.generation).unwrap();
    assert!(checkpoints.give_up(last.generation).is_err() && checkpoints.give_up(77).is_err());
    assert_eq!(generations(&checkpoints), [3, 4]);
    world.step();
    needs_all(world.save(&mut checkpoints, false));
    for _ in 0..6 {
        world.step();
        world.save(&mut checkpoints, true).unwrap();
    }
    newest_is(&checkpoints, &world);
    let there = |mem: &Mem| last.files().all(|file| mem.is_file(&segment_path(&folder(), file)));
    assert!(there(&mem));
    let (checkpoints, told) = open(&mem, 3).unwrap();
    assert!(told.is_empty() && there(&mem), "also when the folder is opened anew");
    newest_is(&checkpoints, &world);
    let put_away = run_folder().join("quarantine/MANIFEST-00000005");
    // A person looks at it, and brings it back.
    mem.rename(&put_away, &folder().join("MANIFEST-00000005")).unwrap();
    let (checkpoints, _) = open(&mem, 3).unwrap();
    assert_eq!(checkpoints.manifests()[0], last);
    read(&checkpoints, &last).unwrap();
}

#[test]
fn a_future_is_forgotten_and_another_takes_its_ticks() {
    let mem = Mem::default();
    let (mut checkpoints, mut later) = run(&mem, 4, 2);
    let mut world = later.clone();
    for _ in 0..2 {
        later.step();
        later.save(&mut checkpoints, false).unwrap();
    }
    checkpoints.forget_after(2).unwrap();
    assert_eq!(generations(&checkpoints), [1, 2]);
    later.step();
    needs_all(later.save(&mut checkpoints, false));
    assert!(checkpoints.resume(2));
    world.step_only(&[PieceId::World, PieceId::Zone { zone: 5, part: 0 }]);
    world.save(&mut checkpoints, false).unwrap();
    newest_is(&checkpoints, &world);
    checkpoints.forget_after(3).unwrap();
    world.step();
    world.save(&mut checkpoints, false).expect("nothing was forgotten");
    newest_is(&checkpoints, &world);
    assert!(strays(&mem, &checkpoints).is_empty());
}

#[test]
fn of_two_of_one_tick_the_younger_counts() {
    let mem = Mem::default();
    let (mut checkpoints, mut world) = run(&mem, 3, 3);
    // The last of a run is saved where a regular one just was; then somebody changes the world between two ticks.
    world.save(&mut checkpoints, false).unwrap();
    newest_is(&checkpoints, &world);
    let (mut checkpoints, _) = open(&mem, 3).unwrap();
    assert_eq!(checkpoints.manifests().iter().map(|manifest| manifest.tick).collect::<Vec<_>>(), [2, 3, 3]);
    newest_is(&checkpoints, &world);
    checkpoints.forget_after(3).unwrap();
    assert_eq!(generations(&checkpoints), [2, 3, 4]);
}

#[test]
fn a_file_that_is_gone_is_not_relied_on_once_more() {
    let mem = Mem::default();
    let (mut checkpoints, mut world) = run(&mem, 2, 2);
    let path = segment_path(&folder(), 1);
    mem.remove(&path).unwrap();
    world.step();
    let error = world.save(&mut checkpoints, false).unwrap_err().to_string();
    assert!(error.contains(path.to_str().unwrap()), "{error}");
    world.step();
    world.save(&mut checkpoints, true).unwrap();
    newest_is(&checkpoints, &world);
}

#[test]
#[should_panic(expected = "one checkpoint is written at a time")]
fn a_checkpoint_is_not_published_when_another_was_begun() {
    let (mut checkpoints, world) = run(&Mem::default(), 2, 1);
    let early = checkpoints.begin(world.tick).unwrap();
    let _late = checkpoints.begin(world.tick).unwrap();
    let _ = checkpoints.publish(early, &[], "");
}

#[test]
#[should_panic(expected = "each piece is written or kept, once")]
fn a_piece_is_not_written_and_kept() {
    let (mut checkpoints, mut world) = run(&Mem::default(), 2, 1);
    world.step();
    let (written, mut kept) = world.take(false);
    let writing = checkpoints.begin(world.tick).unwrap();
    written.iter().for_each(|(info, piece)| writing.write(*info, piece));
    kept.push(PieceId::World);
    let _ = checkpoints.publish(writing, &kept, "");
}
