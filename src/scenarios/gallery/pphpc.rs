//! PPHPC, predator-prey for high-performance computing (N. Fachada and others, "Towards a standard model for research
//! in agent-based modeling and simulation", PeerJ Computer Science 1:e36, 2015; github.com/fakenmc/pphpc): in each tick
//! all move, grass grows, then all act in random order: prey eat grass, predators eat prey that were not born in this
//! tick, whoever has the energy may bear young. Parameter set 1, of which `side` 100 is the smallest size: agents 400,
//! predators 200 to 10,000 squares.

use crate::prelude::*;

params! {
    /// What can be varied.
    pub struct Settings {
        /// Squares along each side of the world, which is periodic.
        side: i64 = 100, 2 ..= 4_000;
        /// Predators at the start; the agents asked for are prey.
        predators: i64 = 200, 0 ..= 4_000_000;
        /// Energy that prey gain from food.
        prey_gain: i64 = 4, 0 ..= 1_000;
        /// Energy that predators gain from food.
        predator_gain: i64 = 20, 0 ..= 1_000;
        /// Energy above which there may be young.
        threshold: i64 = 2, 1 ..= 1_000;
        /// Probability of young of prey, in percent.
        prey_young: i64 = 4, 0 ..= 100;
        /// Probability of young of predators, in percent.
        predator_young: i64 = 5, 0 ..= 100;
        /// Ticks until eaten grass has grown again.
        restart: i64 = 10, 1 ..= 10_000;
    }
}

/// A square: ticks until its grass has grown.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Grass(pub u32);
placed! {
    /// Prey or predator.
    pub struct Animal {
        /// Where.
        pub at: Spot,
        /// What keeps it alive.
        pub energy: i32,
        /// 1 if it is one, 0 if it is prey.
        pub is_predator: u32,
    }
}
fn live(mut animals: Board<Animal>, mut grass: Patches<Grass>, settings: Shared<Settings>) {
    let (mut animals, mut grass) = (animals.open(), grass.open());
    let grid = animals.grid();
    while let Some(who) = animals.next_turn() {
        let mut draws = animals.draws(who, Stream::named("pphpc/move"));
        animals[who].energy -= 1;
        if animals[who].energy <= 0 {
            animals.remove(who);
            continue;
        }
        // One of the four neighbours, or its own square.
        let (dx, dy) = [(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1)][draws.below(5) as usize];
        let spot = grid.beside(animals[who].at, dx, dy).expect("a torus");
        animals.go(who, spot);
    }
    grass.iter_mut().for_each(|(_, grass)| grass.0 = grass.0.saturating_sub(1));
    animals.shuffle();
    while let Some(who) = animals.next_turn() {
        let Animal { at, is_predator, .. } = animals[who];
        let mut draws = animals.draws(who, Stream::named("pphpc/act"));
        let (gain, young) = if is_predator == 1 {
            let is_prey = |other| animals[other].is_predator == 0 && !animals.is_newborn(other);
            let prey = animals.any_on(at, &mut draws, is_prey);
            prey.inspect(|&prey| animals.remove(prey));
            (if prey.is_some() { settings.predator_gain } else { 0 }, settings.predator_young)
        } else {
            let is_grown = grass[at].0 == 0;
            grass[at].0 = if is_grown { settings.restart as u32 } else { grass[at].0 };
            (if is_grown { settings.prey_gain } else { 0 }, settings.prey_young)
        };
        animals[who].energy += gain as i32;
        if animals[who].energy as i64 > settings.threshold && (draws.below(100) as i64) < young {
            let half = animals[who].energy / 2;
            animals[who].energy -= half;
            animals.add(Animal { at, energy: half, is_predator });
        }
    }
}

fn count(is_predator: u32) -> impl Fn(All<Animal>) -> f64 {
    move |all: All<Animal>| all.sum(|_, animal| u64::from(animal.is_predator == is_predator)) as f64
}

/// The model.
pub struct Pphpc;

impl Scenario for Pphpc {
    type Params = Settings;
    const NAME: &'static str = "pphpc";
    const ABOUT: &'static str = "predators, prey and grass, made for comparing programs (Fachada and others, 2015)";

    fn timing(_: &Settings) -> Timing {
        Timing { agents: 400, span: Span::Ticks(4_000), ..Timing::default() }
    }

    fn build(settings: &Settings, sim: &mut Builder) -> Result<(), RunError> {
        let grid = Grid::new(settings.side as u32, settings.side as u32).periodic();
        let (prey, restart) = (sim.agents(), settings.restart as u32);
        let gains = [settings.prey_gain, settings.predator_gain].map(|gain| 2 * gain as u32);
        sim.share(settings.clone().into());
        sim.board(grid, prey + settings.predators as u64, move |id, draws| {
            let is_predator = u32::from(id.0 as u64 >= prey);
            Animal {
                at: grid.anywhere(draws),
                energy: 1 + draws.below(gains[is_predator as usize]) as i32,
                is_predator,
            }
        });
        sim.patches(grid, move |_, draws| Grass(if draws.below(2) == 0 { 0 } else { 1 + draws.below(restart) }));
        sim.every_tick(live).collect("prey", 10, count(0)).collect("predators", 10, count(1));
        sim.collect("grass", 10, |all: All<Grass>| all.sum(|_, grass| u64::from(grass.0 == 0)) as f64);
        Ok(())
    }
}
