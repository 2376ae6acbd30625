//! [`Grid`]: squares of a plane.

use std::ops::Range;

use bytemuck::{Pod, Zeroable};

use crate::base::{Draws, Permutation, Seed, Stream};
use crate::sim::RunError;

/// A square of a [`Grid`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Pod, Zeroable)]
#[repr(transparent)]
pub struct Spot(pub(crate) u32);

impl Spot {
    /// Its number: row by row, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Squares in rows.
///
/// ```
/// use myriad::prelude::*;
/// let grid = Grid::new(4, 3);
/// let corner = grid.spot(0, 0);
/// assert_eq!(grid.around(corner, 1).count(), 3);
/// assert_eq!(grid.periodic().around(corner, 1).count(), 8);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Grid {
    width: u32,
    height: u32,
    is_periodic: bool,
    /// For [`Grid::place`].
    reciprocal: u64,
}

/// The power of two to which [`Grid::place`] reckons with fractions.
const FRACTION: u32 = 60;

impl Grid {
    /// Squares of a grid at most.
    pub const SPOTS_MAX: u64 = 1 << 28;

    /// So many columns and rows, with borders.
    ///
    /// # Panics
    /// If there is no square, or more than [`Grid::SPOTS_MAX`].
    pub fn new(width: u32, height: u32) -> Self {
        let squares = width as u64 * height as u64;
        let most = Self::SPOTS_MAX;
        assert!((1..=most).contains(&squares), "a grid has 1 to {most} squares, not {width} x {height}");
        Self { width, height, is_periodic: false, reciprocal: (1 << FRACTION) / width as u64 + 1 }
    }

    /// So many squares in all, with borders: as square as can be.
    ///
    /// ```
    /// use myriad::prelude::*;
    /// let grid = Grid::holding(1_000)?;
    /// assert_eq!((grid.width(), grid.height()), (40, 25));
    /// # Ok::<(), RunError>(())
    /// ```
    ///
    /// # Errors
    /// If there is no square, or more than [`Grid::SPOTS_MAX`].
    pub fn holding(squares: u64) -> Result<Self, RunError> {
        if !(1..=Self::SPOTS_MAX).contains(&squares) {
            return Err(RunError::Input(format!("{squares} squares in a grid, where 1 to {} fit", Self::SPOTS_MAX)));
        }
        let height = (1..=squares.isqrt()).rev().find(|&height| squares.is_multiple_of(height)).unwrap_or(1);
        Ok(Self::new((squares / height) as u32, height as u32))
    }

    /// The same without borders: the right side is next to the left one, the upper to the lower.
    pub fn periodic(mut self) -> Self {
        self.is_periodic = true;
        self
    }

