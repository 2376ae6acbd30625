//! Carries changes of balance out, between two intervals.

use std::sync::Mutex;

use super::balance::{Change, Cost};
use super::cell::{Cell, CellId};
use super::context::Context;
use super::engine::lock_mut;
use super::furnisher::Furnisher;
use super::kind::Homeless;
use super::placement::Seat;
use super::shard::Shard;
use crate::base::ZoneId;

/// What each cell cost since this was last asked.
pub(crate) fn costs(shards: &mut [Mutex<Shard>]) -> Vec<Cost> {
    let mut costs = Vec::new();
    for shard in shards {
        let Shard { index, cells, kinds, .. } = lock_mut(shard);
        for (place, cell) in cells.iter().enumerate() {
            let Some(cell) = cell else { continue };
            let work = kinds.iter_mut().map(|kind| kind.events(place) as u64).sum();
            let agents = kinds.iter().map(|kind| kind.present(place)).sum();
            costs.push(Cost { cell: cell.id, zone: cell.zone, shard: *index, agents, work });
        }
    }
    costs
}

/// Carries changes out. Letters follow their addressees.
pub(crate) fn apply(changes: &[Change], shards: &mut [Mutex<Shard>], context: &mut Context, furnisher: &Furnisher) {
    // What is on its way must be at rest before addresses change, and set out again afterwards.
    for shard in shards.iter_mut() {
        let shard = lock_mut(shard);
        shard.posts.iter_mut().for_each(|post| post.collect(shard.index, context));
    }
    for change in changes {
        match change {
            Change::Move(cell, to) => move_cell(*cell, *to, shards, context),
            Change::Divide(zone, to) => divide(*zone, to, shards, context, furnisher),
        }
    }
    if shards.iter_mut().any(|shard| lock_mut(shard).failure.is_some()) {
        // Somebody could not be brought back: the run ends here, and there may be letters to nowhere.
        return;
    }
    for shard in shards.iter_mut() {
        let shard = lock_mut(shard);
        shard.posts.iter_mut().for_each(|post| post.readdress(shard.index, context));
    }
}

fn move_cell(cell: CellId, to: usize, shards: &mut [Mutex<Shard>], context: &mut Context) {
    let Seat { shard, place } = context.placement.seat(cell);
    if shard as usize == to {
        return;
    }
    let from = lock_mut(&mut shards[shard as usize]);
    if !from.thaw(place as usize) {
        return;
    }
    let moved = from.cells[place as usize].take().expect("a cell has its seat");
    let rolls: Vec<Homeless> = from.kinds.iter_mut().map(|kind| kind.lift(place as usize)).collect();
    from.note_vacant(place as usize);
    let shard = lock_mut(&mut shards[to]);
    let place = vacant(shard);
    for (kind, roll) in shard.kinds.iter_mut().zip(rolls) {
        kind.set_down(place, roll, context.dense);
    }
    shard.cells[place] = Some(moved);
    shard.note_awake(place);
    context.placement.put(cell, Seat { shard: to as u32, place: place as u32 });
}

/// Divides a zone anew.
fn divide(zone: ZoneId, to: &[usize], shards: &mut [Mutex<Shard>], context: &mut Context, furnisher: &Furnisher) {
    let kinds = furnisher.kinds.len();
    let mut people: Vec<Vec<Homeless>> = (0..kinds).map(|_| Vec::new()).collect();
    for cell in context.placement.cells(zone) {
        let Seat { shard, place } = context.placement.seat(cell);
        let shard = lock_mut(&mut shards[shard as usize]);
        if !shard.thaw(place as usize) {
            return;
        }
        for (kind, people) in shard.kinds.iter_mut().zip(&mut people) {
            people.push(kind.dissolve(place as usize));
        }
        let _: Option<Cell> = shard.cells[place as usize].take();
        shard.note_vacant(place as usize);
        context.placement.remove_cell(cell);
    }
    let mut shares: Vec<_> = people
        .into_iter()
        .zip(&lock_mut(&mut shards[0]).kinds)
        .map(|(people, kind)| kind.share_out(people, to.len()).into_iter())
        .collect();
    let cells: Vec<CellId> = to.iter().map(|_| context.placement.add_cell()).collect();
    for ((part, &cell), &to) in (0..).zip(&cells).zip(to) {
        let shard = lock_mut(&mut shards[to]);
        let place = vacant(shard);
        let settlers = shares.iter_mut().map(|shares| shares.next().expect("a share for each")).collect();
        furnisher.found(shard, place, (cell, zone, part), settlers, context);
        context.placement.put(cell, Seat { shard: to as u32, place: place as u32 });
    }
    context.placement.divide(zone, cells);
}

/// A place for one more cell. The agenda may still hold entries of the cell that was there before: they find nobody, or
/// somebody who is due anyway.
fn vacant(shard: &mut Shard) -> usize {
    shard.cells.iter().position(Option::is_none).unwrap_or_else(|| {
        shard.cells.push(None);
        shard.cells.len() - 1
    })
}
