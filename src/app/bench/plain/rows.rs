//! A day of plain rows: agents in vectors by zone, one timing wheel a thread, messages, moves between zones. No ECS, no
//! canonical order, no digest, no model: each wake changes a few words of a row.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use super::crew::{Gate, crew};
use super::prefetch::prefetch;
use crate::app::bench::measure::Sample;
use crate::exec::Elapsed;

/// Zones, as many as the city has.
const ZONES: u32 = 2_217;
/// Buckets of ten seconds in a day.
const BUCKETS: u32 = 8_640;
/// Buckets of the wheel: more than the longest gap.
const WHEEL: u32 = 1_024;
/// From 1 to so many buckets between two wakes of an agent: 24 wakes a day.
const GAP_MAX: u32 = 719;
/// One wake in so many ends with a move to another zone.
const WAKES_A_MOVE: u32 = 7;
/// Rows that are asked for ahead of their turn.
const AHEAD: usize = 12;
/// Nobody.
const NONE: u32 = u32::MAX;

/// A row, as large as a resident of the city.
#[derive(Clone, Copy)]
#[repr(C)]
struct Row {
    id: u32,
    heard: u32,
    next: u32,
    wakes: u32,
    rest: [u32; 32],
    mood: u32,
}
const _: () = assert!(size_of::<Row>() == 148);

#[derive(Default)]
struct Zone {
    rows: Vec<Row>,
    free: Vec<u32>,
}

/// Where a row stands: 12 bits of zone, 20 bits of slot.
#[derive(Clone, Copy)]
struct Address(u32);

impl Address {
    fn new(zone: u32, slot: u32) -> Self {
        debug_assert!(slot < 1 << 20);
        Self(zone << 20 | slot)
    }
    #[inline]
    fn zone(self) -> u32 {
        self.0 >> 20
    }
    #[inline]
    fn row(self, zones: &[Zone]) -> &Row {
        &zones[self.zone() as usize].rows[(self.0 & 0xF_FFFF) as usize]
    }
    #[inline]
    fn row_mut(self, zones: &mut [Zone]) -> &mut Row {
        &mut zones[self.zone() as usize].rows[(self.0 & 0xF_FFFF) as usize]
    }
}

#[derive(Clone, Copy)]
struct Letter {
    at: Address,
    to: u32,
    body: u32,
}

/// What one thread sends another in an interval.
#[derive(Default)]
struct Post {
    moves: Vec<(u32, Row)>,
    letters: Vec<Letter>,
}

/// What all threads see.
struct Shared {
    workers: usize,
    agents: u32,
    /// Where each agent stands.
    directory: Vec<AtomicU32>,
    /// By parity of the interval, then by sender, then by receiver.
    trays: Vec<Mutex<Post>>,
}

impl Shared {
    fn address(&self, agent: u32) -> Address {
        Address(self.directory[agent as usize].load(Ordering::Relaxed))
    }
    /// Swaps what lies in a tray with `post`.
    fn swap(&self, now: u32, from: usize, to: usize, post: &mut Post) {
        let tray = &self.trays[((now as usize & 1) * self.workers + from) * self.workers + to];
        std::mem::swap(&mut *tray.lock().unwrap_or_else(|poison| poison.into_inner()), post);
    }
}

/// A thread's part of the world.
struct Part<'a> {
    me: usize,
    shared: &'a Shared,
    /// All zones; those of other threads are empty.
    zones: Vec<Zone>,
    /// Which thread a zone belongs to.
    owner: Vec<usize>,
    wheel: Vec<Vec<Address>>,
    written: Vec<(u32, u32)>,
    out: Vec<Post>,
    dice: u64,
}

impl<'a> Part<'a> {
    fn new(me: usize, shared: &'a Shared) -> Self {
        let owner: Vec<usize> = (0..ZONES as usize).map(|zone| zone % shared.workers).collect();
        let mut part = Self {
            me,
            shared,
            zones: (0..ZONES).map(|_| Zone::default()).collect(),
            owner,
            wheel: (0..WHEEL).map(|_| Vec::new()).collect(),
            written: Vec::new(),
            out: (0..shared.workers).map(|_| Post::default()).collect(),
            dice: me as u64 + 1,
        };
        for zone in (me as u32..ZONES).step_by(shared.workers) {
            for id in (zone..shared.agents).step_by(ZONES as usize) {
                let next = below(part.roll() as u32, GAP_MAX);
                part.place(zone, Row { id, next, wakes: 0, rest: [id; 32], heard: 0, mood: 0 });
            }
        }
        part
    }