    /// Columns.
    pub fn width(self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(self) -> u32 {
        self.height
    }

    /// Whether it is without borders.
    pub fn is_periodic(self) -> bool {
        self.is_periodic
    }

    /// Squares.
    pub fn spots(self) -> u32 {
        self.width * self.height
    }

    /// The square in a column and a row.
    ///
    /// # Panics
    /// If there is none.
    pub fn spot(self, x: u32, y: u32) -> Spot {
        assert!(x < self.width && y < self.height, "({x}, {y}) in a grid of {} x {}", self.width, self.height);
        Spot(y * self.width + x)
    }

    /// The square of that number, row by row.
    ///
    /// # Panics
    /// If there is none.
    pub fn nth(self, index: u32) -> Spot {
        assert!(index < self.spots(), "square {index} in a grid of {}", self.spots());
        Spot(index)
    }

    /// The column and the row of a square.
    #[inline]
    pub fn place(self, spot: Spot) -> (u32, u32) {
        // To multiply is quicker than to divide. The reciprocal is too large by 2^-60 at most: so is the quotient by
        // less than one part in as many as there are columns, for no more than 2^28 squares and columns.
        let y = ((spot.0 as u128 * self.reciprocal as u128) >> FRACTION) as u32;
        (spot.0 - y * self.width, y)
    }

    /// A square at a distance in columns and rows, if there is one.
    #[inline]
    pub fn beside(self, spot: Spot, dx: i32, dy: i32) -> Option<Spot> {
        let (x, y) = self.place(spot);
        let x = along(x, dx, self.width, self.is_periodic)?;
        let y = along(y, dy, self.height, self.is_periodic)?;
        Some(Spot(y * self.width + x))
    }

    /// All other squares within so many columns and rows (Moore's neighbourhood, for 1), row by row. On a small
    /// periodic grid each counts once.
    pub fn around(self, spot: Spot, radius: u32) -> impl Iterator<Item = Spot> {
        let (x, y) = self.place(spot);
        let columns = Reach::new(x, radius, self.width, self.is_periodic);
        let rows = Reach::new(y, radius, self.height, self.is_periodic);
        let squares = rows.iter().flat_map(move |y| columns.iter().map(move |x| Spot(y * self.width + x)));
        squares.filter(move |&other| other != spot)
    }

    /// The squares that share a side (von Neumann's neighbourhood): left, right, above, below.
    pub fn cross(self, spot: Spot) -> impl Iterator<Item = Spot> {
        [(-1, 0), (1, 0), (0, -1), (0, 1)].into_iter().filter_map(move |(dx, dy)| self.beside(spot, dx, dy))
    }

    /// Any square, each as likely.
    pub fn anywhere(self, draws: &mut Draws) -> Spot {
        Spot(draws.below(self.spots()))
    }

    /// One of the squares that touch this one, each as likely; itself if there is no other.
    // Always: a call would cost as much as what it does.
    #[inline(always)]
    pub fn step(self, spot: Spot, draws: &mut Draws) -> Spot {
        // One of the eight, until it is another square that is there: a fraction of a draw more than to count them.
        const DIRECTIONS: [(i32, i32); 8] = [(-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)];
        if self.spots() == 1 {
            return spot;
        }
        loop {
            let (dx, dy) = DIRECTIONS[draws.below(8) as usize];
            match self.beside(spot, dx, dy) {
                Some(other) if other != spot => return other,
                _ => {}
            }
        }
    }

    /// Of all pairs of neighbours within so many columns and rows, the share that are of one group: how far groups live
    /// apart. 0 if there is no pair.
    pub fn alike(self, radius: u32, all: impl Iterator<Item = (Spot, u32)>) -> f64 {
        let all: Vec<(Spot, u32)> = all.collect();
        // 0: vacant.
        let mut groups = vec![0_u64; self.spots() as usize];
        all.iter().for_each(|&(spot, group)| groups[spot.index()] = group as u64 + 1);
        let (mut same, mut pairs) = (0_u64, 0_u64);
        for &(spot, group) in &all {
            let own = group as u64 + 1;
            self.runs_around(spot, radius, |run| {
                for &other in &groups[run] {
                    same += u64::from(other == own);
                    pairs += u64::from(other != 0);
                }
            });
        }
        // Everybody met itself.
        let own = all.len() as u64;
        if pairs > own { (same - own) as f64 / (pairs - own) as f64 } else { 0.0 }
    }

    /// All squares in a random order, of which the first so many may be taken: each agent its own.
    ///
    /// ```
    /// use myriad::prelude::*;
    /// let grid = Grid::new(10, 10);
    /// let scattered = grid.scatter(Seed(7));
    /// let mut all: Vec<Spot> = (0..100).map(|nth| scattered(nth)).collect();
    /// all.sort();
    /// assert!((0..100).eq(all.iter().map(|spot| spot.index())));
    /// ```
    pub fn scatter(self, seed: Seed) -> impl Fn(u64) -> Spot + Send + Sync + Clone + 'static {
        let order = Permutation::new(self.spots() as u64, seed, Stream::named("grid/scatter"));
        move |nth| Spot(order.apply(nth) as u32)
    }

    /// Calls `f` with the squares within so many columns and rows in runs of numbers that follow each other, row by
    /// row: this one is among them. Faster than [`Grid::around`] where a table is looked up by number.
    ///
    /// ```
    /// use myriad::prelude::*;
    /// let grid = Grid::new(4, 3);
    /// let mut runs = Vec::new();
    /// grid.runs_around(grid.spot(1, 0), 1, |run| runs.push(run));
    /// assert_eq!(runs, [0..3, 4..7]);
    /// ```
    #[inline(always)]
    pub fn runs_around(self, spot: Spot, radius: u32, mut f: impl FnMut(Range<usize>)) {
        let (x, y) = self.place(spot);
        let columns = Reach::new(x, radius, self.width, self.is_periodic);
        let rows = Reach::new(y, radius, self.height, self.is_periodic);
        let ([(from, len), beyond], width) = (columns.runs, self.width as usize);
        // Mostly it does not go around.
        if beyond.1 == 0 && rows.runs[1].1 == 0 {
            let (first, count) = rows.runs[0];
            let from = first as usize * width + from as usize;
            let lines = (0..count as usize).map(|line| from + line * width);
            // The usual ones by themselves: loops of known length have no overhead of their own.
            match len as usize {
                3 => lines.for_each(|at| f(at..at + 3)),
                5 => lines.for_each(|at| f(at..at + 5)),
                len => lines.for_each(|at| f(at..at + len)),
            }
            return;
        }
        for line in rows.iter().map(|y| y as usize * width) {
            for (from, len) in columns.runs {
                f(line + from as usize..line + (from + len) as usize);
            }
        }
    }
}

#[inline]
fn along(at: u32, by: i32, count: u32, is_periodic: bool) -> Option<u32> {
    // What is below 0 wraps around to far above any count.
    let to = at.wrapping_add_signed(by);
    match to < count {
        true => Some(to),
        false => is_periodic.then(|| (at as i64 + by as i64).rem_euclid(count as i64) as u32),
    }
}

