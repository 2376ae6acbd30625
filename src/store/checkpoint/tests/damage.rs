//! Files that do not hold what was written to them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::world::{Contents, Files, RUN, World, files, folder, of_files, open, read, run_folder};
use crate::base::{AgentId, Draws, Seed, Stream, Tick};
use crate::store::checkpoint::finding::{manifest_path, segment_path};
use crate::store::{Damage, Entry, Manifest, Mem, PieceView, StoreError};

/// Bytes of a segment's header, and of a page.
const HEADER: usize = 56;
const PAGE: usize = 4096;

/// A folder as it should be.
struct Folder {
    files: Files,
    manifests: Vec<Manifest>,
    past: BTreeMap<u64, Contents>,
    world: World,
}

impl Folder {
    fn new() -> Self {
        let mem = Mem::default();
        let (mut checkpoints, _) = open(&mem, 3).unwrap();
        let (mut world, mut past) = (World::new(7), BTreeMap::new());
        for nth in 0..7 {
            world.step();
            let generation = world.save(&mut checkpoints, nth == 0).unwrap();
            past.insert(generation, world.contents());
        }
        Self { files: files(&mem), manifests: checkpoints.manifests().to_vec(), past, world }
    }

    fn newest(&self) -> &Manifest {
        self.manifests.last().unwrap()
    }

    fn manifest(&self) -> PathBuf {
        manifest_path(&folder(), self.newest().generation)
    }

    /// Files that the newest one needs.
    fn segments(&self) -> BTreeSet<u64> {
        self.newest().files().collect()
    }

    /// Whether all that a checkpoint needs is as it was: its manifest, headers of files, pieces.
    fn is_intact(&self, damaged: &Files, manifest: &Manifest) -> bool {
        let is_same = |path: &Path, range: Option<Range<usize>>| {
            let part = |files: &Files| -> Option<Vec<u8>> {
                let bytes = files.get(path)?;
                Some(bytes.get(range.clone().unwrap_or(0..bytes.len()))?.to_vec())
            };
            part(damaged) == part(&self.files)
        };
        let is_there = |entry: &Entry| {
            let (path, offset) = (segment_path(&folder(), entry.file), entry.offset as usize);
            is_same(&path, Some(0..HEADER)) && is_same(&path, Some(offset..offset + entry.bytes as usize))
        };
        is_same(&manifest_path(&folder(), manifest.generation), None) && manifest.entries.iter().all(is_there)
    }

    /// Does what one does who resumes a run, with files some of which are damaged: the newest checkpoint that is intact
    /// must be found, what is damaged must be told, and nothing be lost. The errors that were told.
    fn resume(&self, damaged: &Files, what: &str) -> Vec<StoreError> {
        let mem = of_files(damaged);
        let (mut checkpoints, mut told) = open(&mem, 3).unwrap();
        let expected = self.manifests.iter().rev().find(|manifest| self.is_intact(damaged, manifest));
        let expected = expected.map(|manifest| manifest.generation);
        let found = loop {
            let Some(newest) = checkpoints.manifests().last().cloned() else { break None };
            match read(&checkpoints, &newest) {
                Ok(contents) => {
                    assert!(contents == self.past[&newest.generation], "{what}: another world");
                    break Some(newest.generation);
                }
                Err(error) => {
                    told.push(error);
                    checkpoints.give_up(newest.generation).unwrap();
                }
            }
        };
        assert_eq!(found, expected, "{what}: {told:?}");
        assert!(found == Some(self.newest().generation) || !told.is_empty() || damaged.len() < self.files.len());
        let is_damaged = |path: &&PathBuf| damaged.get(*path) != self.files.get(*path);
        let changed: Vec<String> =
            damaged.keys().chain(self.files.keys()).filter(is_damaged).map(|path| path.display().to_string()).collect();
        for error in &told {
            assert!(changed.iter().any(|path| error.to_string().contains(path)), "{what}: {error}");
        }
        // Whatever was needed is there, here or in quarantine, also when the folder is opened once more.
        let is_manifest = |path: &&PathBuf| path.to_str().unwrap().contains("MANIFEST");
        if self.files.keys().filter(is_manifest).all(|path| damaged.contains_key(path)) {
            open(&mem, 3).unwrap();
            let there: BTreeSet<Vec<u8>> = files(&mem).into_values().collect();
            assert!(damaged.values().all(|bytes| there.contains(bytes)), "{what}: a file is gone");
        }
        told
    }

    /// Changes a file.
    fn with(&self, path: &Path, change: impl FnOnce(&mut Vec<u8>)) -> Files {
        let mut damaged = self.files.clone();
        change(damaged.get_mut(path).unwrap());
        damaged
    }

