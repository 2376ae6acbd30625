//! Wolves, sheep and grass (U. Wilensky, "NetLogo Wolf Sheep Predation model", 1997), as the comparison of agent
//! frameworks has it (github.com/JuliaDynamics/ABMFrameworksComparison): sheep eat grass, wolves eat sheep, both starve
//! or bear young. In each tick all sheep take turns in random order, then all wolves, then grass grows back.
//!
//! Small: as given by default. Large: `--agents 1000 --set wolves=500 --set side=100 --set regrowth=10 --set
//! sheep_bear=0.4 --set wolf_bears=0.2`.

use crate::prelude::*;

params! {
    /// What can be varied.
    pub struct Settings {
        /// Squares along each side.
        side: i64 = 25, 2 ..= 4_000;
        /// Wolves at the start; the agents asked for are sheep.
        wolves: i64 = 40, 0 ..= 4_000_000;
        /// Ticks until eaten grass has grown again.
        regrowth: i64 = 20, 1 ..= 1_000;
        /// Energy that grass gives a sheep.
        grass_energy: i64 = 5, 0 ..= 1_000;
        /// Energy that a sheep gives a wolf.
        sheep_energy: i64 = 13, 0 ..= 1_000;
        /// Probability that a sheep bears young in a tick.
        sheep_bear: f64 = 0.2, 0.0 ..= 1.0;
        /// Probability that a wolf does.
        wolf_bears: f64 = 0.1, 0.0 ..= 1.0;
    }
}

/// A square: ticks until its grass has grown.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Grass(u32);

placed! {
    /// Eats grass.
    pub struct Sheep { at: Spot, energy: f32 }
    /// Eats sheep.
    pub struct Wolf { at: Spot, energy: f32 }
}
fn live(mut sheep: Board<Sheep>, mut wolves: Board<Wolf>, mut grass: Patches<Grass>, settings: Shared<Settings>) {
    let (mut sheep, mut wolves, mut grass) = (sheep.open(), wolves.open(), grass.open());
    while let Some(who) = sheep.next_turn() {
        let mut draws = sheep.draws(who, Stream::named("wolf-sheep/sheep"));
        let spot = sheep.grid().step(sheep[who].at, &mut draws);
        sheep.go(who, spot);
        let one = &mut sheep[who];
        one.energy -= 1.0;
        if grass[spot].0 == 0 {
            one.energy += settings.grass_energy as f32;
            grass[spot].0 = settings.regrowth as u32 + 1;
        }
        if one.energy < 0.0 {
            sheep.remove(who);
        } else if draws.unit() < settings.sheep_bear {
            one.energy /= 2.0;
            let young = *one;
            sheep.add(young);
        }
    }
    while let Some(who) = wolves.next_turn() {
        let mut draws = wolves.draws(who, Stream::named("wolf-sheep/wolves"));
        let spot = wolves.grid().step(wolves[who].at, &mut draws);
        wolves.go(who, spot);
        let one = &mut wolves[who];
        one.energy -= 1.0;
        if let Some(prey) = sheep.any_on(spot, &mut draws, |_| true) {
            sheep.remove(prey);
            one.energy += settings.sheep_energy as f32;
        }
        if one.energy < 0.0 {
            wolves.remove(who);
        } else if draws.unit() < settings.wolf_bears {
            one.energy /= 2.0;
            let young = *one;
            wolves.add(young);
        }
    }
    grass.iter_mut().for_each(|(_, grass)| grass.0 = grass.0.saturating_sub(1));
}

fn grown(grass: All<Grass>) -> f64 {
    grass.sum(|_, grass| u64::from(grass.0 == 0)) as f64
}

/// The model.
pub struct WolfSheep;

impl Scenario for WolfSheep {
    type Params = Settings;
    const NAME: &'static str = "wolf-sheep";
    const ABOUT: &'static str = "wolves eat sheep eat grass, and all grow back or die out (Wilensky, 1997)";

    fn timing(_: &Settings) -> Timing {
        Timing { agents: 60, span: Span::Ticks(100), ..Timing::default() }
    }

    fn build(settings: &Settings, sim: &mut Builder) -> Result<(), RunError> {
        let grid = Grid::new(settings.side as u32, settings.side as u32);
        let (fed, full) = (2 * settings.grass_energy as u32, 2 * settings.sheep_energy as u32);
        let regrowth = settings.regrowth as u32;
        sim.share(settings.clone().into());
        sim.board(grid, sim.agents(), move |_, draws| Sheep {
            at: grid.anywhere(draws),
            energy: draws.below(fed) as f32,
        });
        sim.board(grid, settings.wolves as u64, move |_, draws| Wolf {
            at: grid.anywhere(draws),
            energy: draws.below(full) as f32,
        });
        sim.patches(grid, move |_, draws| Grass(if draws.below(2) == 0 { 0 } else { 1 + draws.below(regrowth) }));
        sim.every_tick(live).collect("sheep", 1, |all: All<Sheep>| all.iter().count() as f64);
        sim.collect("wolves", 1, |all: All<Wolf>| all.iter().count() as f64).collect("grass", 1, grown);
        Ok(())
    }
}
