//! A crash, or the end of the process, after every operation.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::world::{Contents, RUN, World, compare, open, run_folder, strays};
use crate::store::{Access, Backend, Checkpoints, File, Lock, Omit, Sim};

/// Worlds by tick, and what is read of them.
type Past = BTreeMap<u64, (World, Contents)>;

/// What was done on a file system.
struct Story {
    sim: Sim,
    keep: usize,
    past: Past,
    /// How many operations there were when the checkpoint of a tick was said to exist.
    published: Vec<(usize, u64)>,
}

/// Publishes one checkpoint after another. The process starts anew in between.
fn story(seed: u64, checkpoint_count: usize, omit: Option<Omit>) -> Story {
    let sim = Sim::default();
    let keep = 2 + seed as usize % 3;
    let (mut checkpoints, _) = open(&sim, keep).unwrap();
    omit.inspect(|omit| sim.omit(*omit));
    let (mut world, mut past, mut published) = (World::new(seed), Past::new(), Vec::new());
    for nth in 0..checkpoint_count {
        if nth == checkpoint_count / 2 {
            (checkpoints, _) = open(&sim, keep).unwrap();
            let last = checkpoints.manifests().last().unwrap().generation;
            assert!(checkpoints.resume(last));
        }
        world.step();
        let contents = world.contents();
        world.save(&mut checkpoints, nth == 0).unwrap();
        past.insert(world.tick, (world.clone(), contents));
        published.push((sim.operations(), world.tick));
    }
    Story { sim, keep, past, published }
}

/// What was found on the disks that crashes left.
#[derive(Default)]
struct Verdict {
    images: usize,
    failures: Vec<String>,
}

impl Verdict {
    fn expect(&mut self, is_right: bool, what: impl FnOnce() -> String) {
        if !is_right {
            self.failures.push(what());
        }
    }

    /// Opens what is there: all of it must be right, the newest at least of this tick.
    fn open(&mut self, image: &Sim, story: &Story, floor: Option<u64>, when: &str) -> Option<Checkpoints> {
        self.images += 1;
        let (checkpoints, told) = match open(image, story.keep) {
            Ok(opened) => opened,
            Err(error) => {
                self.failures.push(format!("{when}: {error}"));
                return None;
            }
        };
        self.expect(told.is_empty(), || format!("{when}: {}", told[0]));
        let newest = checkpoints.manifests().last().map(|manifest| manifest.tick);
        self.expect(newest >= floor, || format!("{when}: {newest:?} where {floor:?} had been published"));
        for manifest in checkpoints.manifests() {
            let expected = story.past.get(&manifest.tick).map(|(_, contents)| contents);
            let found = compare(&checkpoints, manifest, expected);
            self.expect(found.is_ok(), || format!("{when}: {found:?}"));
        }
        let strays = strays(image, &checkpoints);
        self.expect(strays.is_empty(), || format!("{when}: {strays:?}"));
        Some(checkpoints)
    }

    /// Goes on from what is there, twice, and crashes at the end.
    fn go_on(&mut self, image: &Sim, story: &Story, mut checkpoints: Checkpoints, seeds: u64, when: &str) {
        let newest = checkpoints.manifests().last().map(|manifest| (manifest.generation, manifest.tick));
        let world = newest.and_then(|(_, tick)| Some(story.past.get(&tick)?.0.clone()));
        let can_keep = newest.is_some_and(|(generation, _)| checkpoints.resume(generation));
        let mut world = world.unwrap_or_else(|| World::new(0));
        for nth in 0..2 {
            // Further than the story went: no tick has two worlds.
            world.tick += 100;
            world.step();
            let saved = world.save(&mut checkpoints, nth == 0 && !can_keep);
            self.expect(saved.is_ok(), || format!("{when}, going on: {saved:?}"));
        }
        let expected = world.contents();
        let crashed = (0..seeds).map(|seed| image.crash(image.operations(), seed));
        for image in [image.clone()].into_iter().chain(crashed) {
            let Ok((checkpoints, _)) = open(&image, story.keep) else {
                self.failures.push(format!("{when}, going on: cannot be opened"));
                continue;
            };
            let newest = checkpoints.manifests().last();
            let is_right = newest.is_some_and(|newest| compare(&checkpoints, newest, Some(&expected)).is_ok());
            self.expect(is_right, || format!("{when}, going on: another world"));
        }
    }

