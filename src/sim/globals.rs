//! What a system may read besides its zone: the clock, the dice, the zone's name, the scenario's shared tables; and the
//! tally, into which it counts.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use bevy_ecs::prelude::Resource;
use bevy_ecs::system::SystemParam;

use super::desk::Desk;
use super::hand::{Hand, Handed, short_name};
use crate::base::{AgentId, Calendar, Draws, Seed, Stream, Tick, ZoneId};

/// Where and when a shard is.
pub(crate) struct Now {
    pub zone: ZoneId,
    pub tick: u32,
}

#[derive(Resource, Clone)]
pub(crate) struct ClockOf {
    pub now: Desk<Now>,
    pub calendar: Calendar,
}

#[derive(Resource, Clone, Copy)]
pub(crate) struct DiceOf {
    pub seed: Seed,
    pub agents: u32,
}

#[derive(Resource, Clone)]
pub(crate) struct HereIs(pub Desk<Now>);

macro_rules! always_there {
    ($($name:ident)*) => {$(
        impl Handed for $name {
            fn missing() -> String {
                format!("{} is for the systems of zones", stringify!($name))
            }
        }
    )*};
}
always_there!(ClockOf DiceOf HereIs);

/// System parameter: the tick of the visit, and the calendar. In a system that runs through [`Due`](super::Due) the
/// tick of the event counts instead, since one visit may cover an interval.
#[derive(SystemParam)]
pub struct Clock<'s> {
    clock: Hand<'s, ClockOf, false>,
}

impl Clock<'_> {
    /// The tick that the zone is at.
    #[inline]
    pub fn now(&self) -> Tick {
        Tick(self.clock.0.now.get().tick as u64)
    }
    /// The calendar of the run.
    #[inline]
    pub fn calendar(&self) -> Calendar {
        self.clock.0.calendar
    }
}

/// System parameter: random draws, each a function of (seed, stream, agent, tick, index).
#[derive(SystemParam)]
pub struct Dice<'s> {
    dice: Hand<'s, DiceOf, false>,
}

impl Dice<'_> {
    /// The draws of one agent at one tick in one stream.
    #[inline]
    pub fn draws(&self, stream: Stream, agent: AgentId, tick: Tick) -> Draws {
        self.dice.0.seed.draws(stream, agent, tick)
    }
    /// Any agent of all that were settled, each as likely, by the first of those draws.
    #[inline]
    pub fn anyone(&self, stream: Stream, agent: AgentId, tick: Tick) -> AgentId {
        AgentId(self.draws(stream, agent, tick).below(self.dice.0.agents))
    }
    /// The run's seed.
    pub fn seed(&self) -> Seed {
        self.dice.0.seed
    }
}

/// System parameter: which zone this is.
#[derive(SystemParam)]
pub struct Here<'s> {
    here: Hand<'s, HereIs, false>,
}

impl Here<'_> {
    /// The zone.
    #[inline]
    pub fn zone(&self) -> ZoneId {
        self.here.0.0.get().zone
    }
}

#[derive(Resource)]
pub(crate) struct SharedOf<T: Send + Sync + 'static>(pub Arc<T>);

impl<T: Send + Sync + 'static> Clone for SharedOf<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Send + Sync + 'static> Handed for SharedOf<T> {
    fn missing() -> String {
        format!("no table of type {} is shared: `sim.share(Arc::new(table))`", short_name::<T>())
    }
}

/// System parameter: a table that all zones read and nobody writes ([`Builder::share`](super::Builder::share)).
#[derive(SystemParam)]
pub struct Shared<'s, T: Send + Sync + 'static> {
    table: Hand<'s, SharedOf<T>, false>,
}

impl<T: Send + Sync + 'static> Deref for Shared<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        &self.table.0.0
    }
}

/// What a scenario counts while it runs. One for each shard, merged at an exchange when somebody looks: merging must be
/// commutative and exact (integers), so that the shards do not show.
pub trait Tallied: Default + Send + Sync + 'static {
    /// Adds another shard's counts.
    fn merge(&mut self, other: &Self);
    /// The counts, for a checkpoint.
    fn numbers(&self) -> Vec<u64>;
    /// Counts that [`Tallied::numbers`] told; `None` if they are none of this type's.
    fn from_numbers(numbers: &[u64]) -> Option<Self>;
}

#[derive(Resource)]
pub(crate) struct TallyOf<T: Tallied>(pub Desk<T>);

impl<T: Tallied> Clone for TallyOf<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Tallied> Handed for TallyOf<T> {
    fn missing() -> String {
        format!("no tally of type {0} is declared: `sim.tally::<{0}>()`", short_name::<T>())
    }
}

/// System parameter: the counts of the shard, for writing.
#[derive(SystemParam)]
pub struct Tally<'s, T: Tallied> {
    tally: Hand<'s, TallyOf<T>>,
}

impl<T: Tallied> Deref for Tally<'_, T> {
    type Target = T;
    #[inline]
    fn deref(&self) -> &T {
        self.tally.0.0.get()
    }
}

impl<T: Tallied> DerefMut for Tally<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.tally.0.0.get()
    }
}

/// Hub resource: the counts of all shards, merged.
#[derive(Resource)]
pub struct Total<T: Tallied>(pub T);
