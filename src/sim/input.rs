//! What comes from outside: letters that no agent wrote.

use super::engine::Engine;
use super::mail::Message;
use crate::base::{AgentId, Tick};

/// A letter from outside, as the journal keeps it: type of message (4 bytes, by the order of declaration), addressee
/// (4), text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Input(pub(crate) Vec<u8>);

impl Input {
    pub(crate) fn new(message: u32, to: AgentId, body: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(8 + body.len());
        bytes.extend_from_slice(&message.to_le_bytes());
        bytes.extend_from_slice(&to.0.to_le_bytes());
        bytes.extend_from_slice(body);
        Self(bytes)
    }

    /// Type of message, addressee, text.
    pub(crate) fn parts(&self) -> Option<(u32, AgentId, &[u8])> {
        Self::split(&self.0)
    }

    /// The parts of what a journal holds.
    pub(crate) fn split(bytes: &[u8]) -> Option<(u32, AgentId, &[u8])> {
        let (message, rest) = bytes.split_first_chunk::<4>()?;
        let (to, body) = rest.split_first_chunk::<4>()?;
        Some((u32::from_le_bytes(*message), AgentId(u32::from_le_bytes(*to)), body))
    }
}

/// Speaks to the world from outside, at an exchange.
///
/// What is said is part of what the run is a function of: in a run that is kept it is journaled, and a run that is
/// resumed hears the same again.
pub struct Voice<'a> {
    pub(crate) engine: &'a mut Engine,
    pub(crate) said: Vec<Input>,
}

impl Voice<'_> {
    /// The tick of the exchange.
    pub fn now(&self) -> Tick {
        self.engine.now()
    }

    /// The world.
    pub fn engine(&mut self) -> &mut Engine {
        self.engine
    }

    /// Writes to an agent, as [`AgentId::NONE`]. The letter is applied at the tick of the exchange, after those from
    /// agents at that tick, or when its addressee arrives.
    ///
    /// # Panics
    /// If the scenario declares no such messages or settles no such agent.
    pub fn tell<M: Message>(&mut self, to: AgentId, body: M) {
        self.said.push(self.engine.input(to, body));
    }
}
