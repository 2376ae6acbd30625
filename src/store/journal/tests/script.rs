//! A run in small: steps that a seed draws, what was appended and what was acknowledged, and how to judge what is read
//! back.

use std::path::Path;
use std::sync::Arc;

use crate::base::{AgentId, Digest, Draws, Seed, Stream, Tick};
use crate::store::journal::{Journal, Known, Options, Record, Recovered, read};
use crate::store::{Backend, StoreError};

pub(super) const RUN: u128 = 0x0123_4567_89AB_CDEF_0011_2233_4455_6677;
/// Files grow a few times in a script.
pub(super) const OPTIONS: Options = Options { grow_bytes: 16_384 };

pub(super) fn folder() -> &'static Path {
    Path::new("runs/one")
}

/// Draws of a test, by a name and a number.
pub(super) fn draws(name: &str, nth: u64) -> Draws {
    Seed(nth).draws(Stream::named(name), AgentId(0), Tick(0))
}

/// Some bytes: mostly few; sometimes more than a sector has, sometimes more than a page.
fn bytes(draws: &mut Draws) -> Vec<u8> {
    let len = match draws.below(12) {
        0 => 600 + draws.below(1_500),
        1 => 4_100 + draws.below(5_000),
        _ => draws.below(40),
    };
    (0..len).map(|_| draws.u32() as u8).collect()
}

/// A record of any kind but start.
pub(super) fn record(draws: &mut Draws) -> Record {
    match draws.below(8) {
        0 => Record::Sealed,
        1 => Record::Digest(Digest(draws.u64())),
        2 => Record::Checkpoint { generation: draws.u64(), tick: draws.u64(), digest: Digest(draws.u64()) },
        3 => Record::End(Digest(draws.u64())),
        _ => Record::Inputs((0..draws.below(4)).map(|_| bytes(draws)).collect()),
    }
}

/// What a run does with its journal.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Append(u64, Record),
    Commit,
    /// At a checkpoint.
    Roll(u64),
    Forget(u64),
}

/// The first steps of a process that begins with this tick.
pub(super) fn steps(draws: &mut Draws, first_tick: u64, resumed_from: Option<u64>, count: usize) -> Vec<Step> {
    let start = Record::Start { engine: "myriad 1".to_owned(), resumed_from };
    let (mut steps, mut tick, mut checkpoint) = (vec![Step::Append(first_tick, start)], first_tick, None);
    for _ in 0..count {
        tick += u64::from(draws.below(3));
        match draws.below(12) {
            0 => {
                // The checkpoint of the state before it; the one before the last one is kept.
                tick += 1;
                steps.push(Step::Roll(tick));
                steps.extend(checkpoint.replace(tick).map(Step::Forget));
            }
            1..=4 => steps.push(Step::Commit),
            _ => steps.push(Step::Append(tick, record(draws))),
        }
    }
    steps.push(Step::Commit);
    steps
}

/// What happened, as the one knows it who was told.
#[derive(Clone, Default)]
pub(super) struct History {
    /// All records ever appended that may still exist.
    pub(super) all: Vec<(u64, Record)>,
    /// How many of them were acknowledged, and the tick that was said.
    pub(super) acknowledged: usize,
    pub(super) durable_tick: Option<u64>,
    /// From this tick on records are needed.
    pub(super) from: u64,
}

impl History {
    /// Does one step. What it was that failed can be seen from the error.
    pub(super) fn step(&mut self, journal: &mut Journal, step: &Step) -> Result<(), StoreError> {
        match step {
            Step::Append(tick, record) => {
                journal.append(*tick, record)?;
                self.all.push((*tick, record.clone()));
            }
            Step::Commit => {
                let tick = journal.commit()?;
                assert_eq!(tick, self.all.last().map(|(tick, _)| *tick), "the last tick is durable");
                self.acknowledge(tick);
            }
            Step::Roll(first_tick) => {
                journal.roll(*first_tick)?;
                self.acknowledge(journal.durable_tick());
            }
            Step::Forget(tick) => {
                // From now on they may be gone, whether it succeeds or not.
                self.from = self.from.max(*tick);
                journal.forget_before(*tick)?;
            }
        }
        Ok(())
    }

    fn acknowledge(&mut self, tick: Option<u64>) {
        (self.acknowledged, self.durable_tick) = (self.all.len(), tick);
    }

    /// Reads the journal and says what is wrong with it: everything acknowledged must be there, and nothing that was
    /// never appended.
    pub(super) fn judge(&self, backend: &dyn Backend, is_told: bool) -> Result<Recovered, String> {
        let durable_tick = self.durable_tick.filter(|_| is_told);
        let found = read(backend, folder(), RUN, Known { from: self.from, durable_tick });
        let found = found.map_err(|error| format!("refused: {error}"))?;
        let count = found.end.count as usize;
        if count < self.acknowledged {
            return Err(format!("{} records were acknowledged, {count} are there", self.acknowledged));
        }
        let expected = count.checked_sub(found.records.len()).and_then(|first| self.all.get(first..count));
        let Some(expected) = expected else {
            return Err(format!("{} records up to {count} of {}", found.records.len(), self.all.len()));
        };
        if let Some(nth) = (0..expected.len()).find(|&nth| expected[nth] != found.records[nth]) {
            return Err(format!("record {nth} is another one: {:?}", found.records[nth]));
        }
        let before = &self.all[..count - expected.len()];
        if before.iter().any(|(tick, _)| *tick >= self.from) {
            return Err(format!("records of tick {} and later are missing at the beginning", self.from));
        }
        if found.last_tick != count.checked_sub(1).map(|last| self.all[last].0) {
            return Err(format!("the last tick is not {:?}", found.last_tick));
        }
        if found.durable_tick > found.last_tick || found.durable_tick < durable_tick {
            return Err(format!("{:?} is proven, {:?} is the last", found.durable_tick, found.last_tick));
        }
        Ok(found)
    }

    /// Goes on after what was read, as another process would: what was lost is no longer expected.
    pub(super) fn resume(
        &mut self,
        backend: Arc<dyn Backend>,
        found: &Recovered,
    ) -> Result<(Journal, u64), StoreError> {
        self.all.truncate(found.end.count as usize);
        // As a run does that has all of the last tick's inputs; every other one has not.
        let first_tick = found.last_tick.map_or(0, |tick| tick + found.end.count % 2);
        let journal = Journal::resume(backend, found, first_tick, OPTIONS)?;
        (self.acknowledged, self.durable_tick) = (self.all.len(), found.last_tick);
        Ok((journal, first_tick))
    }
}

/// A new run in a folder of its own.
pub(super) fn create(backend: Arc<dyn Backend>) -> Result<Journal, StoreError> {
    backend.create_folder(folder()).map_err(StoreError::io("create", folder()))?;
    Journal::create(backend, folder(), RUN, 0, 1, OPTIONS)
}
