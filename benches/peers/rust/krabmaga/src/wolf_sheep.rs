//! Wolves, sheep and grass on krABMaga's dense grids, of whose two copies only that which is written is used.

use std::any::Any;
use std::collections::HashSet;

use driver::{Figures, Task, beside};
use krabmaga::engine::agent::Agent;
use krabmaga::engine::fields::dense_number_grid_2d::DenseNumberGrid2D;
use krabmaga::engine::fields::dense_object_grid_2d::DenseGrid2D;
use krabmaga::engine::fields::grid_option::GridOption;
use krabmaga::engine::location::Int2D;
use krabmaga::engine::schedule::Schedule;
use krabmaga::engine::state::State;
use krabmaga::rand::{Rng, rngs::SmallRng};

/// Where sheep and wolves are in the order of a step, in the bits above those that are drawn.
const SHEEP: i32 = 0;
const WOLVES: i32 = 1;

#[derive(Clone, Copy)]
struct Sheep {
    id: u32,
    at: Int2D,
    energy: f32,
    is_dead: bool,
}

#[derive(Clone, Copy)]
struct Wolf {
    at: Int2D,
    energy: f32,
    is_dead: bool,
}

struct Meadow {
    /// The number of each sheep, where it is: so wolves find them. Nobody looks for wolves.
    flock: DenseGrid2D<u32>,
    /// Ticks until the grass has grown.
    grass: DenseNumberGrid2D<u32>,
    side: i32,
    regrowth: u32,
    grass_energy: f32,
    sheep_energy: f32,
    sheep_bear: f64,
    wolf_bears: f64,
    draws: SmallRng,
    next_id: u32,
    sheep: usize,
    wolves: usize,
    /// Sheep that were eaten and still are in the schedule, which cannot be reached while agents act.
    eaten: HashSet<u32>,
    lambs: Vec<Sheep>,
    cubs: Vec<Wolf>,
}

impl Meadow {
    fn beside(&mut self, at: Int2D) -> Int2D {
        let (x, y) = beside(self.side, at.x, at.y, |end| self.draws.random_range(0..end));
        Int2D { x, y }
    }

    fn anywhere(&mut self) -> Int2D {
        Int2D { x: self.draws.random_range(0..self.side), y: self.draws.random_range(0..self.side) }
    }

    fn new_sheep(&mut self, at: Int2D, energy: f32) -> Sheep {
        let id = self.next_id;
        self.next_id += 1;
        self.sheep += 1;
        self.flock.set_object_location(id, &at);
        Sheep { id, at, energy, is_dead: false }
    }
}

fn meadow(state: &mut dyn State) -> &mut Meadow {
    state.as_any_mut().downcast_mut().expect("the meadow")
}

impl Agent for Sheep {
    fn step(&mut self, state: &mut dyn State) {
        let meadow = meadow(state);
        if meadow.eaten.remove(&self.id) {
            self.is_dead = true;
            return;
        }
        meadow.flock.remove_object_location(self.id, &self.at);
        self.at = meadow.beside(self.at);
        self.energy -= 1.0;
        if meadow.grass.get_value_unbuffered(&self.at) == Some(0) {
            self.energy += meadow.grass_energy;
            meadow.grass.set_value_location(meadow.regrowth + 1, &self.at);
        }
        if self.energy < 0.0 {
            self.is_dead = true;
            meadow.sheep -= 1;
            return;
        }
        meadow.flock.set_object_location(self.id, &self.at);
        if meadow.draws.random_bool(meadow.sheep_bear) {
            self.energy /= 2.0;
            let lamb = meadow.new_sheep(self.at, self.energy);
            meadow.lambs.push(lamb);
        }
    }

    fn is_stopped(&mut self, _: &mut dyn State) -> bool {
        self.is_dead
    }
}

