//! Draws from a table of weights in constant time.

use crate::base::Draws;

/// A table from which index i is drawn with a probability in proportion to its weight, in constant time (Walker 1977,
/// in the form of Vose, "A Linear Algorithm for Generating Random Numbers with a Given Distribution", 1991).
///
/// The table is built in whole numbers and in a fixed order, so equal weights give equal draws on every machine. A
/// probability is exact to 2^-32 of a cell, a cell being `1 / len`. An index of weight 0 is never drawn.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Alias {
    cells: Vec<Cell>,
}

/// One of `len` equal parts: its lower part is the index itself, the rest another index.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Cell {
    /// Of 2^32, how much is the index itself. A whole cell has itself as the other index.
    threshold: u32,
    other: u32,
}

impl Alias {
    /// The table of those weights; `None` if all are 0 or there are none. Panics if there are 2^32.
    pub fn new(weights: &[u64]) -> Option<Self> {
        let total: u128 = weights.iter().map(|&weight| weight as u128).sum();
        if total == 0 {
            return None;
        }
        let count = u32::try_from(weights.len()).expect("fewer than 2^32 weights");
        // A cell holds `total`, so that `count` cells hold `count` times each weight, without a fraction.
        let mut rest: Vec<u128> = weights.iter().map(|&weight| weight as u128 * count as u128).collect();
        let mut cells: Vec<Cell> = (0..count).map(|index| Cell { threshold: 0, other: index }).collect();
        let (mut small, mut large): (Vec<u32>, Vec<u32>) = (0..count).partition(|&index| rest[index as usize] < total);
        while let (Some(&poor), Some(&rich)) = (small.last(), large.last()) {
            small.pop();
            // What the index does not fill of its cell, one that has more than a cell fills.
            let part = rest[poor as usize];
            cells[poor as usize] = Cell { threshold: ((part << 32) / total) as u32, other: rich };
            rest[rich as usize] -= total - part;
            if rest[rich as usize] < total {
                large.pop();
                small.push(rich);
            }
        }
        // What is left fills its cell exactly, as the arithmetic has no rounding.
        debug_assert!(small.is_empty() && large.iter().all(|&index| rest[index as usize] == total));
        Some(Self { cells })
    }

    /// The table of weights that need not be whole: each is taken in 2^40ths of the largest, and at least as one of
    /// them if it is above 0. Weights that are negative, infinite or not a number count as 0.
    pub fn from_f64(weights: &[f64]) -> Option<Self> {
        let usable = |weight: f64| if weight.is_finite() && weight > 0.0 { weight } else { 0.0 };
        let largest = weights.iter().copied().map(usable).fold(0.0, f64::max);
        let whole = |weight: f64| match usable(weight) {
            0.0 => 0,
            weight => ((weight / largest * (1_u64 << 40) as f64) as u64).max(1),
        };
        Self::new(&weights.iter().copied().map(whole).collect::<Vec<u64>>())
    }

    /// The number of weights.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there are no weights, which [`Alias::new`] does not allow.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// An index. Two words.
    #[inline]
    pub fn pick(&self, draws: &mut Draws) -> u32 {
        let index = draws.below(self.cells.len() as u32);
        let part = draws.u32();
        self.at(index, part)
    }

    /// An index, from one word. Probabilities are exact to 2^-32 in all: enough for tables of up to some 65,536
    /// weights.
    #[inline]
    pub fn pick_one_word(&self, draws: &mut Draws) -> u32 {
        let product = draws.u32() as u64 * self.cells.len() as u64;
        self.at((product >> 32) as u32, product as u32)
    }

    #[inline]
    fn at(&self, index: u32, part: u32) -> u32 {
        let cell = self.cells[index as usize];
        if part < cell.threshold { index } else { cell.other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{AgentId, Seed, Stream, Tick};

    /// The probability of each index, from the cells, in 2^-32 of a cell.
    fn masses(table: &Alias) -> Vec<u64> {
        let mut masses = vec![0; table.len()];
        for (index, cell) in table.cells.iter().enumerate() {
            masses[index] += cell.threshold as u64;
            masses[cell.other as usize] += (1 << 32) - cell.threshold as u64;
        }
        masses
    }

    #[test]
    fn the_cells_hold_the_weights() {
        for case in 0..300 {
            let mut draws = Seed(4).draws(Stream::named("alias"), AgentId(case), Tick(0));
            let (count, shift) = (1 + draws.below(80), draws.below(64));
            let weights: Vec<u64> =
                (0..count).map(|_| if draws.below(3) == 0 { 0 } else { draws.u64() >> shift }).collect();
            let total: u128 = weights.iter().map(|&weight| weight as u128).sum();
            let Some(table) = Alias::new(&weights) else {
                assert_eq!(total, 0);
                continue;
            };
            for (&mass, &weight) in masses(&table).iter().zip(&weights) {
                let exact = weight as f64 * count as f64 / total as f64 * 4_294_967_296.0;
                assert!((mass as f64 - exact).abs() <= count as f64 + exact * 1e-12, "{mass} {exact}");
                assert!(weight > 0 || mass == 0, "an index of weight 0 has no part of any cell");
            }
        }
    }

    #[test]
    fn draws_follow_the_weights_with_two_words_and_with_one() {
        let weights = [5, 0, 1, 14, 80];
        let table = Alias::new(&weights).unwrap();
        for pick in [Alias::pick, Alias::pick_one_word] {
            let mut draws = Seed(4).draws(Stream::named("picks"), AgentId(0), Tick(0));
            let mut seen = [0_i64; 5];
            for _ in 0..100_000 {
                seen[pick(&table, &mut draws) as usize] += 1;
            }
            for (seen, weight) in seen.into_iter().zip(weights) {
                // Four standard deviations of a binomial.
                assert!((seen - weight as i64 * 1_000).pow(2) <= 16 * 1_000 * weight as i64, "{seen} {weight}");
            }
        }
    }

    #[test]
    fn weights_that_are_not_whole() {
        let table = Alias::from_f64(&[0.5, f64::NAN, 1.5, -3.0, 0.0, f64::INFINITY, 1e-30]).unwrap();
        let shares: Vec<f64> = masses(&table).iter().map(|&mass| mass as f64 / 7.0 / 4_294_967_296.0).collect();
        for (share, exact) in shares.iter().zip([0.25, 0.0, 0.75, 0.0, 0.0, 0.0, 0.0]) {
            assert!((share - exact).abs() < 1e-8, "{shares:?}");
        }
        assert_eq!((shares[1], shares[3], shares[5]), (0.0, 0.0, 0.0));
        assert_eq!((Alias::from_f64(&[0.0, -1.0]), Alias::new(&[]), Alias::new(&[0])), (None, None, None));
    }

    #[test]
    fn equal_weights_and_the_largest_ones() {
        let table = Alias::new(&[u64::MAX; 3]).unwrap();
        assert_eq!(masses(&table), [1 << 32; 3]);
        let mut draws = Seed(4).draws(Stream::named("single"), AgentId(0), Tick(0));
        let single = Alias::new(&[9]).unwrap();
        assert_eq!((single.len(), single.is_empty(), single.pick(&mut draws)), (1, false, 0));
    }
}
