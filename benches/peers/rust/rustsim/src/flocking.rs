//! Birds in rustsim, by its messages in space: all tell where they are and how they fly, then all read what is near.
//! Its continuous space would be periodic by itself, but takes two to three times as long.

use std::f64::consts::TAU;

use driver::{Figures, Task, neighbours, order};
use rand::{Rng, SeedableRng, rngs::StdRng};
use rustsim::prelude::*;
use rustsim::rustsim_core::two_phase::two_phase_spatial_2d;

const SPEED: f64 = 1.0;
const SEPARATION: f64 = 1.0;
const COHERE: f64 = 0.03;
const SEPARATE: f64 = 0.015;
const ALIGN: f64 = 0.05;

#[derive(Debug, Clone, Copy)]
struct Bird {
    id: AgentId,
    at: [f64; 2],
    course: [f64; 2],
}

impl Agent for Bird {
    fn id(&self) -> AgentId {
        self.id
    }
}

struct Sky {
    birds: VecStore<Bird>,
    ids: Vec<AgentId>,
    messages: SpatialMessages2D<Bird>,
    side: f64,
    vision: f64,
}

/// Tells where a bird is. Messages know no torus: who is near a border tells it of images beyond the other one, too.
fn tell(bird: &Bird, side: f64, vision: f64, messages: &mut SpatialMessages2D<Bird>) {
    let places = |at: f64| {
        let image = if at < vision { at + side } else { at - side };
        [Some(at), (at < vision || at >= side - vision).then_some(image)].into_iter().flatten()
    };
    for x in places(bird.at[0]) {
        for y in places(bird.at[1]) {
            messages.output(Bird { at: [x, y], ..*bird }, x as f32, y as f32);
        }
    }
}

fn fly(bird: &mut Bird, side: f64, vision: f64, messages: &SpatialMessages2D<Bird>) {
    let (mut pull, mut count) = ([0.0; 2], 0);
    for (other, _) in messages.read_nearby(bird.at[0] as f32, bird.at[1] as f32, vision as f32) {
        if other.id == bird.id {
            continue;
        }
        let away = [0, 1].map(|axis| other.at[axis] - bird.at[axis]);
        let square = away[0] * away[0] + away[1] * away[1];
        let toward = if square < SEPARATION * SEPARATION { COHERE - SEPARATE } else { COHERE };
        (0..2).for_each(|axis| pull[axis] += toward * away[axis] + ALIGN * other.course[axis]);
        count += 1;
    }
    let course = [0, 1].map(|axis| bird.course[axis] + pull[axis] / f64::from(count.max(1)));
    let length = f64::hypot(course[0], course[1]);
    if length > 0.0 {
        bird.course = course.map(|along| along / length);
    }
    bird.at = [0, 1].map(|axis| (bird.at[axis] + SPEED * bird.course[axis]).rem_euclid(side));
}

fn step(sky: &mut Sky) {
    let (side, vision) = (sky.side, sky.vision);
    two_phase_spatial_2d(
        &sky.birds,
        &sky.ids,
        &mut sky.messages,
        |bird, messages| tell(bird, side, vision, messages),
        |bird, messages| fly(bird, side, vision, messages),
    );
}

fn set_up(task: &Task) -> Sky {
    let (side, vision, mut draws) = (task.set("side"), task.set("vision"), StdRng::seed_from_u64(task.seed));
    let mut birds = VecStore::new();
    for id in 0..task.agents as AgentId {
        let at = [side * draws.r#gen::<f64>(), side * draws.r#gen::<f64>()];
        let (sin, cos) = (TAU * draws.r#gen::<f64>()).sin_cos();
        birds.insert(Bird { id, at, course: [cos, sin] });
    }
    let messages = SpatialMessages2D::new(vision as f32).expect("a distance");
    Sky { ids: birds.iter_ids(), birds, messages, side, vision }
}

pub fn run(task: &Task) {
    let look = |sky: &Sky, step: u64, figures: &mut Figures| {
        let birds: Vec<Bird> = sky.ids.iter().map(|&id| *sky.birds.get(id).expect("a bird")).collect();
        let places: Vec<[f64; 2]> = birds.iter().map(|bird| bird.at).collect();
        figures.insert(format!("order at {step}"), order(birds.iter().map(|bird| bird.course)));
        figures.insert(format!("neighbours at {step}"), neighbours(&places, sky.side, sky.vision));
    };
    task.run("rustsim", "0.0.1", set_up, step, look);
}
