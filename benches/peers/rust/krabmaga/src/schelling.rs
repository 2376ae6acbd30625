//! Households on krABMaga's dense grid. Of the grid's two copies only that which is written is used, so that everybody
//! sees moves at once.

use std::any::Any;

use driver::{Figures, Task, alike};
use krabmaga::engine::agent::Agent;
use krabmaga::engine::fields::dense_number_grid_2d::DenseNumberGrid2D;
use krabmaga::engine::location::Int2D;
use krabmaga::engine::schedule::Schedule;
use krabmaga::engine::state::State;
use krabmaga::rand::{Rng, rngs::SmallRng};

#[derive(Clone, Copy)]
struct Household {
    at: Int2D,
    group: u32,
}

impl Agent for Household {
    fn step(&mut self, state: &mut dyn State) {
        let town = state.as_any_mut().downcast_mut::<Town>().expect("the town");
        if town.alike(self) < town.wanted {
            let spot = town.vacant();
            town.grid.remove_value_location(&self.at);
            town.grid.set_value_location(self.group, &spot);
            self.at = spot;
        }
    }
}

struct Town {
    grid: DenseNumberGrid2D<u32>,
    side: i32,
    radius: i32,
    wanted: u32,
    draws: SmallRng,
    agents: usize,
}

impl Town {
    fn alike(&self, who: &Household) -> u32 {
        let (near, mut count) = (|at: i32| (at - self.radius).max(0)..=(at + self.radius).min(self.side - 1), 0);
        for x in near(who.at.x) {
            for y in near(who.at.y) {
                count += u32::from(self.grid.get_value_unbuffered(&Int2D { x, y }) == Some(who.group));
            }
        }
        // Not with oneself.
        count - 1
    }

    /// Any vacant square. The framework's own `get_random_empty_bag` lists all vacant ones first, of the other copy,
    /// and draws from a generator without a seed.
    fn vacant(&mut self) -> Int2D {
        loop {
            let spot = Int2D { x: self.draws.random_range(0..self.side), y: self.draws.random_range(0..self.side) };
            if self.grid.get_value_unbuffered(&spot).is_none() {
                return spot;
            }
        }
    }
}

impl State for Town {
    fn init(&mut self, schedule: &mut Schedule) {
        for nth in 0..self.agents as u32 {
            let household = Household { at: self.vacant(), group: nth % 2 };
            self.grid.set_value_location(household.group, &household.at);
            schedule.schedule_repeating(Box::new(household), 0.0, 0);
        }
    }
    fn before_step(&mut self, schedule: &mut Schedule) {
        super::shuffle(schedule, &mut self.draws, |_| 0);
    }
    fn update(&mut self, _: u64) {}
    fn reset(&mut self) {}
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
    fn as_state(&self) -> &dyn State {
        self
    }
    fn as_state_mut(&mut self) -> &mut dyn State {
        self
    }
}

fn set_up(task: &Task) -> (Town, Schedule) {
    let side = task.set("side") as i32;
    let mut town = Town {
        grid: DenseNumberGrid2D::new(side, side),
        side,
        radius: task.set("radius") as i32,
        wanted: task.set("wanted") as u32,
        draws: super::generator(task.seed),
        agents: task.agents,
    };
    let mut schedule = Schedule::new();
    town.init(&mut schedule);
    (town, schedule)
}

pub fn run(task: &Task) {
    let look = |(town, _): &(Town, Schedule), step: u64, figures: &mut Figures| {
        let group = |x, y| town.grid.get_value_unbuffered(&Int2D { x, y });
        figures.insert(format!("alike at {step}"), alike(town.side, town.radius, group));
    };
    task.run("krabmaga", "0.6.2", set_up, |(town, schedule)| schedule.step(town), look);
}
