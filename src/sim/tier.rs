//! The tiers of a shard: which of its cells are awake, in memory, and which are asleep, on the shelf.
//!
//! The agenda knows the future: the cell in which nobody is woken for longest leaves first, and cells whose time comes
//! are asked for some intervals ahead.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::budget::Budget;
use super::freezing::Outlook;
use crate::base::{Digest, Histogram};
use crate::store::{AlignedVec, Frozen, FrozenView, Shelf, StoreError, Ticket};

/// What a World takes beside the rows in it.
pub(crate) const WORLD_BYTES: u64 = 26 << 10;

/// What becomes of cells.
#[derive(Clone, Default)]
pub(crate) struct TierCounts {
    /// Cells that left memory, and bytes that were written for them.
    pub frozen: u64,
    pub frozen_bytes: u64,
    /// Cells that came back.
    pub thawed: u64,
    /// Of these, how many were asked for ahead of time.
    pub foreseen: u64,
    /// Wall nanoseconds that it took to bring one back.
    pub thaw_ns: Histogram,
}

/// The digest of a cell that is out of memory. Agents who are there but act from a later tick only are in another state
/// from then on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FrozenDigest {
    at: u32,
    then: Digest,
    /// The last of these ticks.
    settled_at: u32,
    settled: Digest,
}

impl FrozenDigest {
    /// Of nobody, at a tick.
    pub(crate) fn new(at: u32) -> Self {
        Self { at, then: Digest::EMPTY, settled_at: at, settled: Digest::EMPTY }
    }

    /// Adds an agent: its hash at a tick, and when it arrives.
    #[inline]
    pub(crate) fn add(&mut self, hash: impl Fn(u32) -> u64, arrives: u32) {
        let now = hash(self.at);
        self.then.add(now);
        self.settled.add(if arrives > self.at { hash(arrives) } else { now });
        self.settled_at = self.settled_at.max(arrives);
    }

    /// Adds others, as they are at the same tick.
    pub(crate) fn merge(&mut self, other: Self) {
        self.then.merge(other.then);
        self.settled.merge(other.settled);
        self.settled_at = self.settled_at.max(other.settled_at);
    }

    /// The digest at a tick, as far as it can be told.
    pub(crate) fn at(&self, tick: u32) -> Option<Digest> {
        if tick >= self.settled_at { Some(self.settled) } else { (tick == self.at).then_some(self.then) }
    }
}

/// A cell that is out of memory.
#[derive(Clone, Copy)]
pub(crate) struct Sleeper {
    pub ticket: Ticket,
    /// The tick at which the first of its agents is woken.
    pub wake: u32,
    pub digest: FrozenDigest,
    /// Bytes that it takes when it is awake.
    pub bytes: u64,
    /// Whether it was asked for.
    pub foreseen: bool,
}

#[derive(Clone, Copy)]
enum Spot {
    Vacant,
    Awake {
        bytes: u64,
        /// The end of the last window in which it was known to get letters.
        wanted: u32,
    },
    Asleep(Sleeper),
}

/// Bytes from which on what waits to be written is written: few writes cost less than many.
const TRAY: usize = 256 << 10;

/// A cell that waits to be written.
struct Waiting {
    place: usize,
    /// Bytes of its archive.
    len: usize,
    wake: u32,
    digest: FrozenDigest,
    bytes: u64,
}

/// See the module.
pub(crate) struct Tier {
    pub shelf: Shelf,
    /// Bytes that cells may take that are awake.
    pub limit: u64,
    /// Bytes that they take.
    pub awake_bytes: u64,
    /// The end of the window at hand, or of the last one.
    pub until: u32,
    pub exchange_ticks: u32,
    /// By place.
    spots: Vec<Spot>,
    /// When sleepers are woken, and their places; of others also.
    alarms: BinaryHeap<Reverse<(u32, u32)>>,
    /// Why the shelf took no more.
    pub refused: Option<StoreError>,
    pub counts: TierCounts,
    /// The image of the cell at hand.
    pub image: Frozen,
    /// Archives that wait to be written, and whose they are.
    pages: AlignedVec<4096>,
    tray: Vec<Waiting>,
    tickets: Vec<Ticket>,
    /// Places of cells that may leave, and how soon they are wanted.
    pub queue: Vec<(Outlook, u32)>,
}

impl Tier {
    /// Tiers of a run that begins or goes on at tick `from`.
    pub(crate) fn new(budget: &Budget, from: u32, exchange_ticks: u32, limit: u64) -> Self {
        Self {
            shelf: Shelf::new(budget.disk.clone(), budget.folder.clone()),
            limit,
            awake_bytes: 0,
            until: from,
            exchange_ticks,
            spots: Vec::new(),
            alarms: BinaryHeap::new(),
            refused: None,
            counts: TierCounts::default(),
            image: Frozen::default(),
            pages: AlignedVec::new(),
            tray: Vec::new(),
            tickets: Vec::new(),
            queue: Vec::new(),
        }
    }

    fn spot(&mut self, place: usize) -> &mut Spot {
        if self.spots.len() <= place {
            self.spots.resize(place + 1, Spot::Vacant);
        }
        &mut self.spots[place]
    }

