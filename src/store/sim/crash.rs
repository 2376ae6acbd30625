//! What a disk may hold after a crash.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::record::{Change, Done};
use crate::base::{AgentId, Draws, Seed, Stream, Tick};
use crate::store::Backend;
use crate::store::mem::{Mem, parent};

/// What a disk writes whole, but for the last moment.
const SECTOR: usize = 512;
const DRAWS: Stream = Stream::named("store/crash");

/// What a disk holds.
#[derive(Default)]
pub(super) struct Image {
    folders: BTreeSet<PathBuf>,
    /// Each with its number.
    files: BTreeMap<PathBuf, (u64, Vec<u8>)>,
}

impl Image {
    /// The name of a file.
    pub(super) fn name(&self, file: u64) -> Option<&Path> {
        self.files.iter().find_map(|(path, (number, _))| (*number == file).then_some(path.as_path()))
    }

    /// Makes all of it in memory that is empty, where files get other numbers: those of the answer.
    pub(super) fn put_into(mut self, live: &Mem) -> Self {
        for folder in &self.folders {
            live.create_folder(folder).expect("folders come before those in them");
        }
        for (path, (number, bytes)) in &mut self.files {
            *number = live.make(path, bytes.clone()).expect("a file has a folder of its own").id;
        }
        self
    }
}

/// How kind the disk is to what was not synced. Without the first two, all or nothing of much would never be seen.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    LosesAll,
    KeepsAll,
    Chooses,
}

impl Mood {
    fn draw(draws: &mut Draws) -> Self {
        match draws.below(8) {
            0 => Self::LosesAll,
            1 => Self::KeepsAll,
            _ => Self::Chooses,
        }
    }

    /// One of `0..=last`, of which 0 is the oldest.
    fn choose(self, last: usize, draws: &mut Draws) -> usize {
        match self {
            Self::LosesAll => 0,
            Self::KeepsAll => last,
            Self::Chooses => draws.below(last as u32 + 1) as usize,
        }
    }
}

/// The disk after these changes and a crash.
pub(super) fn image(base: &Image, changes: &[Change], is_rename_torn: bool, seed: u64) -> Image {
    let draws = |of: u64| Seed(seed).draws(DRAWS, AgentId(of as u32), Tick(changes.len() as u64));
    let mut disks: BTreeMap<u64, Disk> =
        base.files.values().map(|(file, bytes)| (*file, Disk::durable(bytes.clone()))).collect();
    let mut names = Names::default();
    for change in changes {
        match change {
            Change::Write { file, offset, bytes } => disks.entry(*file).or_default().write(*offset as usize, bytes),
            Change::SetLen { file, len } => disks.entry(*file).or_default().set_len(*len as usize),
            Change::Sync { file, done } => disks.entry(*file).or_default().sync(*done),
            Change::SyncFolder { folder, done } => names.sync(folder, *done),
            Change::Create { .. } | Change::Rename { .. } | Change::Remove { .. } | Change::CreateFolder { .. } => {
                names.add(change);
            }
        }
    }
    let (folders, found) = names.after_crash(base, is_rename_torn, draws(u64::from(u32::MAX)));
    let content = |entry: Entry| {
        let mut bytes = disks.get(&entry.file).map(|disk| disk.after_crash(draws(entry.file))).unwrap_or_default();
        if let Some(part) = entry.part {
            bytes.truncate(((bytes.len() as u64 * u64::from(part)) >> 16) as usize);
        }
        (entry.file, bytes)
    };
    let files = found.into_iter().map(|(path, entry)| (path, content(entry))).collect();
    Image { folders, files }
}

/// What a name stands for.
#[derive(Clone, Copy)]
struct Entry {
    file: u64,
    /// How much of the file is there, in 1/65,536, if a rename was torn.
    part: Option<u32>,
}

/// Changes to names, in order.
#[derive(Default)]
struct Names<'a>(Vec<Renaming<'a>>);

