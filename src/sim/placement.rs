//! Which cells a zone has, and which shard owns which cell.
//!
//! It decides who computes what, and nothing else.

use std::cmp::Reverse;

use super::cell::CellId;
use super::directory::CELLS_MAX;
use crate::base::{AgentId, ZoneId, mix};

/// Shards at most, if nobody says how many.
const SHARDS: usize = 24;
/// Shards for each worker at most, if nobody says how many: enough to deal them evenly. One worker needs one.
const SHARDS_OF_A_WORKER: usize = 4;
/// Agents of a shard, if nobody says how many shards: each is asked in every exchange, which in small worlds takes
/// longer than to live. With 8 of them on two workers, a day of 10,000 residents took half as long again as with 2, one
/// of 100,000 a twelfth longer, and one of a million as long.
const AGENTS_OF_A_SHARD: usize = 1 << 17;

/// How many shards suit so many workers, agents and zones.
pub(crate) fn shards_for(workers: usize, agents: usize, zones: usize) -> usize {
    let most = if workers == 1 { 1 } else { workers * SHARDS_OF_A_WORKER };
    agents.div_ceil(AGENTS_OF_A_SHARD).clamp(workers, most).min(zones.max(workers)).min(SHARDS)
}

/// Where a cell is: its shard, and its place among the shard's cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Seat {
    pub shard: u32,
    pub place: u32,
}

impl Seat {
    /// Of a cell that is no more.
    pub(crate) const NONE: Self = Self { shard: u32::MAX, place: u32::MAX };
}

/// See the module.
pub(crate) struct Placement {
    /// By cell.
    seats: Vec<Seat>,
    /// By zone: its only cell, or where its cells are listed in `split`, marked with `SPLIT`.
    zones: Vec<u32>,
    split: Vec<Vec<CellId>>,
    /// Numbers of cells that are no more.
    free: Vec<CellId>,
}

const SPLIT: u32 = 1 << 31;

impl Placement {
    /// Deals zones of the given costs, a cell each, to `shards` shards: the dearest first, each to the shard that has
    /// least (longest processing time first: at most 4/3 of the best deal). `shuffle` other than 0 deals in another
    /// order: tests use it to show that the deal does not matter. Also returns each shard's cells, by place.
    pub(crate) fn deal(costs: &[u64], shards: usize, shuffle: u64) -> (Self, Vec<Vec<CellId>>) {
        let mut order: Vec<usize> = (0..costs.len()).collect();
        if shuffle == 0 {
            order.sort_by_key(|&zone| (Reverse(costs[zone]), zone));
        } else {
            order.sort_by_key(|&zone| mix(zone as u64 ^ shuffle << 32));
        }
        let mut hands = vec![Vec::new(); shards];
        let mut loads: Vec<u64> = vec![0; shards];
        for zone in order {
            let shard = (0..shards).min_by_key(|&shard| loads[shard]).expect("at least one shard");
            // An empty zone still costs a look in every interval.
            loads[shard] += costs[zone] + 1;
            hands[shard].push(CellId(zone as u32));
        }
        let mut seats = vec![Seat::NONE; costs.len()];
        for (shard, hand) in hands.iter_mut().enumerate() {
            hand.sort_unstable();
            for (place, cell) in hand.iter().enumerate() {
                seats[cell.index()] = Seat { shard: shard as u32, place: place as u32 };
            }
        }
        (Self { seats, zones: (0..costs.len() as u32).collect(), split: Vec::new(), free: Vec::new() }, hands)
    }

    /// Where a cell is.
    #[inline]
    pub(crate) fn seat(&self, cell: CellId) -> Seat {
        self.seats[cell.index()]
    }

    /// The cell of a zone that holds an agent.
    #[inline]
    pub(crate) fn cell(&self, zone: ZoneId, agent: AgentId) -> CellId {
        let word = self.zones[zone.index()];
        if word & SPLIT == 0 {
            return CellId(word);
        }
        let cells = &self.split[(word & !SPLIT) as usize];
        cells[part_of(agent, cells.len())]
    }

    /// The cells of a zone.
    pub(crate) fn cells(&self, zone: ZoneId) -> Vec<CellId> {
        let word = self.zones[zone.index()];
        if word & SPLIT == 0 { vec![CellId(word)] } else { self.split[(word & !SPLIT) as usize].clone() }
    }

    pub(crate) fn zone_count(&self) -> usize {
        self.zones.len()
    }

    pub(crate) fn cell_count(&self) -> usize {
        self.seats.len()
    }