    /// Notes that a cell is awake, and what it takes.
    pub(crate) fn note_awake(&mut self, place: usize, bytes: u64) {
        self.note_vacant(place);
        *self.spot(place) = Spot::Awake { bytes, wanted: 0 };
        self.awake_bytes += bytes;
    }

    /// Notes that there is no cell, or that it is elsewhere.
    pub(crate) fn note_vacant(&mut self, place: usize) {
        match std::mem::replace(self.spot(place), Spot::Vacant) {
            Spot::Awake { bytes, .. } => self.awake_bytes -= bytes,
            Spot::Asleep(sleeper) => self.shelf.free(sleeper.ticket),
            Spot::Vacant => {}
        }
    }

    /// The cell at a place, if it is asleep.
    #[inline]
    pub(crate) fn sleeper(&self, place: usize) -> Option<&Sleeper> {
        match self.spots.get(place) {
            Some(Spot::Asleep(sleeper)) => Some(sleeper),
            _ => None,
        }
    }

    /// All that are asleep, with their places.
    pub(crate) fn sleepers(&self) -> impl Iterator<Item = (usize, &Sleeper)> {
        (0..self.spots.len()).filter_map(|place| Some((place, self.sleeper(place)?)))
    }

    /// What all cells would take, were they awake.
    pub(crate) fn bytes(&self) -> u64 {
        self.awake_bytes + self.sleepers().map(|(_, sleeper)| sleeper.bytes).sum::<u64>()
    }

    /// Whether a cell is awake, and whether letters wait for it in the window at hand.
    pub(crate) fn awake(&self, place: usize) -> Option<bool> {
        match self.spots.get(place) {
            Some(Spot::Awake { wanted, .. }) => Some(*wanted == self.until),
            _ => None,
        }
    }

    /// Adds the image of a cell to those that wait to be written.
    pub(crate) fn add(&mut self, place: usize, wake: u32, digest: FrozenDigest) {
        let Spot::Awake { bytes, .. } = *self.spot(place) else { unreachable!("it was awake") };
        self.awake_bytes -= bytes;
        let len = self.image.archive(&mut self.pages);
        self.tray.push(Waiting { place, len, wake, digest, bytes });
    }

    /// Whether it is time to write.
    pub(crate) fn is_full(&self) -> bool {
        self.pages.len() >= TRAY
    }

    /// Writes what waits, in one go. `left` is told the places of cells that have left memory; `stayed` of all of them,
    /// if the disk did not take it.
    pub(crate) fn write(&mut self, mut left: impl FnMut(usize), mut stayed: impl FnMut(usize)) {
        let mut tickets = std::mem::take(&mut self.tickets);
        let lens = self.tray.iter().map(|waiting| waiting.len);
        let written = if self.tray.is_empty() { Ok(()) } else { self.shelf.put(&self.pages, lens, &mut tickets) };
        let mut tray = std::mem::take(&mut self.tray);
        match written {
            Ok(()) => {
                for (Waiting { place, wake, digest, bytes, .. }, ticket) in tray.drain(..).zip(tickets.drain(..)) {
                    *self.spot(place) = Spot::Asleep(Sleeper { ticket, wake, digest, bytes, foreseen: false });
                    self.alarms.push(Reverse((wake, place as u32)));
                    self.counts.frozen += 1;
                    left(place);
                }
                self.counts.frozen_bytes += self.pages.len() as u64;
            }
            Err(error) => {
                self.refused = Some(error);
                for Waiting { place, bytes, .. } in tray.drain(..) {
                    self.awake_bytes += bytes;
                    stayed(place);
                }
            }
        }
        (self.tray, self.tickets) = (tray, tickets);
        self.pages.clear();
    }

    /// Reads the image of a cell that is asleep.
    pub(crate) fn read(
        &self,
        sleeper: &Sleeper,
        with: impl FnOnce(FrozenView<'_>) -> Result<(), String>,
    ) -> Result<(), StoreError> {
        let view = self.shelf.view(&sleeper.ticket)?;
        FrozenView::of(&view).and_then(with).map_err(|why| self.shelf.damaged(&sleeper.ticket, why))
    }

    /// Asks for a cell that will be wanted soon.
    pub(crate) fn foresee(&mut self, place: usize) {
        let until = self.until;
        match self.spot(place) {
            Spot::Asleep(sleeper) if !sleeper.foreseen => {
                sleeper.foreseen = true;
                let ticket = sleeper.ticket;
                self.shelf.will_need(&ticket);
            }
            Spot::Awake { wanted, .. } => *wanted = until,
            _ => {}
        }
    }

    /// Asks for the cells in which somebody is woken before `tick`.
    pub(crate) fn foresee_wakes(&mut self, tick: u32) {
        while let Some(&Reverse((wake, place))) = self.alarms.peek()
            && wake < tick
        {
            self.alarms.pop();
            if self.sleeper(place as usize).is_some_and(|sleeper| sleeper.wake == wake) {
                self.foresee(place as usize);
            }
        }
    }
}
