//! Identities: dense numbers, never reused, that mean the same thing in every run of a scenario.

use bytemuck::{Pod, Zeroable};

/// An agent: a dense number from 0, never reused. [`AgentId::NONE`] marks an empty place.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Pod, Zeroable)]
#[repr(transparent)]
pub struct AgentId(pub u32);

impl AgentId {
    /// No agent.
    pub const NONE: Self = Self(u32::MAX);

    /// Whether this names an agent.
    pub const fn is_some(self) -> bool {
        self.0 != u32::MAX
    }

    /// The id as an index into a per-agent array.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A zone of the scenario's space: the unit of ownership, level of detail and handoff.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Pod, Zeroable)]
#[repr(transparent)]
pub struct ZoneId(pub u32);

impl ZoneId {
    /// The id as an index into a per-zone array.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}
