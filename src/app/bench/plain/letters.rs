//! Letters in plain vectors: written by the agents' own draws, binned by zone where they are written, handed over by
//! swapping vectors, added to rows in whatever order they lie.

use std::sync::Mutex;

use super::crew::{Gate, crew};
use crate::app::bench::measure::Sample;
use crate::base::{AgentId, Draws, Seed, Stream, Tick};
use crate::exec::Elapsed;

/// Zones.
pub const ZONES: u32 = 2_048;
/// Letters that an agent writes at a tick.
pub const LETTERS: usize = 4;

/// What an agent writes with these draws: to whom, and what. Below 2^32, so that sums do not overflow.
#[inline]
pub fn written(draws: &mut Draws<2>, agents: u32) -> [(u32, u64); LETTERS] {
    std::array::from_fn(|_| (draws.below(agents), draws.u32() as u64))
}

/// A letter, as large as what the engine sends.
#[derive(Clone, Copy)]
struct Letter {
    deliver: u32,
    to: u32,
    from: u32,
    body: u64,
}

/// What lies between two threads: letters from one of them, by zone, swapped in and out as a whole.
type Tray = Mutex<Vec<Vec<Letter>>>;

struct Desk<'a> {
    me: usize,
    workers: usize,
    agents: u32,
    stream: Stream,
    /// (said, heard) of each agent, by zone; those of other threads' zones are empty.
    rows: Vec<Vec<(u64, u64)>>,
    /// By parity of the tick, then by sending thread, then by reading thread.
    trays: &'a [Tray],
}

impl Desk<'_> {
    fn tray(&self, tick: u32, from: usize, to: usize) -> &Tray {
        &self.trays[((tick as usize & 1) * self.workers + from) * self.workers + to]
    }

    /// Adds up what was written at the tick before.
    fn read(&mut self, tick: u32) {
        for from in 0..self.workers {
            let tray = self.tray(tick.wrapping_sub(1), from, self.me);
            let mut bins = std::mem::take(&mut *tray.lock().unwrap_or_else(|poison| poison.into_inner()));
            for (bin, rows) in bins.iter_mut().zip(self.rows.iter_mut().skip(self.me).step_by(self.workers)) {
                for letter in bin.drain(..) {
                    debug_assert!(letter.deliver == tick && letter.from < self.agents);
                    rows[(letter.to / ZONES) as usize].1 += letter.body;
                }
            }
            // The emptied bins go back, so that nothing is allocated anew.
            *self.tray(tick.wrapping_sub(1), from, self.me).lock().unwrap_or_else(|poison| poison.into_inner()) = bins;
        }
    }

    /// Lets every agent write; returns how many letters.
    fn write(&mut self, tick: u32) -> u64 {
        let bins_of = |to: usize| self.zones_of(to);
        let mut out: Vec<Vec<Vec<Letter>>> = (0..self.workers)
            .map(|to| {
                let tray = self.tray(tick, self.me, to);
                let mut bins = std::mem::take(&mut *tray.lock().unwrap_or_else(|poison| poison.into_inner()));
                bins.resize_with(bins_of(to), Vec::new);
                bins
            })
            .collect();
        let workers = self.workers as u32;
        let mut count = 0;
        for zone in (self.me..ZONES as usize).step_by(self.workers) {
            for (slot, row) in self.rows[zone].iter_mut().enumerate() {
                let from = zone as u32 + slot as u32 * ZONES;
                let mut draws = Seed(1999).draws_ahead(self.stream, AgentId(from), Tick(tick as u64));
                for (to, body) in written(&mut draws, self.agents) {
                    row.0 += body;
                    let zone = to % ZONES;
                    let bin = &mut out[(zone % workers) as usize][(zone / workers) as usize];
                    bin.push(Letter { deliver: tick + 1, to, from, body });
                    count += 1;
                }
            }
        }
        for (to, bins) in out.into_iter().enumerate() {
            *self.tray(tick, self.me, to).lock().unwrap_or_else(|poison| poison.into_inner()) = bins;
        }
        count
    }

    fn zones_of(&self, worker: usize) -> usize {
        (worker..ZONES as usize).step_by(self.workers).count()
    }

    /// All ticks: (letters, sum of what was said, sum of what was heard).
    fn ticks(&mut self, ticks: u32, gate: &Gate) -> (u64, u64, u64) {
        let mut count = 0;
        for tick in 0..ticks {
            self.read(tick);
            count += self.write(tick);
            // One gate a tick: what is written next lies in trays of the other parity.
            gate.pass();
        }
        let sum = |side: fn(&(u64, u64)) -> u64| self.rows.iter().flatten().map(side).sum();
        (count, sum(|row| row.0), sum(|row| row.1))
    }
}

/// So many ticks of everybody writing to anybody; counts letters.
pub fn exchange(stream: Stream, agents: u32, ticks: u32, workers: usize) -> Sample {
    let trays: Vec<Tray> = (0..2 * workers * workers).map(|_| Tray::default()).collect();
    let done = crew(workers, |me, gate| {
        let rows = |zone: u32| match zone as usize % workers == me {
            true => vec![(0, 0); (zone..agents).step_by(ZONES as usize).count()],
            false => Vec::new(),
        };
        let rows = (0..ZONES).map(rows).collect();
        let mut desk = Desk { me, workers, agents, stream, rows, trays: &trays };
        gate.pass();
        let started = Elapsed::start();
        let sums = desk.ticks(ticks, gate);
        (sums, started.seconds())
    });
    let mut sums = (0_u64, 0_u64, 0_u64);
    for ((count, said, heard), _) in &done {
        sums = (sums.0 + count, sums.1 + said, sums.2 + heard);
    }
    let lie = |tray: Tray| tray.into_inner().unwrap_or_else(|poison| poison.into_inner());
    let in_flight: u64 = trays.into_iter().flat_map(lie).flatten().map(|letter| letter.body).sum();
    assert_eq!(sums.1, sums.2 + in_flight, "what is said is heard, or in flight");
    let seconds = done.iter().map(|(_, seconds)| *seconds).fold(0.0, f64::max);
    Sample { count: sums.0 as f64, seconds, ..Sample::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_counted_and_none_is_lost() {
        for workers in [1, 2, 3] {
            // That none is lost is checked inside.
            let sample = exchange(Stream::named("test"), 5_000, 4, workers);
            assert_eq!(sample.count, (5_000 * 4 * LETTERS) as f64);
        }
    }
}
