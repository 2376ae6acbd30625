//! [`Patches`]: what the squares of a grid hold, for those who take turns on a board.

use std::ops::{Index, IndexMut};
use std::sync::Arc;

use bevy_ecs::prelude::Resource;
use bevy_ecs::system::SystemParam;

use super::grid::{Grid, Spot};
use super::publish::SpaceOf;
use crate::base::{AgentId, Draws, Stream, Tick, ZoneId};
use crate::sim::Builder;
use crate::sim::due::{Claim, LivesOf};
use crate::sim::hand::{Hand, Handed, short_name};
use crate::sim::roll::Roll;
use crate::sim::rows::Row;
use crate::sim::saving::Standing;
use crate::sim::visit::Lives;

#[derive(Resource)]
pub(crate) struct PatchesOf<T: Row> {
    grid: Grid,
    marker: std::marker::PhantomData<fn() -> T>,
}

impl<T: Row> Clone for PatchesOf<T> {
    fn clone(&self) -> Self {
        Self { grid: self.grid, marker: self.marker }
    }
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
        // They were settled in order, and brought back in order, and never leave.
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

/// What the engine is told of patches.
struct Ground;

impl<T: Row> SpaceOf<(T,)> for Ground {
    /// Nobody looks from outside: the space is one zone.
    fn publish(&self, _: ZoneId, _: &mut Roll<(T,)>) {}

    fn check(&self, standing: &Standing, _: &(T,)) -> Result<(), String> {
        if standing.wake.is_none() { Ok(()) } else { Err("it wants to be woken, and is a square".to_owned()) }
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
        self.one_zone(&format!("patches of {}", short_name::<T>()));
        let (seed, first) = (self.seed(), self.settled as u32);
        self.settle::<(T,)>(grid.spots() as u64, move |_, settlement| {
            for index in 0..grid.spots() {
                let id = AgentId(first + index);
                let mut draws = seed.draws(Stream::named("patches"), id, Tick(0));
                settlement.add(id, (make(Spot(index), &mut draws),), None);
            }
        });
        self.installers.push(Box::new(move |drawer| {
            drawer.put(PatchesOf::<T> { grid, marker: std::marker::PhantomData });
        }));
        self.kind_entry::<(T,)>().space = Some(Arc::new(Ground));
        AgentId(first)
    }
}
