//! Asking for memory ahead of its use, many places at a time.
//!
//! A prefetch does not wait for memory, but for its page to be found, which takes as long where a table of pages is out
//! of the cache. Asked for one by one, between two agents' work, each of a million pages is such a wait; asked for
//! together, the waits overlap. An hour of 4 million residents takes an eighth less.

use std::ops::Range;

/// How many items ahead are asked for at least: one by one, 8 to 32 took as long. And how many more at once: in plain
/// loops over as much memory 16 gained little over 8.
const AHEAD: usize = 16;
const BATCH: usize = 8;

/// How far a list was asked for.
#[derive(Clone, Copy, Default)]
pub(crate) struct Lookahead {
    /// The first item that was not.
    asked: usize,
}

impl Lookahead {
    /// The items of a list to ask for when the one at `next` is at hand: mostly none.
    #[inline]
    pub(crate) fn from(&mut self, next: usize, len: usize) -> Range<usize> {
        let from = self.asked;
        if from >= next + AHEAD || from >= len {
            return 0..0;
        }
        self.asked = len.min(next + AHEAD + BATCH);
        from..self.asked
    }

    /// As [`Lookahead::from`], as far as `is` holds: what is beyond is asked for later.
    #[inline]
    pub(crate) fn among<'a, T>(&mut self, list: &'a [T], next: usize, is: impl Fn(&T) -> bool) -> &'a [T] {
        let range = self.from(next, list.len());
        let items = &list[range.clone()];
        match items.iter().position(|item| !is(item)) {
            None => items,
            Some(other) => {
                self.asked = range.start + other;
                &items[..other]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_asked_for_once_and_before_its_turn() {
        for len in [0, 1, 7, 24, 25, 1_000] {
            let (mut ahead, mut asked) = (Lookahead::default(), 0);
            for next in 0..len {
                let range = ahead.from(next, len);
                if !range.is_empty() {
                    assert_eq!(range.start, asked);
                    asked = range.end;
                }
                assert!(asked >= len.min(next + AHEAD), "{asked} of {len} at {next}");
            }
            assert_eq!(asked, len);
        }
    }

    #[test]
    fn what_is_of_another_sort_is_asked_for_in_its_turn() {
        // Sorts follow each other, as kinds in an agenda do: three of one sort, then three of the next.
        let list: Vec<usize> = (0..100).collect();
        let (mut ahead, mut asked) = (Lookahead::default(), Vec::new());
        for next in 0..list.len() {
            asked.extend_from_slice(ahead.among(&list, next, |item| item / 3 == next / 3));
            assert!(asked.contains(&next), "{next}");
        }
        assert_eq!(asked, list);
    }
}
