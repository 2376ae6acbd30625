//! Balance: which cells should move, which zones be split or joined again, so that no shard costs much more than
//! others.
//!
//! It changes who computes what, and nothing else.

use std::cmp::Reverse;

use super::cell::CellId;
use super::placement::Placement;
use crate::base::{AgentId, Seed, Stream, Tick, ZoneId};

/// What a cell has cost since the last review.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    pub cell: CellId,
    pub zone: ZoneId,
    pub shard: usize,
    pub agents: u32,
    /// Events handled. Not nanoseconds: on a machine that others use they say who was interrupted.
    pub work: u64,
}

/// Something to change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Change {
    /// The cell goes to another shard.
    Move(CellId, usize),
    /// The zone is divided anew, into one cell for each of these shards.
    Divide(ZoneId, Vec<usize>),
}

/// How much dearer than the mean a shard may become, in percent of the mean, before cells move; and what is aimed at
/// then. Less would move cells for what is chance.
const TOLERATED_PERCENT: u64 = 10;
const AIMED_PERCENT: u64 = 5;

/// A zone is split if it costs more than this share of a shard's mean cost, into parts of half of that: cells any
/// larger could not be dealt evenly.
const HOT: (u64, u64) = (1, 2);

/// The parts of a zone are joined if together they cost less than this share of it: well below, lest it flip.
const COLD: (u64, u64) = (1, 8);

/// A cell of fewer agents is not split: moving them costs more than they do.
const SPLIT_AGENTS: u32 = 256;

/// Parts of a zone at most.
const PARTS_MAX: u64 = 64;

/// Moves in one review at most: each takes as long as filing the wakes of the cell.
const MOVES_MAX: usize = 64;

/// What to change, given what each cell cost.
pub(crate) fn plan(costs: &[Cost], shards: usize) -> Vec<Change> {
    let total: u64 = costs.iter().map(|cost| cost.work).sum();
    let mean = total / shards as u64;
    let mut changes = Vec::new();
    if mean == 0 || shards < 2 {
        return changes;
    }
    let mut loads = vec![0; shards];
    costs.iter().for_each(|cost| loads[cost.shard] += cost.work);
    let least = |loads: &[u64]| (0..shards).min_by_key(|&shard| (loads[shard], shard)).expect("shards");
    let above = |percent: u64| mean + mean * percent / 100;

    // Zones, each with its cells: split, joined, or left to be moved cell by cell.
    let mut by_zone = costs.to_vec();
    by_zone.sort_by_key(|cost| (cost.zone, cost.cell));
    let mut movable = Vec::new();
    for cells in by_zone.chunk_by(|a, b| a.zone == b.zone) {
        let work: u64 = cells.iter().map(|cost| cost.work).sum();
        let agents: u32 = cells.iter().map(|cost| cost.agents).sum();
        let hot = mean * HOT.0 / HOT.1;
        let wanted = if work > hot && agents >= SPLIT_AGENTS {
            (work * 2).div_ceil(hot.max(1)).min(PARTS_MAX).max(cells.len() as u64)
        } else if work < mean * COLD.0 / COLD.1 {
            1
        } else {
            cells.len() as u64
        };
        if wanted == cells.len() as u64 {
            movable.extend_from_slice(cells);
            continue;
        }
        cells.iter().for_each(|cost| loads[cost.shard] -= cost.work);
        let part = |_| {
            let shard = least(&loads);
            loads[shard] += work / wanted;
            shard
        };
        changes.push(Change::Divide(cells[0].zone, (0..wanted).map(part).collect()));
    }

    // The dearest shard gives the largest cell that makes neither it nor the cheapest one the new extreme.
    movable.sort_by_key(|cost| (Reverse(cost.work), cost.cell));
    if loads.iter().all(|&load| load <= above(TOLERATED_PERCENT)) {
        return changes;
    }
    for _ in 0..MOVES_MAX {
        let dearest = (0..shards).max_by_key(|&shard| (loads[shard], Reverse(shard))).expect("shards");
        let cheapest = least(&loads);
        if loads[dearest] <= above(AIMED_PERCENT) {
            break;
        }
        let room = (loads[dearest] - loads[cheapest]) / 2;
        let fits = |cost: &&mut Cost| cost.shard == dearest && (1..=room).contains(&cost.work);
        let Some(cost) = movable.iter_mut().find(fits) else { break };
        cost.shard = cheapest;
        loads[dearest] -= cost.work;
        loads[cheapest] += cost.work;
        changes.push(Change::Move(cost.cell, cheapest));
    }
    changes
}

