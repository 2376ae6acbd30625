//! Birds on krABMaga's continuous field, which keeps two copies: all see what was at the beginning of the step.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::hash::{Hash, Hasher};

use driver::{Figures, Task, neighbours, order};
use krabmaga::engine::agent::Agent;
use krabmaga::engine::fields::field::Field;
use krabmaga::engine::fields::field_2d::{Field2D, Location2D, toroidal_distance, toroidal_transform};
use krabmaga::engine::location::Real2D;
use krabmaga::engine::schedule::Schedule;
use krabmaga::engine::state::State;
use krabmaga::rand::Rng;

const SPEED: f32 = 1.0;
const SEPARATION: f32 = 1.0;
const COHERE: f32 = 0.03;
const SEPARATE: f32 = 0.015;
const ALIGN: f32 = 0.05;

#[derive(Clone, Copy)]
struct Bird {
    id: u32,
    at: Real2D,
    course: [f32; 2],
}

impl Hash for Bird {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}
impl PartialEq for Bird {
    fn eq(&self, other: &Bird) -> bool {
        self.id == other.id
    }
}
impl Eq for Bird {}
impl fmt::Display for Bird {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "bird {}", self.id)
    }
}
impl Location2D<Real2D> for Bird {
    fn get_location(self) -> Real2D {
        self.at
    }
    fn set_location(&mut self, at: Real2D) {
        self.at = at;
    }
}

/// Back onto the torus. What is a little less than 0 can be rounded up to the side itself, which is 0.
fn wrapped(place: f32, side: f32) -> f32 {
    let place = toroidal_transform(place, side);
    if place < side { place } else { 0.0 }
}

impl Agent for Bird {
    fn step(&mut self, state: &mut dyn State) {
        let sky = state.as_any().downcast_ref::<Sky>().expect("the sky");
        let (mut pull, mut count) = ([0.0; 2], 0);
        for other in sky.near(self.at) {
            let dx = toroidal_distance(other.at.x, self.at.x, sky.side);
            let dy = toroidal_distance(other.at.y, self.at.y, sky.side);
            let square = dx * dx + dy * dy;
            if other.id == self.id || square > sky.vision * sky.vision {
                continue;
            }
            let toward = if square < SEPARATION * SEPARATION { COHERE - SEPARATE } else { COHERE };
            pull[0] += toward * dx + ALIGN * other.course[0];
            pull[1] += toward * dy + ALIGN * other.course[1];
            count += 1;
        }
        let course = [0, 1].map(|axis| self.course[axis] + pull[axis] / count.max(1) as f32);
        let length = (course[0] * course[0] + course[1] * course[1]).sqrt();
        if length > 0.0 {
            self.course = course.map(|along| along / length);
        }
        self.at = Real2D {
            x: wrapped(self.at.x + SPEED * self.course[0], sky.side),
            y: wrapped(self.at.y + SPEED * self.course[1], sky.side),
        };
        sky.field.set_object_location(*self, self.at);
    }
}

struct Sky {
    field: Field2D<Bird>,
    side: f32,
    vision: f32,
    /// Asks the framework for all within a distance, instead of for cells. See the README for what it leaves out.
    by_distance: bool,
    first: Vec<Bird>,
}

impl Sky {
    /// Who may be near, and more. With `toroidal` the field cuts its search off at the border; without, it reads the
    /// cells beyond the border, that of the other side, and leaves distances to us.
    fn near(&self, at: Real2D) -> Vec<Bird> {
        match self.by_distance {
            true => self.field.get_neighbors_within_distance(at, self.vision),
            false => self.field.get_neighbors_within_relax_distance(at, self.vision),
        }
    }

    fn birds(&self) -> Vec<Bird> {
        let birds = RefCell::new(Vec::new());
        self.field.iter_objects(|_, bird| birds.borrow_mut().push(*bird));
        birds.into_inner()
    }
}

impl State for Sky {
    fn init(&mut self, schedule: &mut Schedule) {
        for bird in std::mem::take(&mut self.first) {
            self.field.set_object_location(bird, bird.at);
            schedule.schedule_repeating(Box::new(bird), 0.0, 0);
        }
    }
    fn update(&mut self, _: u64) {
        self.field.lazy_update();
    }
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

fn set_up(task: &Task) -> (Sky, Schedule) {
    let (side, vision, mut draws) = (task.set("side") as f32, task.set("vision") as f32, super::generator(task.seed));
    let by_distance = task.is_on("by_distance");
    // Cells as wide as birds see: of narrower ones the framework would have to look at more than it does, which is
    // as many on each side as fit into the distance, rounded down.
    let field = Field2D::new(side, side, vision, by_distance);
    let mut bird = |id| {
        let at = Real2D { x: side * draws.random::<f32>(), y: side * draws.random::<f32>() };
        let (sin, cos) = (std::f32::consts::TAU * draws.random::<f32>()).sin_cos();
        let at = Real2D { x: wrapped(at.x, side), y: wrapped(at.y, side) };
        Bird { id, at, course: [cos, sin] }
    };
    let first = (0..task.agents as u32).map(&mut bird).collect();
    let (mut sky, mut schedule) = (Sky { field, side, vision, by_distance, first }, Schedule::new());
    sky.init(&mut schedule);
    (sky, schedule)
}

pub fn run(task: &Task) {
    let look = |(sky, _): &(Sky, Schedule), step: u64, figures: &mut Figures| {
        let birds = sky.birds();
        let places: Vec<[f64; 2]> = birds.iter().map(|bird| [bird.at.x.into(), bird.at.y.into()]).collect();
        figures.insert(format!("order at {step}"), order(birds.iter().map(|bird| bird.course.map(f64::from))));
        figures.insert(format!("neighbours at {step}"), neighbours(&places, sky.side.into(), sky.vision.into()));
    };
    task.run("krabmaga", "0.6.2", set_up, |(sky, schedule)| schedule.step(sky), look);
}
