//! Checkpoints under crashes, damage, faults and hostile files.

mod crashes;
mod damage;
mod faults;
mod hostile;
mod retention;
mod threads;
mod world;
