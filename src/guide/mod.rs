//! How to write models: read, or searched when something is to be done.
//!
//! | page | what for |
//! |---|---|
//! | [`tutorial`] | a first model, grown in five steps: component, system, message, space, collector |
//! | [`howto`] | one task each: a space of one's own, a plugin, a command line, saving, sweeping |
//!
//! `myriad new mymodel` writes a crate with the tutorial's last step, ready to be built.

#[doc = include_str!("howto.md")]
pub mod howto {}
#[doc = include_str!("tutorial.md")]
pub mod tutorial {}
