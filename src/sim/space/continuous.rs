//! [`Continuous`]: a box of one to three dimensions, cut into cells for the search of neighbours, and into zones.

use super::publish::Cut;
use crate::sim::rows::Row;

/// An agent's row that says where it is in a space of `D` dimensions.
pub trait Located<const D: usize>: Row {
    /// Where it is.
    fn at(&self) -> [f64; D];
    /// Puts it somewhere.
    fn put(&mut self, at: [f64; D]);
}

/// Declares rows with a field `at` of one to three `f64`, which are [`Located`] in as many dimensions.
///
/// ```
/// # use myriad::prelude::*;
/// located! {
///     /// A star, and how bright it is.
///     pub struct Star { at: [f64; 3], magnitude: f64 }
/// }
/// ```
#[macro_export]
macro_rules! located {
    ($($(#[$doc:meta])* $vis:vis struct $name:ident {
        $(#[$where:meta])* $shown:vis at: [f64; $dimensions:literal]
        $(, $(#[$about:meta])* $seen:vis $field:ident: $type:ty)* $(,)?
    })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, $crate::sim::Pod, $crate::sim::Zeroable)]
        #[repr(C)]
        $vis struct $name {
            $(#[$where])* $shown at: [f64; $dimensions]
            $(, $(#[$about])* $seen $field: $type)*
        }

        impl $crate::sim::Located<$dimensions> for $name {
            fn at(&self) -> [f64; $dimensions] {
                self.at
            }
            fn put(&mut self, at: [f64; $dimensions]) {
                self.at = at;
            }
        }
    )+};
}

/// A box `[0, size)` in each dimension, in which those count as near who are within a radius.
///
/// ```
/// use myriad::prelude::*;
/// let sky = Continuous::new([100.0, 100.0], 5.0).periodic();
/// assert_eq!(sky.wrapped([103.0, -1.0]), [3.0, 99.0]);
/// assert_eq!(sky.away([99.0, 50.0], [1.0, 50.0]), [2.0, 0.0]);
/// ```
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Continuous<const D: usize> {
    size: [f64; D],
    radius: f64,
    is_periodic: bool,
    /// Cells along each side.
    pub(crate) cells: [u32; D],
    /// Cells per unit of length.
    per_unit: [f64; D],
    /// Whether some side is so short that one cell would be reached from both ends.
    is_tiny: bool,
}

/// Cells to a radius: with more of them fewer candidates are looked at in vain, and more cells. Measured with 13
/// neighbours: 1 costs a fifth more, 3 as much.
pub(crate) const REACH: i64 = 2;

/// Cells along a side at most, by dimensions: 2^26 in all, of four bytes each.
const CELLS_MAX: [f64; 3] = [67_108_864.0, 8_192.0, 406.0];

impl<const D: usize> Continuous<D> {
    /// A box with walls, of these sizes.
    ///
    /// # Panics
    /// If a size or the radius is no positive number, or there are more dimensions than three.
    pub fn new(size: [f64; D], radius: f64) -> Self {
        assert!((1..=3).contains(&D), "a space has one to three dimensions, not {D}");
        let is_length = |length: f64| length.is_finite() && length > 0.0;
        assert!(size.into_iter().all(is_length), "a space of sizes {size:?}");
        assert!(is_length(radius), "a radius of {radius}");
        // A cell is as long as a share of the radius, or longer. Small radii in large spaces: no more cells than fit.
        let most = CELLS_MAX[D - 1];
        let cells = size.map(|size| (size * REACH as f64 / radius).floor().clamp(1.0, most) as u32);
        let per_unit = std::array::from_fn(|axis| cells[axis] as f64 / size[axis]);
        Self { size, radius, is_periodic: false, cells, per_unit, is_tiny: false }
    }

    /// The same without walls: each side is next to the opposite one.
    pub fn periodic(mut self) -> Self {
        self.is_periodic = true;
        self.is_tiny = self.cells.iter().any(|&count| (count as i64) < 2 * REACH + 1);
        self
    }

    /// Its sizes.
    pub fn size(&self) -> [f64; D] {
        self.size
    }

    /// Within this distance others are near.
    pub fn radius(&self) -> f64 {
        self.radius
    }

    /// Whether it is without walls.
    pub fn is_periodic(&self) -> bool {
        self.is_periodic
    }

    /// A place in the box: without walls who leaves on one side comes in on the other, and walls hold.
    #[inline]
    pub fn wrapped(&self, at: [f64; D]) -> [f64; D] {
        std::array::from_fn(|axis| {
            let (at, size) = (at[axis], self.size[axis]);
            if (0.0..size).contains(&at) {
                at
            } else if self.is_periodic {
                let inside = at.rem_euclid(size);
                // Of a tiny negative number rounding makes the whole size.
                if inside < size { inside } else { 0.0 }
            } else {
                at.clamp(0.0, size.next_down())
            }
        })
    }

    /// The way from one place to another: without walls the shorter one.
    #[inline]
    pub fn away(&self, from: [f64; D], to: [f64; D]) -> [f64; D] {
        std::array::from_fn(|axis| {
            let (way, size) = (to[axis] - from[axis], self.size[axis]);
            match self.is_periodic {
                true if way > size / 2.0 => way - size,
                true if way < -size / 2.0 => way + size,
                _ => way,
            }
        })
    }

    /// The cell of a place in the box, by axis.
    #[inline]
    pub(crate) fn cell(&self, at: [f64; D]) -> [u32; D] {
        std::array::from_fn(|axis| ((at[axis] * self.per_unit[axis]) as u32).min(self.cells[axis] - 1))
    }

    /// The number of a cell: the first axis runs fastest, so that a layer of the last one is a run.
    #[inline]
    pub(crate) fn index(&self, cell: [u32; D]) -> usize {
        cell.iter().zip(&self.cells).rev().fold(0, |index, (&at, &count)| index * count as usize + at as usize)
    }

    /// The cell of a number.
    #[inline]
    pub(crate) fn place(&self, index: usize) -> [u32; D] {
        let mut index = index as u32;
        self.cells.map(|count| {
            let at = index % count;
            index /= count;
            at
        })
    }

    /// Cells in a layer.
    pub(crate) fn layer_cells(&self) -> usize {
        self.cells[..D - 1].iter().map(|&count| count as usize).product()
    }

    /// The layers of the last axis, cut into zones.
    pub(crate) fn cut(&self, zones: u32) -> Cut {
        Cut { count: self.cells[D - 1], zones }
    }

    /// Whether some side is so short that one cell would be reached from both ends.
    pub(crate) fn is_tiny(&self) -> bool {
        self.is_tiny
    }

    /// The cell at a place along an axis, which may lie beyond the sides, with what is to be added to places in it, so
    /// that they lie there; none beyond a wall.
    #[inline]
    pub(crate) fn along(&self, axis: usize, at: i64) -> Option<(u32, f64)> {
        let (count, size) = (self.cells[axis] as i64, self.size[axis]);
        match at {
            _ if (0..count).contains(&at) => Some((at as u32, 0.0)),
            _ if !self.is_periodic => None,
            _ if at < 0 => Some(((at + count) as u32, -size)),
            _ => Some(((at - count) as u32, size)),
        }
    }

    /// The cells along an axis that reach a cell.
    #[inline]
    pub(crate) fn reached(&self, axis: usize, cell: u32) -> impl Iterator<Item = (u32, f64)> {
        let (count, cell) = (self.cells[axis] as i64, cell as i64);
        let range = if self.is_tiny() { 0..count } else { cell - REACH..cell + REACH + 1 };
        range.filter_map(move |at| self.along(axis, at))
    }
}

impl<const D: usize> Continuous<D> {
    /// As [`Continuous::reached`], along the first axis: stretches of cells, from the first, so many.
    pub(crate) fn stretches(&self, cell: u32) -> impl Iterator<Item = (u32, u32, f64)> {
        let (count, size) = (self.cells[0] as i64, self.size[0]);
        let (from, to) = (cell as i64 - REACH, cell as i64 + REACH + 1);
        let none = (0, 0, 0.0);
        let stretch = |from: i64, to: i64, shift: f64| (from as u32, (to - from) as u32, shift);
        let both = if self.is_tiny() {
            [stretch(0, count, 0.0), none]
        } else if !self.is_periodic {
            [stretch(from.max(0), to.min(count), 0.0), none]
        } else if from < 0 {
            [stretch(from + count, count, -size), stretch(0, to, 0.0)]
        } else if to > count {
            [stretch(from, count, 0.0), stretch(0, to - count, size)]
        } else {
            [stretch(from, to, 0.0), none]
        };
        both.into_iter().filter(|&(_, count, _)| count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_wrapped_or_held() {
        let open = Continuous::new([10.0, 4.0], 1.0).periodic();
        assert_eq!(open.wrapped([-1e-18, 4.0]), [0.0, 0.0]);
        assert_eq!(open.wrapped([25.0, -9.0]), [5.0, 3.0]);
        let walled = Continuous::new([10.0, 4.0], 1.0);
        let [x, y] = walled.wrapped([12.0, -3.0]);
        assert!(x < 10.0 && x > 9.999_999 && y == 0.0);
        assert_eq!(walled.cell([x, y]), [19, 0]);
    }

    #[test]
    fn cells_are_never_shorter_than_their_share_of_the_radius() {
        for (size, radius) in [([100.0, 7.3, 5.0], 2.1), ([1e9, 1.0, 1e3], 1e-3), ([3.0, 3.0, 3.0], 10.0)] {
            let space = Continuous::new(size, radius);
            for (size, cells) in size.into_iter().zip(space.cells) {
                let side = size / cells as f64;
                assert!(side >= radius / REACH as f64 * (1.0 - 1e-12) || cells == 1, "{space:?}");
            }
        }
    }
}
