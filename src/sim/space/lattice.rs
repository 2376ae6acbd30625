//! [`Lattice`]: an agent on each square of a grid, all of which act at once.

use std::sync::{Arc, RwLockReadGuard};

use bevy_ecs::prelude::Resource;
use bevy_ecs::system::SystemParam;

use super::fixed::Fixed;
use super::grid::{Grid, Spot};
use super::publish::Cut;
use crate::base::{AgentId, Draws};
use crate::sim::Builder;
use crate::sim::due::{Claim, LivesOf};
use crate::sim::globals::Here;
use crate::sim::hand::{Hand, Handed, short_name};
use crate::sim::rows::Row;
use crate::sim::visit::Lives;

/// Squares of a zone, if nobody says how many zones there are.
const ZONE_SPOTS: u64 = 1 << 14;

/// A grid with its zones, which are stripes.
#[derive(Resource, Clone)]
pub(crate) struct LatticeOf<T: Row> {
    grid: Grid,
    fixed: Arc<Fixed<T>>,
}

impl<T: Row> Handed for LatticeOf<T> {
    fn missing() -> String {
        format!("no lattice of {0} is declared: `sim.lattice(grid, |spot, draws| {0} {{ .. }})`", short_name::<T>())
    }
}

/// System parameter: an agent with row `T` on each square of a grid ([`Builder::lattice`]).
///
/// ```
/// # use myriad::prelude::*;
/// #[derive(Clone, Copy, Pod, Zeroable)]
/// #[repr(C)]
/// struct Heat(i32);
///
/// fn flow(mut plate: Lattice<Heat>) {
///     plate.step(|_, heat, around| {
///         let (mut sum, mut count) = (0, 0);
///         around.cross(|other| (sum, count) = (sum + other.0, count + 1));
///         heat.0 += (sum - count * heat.0) / 8;
///     });
/// }
///
/// fn build(sim: &mut Builder) {
///     sim.lattice(Grid::new(100, 100), |_, draws| Heat(draws.between(0, 1_000)));
///     sim.every_tick(flow);
/// }
/// ```
#[derive(SystemParam)]
pub struct Lattice<'s, T: Row> {
    lattice: Hand<'s, LatticeOf<T>, false>,
    lives: Hand<'s, LivesOf<(T,)>>,
    here: Here<'s>,
    _claim: Claim<(T,)>,
}

impl<T: Row> Lattice<'_, T> {
    /// The grid.
    pub fn grid(&self) -> Grid {
        self.lattice.0.grid
    }

    /// The agent of a square.
    pub fn id(&self, spot: Spot) -> AgentId {
        self.lattice.0.fixed.id(spot.0)
    }

    /// Calls `f` with each square, its row to be written, and the squares that touch it as they were at the exchange.
    pub fn step(&mut self, mut f: impl FnMut(Spot, &mut T, &Around<'_, T>)) {
        let Lives { rolls, visit, .. } = self.lives.0.lives.get();
        let lattice = &*self.lattice.0;
        let roll = &mut rolls[visit.place];
        roll.touch();
        let (column,) = roll.columns();
        let (grid, lines) = (lattice.grid, lattice.fixed.cut.range(self.here.zone().0));
        let width = grid.width() as usize;
        for (nth, y) in lines.clone().enumerate() {
            let sheets = [-1, 0, 1].map(|dy| lattice.line(y, dy));
            let none: &[T] = &[];
            let lines = std::array::from_fn(|nth| {
                sheets[nth].as_ref().map_or(none, |(sheet, from)| &sheet[*from..*from + width])
            });
            for (x, row) in column[nth * width..(nth + 1) * width].iter_mut().enumerate() {
                f(Spot(y * grid.width() + x as u32), row, &Around { lines, x, is_periodic: grid.is_periodic() });
            }
        }
    }
}

