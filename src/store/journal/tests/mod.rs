//! The journal under crashes, faults and damage.

pub(super) mod mutants;