    /// Crashes after every operation; in a third of the cases once more after every operation of opening what is left.
    fn crash_everywhere(&mut self, story: &Story, seeds: u64) {
        for after in 0..=story.sim.operations() {
            let floor =
                story.published.iter().rev().find(|(operations, _)| *operations <= after).map(|(_, tick)| *tick);
            for seed in 0..seeds {
                let when = || {
                    let last = after.checked_sub(1).map(|last| story.sim.describe(last)).unwrap_or_default();
                    format!("seed {seed}, crash after {after}, {last}")
                };
                let image = story.sim.crash(after, seed);
                let opened = self.open(&image, story, floor, &when());
                if (after as u64 + seed).is_multiple_of(3) {
                    for again in 0..=image.operations() {
                        let when = format!("{}, again after {again} of opening", when());
                        self.open(&image.crash(again, seed + 1000), story, floor, &when);
                    }
                }
                if let Some(checkpoints) = opened {
                    self.go_on(&image, story, checkpoints, 1, &when());
                }
            }
        }
    }
}

#[test]
fn a_crash_leaves_the_last_checkpoint_and_none_that_is_broken() {
    let mut verdict = Verdict::default();
    (0..3).for_each(|seed| verdict.crash_everywhere(&story(seed, 9, None), 8));
    assert!(verdict.failures.is_empty(), "{} of {}: {:#?}", verdict.failures.len(), verdict.images, verdict.failures);
    assert!(verdict.images >= 6_000, "{} images", verdict.images);
}

#[test]
fn a_step_left_out_is_noticed() {
    for omit in [Omit::FileSync, Omit::SyncOf("seg-"), Omit::SyncOf("MANIFEST-"), Omit::FolderSync, Omit::Rename] {
        let mut verdict = Verdict::default();
        verdict.crash_everywhere(&story(1, 5, Some(omit)), 6);
        assert!(verdict.failures.len() > 20, "{omit:?}: {} of {}", verdict.failures.len(), verdict.images);
    }
    let mut verdict = Verdict::default();
    verdict.crash_everywhere(&story(1, 5, Some(Omit::SyncOf("other"))), 6);
    assert!(verdict.failures.is_empty(), "the same with nothing left out");
}

/// A file system for a process that is killed before one of its changes.
#[derive(Clone)]
struct Mortal {
    sim: Sim,
    left: Arc<AtomicUsize>,
}

struct MortalFile {
    file: Box<dyn File>,
    left: Arc<AtomicUsize>,
}

/// Counts a change; an error if the process is dead.
fn live(left: &AtomicUsize) -> io::Result<()> {
    let counted = left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
    counted.map(|_| ()).map_err(|_| ErrorKind::BrokenPipe.into())
}

impl File for MortalFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(offset, into)
    }
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        live(&self.left).and_then(|()| self.file.write_at(offset, bytes))
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        live(&self.left).and_then(|()| self.file.set_len(len))
    }
    fn sync(&self) -> io::Result<()> {
        live(&self.left).and_then(|()| self.file.sync())
    }
}

impl Mortal {
    fn open_file(&self, file: io::Result<Box<dyn File>>) -> io::Result<Box<dyn File>> {
        Ok(Box::new(MortalFile { file: file?, left: self.left.clone() }))
    }
}

impl Backend for Mortal {
    fn create(&self, path: &Path) -> io::Result<Box<dyn File>> {
        live(&self.left).and_then(|()| self.open_file(self.sim.create(path)))
    }
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn File>> {
        self.open_file(self.sim.open(path, access))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        live(&self.left).and_then(|()| self.sim.rename(from, to))
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        live(&self.left).and_then(|()| self.sim.remove(path))
    }
    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.sim.list(folder)
    }
    fn folders(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.sim.folders(folder)
    }
    fn is_file(&self, path: &Path) -> bool {
        self.sim.is_file(path)
    }
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        if self.sim.list(folder).is_ok() {
            return Ok(());
        }
        // It may be there, and its name not be durable: two changes.
        live(&self.left)?;
        self.sim.omit(Omit::FolderSync);
        let made = self.sim.create_folder(folder);
        self.sim.omit(Omit::SyncOf("no file has this name"));
        made?;
        self.sync_folder(folder.parent().unwrap_or(Path::new("")))
    }
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        live(&self.left).and_then(|()| self.sim.sync_folder(folder))
    }
    fn lock(&self, path: &Path, holder: &str) -> io::Result<Result<Box<dyn Lock>, String>> {
        self.sim.lock(path, holder)
    }
    fn holder(&self, path: &Path) -> io::Result<Option<String>> {
        self.sim.holder(path)
    }
    fn free_bytes(&self, folder: &Path) -> io::Result<u64> {
        self.sim.free_bytes(folder)
    }
}

