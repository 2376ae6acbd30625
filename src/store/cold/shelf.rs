//! [`Shelf`]: archives in scratch files, each in the first gap that holds it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use rkyv::util::AlignedVec;
use xxhash_rust::xxh3::xxh3_128;

use super::scratch::{Pages, Scratch};
use crate::store::backend::Backend;
use crate::store::error::StoreError;

/// Bytes of a volume, at least and at most: a shelf grows by as much as it has. Few in tests, whose worlds are small.
const VOLUME: (u64, u64) = if cfg!(test) { (16 << 12, 64 << 12) } else { (64 << 12, 64 << 20) };

/// Where an archive lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ticket {
    volume: u32,
    offset: u64,
    /// Bytes of the archive; it takes whole pages.
    len: u32,
    checksum: u128,
}

impl Ticket {
    fn room(&self) -> u64 {
        (self.len as u64).next_multiple_of(4096)
    }
}

/// A scratch file and the gaps in it.
struct Volume {
    file: Box<dyn Scratch>,
    len: u64,
    /// Length by offset; no two gaps touch.
    gaps: BTreeMap<u64, u64>,
}

impl Volume {
    fn take(&mut self, room: u64) -> Option<u64> {
        let (&offset, &len) = self.gaps.iter().find(|&(_, &len)| len >= room)?;
        self.gaps.remove(&offset);
        if len > room {
            self.gaps.insert(offset + room, len - room);
        }
        Some(offset)
    }

    fn give_back(&mut self, mut offset: u64, mut len: u64) {
        if let Some((&before, &gap)) = self.gaps.range(..offset).next_back()
            && before + gap == offset
        {
            self.gaps.remove(&before);
            (offset, len) = (before, gap + len);
        }
        if let Some(gap) = self.gaps.remove(&(offset + len)) {
            len += gap;
        }
        self.gaps.insert(offset, len);
    }

    fn is_empty(&self) -> bool {
        self.gaps.get(&0) == Some(&self.len)
    }
}

/// Archives out of memory. It belongs to one shard, which writes and reads it alone.
pub struct Shelf {
    disk: Arc<dyn Backend>,
    folder: PathBuf,
    volumes: Vec<Volume>,
}

impl Shelf {
    /// A shelf in a folder of a disk, on which it takes room as it needs it.
    pub fn new(disk: Arc<dyn Backend>, folder: PathBuf) -> Self {
        Self { disk, folder, volumes: Vec::new() }
    }

    /// Puts archives away that fill whole pages one behind the other, of so many bytes each, and adds a ticket for
    /// each.
    ///
    /// # Errors
    /// The disk has no room, or does not take it. Nothing is put away then.
    pub fn put(
        &mut self,
        pages: &AlignedVec<4096>,
        lens: impl Iterator<Item = usize>,
        tickets: &mut Vec<Ticket>,
    ) -> Result<(), StoreError> {
        let room = pages.len() as u64;
        let found = (0..).zip(&mut self.volumes).find_map(|(nth, volume)| Some((nth, volume.take(room)?)));
        let (volume, offset) = match found {
            Some(found) => found,
            None => {
                let len = self.bytes().clamp(VOLUME.0, VOLUME.1).max(room);
                let file = self.disk.scratch(&self.folder, len);
                let file = file.map_err(StoreError::io("take room for cold zones in", &self.folder))?;
                self.volumes.push(Volume { file, len, gaps: BTreeMap::from([(0, len)]) });
                let last = self.volumes.last_mut().expect("just pushed");
                let offset = last.take(room).expect("it is made to hold it");
                (self.volumes.len() as u32 - 1, offset)
            }
        };
        let into = &mut self.volumes[volume as usize];
        into.file
            .write_at(offset, pages)
            .inspect_err(|_| into.give_back(offset, room))
            .map_err(StoreError::io("put cold zones into", &self.folder))?;
        let mut start = 0;
        for len in lens {
            let checksum = xxh3_128(&pages[start..start + len]);
            let ticket = Ticket { volume, offset: offset + start as u64, len: len as u32, checksum };
            start += ticket.room() as usize;
            tickets.push(ticket);
        }
        assert_eq!(start, pages.len(), "tickets for all pages");
        Ok(())
    }

    /// Says that an archive will be wanted soon.
    pub fn will_need(&self, ticket: &Ticket) {
        self.volumes[ticket.volume as usize].file.will_need(ticket.offset, ticket.room() as usize);
    }

    /// The archive, verified; [`Shelf::done_with`] ends the looking.
    ///
    /// # Errors
    /// It cannot be read, or is not what was put away.
    pub fn view(&self, ticket: &Ticket) -> Result<View<'_>, StoreError> {
        let pages = self.volumes[ticket.volume as usize].file.view(ticket.offset, ticket.room() as usize);
        let pages = pages.map_err(StoreError::io("bring a cold zone back from", &self.folder))?;
        let len = ticket.len as usize;
        if xxh3_128(&pages[..len]) != ticket.checksum {
            return Err(self.damaged(ticket, "checksum mismatch"));
        }
        Ok(View { pages, len })
    }

    /// An archive that makes no sense.
    pub fn damaged(&self, ticket: &Ticket, why: impl Into<String>) -> StoreError {
        StoreError::damaged(&self.folder, ticket.offset, format!("a cold zone in volume {}", ticket.volume), why)
    }

    /// Lets the pages of an archive leave memory.
    pub fn done_with(&self, ticket: &Ticket) {
        self.volumes[ticket.volume as usize].file.done_with(ticket.offset, ticket.room() as usize);
    }

    /// Gives the room of an archive back.
    pub fn free(&mut self, ticket: Ticket) {
        self.done_with(&ticket);
        self.volumes[ticket.volume as usize].give_back(ticket.offset, ticket.room());
        // One stays: a shelf that is emptied is filled again.
        while self.volumes.len() > 1 && self.volumes.last().is_some_and(Volume::is_empty) {
            self.volumes.pop();
        }
    }

    /// Bytes taken on the disk.
    pub fn bytes(&self) -> u64 {
        self.volumes.iter().map(|volume| volume.len).sum()
    }
}

