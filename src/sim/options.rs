//! How a run is carried out. Of these, only seed, agents, start and span reach the result.

use std::fmt;
use std::str::FromStr;

use super::{Budget, Keep, Source, Timing};
use crate::base::{Calendar, DateTime, Simd, Tick};

/// How transitions are found; never what they are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Stepping {
    /// An agenda wakes the agents that are due.
    #[default]
    Event,
    /// Every agent's closed form is evaluated at every tick.
    Dense,
}

impl fmt::Display for Stepping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Event => "event",
            Self::Dense => "dense",
        })
    }
}

impl FromStr for Stepping {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "event" => Ok(Self::Event),
            "dense" => Ok(Self::Dense),
            _ => Err(format!("`{text}` is no stepping: event or dense")),
        }
    }
}

/// Which level of detail the engine gives to zones in event stepping; never what happens in them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DetailPolicy {
    /// By activity: dormant while nothing is due, abstracted otherwise, active when paced to wall time.
    #[default]
    Auto,
    /// Every zone is visited at every tick.
    Active,
    /// Every zone is visited once an interval.
    Abstracted,
}

/// How long to simulate.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Span {
    /// That many ticks.
    Ticks(u64),
    /// That many simulated seconds.
    Seconds(f64),
}

/// How a run is carried out.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Agents; the scenario's default if `None`.
    pub agents: Option<u64>,
    /// The seed of every draw.
    pub seed: u64,
    /// Civil time of tick 0; the scenario's default if `None`.
    pub start: Option<DateTime>,
    /// How long; the scenario's default if `None`.
    pub span: Option<Span>,
    /// Shards; if `None` four for each worker, 24 at most, and no more than there are zones (or workers).
    pub shards: Option<usize>,
    /// Zones that a space is cut into; as many as suit it if `None`. It never shows in a result.
    pub zones: Option<usize>,
    /// Worker threads; the machine's cores if `None`.
    pub workers: Option<usize>,
    /// Whether workers are pinned to cores: the command does, a library call does not, since it cannot know what else
    /// the process does with them.
    pub pin: bool,
    /// How transitions are found.
    pub stepping: Stepping,
    /// The vector instructions of dense stepping; the best that there are if `None`.
    pub simd: Option<Simd>,
    /// Level of detail.
    pub detail: DetailPolicy,
    /// Simulated seconds per wall second; as fast as it goes if `None`.
    pub time_scale: Option<f64>,
    /// Deals zones to shards in an order shuffled by this number (tests use it: the digest does not depend on it).
    pub deal: u64,
    /// Whether cells move between shards, and hot zones are split, by what they cost. It never shows in a result.
    pub balance: bool,
    /// Moves cells, splits and joins zones at random exchanges drawn from this number, if it is not 0 (tests use it:
    /// the digest does not depend on it).
    pub upheaval: u64,
    /// Bytes of memory that are available: agents whose rows alone take more are refused before any settles. Not looked
    /// at if `None`, nor with a budget.
    pub available_bytes: Option<u64>,
    /// How much memory the run may take; as much as it needs if `None`. It never shows in a result.
    pub memory: Option<Budget>,
    /// The folder in which the run is kept; nothing is kept if `None`.
    pub keep: Option<Keep>,
    /// The checkpoint with which the run begins; it begins with tick 0 if `None`.
    pub from: Option<Source>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            agents: None,
            seed: 1999,
            start: None,
            span: None,
            shards: None,
            zones: None,
            workers: None,
            pin: false,
            stepping: Stepping::Event,
            simd: None,
            detail: DetailPolicy::Auto,
            time_scale: None,
            deal: 0,
            balance: true,
            upheaval: 0,
            available_bytes: None,
            memory: None,
            keep: None,
            from: None,
        }
    }
}

impl RunOptions {
    /// The tick at which a run ends.
    pub(crate) fn end(&self, timing: &Timing, calendar: &Calendar) -> Tick {
        match self.span.unwrap_or(timing.span) {
            Span::Ticks(ticks) => Tick(ticks),
            Span::Seconds(seconds) => Tick(calendar.ticks(seconds)),
        }
    }
}