struct Renaming<'a> {
    change: &'a Change,
    /// Folders that are to be synced before it is durable.
    waits_for: Vec<&'a Path>,
    /// Whether a sync of one of them failed: no later one will make up for it.
    is_given_up: bool,
}

impl<'a> Names<'a> {
    fn add(&mut self, change: &'a Change) {
        let waits_for = match change {
            Change::Create { path, .. } | Change::Remove { path } => vec![parent(path)],
            Change::CreateFolder { folder } => vec![parent(folder)],
            Change::Rename { from, to, .. } => vec![parent(from), parent(to)],
            _ => return,
        };
        self.0.push(Renaming { change, waits_for, is_given_up: false });
    }

    fn sync(&mut self, folder: &Path, done: Done) {
        for renaming in &mut self.0 {
            match done {
                Done::Synced => renaming.waits_for.retain(|waited| *waited != folder),
                Done::Failed => renaming.is_given_up |= renaming.waits_for.contains(&folder),
                Done::Omitted => {}
            }
        }
    }

    /// Folders and names that are there.
    fn after_crash(
        &self,
        base: &Image,
        is_rename_torn: bool,
        mut draws: Draws,
    ) -> (BTreeSet<PathBuf>, BTreeMap<PathBuf, Entry>) {
        let mut folders = base.folders.clone();
        let mut names: BTreeMap<PathBuf, Entry> =
            base.files.iter().map(|(path, (file, _))| (path.clone(), Entry { file: *file, part: None })).collect();
        let mood = Mood::draw(&mut draws);
        for Renaming { change, waits_for, is_given_up } in &self.0 {
            let is_durable = waits_for.is_empty() && !is_given_up;
            let is_kept = is_durable || mood.choose(1, &mut draws) == 1;
            match change {
                Change::Rename { to, file, .. } if is_rename_torn && !is_durable && draws.below(3) == 0 => {
                    names.insert(to.clone(), Entry { file: *file, part: Some(draws.below(1 << 16)) });
                }
                _ if !is_kept => {}
                Change::Create { path, file } => {
                    names.insert(path.clone(), Entry { file: *file, part: None });
                }
                Change::Rename { from, to, file } => {
                    names.remove(from);
                    names.insert(to.clone(), Entry { file: *file, part: None });
                }
                Change::Remove { path } => {
                    names.remove(path);
                }
                Change::CreateFolder { folder } => {
                    folders.insert(folder.clone());
                }
                _ => {}
            }
        }
        // What is in a folder that is lost is lost with it.
        let is_root = |path: &Path| path.parent().is_none();
        let stands = |path: &Path| path.ancestors().skip(1).all(|above| is_root(above) || folders.contains(above));
        names.retain(|path, _| stands(path));
        let lost: Vec<_> = folders.iter().filter(|folder| !stands(folder)).cloned().collect();
        folders.retain(|folder| !lost.contains(folder));
        (folders, names)
    }
}

/// A file: what the system shows of it, what is on the disk, and what is on its way.
#[derive(Default)]
struct Disk {
    shown: Vec<u8>,
    durable: Vec<u8>,
    durable_len: usize,
    sectors: BTreeMap<usize, Unsynced>,
    /// Lengths since the durable one.
    lens: Vec<usize>,
    is_len_dirty: bool,
    /// Sectors of the last write.
    last: Range<usize>,
}

/// A sector that may not be on the disk as it is shown.
#[derive(Default)]
struct Unsynced {
    /// Its contents since the durable one.
    contents: Vec<[u8; SECTOR]>,
    /// Whether a sync would write it. One that failed has left it clean.
    is_dirty: bool,
}

/// A sector of these bytes, which end in zeros for ever.
fn sector(of: &[u8], index: usize) -> [u8; SECTOR] {
    let mut sector = [0; SECTOR];
    let bytes = of.get(index * SECTOR..).unwrap_or_default();
    let count = bytes.len().min(SECTOR);
    sector[..count].copy_from_slice(&bytes[..count]);
    sector
}

