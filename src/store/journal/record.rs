//! [`Record`]: what the journal can hold, and its payload in bytes.

use super::format::{u32_at, u64_at};
use crate::base::Digest;

/// What happened at a tick, as far as replay must know or can check it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Record {
    /// A process began to write: the first record of its epoch.
    Start {
        /// The engine's version: another engine must not replay the records, since it is another function.
        engine: String,
        /// The tick of the state from which a resumed run goes on.
        resumed_from: Option<u64>,
    },
    /// What came from outside for this tick, in the order in which it takes effect.
    Inputs(Vec<Vec<u8>>),
    /// Nothing came from outside up to this tick, as far as no record says otherwise.
    Sealed,
    /// The state's digest at this tick.
    Digest(Digest),
    /// A checkpoint was published.
    Checkpoint {
        /// Which one.
        generation: u64,
        /// The tick of its state.
        tick: u64,
        /// The digest of its state: a replay that passes the tick must come to the same.
        digest: Digest,
    },
    /// The run is over, with this digest.
    End(Digest),
}

impl Record {
    /// The number that stands for its kind in a file.
    pub(super) fn kind(&self) -> u8 {
        match self {
            Self::Start { .. } => 1,
            Self::Inputs(_) => 2,
            Self::Sealed => 3,
            Self::Digest(_) => 4,
            Self::Checkpoint { .. } => 5,
            Self::End(_) => 6,
        }
    }

    /// The payload's length in bytes.
    pub(super) fn payload_len(&self) -> usize {
        match self {
            Self::Start { engine, .. } => 16 + engine.len(),
            Self::Inputs(inputs) => 4 + inputs.iter().map(|input| 4 + input.len()).sum::<usize>(),
            Self::Sealed => 0,
            Self::Digest(_) | Self::End(_) => 8,
            Self::Checkpoint { .. } => 24,
        }
    }

    /// Appends the payload. Its length must be known to fit into 32 bits.
    pub(super) fn write_payload(&self, into: &mut Vec<u8>) {
        match self {
            Self::Start { engine, resumed_from } => {
                into.extend((resumed_from.is_some() as u32).to_le_bytes());
                into.extend((engine.len() as u32).to_le_bytes());
                into.extend(resumed_from.unwrap_or(0).to_le_bytes());
                into.extend(engine.as_bytes());
            }
            Self::Inputs(inputs) => {
                into.extend((inputs.len() as u32).to_le_bytes());
                for input in inputs {
                    into.extend((input.len() as u32).to_le_bytes());
                    into.extend(input);
                }
            }
            Self::Sealed => {}
            Self::Digest(digest) | Self::End(digest) => into.extend(digest.0.to_le_bytes()),
            Self::Checkpoint { generation, tick, digest } => {
                into.extend(generation.to_le_bytes());
                into.extend(tick.to_le_bytes());
                into.extend(digest.0.to_le_bytes());
            }
        }
    }

    /// The record of a kind and a payload; none if there is no such kind, or the payload is not one of it.
    pub(super) fn parse(kind: u8, payload: &[u8]) -> Option<Self> {
        let digest = || (payload.len() == 8).then(|| Digest(u64_at(payload, 0)));
        match kind {
            1 => start(payload),
            2 => inputs(payload).map(Self::Inputs),
            3 => payload.is_empty().then_some(Self::Sealed),
            4 => digest().map(Self::Digest),
            5 => (payload.len() == 24).then(|| Self::Checkpoint {
                generation: u64_at(payload, 0),
                tick: u64_at(payload, 8),
                digest: Digest(u64_at(payload, 16)),
            }),
            6 => digest().map(Self::End),
            _ => None,
        }
    }
}

fn start(payload: &[u8]) -> Option<Record> {
    let (fixed, text) = payload.split_at_checked(16)?;
    if u32_at(fixed, 4) as usize != text.len() {
        return None;
    }
    let engine = str::from_utf8(text).ok()?.to_owned();
    let resumed_from = match (u32_at(fixed, 0), u64_at(fixed, 8)) {
        (0, 0) => None,
        (1, tick) => Some(tick),
        _ => return None,
    };
    Some(Record::Start { engine, resumed_from })
}

fn inputs(payload: &[u8]) -> Option<Vec<Vec<u8>>> {
    let (count, mut rest) = payload.split_at_checked(4)?;
    let count = u32_at(count, 0) as usize;
    // The count is only believed as far as there are bytes: each input has 4 at least.
    let mut inputs = Vec::with_capacity(count.min(rest.len() / 4));
    for _ in 0..count {
        let (len, after) = rest.split_at_checked(4)?;
        let (input, after) = after.split_at_checked(u32_at(len, 0) as usize)?;
        inputs.push(input.to_vec());
        rest = after;
    }
    rest.is_empty().then_some(inputs)
}
