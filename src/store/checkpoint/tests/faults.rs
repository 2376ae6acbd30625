//! A disk that is full, or fails, at every operation.

use std::collections::BTreeMap;

use super::world::{Contents, RUN, World, compare, files, folder, open, run_folder, strays};
use crate::store::checkpoint::finding::manifest_path;
use crate::store::{Access, Backend, Checkpoints, Fault, Refusal, Sim, StoreError, find};

const FAULTS: [(Fault, Refusal); 7] = [
    (Fault::Change, Refusal::Broken),
    (Fault::Change, Refusal::Full),
    (Fault::ShortWrite, Refusal::Broken),
    (Fault::ShortWrite, Refusal::Full),
    (Fault::Sync, Refusal::Broken),
    (Fault::Sync, Refusal::Full),
    (Fault::Read, Refusal::Broken),
];

/// A run with some checkpoints.
struct Scene {
    sim: Sim,
    checkpoints: Checkpoints,
    world: World,
    past: BTreeMap<u64, Contents>,
}

impl Scene {
    /// One in which the next checkpoint writes pieces of worn files anew and removes an old one.
    fn new() -> Self {
        let sim = Sim::default();
        let (checkpoints, _) = open(&sim, 2).unwrap();
        let mut scene = Self { sim, checkpoints, world: World::new(3), past: BTreeMap::new() };
        (0..7).for_each(|nth| assert!(scene.save(nth == 0).is_ok()));
        scene
    }

    fn save(&mut self, all: bool) -> Result<u64, StoreError> {
        self.world.step();
        self.past.insert(self.world.tick, self.world.contents());
        self.world.save(&mut self.checkpoints, all)
    }

    fn newest(&self) -> u64 {
        self.checkpoints.manifests().last().unwrap().tick
    }

    /// Whether all checkpoints are right, now and after a crash, and the newest is of this tick or a later one.
    fn check(&self, floor: u64, what: &str) {
        let all_right = |checkpoints: &Checkpoints, what: &str| {
            let newest = checkpoints.manifests().last().map(|manifest| manifest.tick);
            assert!(newest >= Some(floor), "{what}: {newest:?} where {floor} was published");
            assert!(checkpoints.manifests().len() >= 2, "{what}");
            for manifest in checkpoints.manifests() {
                let found = compare(checkpoints, manifest, self.past.get(&manifest.tick));
                assert!(found.is_ok(), "{what}: {found:?}");
            }
        };
        all_right(&self.checkpoints, what);
        let found = find(&self.sim, run_folder(), RUN).unwrap();
        assert!(found.unreadable.is_empty(), "{what}");
        for manifest in &found.manifests {
            let found = compare(&self.checkpoints, manifest, self.past.get(&manifest.tick));
            assert!(found.is_ok(), "{what}, on disk: {found:?}");
        }
        for seed in 0..12 {
            let (checkpoints, told) = open(&self.sim.crash(self.sim.operations(), seed), 2).unwrap();
            assert!(told.is_empty(), "{what}: {told:?}");
            all_right(&checkpoints, &format!("{what}, after a crash"));
        }
    }
}

#[test]
fn a_fault_while_a_checkpoint_is_made_leaves_the_others_and_the_next_one_works() {
    let (mut failed, mut leftovers) = (0, 0);
    for (fault, refusal) in FAULTS {
        for nth in 0.. {
            let what = format!("{fault:?} {nth}, {refusal:?}");
            let mut scene = Scene::new();
            let before = scene.newest();
            scene.sim.fail(nth, fault, refusal);
            let saved = scene.save(false);
            if scene.sim.has_faults() {
                assert!(saved.is_ok() && nth > 0, "{what}");
                break;
            }
            scene.check(if saved.is_ok() { scene.world.tick } else { before }, &what);
            let leftover = scene.checkpoints.take_leftover();
            leftovers += usize::from(leftover.is_some());
            if let Err(error) = saved {
                failed += 1;
                assert!(leftover.is_none() && error.is_disk_full() == (refusal == Refusal::Full), "{what}: {error}");
                assert!(error.to_string().contains("run/ckpt"), "{error}");
                // What it would have held is not marked any more.
                let refused = scene.save(false).unwrap_err();
                assert!(refused.to_string().contains("all pieces"), "{refused}");
                assert_eq!(scene.newest(), before);
                scene.check(before, &what);
                scene.save(true).unwrap();
            } else {
                scene.save(false).unwrap();
            }
            assert!(scene.checkpoints.take_leftover().is_none(), "{what}");
            scene.check(scene.world.tick, &format!("{what}, the next"));
            // Of what a sync that failed was to make certain, nothing is certain.
            let strays = strays(&scene.sim, &scene.checkpoints);
            assert!(strays.is_empty() || fault == Fault::Sync || fault == Fault::Change, "{what}: {strays:?}");
            assert_eq!(scene.checkpoints.manifests().len(), 2);
            let (reopened, _) = open(&scene.sim, 2).unwrap();
            assert!(self::strays(&scene.sim, &reopened).is_empty(), "{what}");
        }
    }
    assert!(failed > 40 && leftovers > 5, "{failed} failed, {leftovers} left something over");
}