/// Puts a sector into bytes, as far as they reach.
fn put(into: &mut [u8], index: usize, sector: &[u8; SECTOR]) {
    let bytes = into.get_mut(index * SECTOR..).unwrap_or_default();
    let count = bytes.len().min(SECTOR);
    bytes[..count].copy_from_slice(&sector[..count]);
}

impl Disk {
    fn durable(bytes: Vec<u8>) -> Self {
        Self { shown: bytes.clone(), durable_len: bytes.len(), durable: bytes, ..Self::default() }
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if end > self.shown.len() {
            self.set_len(end);
        }
        self.shown[offset..end].copy_from_slice(bytes);
        self.last = self.note(offset..end);
    }

    fn set_len(&mut self, len: usize) {
        let before = self.shown.len();
        self.shown.resize(len, 0);
        self.lens.push(len);
        self.is_len_dirty = true;
        // What is cut off reads as zeros if the file grows again.
        self.note(len..before);
        self.last = 0..0;
    }

    /// Notes new contents of the sectors of these bytes.
    fn note(&mut self, bytes: Range<usize>) -> Range<usize> {
        if bytes.is_empty() {
            return 0..0;
        }
        let sectors = bytes.start / SECTOR..bytes.end.div_ceil(SECTOR);
        for index in sectors.clone() {
            let unsynced = self.sectors.entry(index).or_default();
            unsynced.contents.push(sector(&self.shown, index));
            unsynced.is_dirty = true;
        }
        sectors
    }

    fn sync(&mut self, done: Done) {
        match done {
            Done::Omitted => {}
            Done::Failed => {
                self.sectors.values_mut().for_each(|unsynced| unsynced.is_dirty = false);
                self.is_len_dirty = false;
            }
            Done::Synced => {
                if self.is_len_dirty {
                    self.durable_len = self.shown.len();
                    self.lens.clear();
                    self.is_len_dirty = false;
                }
                let (shown, durable) = (&self.shown, &mut self.durable);
                self.sectors.retain(|index, unsynced| {
                    if unsynced.is_dirty {
                        durable.resize(durable.len().max((index + 1) * SECTOR), 0);
                        put(durable, *index, &sector(shown, *index));
                    }
                    !unsynced.is_dirty
                });
            }
        }
    }

    /// What is read when the machine is up again.
    fn after_crash(&self, mut draws: Draws) -> Vec<u8> {
        let mood = Mood::draw(&mut draws);
        let mut bytes = self.durable.clone();
        bytes.resize(self.len_after_crash(mood, &mut draws), 0);
        for (index, unsynced) in &self.sectors {
            let last = unsynced.contents.len();
            let content = |nth: usize| match nth.checked_sub(1) {
                None => sector(&self.durable, *index),
                Some(nth) => unsynced.contents[nth],
            };
            let chosen = mood.choose(last, &mut draws);
            let mut found = content(chosen);
            if mood == Mood::Chooses && chosen == last && self.last.contains(index) && draws.below(4) == 0 {
                let torn = draws.below(SECTOR as u32) as usize;
                found[torn..].copy_from_slice(&content(chosen - 1)[torn..]);
            }
            put(&mut bytes, *index, &found);
        }
        bytes
    }

    fn len_after_crash(&self, mood: Mood, draws: &mut Draws) -> usize {
        let len = |nth: usize| nth.checked_sub(1).map_or(self.durable_len, |nth| self.lens[nth]);
        let chosen = mood.choose(self.lens.len(), draws);
        if mood == Mood::Chooses && chosen > 0 && len(chosen) > len(chosen - 1) && draws.below(4) == 0 {
            // Grown in part: to the end of a sector.
            let part = draws.below((len(chosen) - len(chosen - 1)) as u32) as usize;
            return (len(chosen - 1) + part).next_multiple_of(SECTOR).min(len(chosen));
        }
        len(chosen)
    }
}
