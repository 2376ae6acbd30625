//! [`Near`]: who is within the radius of somebody.

use super::continuous::{Continuous, Located};

/// Those who follow each other on a sheet, in cells side by side.
#[derive(Clone, Copy)]
pub(super) struct Run<'a, T, const D: usize> {
    pub who: &'a [T],
    /// What is added to their places, so that they lie beside who looks.
    pub shift: [f64; D],
}

/// Everybody within the radius of an agent, as they were at the exchange: without itself.
pub struct Near<'a, T, const D: usize> {
    pub(super) space: &'a Continuous<D>,
    pub(super) runs: &'a [Run<'a, T, D>],
    /// The agent itself, where it was published.
    pub(super) own: &'a T,
    pub(super) is_tiny: bool,
}

impl<T: Located<D>, const D: usize> Near<'_, T, D> {
    /// Calls `f` with each of them, the way there and the square of its length; in an order that depends on nothing but
    /// where everybody is and their ids.
    #[inline]
    pub fn each(&self, mut f: impl FnMut(&T, [f64; D], f64)) {
        let (at, limit) = (self.own.at(), self.space.radius() * self.space.radius());
        if self.is_tiny {
            return self.each_way_around(f);
        }
        for run in self.runs {
            let from: [f64; D] = std::array::from_fn(|axis| at[axis] - run.shift[axis]);
            for other in run.who {
                let there = other.at();
                let away: [f64; D] = std::array::from_fn(|axis| there[axis] - from[axis]);
                let square = square(away);
                if square <= limit && !std::ptr::eq(other, self.own) {
                    f(other, away, square);
                }
            }
        }
    }

    /// How many they are.
    pub fn count(&self) -> u32 {
        let mut count = 0;
        self.each(|_, _, _| count += 1);
        count
    }

    /// Where every cell is looked at once, and each way is the shorter one.
    #[cold]
    fn each_way_around(&self, mut f: impl FnMut(&T, [f64; D], f64)) {
        let (at, limit) = (self.own.at(), self.space.radius() * self.space.radius());
        for other in self.runs.iter().flat_map(|run| run.who) {
            let away = self.space.away(at, other.at());
            let square = square(away);
            if square <= limit && !std::ptr::eq(other, self.own) {
                f(other, away, square);
            }
        }
    }
}

#[inline]
fn square<const D: usize>(away: [f64; D]) -> f64 {
    away.iter().map(|along| along * along).sum()
}