    /// The next 64 random bits (SplitMix64).
    #[inline]
    fn roll(&mut self) -> u64 {
        self.dice = self.dice.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let bits = (self.dice ^ (self.dice >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// Puts a row into a zone of this thread.
    fn place(&mut self, zone: u32, row: Row) {
        let Zone { rows, free } = &mut self.zones[zone as usize];
        let slot = free.pop().unwrap_or(rows.len() as u32);
        match rows.get_mut(slot as usize) {
            Some(old) => *old = row,
            None => rows.push(row),
        }
        let at = Address::new(zone, slot);
        self.shared.directory[row.id as usize].store(at.0, Ordering::Relaxed);
        self.wheel[(row.next % WHEEL) as usize].push(at);
    }

    /// Takes in what was sent in the interval before.
    fn receive(&mut self, now: u32, post: &mut Post) {
        for from in 0..self.shared.workers {
            self.shared.swap(now.wrapping_sub(1), from, self.me, post);
            for (zone, row) in post.moves.drain(..) {
                self.place(zone, row);
            }
            for (index, letter) in post.letters.iter().enumerate() {
                if let Some(ahead) = post.letters.get(index + AHEAD) {
                    // A letter changes the row's first words only.
                    prefetch(&ahead.at.row(&self.zones).heard);
                }
                let row = letter.at.row_mut(&mut self.zones);
                if row.id == letter.to {
                    row.heard = row.heard.wrapping_add(letter.body);
                } else {
                    // It moved away in the meantime: the letter follows.
                    let at = self.shared.address(letter.to);
                    self.out[self.owner[at.zone() as usize]].letters.push(Letter { at, ..*letter });
                }
            }
            post.letters.clear();
        }
    }

    /// Wakes who is due; returns how many.
    fn wake(&mut self, now: u32) -> u64 {
        let mut due = std::mem::take(&mut self.wheel[(now % WHEEL) as usize]);
        for (index, at) in due.iter().enumerate() {
            if let Some(ahead) = due.get(index + AHEAD) {
                prefetch(ahead.row(&self.zones));
            }
            let (dice, more) = (self.roll(), self.roll());
            let next = now + 1 + below(dice as u32, GAP_MAX);
            let row = at.row_mut(&mut self.zones);
            row.next = next;
            row.wakes += 1;
            row.rest[16] ^= row.heard;
            row.mood = row.mood.wrapping_add(row.rest[31] ^ now);
            if dice >> 63 == 0 {
                self.written.push((below((more >> 32) as u32, self.shared.agents), dice as u32));
            }
            if below((dice >> 24) as u32, WAKES_A_MOVE) == 0 {
                let (zone, row) = (below(more as u32, ZONES), *row);
                at.row_mut(&mut self.zones).id = NONE;
                self.zones[at.zone() as usize].free.push(at.0 & 0xF_FFFF);
                self.out[self.owner[zone as usize]].moves.push((zone, row));
            } else {
                self.wheel[(next % WHEEL) as usize].push(*at);
            }
        }
        let count = due.len() as u64;
        due.clear();
        // The emptied bucket goes back with its memory; nobody was filed in it, since gaps are shorter than the wheel.
        self.wheel[(now % WHEEL) as usize] = due;
        count
    }

    /// Addresses what was written, and hands everything over.
    fn send(&mut self, now: u32) {
        for (index, &(to, body)) in self.written.iter().enumerate() {
            if let Some(&(ahead, _)) = self.written.get(index + AHEAD) {
                prefetch(&self.shared.directory[ahead as usize]);
            }
            let at = self.shared.address(to);
            self.out[self.owner[at.zone() as usize]].letters.push(Letter { at, to, body });
        }
        self.written.clear();
        for (to, post) in self.out.iter_mut().enumerate() {
            self.shared.swap(now, self.me, to, post);
        }
    }

    fn day(&mut self, gate: &Gate) -> u64 {
        let (mut wakes, mut post) = (0, Post::default());
        for now in 0..BUCKETS {
            self.receive(now, &mut post);
            wakes += self.wake(now);
            self.send(now);
            // One gate an interval: what is sent in the next lies in trays of the other parity.
            gate.pass();
        }
        wakes
    }

    fn present(&self) -> u64 {
        self.zones.iter().map(|zone| (zone.rows.len() - zone.free.len()) as u64).sum()
    }
}

/// A number below `n` from 32 random bits.
#[inline]
fn below(bits: u32, n: u32) -> u32 {
    ((bits as u64 * n as u64) >> 32) as u32
}

/// A day of so many agents; counts wakes.
pub fn day(agents: u32, workers: usize) -> Sample {
    let shared = Shared {
        workers,
        agents,
        directory: (0..agents).map(|_| AtomicU32::new(0)).collect(),
        trays: (0..2 * workers * workers).map(|_| Mutex::default()).collect(),
    };
    let done = crew(workers, |me, gate| {
        let mut part = Part::new(me, &shared);
        gate.pass();
        let started = Elapsed::start();
        let wakes = part.day(gate);
        (wakes, started.seconds(), part.present())
    });
    let posts = shared.trays.into_iter().map(|tray| tray.into_inner().unwrap_or_else(|poison| poison.into_inner()));
    let moving: u64 = posts.map(|post| post.moves.len() as u64).sum();
    let present: u64 = done.iter().map(|(_, _, present)| present).sum();
    assert_eq!(present + moving, agents as u64, "nobody is lost");
    Sample {
        count: done.iter().map(|(wakes, _, _)| *wakes as f64).sum(),
        seconds: done.iter().map(|(_, seconds, _)| *seconds).fold(0.0, f64::max),
        ..Sample::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_wakes_two_dozen_times_and_nobody_is_lost() {
        for workers in [1, 2, 3] {
            // That nobody is lost is checked inside.
            let sample = day(4_000, workers);
            let wakes = sample.count / 4_000.0;
            assert!((23.5..24.6).contains(&wakes), "{wakes}");
        }
    }
}