impl<T: Row> LatticeOf<T> {
    /// The sheet with a line of squares above or below a line, and where it begins there. None beyond the border, and
    /// none that would be looked at twice.
    fn line(&self, y: u32, dy: i32) -> Option<(RwLockReadGuard<'_, Vec<T>>, usize)> {
        let (height, to) = (self.grid.height() as i64, y as i64 + dy as i64);
        let wrapped = match self.grid.is_periodic() {
            true if dy != 0 && to.rem_euclid(height) == y as i64 => return None,
            true if dy > 0 && height == 2 => return None,
            true => to.rem_euclid(height) as u32,
            false if (0..height).contains(&to) => to as u32,
            false => return None,
        };
        let cut = self.fixed.cut;
        let zone = cut.zone(wrapped);
        Some((self.fixed.sheet(zone), (wrapped - cut.first(zone)) as usize * self.grid.width() as usize))
    }
}

/// The squares around one, as they were at the exchange.
pub struct Around<'a, T> {
    /// The lines above, at, and below: empty where there is none.
    lines: [&'a [T]; 3],
    x: usize,
    is_periodic: bool,
}

impl<T> Around<'_, T> {
    /// The columns beside: on a narrow periodic grid each once.
    #[inline]
    fn beside(&self) -> [Option<usize>; 2] {
        let width = self.lines[1].len();
        if self.x > 0 && self.x + 1 < width {
            return [Some(self.x - 1), Some(self.x + 1)];
        }
        let left = if self.x > 0 { Some(self.x - 1) } else { (self.is_periodic && width > 1).then(|| width - 1) };
        let right = if self.x + 1 < width { Some(self.x + 1) } else { (self.is_periodic && width > 1).then_some(0) };
        [left, right.filter(|_| right != left)]
    }

    /// Calls `f` with each of the up to eight squares that touch this one (Moore's neighbourhood), line by line.
    #[inline]
    pub fn each(&self, mut f: impl FnMut(&T)) {
        let [left, right] = self.beside();
        for (nth, line) in self.lines.into_iter().enumerate().filter(|(_, line)| !line.is_empty()) {
            left.into_iter().for_each(|x| f(&line[x]));
            if nth != 1 {
                f(&line[self.x]);
            }
            right.into_iter().for_each(|x| f(&line[x]));
        }
    }

    /// Of those, how many are so.
    #[inline]
    pub fn count(&self, is: impl Fn(&T) -> bool) -> u32 {
        let mut count = 0;
        self.each(|other| count += u32::from(is(other)));
        count
    }

    /// Calls `f` with each of the up to four squares that share a side (von Neumann's neighbourhood).
    #[inline]
    pub fn cross(&self, mut f: impl FnMut(&T)) {
        let [above, own, below] = self.lines;
        above.get(self.x).into_iter().for_each(&mut f);
        self.beside().into_iter().flatten().for_each(|x| f(&own[x]));
        below.get(self.x).into_iter().for_each(f);
    }
}

impl Builder {
    /// Declares an agent with row `T` on each square of a grid, as `make` says with draws of its own. They are reached
    /// by [`Lattice`]. The scenario exchanges at every tick.
    ///
    /// Returns the first id: the ids follow the squares.
    pub fn lattice<T: Row>(
        &mut self,
        grid: Grid,
        make: impl Fn(Spot, &mut Draws) -> T + Send + Sync + 'static,
    ) -> AgentId {
        let zones = self.cut_into((grid.spots() as u64).div_ceil(ZONE_SPOTS).min(grid.height() as u64));
        let cut = Cut { count: grid.height(), zones };
        let make = move |place: u32, draws: &mut Draws| make(Spot(place), draws);
        let fixed = self.fixed::<T>("lattice", (cut, grid.width(), true), make);
        let (first, handle) = (fixed.id(0), LatticeOf { grid, fixed });
        self.installers.push(Box::new(move |drawer| drawer.put(handle.clone())));
        first
    }
}
