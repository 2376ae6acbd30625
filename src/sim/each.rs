//! [`Each`]: the system parameter for what everybody does at every tick.

use bevy_ecs::system::SystemParam;

use super::due::{Claim, LivesOf};
use super::hand::Hand;
use super::rows::Rows;
use super::visit::Lives;
use crate::base::AgentId;

/// System parameter: every agent of kind `K` in the zone, with its rows.
///
/// ```
/// # use myriad::prelude::*;
/// # #[derive(Clone, Copy, Pod, Zeroable)] #[repr(C)] struct Hunger(i32);
/// fn starve(mut all: Each<(Hunger,)>) {
///     all.visit(|_, (hunger,)| hunger.0 += 1);
/// }
/// # fn build(sim: &mut Builder) { sim.every_tick(starve); }
/// ```
#[derive(SystemParam)]
pub struct Each<'s, K: Rows> {
    lives: Hand<'s, LivesOf<K>>,
    _claim: Claim<K>,
}

impl<K: Rows> Each<'_, K> {
    /// Calls `f` with each agent and its rows, in no order that means anything.
    #[inline]
    pub fn visit(&mut self, mut f: impl FnMut(AgentId, K::Refs<'_>)) {
        let Lives { rolls, visit, .. } = self.lives.0.lives.get();
        let roll = &mut rolls[visit.place];
        debug_assert!(!roll.waits(), "cells of models with systems of every tick are saved at once");
        roll.touch();
        for slot in 0..roll.len() {
            let (agent, rows) = roll.at(slot);
            if agent.id.is_some() {
                f(agent.id, rows);
            }
        }
    }
}