    /// Numbers a new cell.
    pub(crate) fn add_cell(&mut self) -> CellId {
        self.free.pop().unwrap_or_else(|| {
            assert!(self.seats.len() < CELLS_MAX, "at most {CELLS_MAX} cells");
            self.seats.push(Seat::NONE);
            CellId(self.seats.len() as u32 - 1)
        })
    }

    /// Forgets a cell.
    pub(crate) fn remove_cell(&mut self, cell: CellId) {
        self.seats[cell.index()] = Seat::NONE;
        self.free.push(cell);
    }

    /// Puts a cell somewhere.
    pub(crate) fn put(&mut self, cell: CellId, seat: Seat) {
        self.seats[cell.index()] = seat;
    }

    /// Says which cells a zone has from now on.
    pub(crate) fn divide(&mut self, zone: ZoneId, cells: Vec<CellId>) {
        let word = &mut self.zones[zone.index()];
        match (*word & SPLIT != 0, cells.as_slice()) {
            (_, [only]) => *word = only.0,
            (true, _) => self.split[(*word & !SPLIT) as usize] = cells,
            (false, _) => {
                *word = SPLIT | self.split.len() as u32;
                self.split.push(cells);
            }
        }
    }
}

/// Which of so many parts of a zone holds an agent: neighbours by id are members of one household, and part.
#[inline]
pub(crate) fn part_of(agent: AgentId, parts: usize) -> usize {
    (mix(agent.0 as u64) % parts as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_worker_has_a_shard_and_more_only_where_they_are_worth_their_while() {
        for (workers, agents, zones, shards) in [
            (1, 30, 2_217, 1),
            (1, 8_000_000, 2_217, 1),
            (2, 30, 2_217, 2),
            (2, 100_000, 2_217, 2),
            (2, 500_000, 2_217, 4),
            (2, 1_000_000, 2_217, 8),
            (2, 1_000_000, 3, 3),
            (2, 1_000_000, 1, 2),
            (16, 100_000, 2_217, 16),
            (16, 8_000_000, 2_217, 24),
            (64, 8_000_000, 2_217, 24),
        ] {
            assert_eq!(shards_for(workers, agents, zones), shards, "{workers} workers, {agents} agents, {zones} zones");
        }
    }

    #[test]
    fn deals_every_zone_once_and_evenly() {
        let costs: Vec<u64> = (0..2_217).map(|zone| 3_000 + (zone * 7_919 % 5_000)).collect();
        for shuffle in [0, 1] {
            let (placement, hands) = Placement::deal(&costs, 24, shuffle);
            let mut seen: Vec<CellId> = hands.concat();
            seen.sort_unstable();
            assert_eq!(seen, (0..2_217).map(CellId).collect::<Vec<_>>());
            for (shard, hand) in hands.iter().enumerate() {
                for (place, &cell) in hand.iter().enumerate() {
                    assert_eq!(placement.seat(cell), Seat { shard: shard as u32, place: place as u32 });
                    assert_eq!(placement.cell(ZoneId(cell.0), AgentId(7)), cell);
                }
            }
            let loads: Vec<u64> = hands.iter().map(|hand| hand.iter().map(|cell| costs[cell.index()]).sum()).collect();
            let (least, most) = (loads.iter().min().unwrap(), loads.iter().max().unwrap());
            assert!(*most as f64 / (*least as f64) < 1.03, "{least}..{most}");
        }
    }

    #[test]
    fn more_shards_than_zones_leaves_some_empty_handed() {
        let (_, hands) = Placement::deal(&[5, 5], 64, 0);
        assert_eq!(hands.iter().filter(|hand| !hand.is_empty()).count(), 2);
    }

    #[test]
    fn a_split_zone_shares_its_agents_out() {
        let (mut placement, _) = Placement::deal(&[1; 4], 2, 0);
        let parts = vec![placement.add_cell(), placement.add_cell(), placement.add_cell()];
        placement.divide(ZoneId(2), parts.clone());
        assert_eq!(placement.cells(ZoneId(2)), parts);
        let mut counts = [0; 3];
        for agent in 0..3_000 {
            let cell = placement.cell(ZoneId(2), AgentId(agent));
            counts[parts.iter().position(|&part| part == cell).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| (900..1_100).contains(count)), "{counts:?}");
        placement.divide(ZoneId(2), vec![CellId(5)]);
        assert_eq!(placement.cell(ZoneId(2), AgentId(1)), CellId(5));
    }
}