impl Agent for Wolf {
    fn step(&mut self, state: &mut dyn State) {
        let meadow = meadow(state);
        self.at = meadow.beside(self.at);
        self.energy -= 1.0;
        if let Some(sheep) = meadow.flock.get_objects_unbuffered(&self.at) {
            let prey = sheep[meadow.draws.random_range(0..sheep.len())];
            meadow.flock.remove_object_location(prey, &self.at);
            meadow.eaten.insert(prey);
            meadow.sheep -= 1;
            self.energy += meadow.sheep_energy;
        }
        if self.energy < 0.0 {
            self.is_dead = true;
            meadow.wolves -= 1;
            return;
        }
        if meadow.draws.random_bool(meadow.wolf_bears) {
            self.energy /= 2.0;
            meadow.wolves += 1;
            meadow.cubs.push(*self);
        }
    }

    fn is_stopped(&mut self, _: &mut dyn State) -> bool {
        self.is_dead
    }
}

impl State for Meadow {
    fn init(&mut self, schedule: &mut Schedule) {
        for _ in 0..std::mem::take(&mut self.sheep) {
            let (at, energy) = (self.anywhere(), self.draws.random_range(0..2 * self.grass_energy as u32));
            let sheep = self.new_sheep(at, energy as f32);
            schedule.schedule_repeating(Box::new(sheep), 0.0, SHEEP);
        }
        for _ in 0..self.wolves {
            let (at, energy) = (self.anywhere(), self.draws.random_range(0..2 * self.sheep_energy as u32));
            let wolf = Wolf { at, energy: energy as f32, is_dead: false };
            schedule.schedule_repeating(Box::new(wolf), 0.0, WOLVES << 24);
        }
        for (x, y) in (0..self.side).flat_map(|x| (0..self.side).map(move |y| (x, y))) {
            let is_grown = self.draws.random_bool(0.5);
            let wait = if is_grown { 0 } else { self.draws.random_range(1..=self.regrowth) };
            self.grass.set_value_location(wait, &Int2D { x, y });
        }
    }
    fn before_step(&mut self, schedule: &mut Schedule) {
        super::shuffle(schedule, &mut self.draws, |ordering| ordering >> 24);
    }
    fn after_step(&mut self, schedule: &mut Schedule) {
        self.grass.apply_to_all_values(|wait| wait.saturating_sub(1), GridOption::READWRITE);
        let next = schedule.time + 1.0;
        for lamb in self.lambs.drain(..) {
            schedule.schedule_repeating(Box::new(lamb), next, SHEEP);
        }
        for cub in self.cubs.drain(..) {
            schedule.schedule_repeating(Box::new(cub), next, WOLVES << 24);
        }
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

fn set_up(task: &Task) -> (Meadow, Schedule) {
    let side = task.set("side") as i32;
    let mut meadow = Meadow {
        flock: DenseGrid2D::new(side, side),
        grass: DenseNumberGrid2D::new(side, side),
        side,
        regrowth: task.set("regrowth") as u32,
        grass_energy: task.set("grass_energy") as f32,
        sheep_energy: task.set("sheep_energy") as f32,
        sheep_bear: task.set("sheep_bear"),
        wolf_bears: task.set("wolf_bears"),
        draws: super::generator(task.seed),
        next_id: 0,
        sheep: task.agents,
        wolves: task.set("wolves") as usize,
        eaten: HashSet::new(),
        lambs: Vec::new(),
        cubs: Vec::new(),
    };
    let mut schedule = Schedule::new();
    meadow.init(&mut schedule);
    (meadow, schedule)
}

pub fn run(task: &Task) {
    let look = |(meadow, _): &(Meadow, Schedule), step: u64, figures: &mut Figures| {
        let squares = (0..meadow.side).flat_map(|x| (0..meadow.side).map(move |y| Int2D { x, y }));
        let grown = squares.filter(|spot| meadow.grass.get_value_unbuffered(spot) == Some(0)).count();
        for (name, count) in [("sheep", meadow.sheep), ("wolves", meadow.wolves), ("grass", grown)] {
            figures.insert(format!("{name} at {step}"), count as f64);
        }
    };
    task.run("krabmaga", "0.6.2", set_up, |(meadow, schedule)| schedule.step(meadow), look);
}
