//! Drives rustsim. An agent's step cannot see other agents there, so all models are steps of the model, which ask the
//! space who is near and the store what they are.

mod flocking;
mod schelling;
mod wolf_sheep;

use driver::Task;

fn main() {
    let task = Task::of_command_line();
    match task.model.as_str() {
        "flocking" => flocking::run(&task),
        "schelling" => schelling::run(&task),
        "wolf-sheep" => wolf_sheep::run(&task),
        _ => task.unknown(),
    }
}
