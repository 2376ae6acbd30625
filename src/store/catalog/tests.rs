//! The catalog under crashes, damage and refusals. It may be lost; it may never be wrong, nor stop anything.

mod crashes;
mod damage;
mod faults;
mod run;