    fn flip(&self, path: &Path, at: usize, draws: &mut Draws) -> Vec<StoreError> {
        let bit = 1 << draws.below(8);
        self.resume(&self.with(path, |bytes| bytes[at] ^= bit), &format!("{}, byte {at}", path.display()))
    }
}

fn draws(nth: u32) -> Draws {
    Seed(1).draws(Stream::named("store/checkpoint/damage"), AgentId(nth), Tick(0))
}

#[test]
fn a_flipped_bit_in_a_manifest_is_told() {
    let (folder, mut draws) = (Folder::new(), draws(0));
    let path = folder.manifest();
    for at in 0..folder.files[&path].len() {
        let told = folder.flip(&path, at, &mut draws);
        assert!(matches!(&told[..], [StoreError::Damaged(_)]), "{told:?}");
    }
}

#[test]
fn a_flipped_bit_in_a_segment_is_told_with_the_piece() {
    let (folder, mut draws) = (Folder::new(), draws(1));
    let (mut harmless, mut harmful) = (0, 0);
    for file in folder.segments() {
        let path = segment_path(&super::world::folder(), file);
        let len = folder.files[&path].len();
        let pages = (0..len).step_by(PAGE);
        let sampled: Vec<usize> = (0..60).map(|_| draws.below(len as u32) as usize).collect();
        for at in (0..HEADER).chain(pages).chain(sampled) {
            let holds = |entry: &&Entry| {
                entry.file == file && (entry.offset..entry.offset + entry.bytes).contains(&(at as u64))
            };
            let told = folder.flip(&path, at, &mut draws);
            let expected = match folder.newest().entries.iter().find(holds) {
                Some(entry) => Some((entry.offset, entry.info.id.to_string())),
                None if at < HEADER => Some((0, "the header".to_owned())),
                None => None,
            };
            let named = told.first().map(|error| match error {
                StoreError::Damaged(Damage { path: named, offset, what, .. }) if *named == path => {
                    (*offset, what.clone())
                }
                error => panic!("{error}"),
            });
            assert_eq!(named, expected, "{}, byte {at}", path.display());
            *(if expected.is_none() { &mut harmless } else { &mut harmful }) += 1;
        }
    }
    assert!(harmless > 30 && harmful > 150, "{harmless} flips where nothing lies, {harmful} elsewhere");
}

/// What the checksum is for: without it most flips would be believed.
#[test]
fn an_archive_that_was_changed_is_often_one_that_makes_sense() {
    let folder = Folder::new();
    let (_, bytes) = folder.past[&folder.newest().generation].values().max_by_key(|(info, _)| info.rows).unwrap();
    let mut archive: crate::store::AlignedVec = crate::store::AlignedVec::new();
    archive.extend_from_slice(bytes);
    let mut believed = 0;
    for at in 0..archive.len() {
        archive[at] ^= 1;
        believed += usize::from(PieceView::of(&archive).is_ok());
        archive[at] ^= 1;
    }
    assert!(believed > archive.len() * 9 / 10, "{believed} of {}", archive.len());
}

#[test]
fn a_file_that_was_cut_or_grew_is_told_if_it_matters() {
    let folder = Folder::new();
    for path in folder.files.keys() {
        let len = folder.files[path].len();
        let step = if path == &folder.manifest() { 8 } else { PAGE / 2 };
        for cut in (0..len).step_by(step).chain([len - 1]) {
            folder.resume(&folder.with(path, |bytes| bytes.truncate(cut)), &format!("{} cut at {cut}", path.display()));
        }
        folder.resume(&folder.with(path, |bytes| bytes.extend([0; 8])), &format!("{} grown", path.display()));
    }
}

#[test]
fn files_that_are_gone_empty_or_another_are_told() {
    let folder = Folder::new();
    let mut cases = 0;
    let mut resume = |damaged: Files, what: String| {
        folder.resume(&damaged, &what);
        cases += 1;
    };
    for path in folder.files.keys() {
        let name = path.display();
        let mut damaged = folder.files.clone();
        damaged.remove(path);
        resume(damaged, format!("{name} deleted"));
        resume(folder.with(path, |bytes| bytes.fill(0)), format!("{name} zeroed"));
        resume(folder.with(path, Vec::clear), format!("{name} emptied"));
        for other in folder.files.keys().filter(|other| *other != path) {
            resume(folder.with(path, |bytes| *bytes = folder.files[other].clone()), format!("{name} a copy"));
            let mut swapped = folder.files.clone();
            swapped.insert(path.clone(), folder.files[other].clone());
            swapped.insert(other.clone(), folder.files[path].clone());
            resume(swapped, format!("{name} and {} swapped", other.display()));
        }
        for generation in [99, 99_999_999] {
            for copy in
                [manifest_path(&super::world::folder(), generation), segment_path(&super::world::folder(), generation)]
            {
                let mut more = folder.files.clone();
                more.insert(copy.clone(), folder.files[path].clone());
                resume(more, format!("{name} also as {}", copy.display()));
            }
        }
    }
    assert!(cases > 100, "{cases}");
}