/// Places within a distance along one side: up to two runs, for it may go around.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    /// From, and how many.
    pub runs: [(u32, u32); 2],
}

impl Reach {
    #[inline]
    fn new(at: u32, radius: u32, count: u32, is_periodic: bool) -> Self {
        if !is_periodic {
            let first = at.saturating_sub(radius);
            return Self { runs: [(first, (at + radius).min(count - 1) - first + 1), (0, 0)] };
        }
        if 2 * radius as u64 + 1 >= count as u64 {
            return Self { runs: [(0, count), (0, 0)] };
        }
        let first = (at + count - radius) % count;
        let len = 2 * radius + 1;
        let whole = len.min(count - first);
        Self { runs: [(first, whole), (0, len - whole)] }
    }

    #[inline]
    pub(crate) fn iter(self) -> impl Iterator<Item = u32> {
        let [(a, a_len), (b, b_len)] = self.runs;
        (a..a + a_len).chain(b..b + b_len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{AgentId, Tick};

    #[test]
    fn neighbourhoods_are_what_a_ruler_says() {
        for (width, height) in [(1, 1), (1, 5), (2, 2), (3, 3), (4, 7), (9, 5)] {
            for grid in [Grid::new(width, height), Grid::new(width, height).periodic()] {
                let gap = |a: u32, b: u32, count: u32| {
                    let gap = a.abs_diff(b);
                    if grid.is_periodic() { gap.min(count - gap) } else { gap }
                };
                for spot in (0..grid.spots()).map(Spot) {
                    let (x, y) = grid.place(spot);
                    for radius in 0..4 {
                        let is_near = |other: &Spot| {
                            let (ox, oy) = grid.place(*other);
                            *other != spot && gap(x, ox, width).max(gap(y, oy, height)) <= radius
                        };
                        let mut found: Vec<Spot> = grid.around(spot, radius).collect();
                        found.sort_unstable();
                        let right: Vec<Spot> = (0..grid.spots()).map(Spot).filter(is_near).collect();
                        assert_eq!(found, right, "{grid:?}, around ({x}, {y}), radius {radius}");
                    }
                }
            }
        }
    }

    #[test]
    fn squares_are_in_the_column_and_the_row_of_a_division() {
        let most = Grid::SPOTS_MAX as u32;
        let numbers =
            |count: u32| (0..count).step_by((count as usize / 5_000).max(1)).chain(count.saturating_sub(3)..count);
        for width in (1..200).chain([997, 4_095, 4_096, 65_537, most / 3, most / 2 - 1, most - 1, most]) {
            let grid = Grid::new(width, most / width);
            let edges = (1..grid.height())
                .step_by((grid.height() as usize / 1_000).max(1))
                .flat_map(|y| [y * width - 1, y * width]);
            for at in numbers(grid.spots()).chain(edges) {
                assert_eq!(grid.place(Spot(at)), (at % width, at / width), "square {at} of {grid:?}");
            }
        }
    }

    #[test]
    fn who_lives_apart_is_alike() {
        let grid = Grid::new(6, 6);
        let all = |group: fn(u32, u32) -> u32| {
            let groups = (0..grid.spots()).map(Spot).map(move |spot| {
                let (x, y) = grid.place(spot);
                (spot, group(x, y))
            });
            grid.alike(1, groups)
        };
        assert_eq!(all(|_, _| 0), 1.0);
        // Of 220 ordered pairs 32 are across the middle.
        assert_eq!(all(|x, _| x / 3), 188.0 / 220.0);
        // On a chessboard those at the corners: two for each of 25 blocks of four squares, both ways.
        assert_eq!(all(|x, y| (x + y) % 2), 100.0 / 220.0);
        assert_eq!(grid.alike(1, [(Spot(3), 1)].into_iter()), 0.0);
    }

    #[test]
    fn a_step_is_as_likely_to_each_side() {
        let grid = Grid::new(5, 5);
        for (x, y, right) in [(0, 0, 3), (2, 0, 5), (2, 2, 8)] {
            let mut counts = [0_u32; 25];
            let mut draws = Seed(1).draws(Stream::named("step"), AgentId(x), Tick(y as u64));
            (0..8_000).for_each(|_| counts[grid.step(grid.spot(x, y), &mut draws).index()] += 1);
            let hit: Vec<u32> = counts.into_iter().filter(|&count| count > 0).collect();
            let mean = 8_000 / right;
            assert_eq!(hit.len() as u32, right);
            assert!(hit.iter().all(|count| count.abs_diff(mean) < mean / 6), "({x}, {y}): {hit:?}");
        }
        assert_eq!(Grid::new(1, 1).step(Spot(0), &mut Seed(1).draws(Stream(1), AgentId(0), Tick(0))), Spot(0));
    }
}