/// What a killed process did is all there and may not be durable: the next one relies on it, and the machine crashes.
#[test]
fn a_process_that_is_killed_leaves_what_the_next_can_rely_on() {
    let mut verdict = Verdict::default();
    for killed in 0.. {
        let sim = Sim::default();
        sim.create_folder(run_folder()).unwrap();
        let mortal = Mortal { sim: sim.clone(), left: Arc::new(AtomicUsize::new(killed)) };
        let (mut world, mut past) = (World::new(5), Past::new());
        let mut live = || -> Option<()> {
            let (mut checkpoints, _) = open(&mortal, 2).ok()?;
            for nth in 0..5 {
                world.step();
                past.insert(world.tick, (world.clone(), world.contents()));
                world.save(&mut checkpoints, nth == 0).ok()?;
                past.insert(world.tick, (world.clone(), world.contents()));
            }
            Some(())
        };
        let is_done = live().is_some() && mortal.left.load(Relaxed) > 0;
        let story = Story { sim: sim.clone(), keep: 2, past, published: Vec::new() };
        let Some(checkpoints) = verdict.open(&sim, &story, None, &format!("killed at {killed}")) else { continue };
        let floor = checkpoints.manifests().last().map(|manifest| manifest.tick);
        for seed in 0..20 {
            let when = format!("killed at {killed}, opened, crash with seed {seed}");
            let image = sim.crash(sim.operations(), seed);
            if let Some(checkpoints) = verdict.open(&image, &story, floor, &when) {
                verdict.go_on(&image, &story, checkpoints, 1, &when);
            }
        }
        verdict.go_on(&sim, &story, checkpoints, 20, &format!("killed at {killed}"));
        if is_done {
            break;
        }
    }
    assert!(verdict.failures.is_empty(), "{:#?}", verdict.failures);
    assert!(verdict.images > 1_000, "{}", verdict.images);
}

/// A future that was given up is gone for good once that was said, and whatever is found before is whole.
#[test]
fn a_forgotten_future_does_not_come_back() {
    let Story { sim, keep, past, .. } = story(2, 6, None);
    let (mut checkpoints, _) = open(&sim, keep).unwrap();
    let ticks: Vec<u64> = checkpoints.manifests().iter().map(|manifest| manifest.tick).collect();
    let before = sim.operations();
    checkpoints.forget_after(ticks[1]).unwrap();
    let forgotten = sim.operations();
    // The same tick once more, in another future.
    let (mut world, _) = past[&ticks[1]].clone();
    let generation = checkpoints.manifests().last().unwrap().generation;
    assert!(checkpoints.resume(generation));
    world.step_only(&[crate::store::PieceId::World]);
    let other = world.contents();
    world.save(&mut checkpoints, false).unwrap();
    for after in before..=sim.operations() {
        for seed in 0..40 {
            let image = sim.crash(after, seed);
            let (checkpoints, told) = open(&image, keep).unwrap();
            assert!(told.is_empty());
            for manifest in checkpoints.manifests() {
                let is_other = manifest.generation > 6;
                assert!(after < forgotten || manifest.tick <= ticks[1] || is_other, "{} is back", manifest.generation);
                let expected = if is_other { &other } else { &past[&manifest.tick].1 };
                compare(&checkpoints, manifest, Some(expected)).unwrap();
            }
        }
    }
    let (checkpoints, _) = Checkpoints::open(Arc::new(sim.clone()), run_folder(), RUN, keep).unwrap();
    assert_eq!(checkpoints.manifests().last().unwrap().generation, 7);
}