/// With several files gone at once, down to none that is left.
#[test]
fn whatever_is_lost_the_newest_that_is_whole_is_found() {
    let folder = Folder::new();
    for nth in 0..300 {
        let mut draws = draws(100 + nth);
        let mut damaged = folder.files.clone();
        for path in folder.files.keys() {
            match draws.below(10) {
                0 => drop(damaged.remove(path)),
                1 => {
                    let at = draws.below(folder.files[path].len() as u32) as usize;
                    damaged.get_mut(path).unwrap()[at] ^= 0x40;
                }
                _ => {}
            }
        }
        folder.resume(&damaged, &format!("nth {nth}"));
    }
}

/// Makes the checksum of a manifest right again.
pub(super) fn seal_manifest(bytes: &mut [u8]) {
    let body = bytes.len() - 32;
    let checksum = xxh3_128(&bytes[..body + 8]).to_le_bytes();
    bytes[body + 8..body + 24].copy_from_slice(&checksum);
}

fn seal_segment(bytes: &mut [u8]) {
    let checksum = xxh3_64(&bytes[..HEADER - 8]).to_le_bytes();
    bytes[HEADER - 8..HEADER].copy_from_slice(&checksum);
}

#[test]
fn a_whole_file_of_another_run_checkpoint_or_version_is_told_as_such() {
    let folder = Folder::new();
    let is_foreign = |path: &Path, change: &dyn Fn(&mut Vec<u8>), word: &str| {
        let told = folder.resume(&folder.with(path, change), word);
        let is_it =
            |error: &StoreError| matches!(error, StoreError::Foreign { .. }) && error.to_string().contains(word);
        assert!(told.first().is_some_and(is_it), "{word}: {told:?}");
    };
    let newest = folder.newest().clone();
    let path = folder.manifest();
    let other = Manifest { run: RUN + 1, ..newest.clone() };
    is_foreign(&path, &|bytes| *bytes = other.encode(), &format!("{:032x}", RUN + 1));
    let other = Manifest { generation: 1000, ..newest.clone() };
    is_foreign(&path, &|bytes| *bytes = other.encode(), "checkpoint 1000");
    for (at, word) in [(8, "format 3"), (12, "this build reads format 1")] {
        let change = move |bytes: &mut Vec<u8>| {
            bytes[at] ^= 2;
            seal_manifest(bytes);
        };
        is_foreign(&path, &change, word);
    }
    let path = segment_path(&super::world::folder(), newest.generation);
    for (at, word) in [(8, "format 3"), (12, "this build reads"), (16, "another run"), (32, "another checkpoint")] {
        let change = move |bytes: &mut Vec<u8>| {
            bytes[at] ^= 2;
            seal_segment(bytes);
        };
        is_foreign(&path, &change, word);
    }
}

/// After the newest was given up, the run goes on; what the damaged one needs stays until a person has removed it.
#[test]
fn a_damaged_checkpoint_is_kept_beside_those_that_follow() {
    let folder = Folder::new();
    let path = folder.manifest();
    let mem = of_files(&folder.with(&path, |bytes| bytes[100] ^= 1));
    let mut world = folder.world.clone();
    for nth in 0..12 {
        let (mut checkpoints, told) = open(&mem, 2).unwrap();
        assert_eq!(told.len(), usize::from(nth == 0));
        world.step();
        world.save(&mut checkpoints, true).unwrap();
        assert_eq!(read(&checkpoints, checkpoints.manifests().last().unwrap()).unwrap(), world.contents());
    }
    for file in folder.segments() {
        let path = segment_path(&super::world::folder(), file);
        assert!(files(&mem)[&path] == folder.files[&path]);
    }
    let put_away = run_folder().join("quarantine").join(path.file_name().unwrap());
    assert!(files(&mem).contains_key(&put_away));
    crate::store::Backend::remove(&mem, &put_away).unwrap();
    let (checkpoints, _) = open(&mem, 2).unwrap();
    assert!(super::world::strays(&mem, &checkpoints).is_empty(), "nothing needs them any more");
}