#[test]
fn a_full_disk_is_told_and_left_as_it_was() {
    let mut full = 0;
    for room in (0..).step_by(1024) {
        let mut scene = Scene::new();
        let before = files(&scene.sim);
        let used: usize = before.values().map(Vec::len).sum();
        scene.sim.set_capacity(Some(used as u64 + room));
        let newest = scene.newest();
        let Err(error) = scene.save(false) else {
            scene.check(scene.world.tick, "room enough");
            break;
        };
        assert!(error.is_disk_full(), "{error}");
        assert!(files(&scene.sim) == before, "{room} bytes of room: a file is left behind");
        scene.check(newest, "full");
        assert!(scene.save(true).is_err() && files(&scene.sim) == before);
        scene.sim.set_capacity(None);
        scene.save(true).unwrap();
        scene.check(scene.world.tick, "room again");
        assert!(strays(&scene.sim, &scene.checkpoints).is_empty());
        full += 1;
    }
    assert!(full > 10, "{full}");
}

#[test]
fn a_fault_while_the_folder_is_opened_loses_nothing() {
    let mut tried = 0;
    for (fault, refusal) in FAULTS {
        for nth in 0.. {
            let what = format!("{fault:?} {nth}, {refusal:?}");
            let mut scene = Scene::new();
            // What a crash leaves, and a manifest that cannot be read.
            drop(scene.checkpoints.begin(1000).unwrap());
            let damaged = scene.checkpoints.manifests().last().unwrap().clone();
            let path = manifest_path(&folder(), damaged.generation);
            scene.sim.create(&folder().join("MANIFEST-00000077.tmp")).unwrap();
            let file = scene.sim.open(&path, Access::Write).unwrap();
            file.write_at(80, b"?").unwrap();
            file.sync().unwrap();
            let before = files(&scene.sim);
            scene.sim.fail(nth, fault, refusal);
            let opened = open(&scene.sim, 2);
            if scene.sim.has_faults() {
                assert!(opened.is_ok(), "{what}");
                break;
            }
            tried += 1;
            let (mut checkpoints, mut told) = match opened {
                Ok(opened) => opened,
                Err(_) => open(&scene.sim, 2).unwrap(),
            };
            if fault == Fault::Read {
                // What cannot be read is put away, whatever the reason; a person can bring it back.
                assert!(!told.is_empty(), "{what}");
                told.clear();
            }
            assert!(told.len() <= 1, "{what}: {told:?}");
            for manifest in checkpoints.manifests() {
                compare(&checkpoints, manifest, scene.past.get(&manifest.tick)).unwrap();
            }
            let after: Vec<Vec<u8>> = files(&scene.sim).into_values().collect();
            let is_needed = |path: &std::path::Path| {
                let is_of = |file| crate::store::checkpoint::finding::segment_path(&folder(), file) == path;
                path == manifest_path(&folder(), damaged.generation) || damaged.files().any(is_of)
            };
            for (path, bytes) in before.iter().filter(|(path, _)| is_needed(path)) {
                assert!(after.contains(bytes), "{what}: {} is gone", path.display());
            }
            let mut world = scene.world.clone();
            world.step();
            world.save(&mut checkpoints, true).unwrap();
            compare(&checkpoints, checkpoints.manifests().last().unwrap(), Some(&world.contents())).unwrap();
        }
    }
    assert!(tried > 20, "{tried}");
}

#[test]
fn a_fault_while_one_is_given_up_or_forgotten_is_told_and_can_be_tried_again() {
    for (fault, refusal) in FAULTS {
        for nth in 0.. {
            let what = format!("{fault:?} {nth}, {refusal:?}");
            let mut scene = Scene::new();
            let tick = scene.checkpoints.manifests()[0].tick;
            scene.sim.fail(nth, fault, refusal);
            let forgotten = scene.checkpoints.forget_after(tick);
            if scene.sim.has_faults() {
                assert!(forgotten.is_ok(), "{what}");
                break;
            }
            assert!(forgotten.is_err() && scene.newest() == tick, "{what}");
            scene.checkpoints.forget_after(tick).unwrap();
            assert!(scene.save(false).is_err(), "{what}: what has changed since is not known");
            scene.save(true).unwrap();
            scene.save(false).unwrap();
            scene.check(scene.world.tick, &what);
        }
        for nth in 0.. {
            let what = format!("{fault:?} {nth}, {refusal:?}");
            let mut scene = Scene::new();
            let last = scene.checkpoints.manifests().last().unwrap().clone();
            scene.sim.fail(nth, fault, refusal);
            let given_up = scene.checkpoints.give_up(last.generation);
            if scene.sim.has_faults() {
                assert!(given_up.is_ok(), "{what}");
                break;
            }
            assert!(given_up.is_err() && scene.newest() < last.tick, "{what}");
            assert!(scene.save(false).is_err(), "{what}: what has changed since is not known");
            scene.save(true).unwrap();
            scene.save(false).unwrap();
            scene.check(scene.world.tick, &what);
        }
    }
}
