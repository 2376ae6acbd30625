//! A plugin: a reusable part of models.

use super::Builder;

/// A part that a scenario adds: systems, messages, tables, tallies. Any `fn(&mut Builder)` is one.
pub trait Plugin {
    /// Declares what the part brings.
    fn build(self, sim: &mut Builder);
}

impl<F: FnOnce(&mut Builder)> Plugin for F {
    fn build(self, sim: &mut Builder) {
        self(sim);
    }
}