/// The bytes of an archive.
pub struct View<'a> {
    pages: Pages<'a>,
    len: usize,
}

impl std::ops::Deref for View<'_> {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.pages[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::base::{AgentId, Seed, Stream, Tick};
    use crate::store::{Fault, Fs, Mem, Refusal, Sim};

    fn put(shelf: &mut Shelf, salt: u8, len: usize) -> Result<Ticket, StoreError> {
        let mut tickets = Vec::new();
        shelf.put(&pages(salt, len), [len].into_iter(), &mut tickets)?;
        Ok(tickets[0])
    }

    fn pages(salt: u8, len: usize) -> AlignedVec<4096> {
        let mut pages = AlignedVec::new();
        pages.resize(len, 0);
        (0..).zip(pages.iter_mut()).for_each(|(at, byte): (usize, _)| *byte = (at as u8).wrapping_mul(31) ^ salt);
        pages.resize(len.next_multiple_of(4096), 0);
        pages
    }

    /// Against a list: whatever is put away and taken out, all comes back as it was, and an empty shelf takes hardly
    /// any room.
    fn check(disk: Arc<dyn Backend>, folder: PathBuf) {
        let mut shelf = Shelf::new(disk, folder);
        let mut draws = Seed(4).draws(Stream::named("shelf"), AgentId(0), Tick(0));
        let mut away: Vec<(Ticket, u8, usize)> = Vec::new();
        let mut largest = 0;
        for round in 0..600_u32 {
            if away.len() > 40 || !away.is_empty() && draws.below(5) < 2 {
                let (ticket, salt, len) = away.swap_remove(draws.below(away.len() as u32) as usize);
                shelf.will_need(&ticket);
                assert_eq!(&shelf.view(&ticket).unwrap()[..], &pages(salt, len)[..len]);
                shelf.free(ticket);
            } else {
                let (salt, len) = (round as u8, 1 + draws.below(30_000) as usize);
                // Now and then one that no volume would hold.
                let len = if round % 100 == 99 { len + VOLUME.1 as usize } else { len };
                away.push((put(&mut shelf, salt, len).unwrap(), salt, len));
            }
            largest = largest.max(shelf.bytes());
            let held: u64 = away.iter().map(|(ticket, ..)| ticket.room()).sum();
            let gaps: u64 = shelf.volumes.iter().flat_map(|volume| volume.gaps.values()).sum();
            assert_eq!(held + gaps, shelf.bytes(), "round {round}");
        }
        for (ticket, salt, len) in away {
            assert_eq!(&shelf.view(&ticket).unwrap()[..], &pages(salt, len)[..len]);
            shelf.done_with(&ticket);
            assert_eq!(&shelf.view(&ticket).unwrap()[..], &pages(salt, len)[..len]);
            shelf.free(ticket);
        }
        assert_eq!(shelf.bytes(), VOLUME.0);
        assert!(largest > 10 * VOLUME.0);
    }

    #[test]
    fn what_is_put_away_comes_back() {
        let memory = Mem::default();
        memory.create_folder(Path::new("cold")).unwrap();
        check(Arc::new(memory), PathBuf::from("cold"));
        let folder = std::env::temp_dir().join(format!("myriad-shelf-{}", std::process::id()));
        Fs.create_folder(&folder).unwrap();
        check(Arc::new(Fs), folder.clone());
        assert_eq!((Fs.list(&folder).unwrap().len(), Fs.folders(&folder).unwrap().len()), (0, 0), "it has no name");
        Fs.remove_folder(&folder).unwrap();
    }

    #[test]
    fn a_disk_that_refuses_is_named_and_nothing_is_lost() {
        let disk = Arc::new(Sim::default());
        disk.create_folder(Path::new("cold")).unwrap();
        let mut shelf = Shelf::new(disk.clone(), PathBuf::from("cold"));
        let first = put(&mut shelf, 1, 9_000).unwrap();
        // The volume is full, and there is no room for another.
        let mut tickets = vec![first];
        while shelf.volumes[0].gaps.values().any(|&gap| gap >= 3 << 12) {
            tickets.push(put(&mut shelf, 2, 9_000).unwrap());
        }
        assert_eq!(tickets.len(), 5);
        disk.fail(0, Fault::Change, Refusal::Full);
        let full = put(&mut shelf, 3, 9_000).unwrap_err();
        assert!(full.is_disk_full() && full.to_string().contains("`cold`"), "{full}");
        shelf.free(tickets[1]);
        disk.fail(0, Fault::Change, Refusal::Broken);
        let broken = put(&mut shelf, 5, 9_000).unwrap_err();
        assert!(broken.to_string().starts_with("cannot put cold zones into `cold`"), "{broken}");
        disk.fail(0, Fault::Read, Refusal::Broken);
        let broken = shelf.view(&first).err().unwrap();
        assert!(broken.to_string().starts_with("cannot bring a cold zone back from `cold`"), "{broken}");
        assert_eq!(&shelf.view(&first).unwrap()[..], &pages(1, 9_000)[..9_000]);
        let last = put(&mut shelf, 6, 9_000).unwrap();
        // A bit that flips on the disk.
        shelf.volumes[last.volume as usize].file.write_at(last.offset, &pages(7, 4_096)).unwrap();
        let damaged = shelf.view(&last).err().unwrap();
        assert!(matches!(damaged, StoreError::Damaged(_)), "{damaged}");
    }
}
