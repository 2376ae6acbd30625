//! Puts the letters of a window in order.
//!
//! Few are sorted by comparison. Many are dealt to their cells first and to their slots then, two counting sorts that
//! stay in the cache, so that only the letters of one agent are left to be compared: a third of the time at 4 million
//! letters an exchange.

use std::cmp::Ordering;

use super::mail::Key;
use crate::base::prefix_sums;

/// Letters from which on dealing pays.
const MANY: usize = 256;
/// Letters of one agent up to which inserting them one by one is fastest.
const A_FEW: u32 = 16;

/// The memory that sorting takes.
#[derive(Default)]
pub(crate) struct Sorter {
    counts: Vec<u32>,
    dealt: Vec<Key>,
}

impl Sorter {
    /// Sorts keys of cells at places below `places` by cell, kind, slot and tick, then as [`Key::compare`] tells.
    pub(crate) fn sort(&mut self, keys: &mut [Key], places: usize, tie: impl Fn(&Key, &Key) -> Ordering) {
        let order = |a: &Key, b: &Key| a.compare(b, &tie);
        if keys.len() < MANY {
            keys.sort_unstable_by(order);
            return;
        }
        if self.dealt.len() < keys.len() {
            self.dealt.resize(keys.len(), keys[0]);
        }
        let Self { counts, dealt } = self;
        let dealt = &mut dealt[..keys.len()];
        deal(keys, dealt, counts, places << 4, |key| key.room() as usize);
        let mut first = 0;
        for room in dealt.chunk_by(|a, b| a.room() == b.room()) {
            let sorted = &mut keys[first..first + room.len()];
            first += room.len();
            let slot = |key: &Key| key.entry().slot() as usize;
            let slots = room.iter().map(slot).max().unwrap_or(0) + 1;
            if slots > 8 * room.len() {
                sorted.copy_from_slice(room);
                sorted.sort_unstable_by(order);
            } else if deal(room, sorted, counts, slots, slot) <= A_FEW {
                insert(sorted, order);
            } else {
                sorted.chunk_by_mut(|a, b| slot(a) == slot(b)).for_each(|one| one.sort_unstable_by(order));
            }
        }
    }
}

/// A stable counting sort by a group below `groups`; says how many the largest group has.
#[inline]
fn deal(from: &[Key], to: &mut [Key], counts: &mut Vec<u32>, groups: usize, group: impl Fn(&Key) -> usize) -> u32 {
    counts.clear();
    counts.resize(groups, 0);
    from.iter().for_each(|key| counts[group(key)] += 1);
    let most = counts.iter().copied().max().unwrap_or(0);
    prefix_sums(counts);
    for key in from {
        let next = &mut counts[group(key)];
        to[*next as usize] = *key;
        *next += 1;
    }
    most
}

/// Sorts keys of which none is far from where it belongs.
#[inline]
fn insert(keys: &mut [Key], order: impl Fn(&Key, &Key) -> Ordering) {
    for next in 1..keys.len() {
        let key = keys[next];
        let mut at = next;
        while at > 0 && order(&key, &keys[at - 1]).is_lt() {
            keys[at] = keys[at - 1];
            at -= 1;
        }
        keys[at] = key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{AgentId, Seed, Stream, Tick};
    use crate::sim::wheel::Entry;

    #[test]
    fn dealing_sorts_as_comparing_does() {
        for (count, places, slots) in [(10, 3, 5), (5_000, 20, 60), (5_000, 2, 900_000), (9_000, 300, 3), (3_000, 1, 1)]
        {
            let mut draws = Seed(7).draws(Stream::named("test"), AgentId(count), Tick(0));
            let mut keys: Vec<Key> = (0..count)
                .map(|index| {
                    let entry = Entry::new(draws.below(places) as usize, draws.below(3) as usize, draws.below(slots));
                    Key::new(entry, draws.below(4), draws.chance16(20_000), AgentId(draws.below(9)), index)
                })
                .collect();
            let mut expected = keys.clone();
            let tie = |a: &Key, b: &Key| (a.from, a.index()).cmp(&(b.from, b.index()));
            expected.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| tie(a, b)));
            Sorter::default().sort(&mut keys, places as usize, tie);
            let parts = |keys: &[Key]| keys.iter().map(|key| (key.at, key.from, key.index())).collect::<Vec<_>>();
            assert_eq!(parts(&keys), parts(&expected), "{count} keys, {places} places, {slots} slots");
        }
    }
}
