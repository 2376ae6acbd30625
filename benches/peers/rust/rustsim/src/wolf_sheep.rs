//! Wolves and sheep on rustsim's grid of many agents a square. A model there has one type of agents: an animal is a
//! sheep or a wolf.

use driver::{Figures, Task, beside};
use rand::{Rng, SeedableRng, rngs::StdRng};
use rustsim::prelude::*;
use rustsim::rustsim_spaces::grid::{Grid2D, GridPos2};

#[derive(Debug, Clone, Copy)]
struct Animal {
    id: AgentId,
    at: GridPos2,
    energy: f32,
    is_wolf: bool,
}

impl Agent for Animal {
    fn id(&self) -> AgentId {
        self.id
    }
}
impl PositionedAgent for Animal {
    type Position = GridPos2;
    fn position(&self) -> &GridPos2 {
        &self.at
    }
    fn set_position(&mut self, at: GridPos2) {
        self.at = at;
    }
}

struct Settings {
    side: usize,
    regrowth: u32,
    grass_energy: f32,
    sheep_energy: f32,
    sheep_bear: f64,
    wolf_bears: f64,
    /// Ticks until the grass of each square has grown.
    grass: Vec<u32>,
    next_id: AgentId,
    /// The order of a step.
    order: Vec<AgentId>,
}

// Of stores that of the examples: the other one keeps room for every animal that ever lived.
type Meadow = StandardModel<Grid2D, Animal, HashMapStore<Animal>, Settings, StdRng, Fastest>;

fn bear(meadow: &mut Meadow, like: Animal) {
    let id = meadow.properties().next_id;
    meadow.properties_mut().next_id += 1;
    meadow.insert_positioned_agent(Animal { id, ..like }).expect("a new animal");
}

/// Moves an animal by a square, and returns what it is then.
fn walk(meadow: &mut Meadow, id: AgentId) -> Animal {
    let (x, y) = meadow.agent(id).expect("an animal").at;
    let side = meadow.properties().side as i32;
    let (x, y) = beside(side, x as i32, y as i32, |end| meadow.rng_mut().gen_range(0..end));
    meadow.move_positioned_agent(id, (x as usize, y as usize)).expect("a square");
    let mut animal = meadow.agent_mut(id).expect("an animal");
    animal.energy -= 1.0;
    *animal
}

/// Starves it, or keeps its energy and lets it bear young with this probability.
fn end_turn(meadow: &mut Meadow, mut animal: Animal, bears: f64) {
    if animal.energy < 0.0 {
        meadow.remove_positioned_agent(animal.id).expect("an animal");
        return;
    }
    let is_born = meadow.rng_mut().gen_bool(bears);
    if is_born {
        animal.energy /= 2.0;
    }
    meadow.agent_mut(animal.id).expect("an animal").energy = animal.energy;
    if is_born {
        bear(meadow, animal);
    }
}

fn sheep_turn(meadow: &mut Meadow, id: AgentId) {
    let mut sheep = walk(meadow, id);
    let settings = meadow.properties_mut();
    let grass = &mut settings.grass[sheep.at.1 * settings.side + sheep.at.0];
    if *grass == 0 {
        *grass = settings.regrowth + 1;
        sheep.energy += settings.grass_energy;
    }
    let bears = settings.sheep_bear;
    end_turn(meadow, sheep, bears);
}

fn wolf_turn(meadow: &mut Meadow, id: AgentId) {
    let mut wolf = walk(meadow, id);
    let here = meadow.space().ids_in_position(wolf.at).expect("a square").iter().copied();
    let sheep: Vec<AgentId> = here.filter(|&id| !meadow.agent(id).expect("an animal").is_wolf).collect();
    if !sheep.is_empty() {
        let prey = sheep[meadow.rng_mut().gen_range(0..sheep.len())];
        meadow.remove_positioned_agent(prey).expect("a sheep");
        wolf.energy += meadow.properties().sheep_energy;
    }
    let bears = meadow.properties().wolf_bears;
    end_turn(meadow, wolf, bears);
}

fn live(meadow: &mut Meadow) {
    let mut order = std::mem::take(&mut meadow.properties_mut().order);
    order.clear();
    Randomly::new().schedule_into(meadow, &mut order);
    // Sheep first, in the random order that was drawn, then wolves.
    order.sort_by_key(|&id| meadow.agent(id).expect("an animal").is_wolf);
    let sheep = order.partition_point(|&id| !meadow.agent(id).expect("an animal").is_wolf);
    order[..sheep].iter().for_each(|&id| sheep_turn(meadow, id));
    order[sheep..].iter().for_each(|&id| wolf_turn(meadow, id));
    let settings = meadow.properties_mut();
    settings.order = order;
    settings.grass.iter_mut().for_each(|wait| *wait = wait.saturating_sub(1));
}

fn set_up(task: &Task) -> Meadow {
    let mut draws = StdRng::seed_from_u64(task.seed);
    let (side, regrowth) = (task.set("side") as usize, task.set("regrowth") as u32);
    let mut wait = || if draws.gen_bool(0.5) { 0 } else { draws.gen_range(1..=regrowth) };
    let settings = Settings {
        side,
        regrowth,
        grass_energy: task.set("grass_energy") as f32,
        sheep_energy: task.set("sheep_energy") as f32,
        sheep_bear: task.set("sheep_bear"),
        wolf_bears: task.set("wolf_bears"),
        grass: (0..side * side).map(|_| wait()).collect(),
        next_id: 0,
        order: Vec::new(),
    };
    let (store, grid) = (HashMapStore::new(), Grid2D::new(side, side, false));
    let mut meadow = Meadow::new_with_model_step(store, grid, Fastest::new(), settings, draws, live, true);
    for nth in 0..task.agents + task.set("wolves") as usize {
        let is_wolf = nth >= task.agents;
        let settings = meadow.properties();
        let most = 2 * if is_wolf { settings.sheep_energy } else { settings.grass_energy } as u32;
        let (at, energy) = {
            let mut draws = meadow.rng_mut();
            ((draws.gen_range(0..side), draws.gen_range(0..side)), draws.gen_range(0..most) as f32)
        };
        bear(&mut meadow, Animal { id: 0, at, energy, is_wolf });
    }
    meadow
}

pub fn run(task: &Task) {
    let look = |meadow: &Meadow, step: u64, figures: &mut Figures| {
        let wolves = meadow.agents().filter(|animal| animal.is_wolf).count();
        let sheep = meadow.agents_len() - wolves;
        let grown = meadow.properties().grass.iter().filter(|&&wait| wait == 0).count();
        for (name, count) in [("sheep", sheep), ("wolves", wolves), ("grass", grown)] {
            figures.insert(format!("{name} at {step}"), count as f64);
        }
    };
    task.run("rustsim", "0.0.1", set_up, Meadow::step, look);
}
