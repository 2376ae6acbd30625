//! Forest fires (B. Drossel and F. Schwabl, "Self-organized critical forest-fire model", Physical Review Letters 69,
//! 1992): trees grow, lightning strikes, fire passes to all four neighbours and burns out in a tick.

use crate::prelude::*;

params! {
    /// What can be varied.
    pub struct Settings {
        /// Share of the squares with trees at first.
        trees: f64 = 0.4, 0.0 ..= 1.0;
        /// Probability that a tree grows on a bare square in a tick.
        growth: f64 = 0.01, 0.0 ..= 1.0;
        /// Probability that lightning strikes a tree in a tick.
        lightning: f64 = 0.0001, 0.0 ..= 1.0;
    }
}

const BARE: u32 = 0;
const TREE: u32 = 1;
const FIRE: u32 = 2;

/// A square: bare, with a tree, or on fire.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Square(u32);

fn burn(mut forest: Lattice<Square>, settings: Shared<Settings>, dice: Dice, clock: Clock) {
    let first = forest.id(forest.grid().nth(0)).0;
    forest.step(|spot, square, around| {
        let chance = || {
            let id = AgentId(first + spot.index() as u32);
            dice.draws(Stream::named("forest-fire"), id, clock.now()).unit()
        };
        square.0 = match square.0 {
            FIRE => BARE,
            TREE => {
                let mut is_hot = false;
                around.cross(|other| is_hot |= other.0 == FIRE);
                if is_hot || chance() < settings.lightning { FIRE } else { TREE }
            }
            _ => {
                if chance() < settings.growth {
                    TREE
                } else {
                    BARE
                }
            }
        };
    });
}

/// The model.
pub struct ForestFire;

impl Scenario for ForestFire {
    type Params = Settings;
    const NAME: &'static str = "forest-fire";
    const ABOUT: &'static str = "trees grow, burn and grow again (Drossel and Schwabl, 1992)";

    fn timing(_: &Settings) -> Timing {
        Timing { agents: 10_000, span: Span::Ticks(1_000), ..Timing::default() }
    }

    fn build(settings: &Settings, sim: &mut Builder) -> Result<(), RunError> {
        let trees = settings.trees;
        sim.share(settings.clone().into());
        sim.lattice(Grid::holding(sim.agents())?.periodic(), move |_, draws| {
            Square(if draws.unit() < trees { TREE } else { BARE })
        });
        sim.every_tick(burn);
        sim.collect("trees", 10, |all: All<Square>| all.sum(|_, square| u64::from(square.0 == TREE)) as f64);
        sim.collect("fires", 10, |all: All<Square>| all.sum(|_, square| u64::from(square.0 == FIRE)) as f64);
        Ok(())
    }
}
