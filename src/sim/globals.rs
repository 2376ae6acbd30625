//! What a system may read besides its zone: the clock, the dice, the zone's name, the scenario's shared tables; and the
//! tally, into which it counts.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use bevy_ecs::prelude::{Res, ResMut, Resource};
use bevy_ecs::system::SystemParam;

use super::desk::Desk;
use crate::base::{AgentId, Calendar, Draws, Seed, Stream, Tick, ZoneId};

/// The tick that the zone is at.
pub(crate) struct Now {
    pub tick: u32,
}

#[derive(Resource)]
pub(crate) struct ClockDesk {
    pub now: Desk<Now>,
    pub calendar: Calendar,
}

/// System parameter: the tick of the visit, and the calendar. In a system that runs through [`Due`](super::Due) the
/// tick of the event counts instead, since one visit may cover an interval.
#[derive(SystemParam)]
pub struct Clock<'w> {
    desk: Res<'w, ClockDesk>,
}

impl Clock<'_> {
    /// The tick that the zone is at.
    #[inline]
    pub fn now(&self) -> Tick {
        Tick(self.desk.now.get().tick as u64)
    }
    /// The calendar of the run.
    #[inline]
    pub fn calendar(&self) -> Calendar {
        self.desk.calendar
    }
}

#[derive(Resource)]
pub(crate) struct SeedOf(pub Seed);

/// System parameter: random draws, each a function of (seed, stream, agent, tick, index).
#[derive(SystemParam)]
pub struct Dice<'w> {
    seed: Res<'w, SeedOf>,
    population: Res<'w, Population>,
}

impl Dice<'_> {
    /// The draws of one agent at one tick in one stream.
    #[inline]
    pub fn draws(&self, stream: Stream, agent: AgentId, tick: Tick) -> Draws {
        self.seed.0.draws(stream, agent, tick)
    }
    /// Any agent of all, each as likely, by the first of those draws.
    #[inline]
    pub fn anyone(&self, stream: Stream, agent: AgentId, tick: Tick) -> AgentId {
        AgentId(self.draws(stream, agent, tick).below(self.population.agents))
    }
    /// The run's seed.
    pub fn seed(&self) -> Seed {
        self.seed.0
    }
}

/// Resource of a zone's World: which zone it is.
#[derive(Resource, Clone, Copy, Debug)]
pub struct Here(pub ZoneId);

/// Resource: how many agents were settled, of all kinds. Their ids are `0..agents`.
#[derive(Resource, Clone, Copy, Debug)]
pub struct Population {
    /// Agents.
    pub agents: u32,
}

/// Resource: a table that all zones read and nobody writes ([`Builder::share`](super::Builder::share)).
#[derive(Resource)]
pub struct Global<T: Send + Sync + 'static> {
    pub(crate) table: Arc<T>,
}

impl<T: Send + Sync + 'static> Deref for Global<T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        &self.table
    }
}

/// What a scenario counts while it runs. One for each shard, merged at an exchange when somebody looks: merging must be
/// commutative and exact (integers), so that the shards do not show.
pub trait Tallied: Default + Send + Sync + 'static {
    /// Adds another shard's counts.
    fn merge(&mut self, other: &Self);
}

#[derive(Resource)]
pub(crate) struct TallyDesk<T: Tallied>(pub Desk<T>);

/// System parameter: the counts of the shard, for writing.
#[derive(SystemParam)]
pub struct Tally<'w, T: Tallied> {
    desk: ResMut<'w, TallyDesk<T>>,
}

impl<T: Tallied> Deref for Tally<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        self.desk.0.get()
    }
}

impl<T: Tallied> DerefMut for Tally<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.desk.0.get()
    }
}

/// Hub resource: the counts of all shards, merged.
#[derive(Resource)]
pub struct Total<T: Tallied>(pub T);
