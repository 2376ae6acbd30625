//! Drives krABMaga.

mod flocking;
mod schelling;
mod wolf_sheep;

use driver::Task;
use krabmaga::engine::schedule::Schedule;
use krabmaga::rand::{Rng, SeedableRng, rngs::SmallRng};

fn generator(seed: u64) -> SmallRng {
    SmallRng::seed_from_u64(seed)
}

/// Draws anew in which order agents of one step act: of one time, lower orderings are first. `rank` keeps kinds apart:
/// those of rank 1 act after all of rank 0, and so on.
///
/// Left alone, the queue hands equals out as its heap happens to hold them, neither in random order nor in a fixed one.
fn shuffle(schedule: &mut Schedule, draws: &mut SmallRng, rank: fn(i32) -> i32) {
    for (_, priority) in schedule.events.iter_mut() {
        priority.ordering = (rank(priority.ordering) << 24) | draws.random_range(0..1 << 24);
    }
}

fn main() {
    let task = Task::of_command_line();
    match task.model.as_str() {
        "flocking" => flocking::run(&task),
        "schelling" => schelling::run(&task),
        "wolf-sheep" => wolf_sheep::run(&task),
        _ => task.unknown(),
    }
}
