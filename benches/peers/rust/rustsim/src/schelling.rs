//! Households on rustsim's grid of one agent a square.

use driver::{Figures, Task, alike};
use rand::{SeedableRng, rngs::StdRng};
use rustsim::prelude::*;
use rustsim::rustsim_spaces::grid::{Grid2DSingle, GridPos2};

#[derive(Debug, Clone)]
struct Household {
    id: AgentId,
    at: GridPos2,
    group: u32,
}

impl Agent for Household {
    fn id(&self) -> AgentId {
        self.id
    }
}
impl PositionedAgent for Household {
    type Position = GridPos2;
    fn position(&self) -> &GridPos2 {
        &self.at
    }
    fn set_position(&mut self, at: GridPos2) {
        self.at = at;
    }
}

struct Settings {
    radius: usize,
    wanted: usize,
    /// The order of a step.
    order: Vec<AgentId>,
}

type Town = StandardModel<Grid2DSingle, Household, VecStore<Household>, Settings, StdRng, Fastest>;

fn vacant(town: &Town) -> GridPos2 {
    loop {
        let spot = SpaceInteraction::<Household>::random_position(town.space(), &mut *town.rng_mut());
        if town.space().is_empty(spot) {
            return spot;
        }
    }
}

fn move_houses(town: &mut Town) {
    let mut order = std::mem::take(&mut town.properties_mut().order);
    order.clear();
    Randomly::new().schedule_into(town, &mut order);
    let Settings { radius, wanted, .. } = *town.properties();
    for &id in &order {
        let (at, group) = {
            let household = town.agent(id).expect("a household");
            (household.at, household.group)
        };
        let near = SpaceInteraction::<Household>::nearby_ids(town.space(), &at, radius);
        let is_alike = |other: &&AgentId| **other != id && town.agent(**other).expect("a household").group == group;
        if near.iter().filter(is_alike).count() < wanted {
            let spot = vacant(town);
            town.move_positioned_agent(id, spot).expect("a vacant square");
        }
    }
    town.properties_mut().order = order;
}

fn set_up(task: &Task) -> Town {
    let side = task.set("side") as usize;
    let settings =
        Settings { radius: task.set("radius") as usize, wanted: task.set("wanted") as usize, order: Vec::new() };
    let (grid, draws) = (Grid2DSingle::new(side, side, false), StdRng::seed_from_u64(task.seed));
    let mut town = Town::new_with_model_step(VecStore::new(), grid, Fastest::new(), settings, draws, move_houses, true);
    for id in 0..task.agents as AgentId {
        let at = vacant(&town);
        town.insert_positioned_agent(Household { id, at, group: (id % 2) as u32 }).expect("a vacant square");
    }
    town
}

pub fn run(task: &Task) {
    let look = |town: &Town, step: u64, figures: &mut Figures| {
        let (side, _) = town.space().dimensions();
        let group = |x: i32, y: i32| {
            let id = town.space().id_in_position((x as usize, y as usize))?;
            town.agent(id).map(|household| household.group)
        };
        figures.insert(format!("alike at {step}"), alike(side as i32, town.properties().radius as i32, group));
    };
    task.run("rustsim", "0.0.1", set_up, Town::step, look);
}
