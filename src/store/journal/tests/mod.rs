//! The journal under crashes, faults and damage.

mod committer;
mod crash;
mod damage;
mod faults;
mod hostile;
pub(super) mod mutants;
mod script;
mod writing;