/// Changes for no reason, for tests: drawn from a number and the exchange.
pub(crate) fn upheaval(number: u64, exchange: u64, placement: &Placement, shards: usize) -> Vec<Change> {
    let mut draws = Seed(number).draws(Stream::named("upheaval"), AgentId(0), Tick(exchange));
    let mut anyone = |below: usize| draws.below(below as u32) as usize;
    let mut changes = Vec::new();
    if anyone(3) != 0 {
        return changes;
    }
    let zone = ZoneId(anyone(placement.zone_count()) as u32);
    let parts = 1 + anyone(4);
    changes.push(Change::Divide(zone, (0..parts).map(|_| anyone(shards)).collect()));
    for _ in 0..anyone(6) {
        let other = ZoneId(anyone(placement.zone_count()) as u32);
        if other != zone {
            let cells = placement.cells(other);
            changes.push(Change::Move(cells[anyone(cells.len())], anyone(shards)));
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs(work: &[(usize, u64)]) -> Vec<Cost> {
        let cost = |(index, &(shard, work)): (usize, &(usize, u64))| Cost {
            cell: CellId(index as u32),
            zone: ZoneId(index as u32),
            shard,
            agents: 1_000,
            work,
        };
        work.iter().enumerate().map(cost).collect()
    }

    fn loads(costs: &[Cost], changes: &[Change], shards: usize) -> Vec<u64> {
        let mut loads = vec![0; shards];
        for cost in costs {
            let of = |change: &&Change| match change {
                Change::Move(cell, _) => *cell == cost.cell,
                Change::Divide(zone, _) => *zone == cost.zone,
            };
            match changes.iter().find(of) {
                None => loads[cost.shard] += cost.work,
                Some(Change::Move(_, to)) => loads[*to] += cost.work,
                Some(Change::Divide(_, parts)) => {
                    parts.iter().for_each(|&part| loads[part] += cost.work / parts.len() as u64);
                }
            }
        }
        loads
    }

    #[test]
    fn even_shards_are_left_alone() {
        let costs = costs(&[(0, 100), (0, 100), (1, 103), (1, 100), (2, 95), (2, 101)]);
        assert_eq!(plan(&costs, 3).iter().filter(|change| matches!(change, Change::Move(..))).count(), 0);
    }

    #[test]
    fn a_dear_shard_gives_cells_away() {
        let mut cells: Vec<(usize, u64)> = (0..40).map(|n| (0, 80 + n)).collect();
        cells.extend((0..40).map(|n| (1 + n % 3, 60 + n as u64)));
        let costs = costs(&cells);
        let before = loads(&costs, &[], 4);
        let changes = plan(&costs, 4);
        let after = loads(&costs, &changes, 4);
        let mean = after.iter().sum::<u64>() / 4;
        assert!(before[0] > 2 * mean && *after.iter().max().unwrap() < mean * 110 / 100, "{before:?} {after:?}");
    }

    #[test]
    fn a_hot_zone_is_split_and_a_cold_one_joined() {
        let mut cells: Vec<(usize, u64)> = (0..60).map(|n| (n % 4, 100)).collect();
        cells.push((2, 6_000));
        let mut costs = costs(&cells);
        let changes = plan(&costs, 4);
        let split = changes.iter().find_map(|change| match change {
            Change::Divide(ZoneId(60), parts) => Some(parts.len()),
            _ => None,
        });
        assert!(split.is_some_and(|parts| parts >= 4), "{changes:?}");
        let after = loads(&costs, &changes, 4);
        let mean = after.iter().sum::<u64>() / 4;
        assert!(*after.iter().max().unwrap() < mean * 110 / 100, "{after:?}");
        // The same zone in two parts, and cold.
        costs[60].work = 20;
        costs.push(Cost { cell: CellId(61), work: 20, shard: 3, ..costs[60] });
        let joined = |change: &Change| matches!(change, Change::Divide(ZoneId(60), parts) if parts.len() == 1);
        assert!(plan(&costs, 4).iter().any(joined));
    }
}
