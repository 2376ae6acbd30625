//! [`Patches`]: what the squares of a grid hold, for those who take turns on a board.

use std::marker::PhantomData;
use std::ops::{Index, IndexMut};

use bevy_ecs::prelude::Resource;
use bevy_ecs::system::SystemParam;

use super::grid::{Grid, Spot};
use super::publish::Cut;
use crate::base::{AgentId, Draws};
use crate::sim::Builder;
use crate::sim::due::{Claim, LivesOf};
use crate::sim::hand::{Hand, Handed, short_name};
use crate::sim::rows::Row;
use crate::sim::visit::Lives;

#[derive(Resource, Clone)]
pub(crate) struct PatchesOf<T: Row> {
    grid: Grid,
    marker: PhantomData<T>,
}

impl<T: Row> Handed for PatchesOf<T> {
    fn missing() -> String {
        format!("no patches of {0} are declared: `sim.patches(grid, |spot, draws| {0} {{ .. }})`", short_name::<T>())
    }
}

/// System parameter: the squares of a grid, each with a row `T` ([`Builder::patches`]). They are agents that stay where
/// they are.
///
/// ```
/// # use myriad::prelude::*;
/// #[derive(Clone, Copy, Pod, Zeroable)]
/// #[repr(C)]
/// struct Soil(u32);
///
/// fn rain(mut soil: Patches<Soil>) {
///     soil.open().iter_mut().for_each(|(_, soil)| soil.0 += 1);
/// }
///
/// fn build(sim: &mut Builder) {
///     sim.patches(Grid::new(20, 20), |_, draws| Soil(draws.below(5)));
///     sim.every_tick(rain);
/// }
/// ```
#[derive(SystemParam)]
pub struct Patches<'s, T: Row> {
    patches: Hand<'s, PatchesOf<T>, false>,
    lives: Hand<'s, LivesOf<(T,)>>,
    _claim: Claim<(T,)>,
}

impl<T: Row> Patches<'_, T> {
    /// Takes the squares in hand.
    pub fn open(&mut self) -> PatchesRun<'_, T> {
        let Lives { rolls, visit, .. } = self.lives.0.lives.get();
        let roll = &mut rolls[visit.place];
        roll.touch();
        let ((rows,), grid) = (roll.columns(), self.patches.0.grid);
        PatchesRun { grid, rows: &mut rows[..grid.spots() as usize] }
    }
}

/// The squares in hand. See [`Patches`].
pub struct PatchesRun<'a, T> {
    grid: Grid,
    rows: &'a mut [T],
}

impl<T> PatchesRun<'_, T> {
    /// The grid.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// Every square and what it holds, row by row.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Spot, &mut T)> {
        (0..).zip(&mut *self.rows).map(|(index, row)| (Spot(index), row))
    }
}

impl<T> Index<Spot> for PatchesRun<'_, T> {
    type Output = T;
    #[inline]
    fn index(&self, spot: Spot) -> &T {
        &self.rows[spot.index()]
    }
}

impl<T> IndexMut<Spot> for PatchesRun<'_, T> {
    #[inline]
    fn index_mut(&mut self, spot: Spot) -> &mut T {
        &mut self.rows[spot.index()]
    }
}

impl Builder {
    /// Declares a row for each square of a grid, as `make` says with draws of its own: what those on a board find below
    /// them. They are reached by [`Patches`]. The space is one zone, and the scenario exchanges at every tick.
    pub fn patches<T: Row>(
        &mut self,
        grid: Grid,
        make: impl Fn(Spot, &mut Draws) -> T + Send + Sync + 'static,
    ) -> AgentId {
        self.one_zone(&format!("patches of {}", short_name::<T>()), grid.spots() as u64);
        let make = move |place: u32, draws: &mut Draws| make(Spot(place), draws);
        let first = self.fixed::<T>("patches", (Cut { count: grid.spots(), zones: 1 }, 1, false), make).id(0);
        let handle = PatchesOf::<T> { grid, marker: PhantomData };
        self.installers.push(Box::new(move |drawer| drawer.put(handle.clone())));
        first
    }
}
