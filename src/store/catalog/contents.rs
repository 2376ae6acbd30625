//! What a catalog says, as a value, and how that follows from the truth.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::truth::Truth;
use crate::base::Digest;
use crate::store::PieceId;
use crate::store::checkpoint::{Entry, Manifest};
use crate::store::journal::Record;

/// How a process ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// The run came to its end.
    Ended,
    /// It was stopped, and saved the world as it was.
    Interrupted,
    /// It ended without a word.
    Crashed,
}

/// A process that ran the run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Start {
    /// The tick from which on it wrote to the journal.
    pub tick: u64,
    /// The tick of the world from which it went on; none for a run that began.
    pub resumed_from: Option<u64>,
    /// Its version.
    pub engine: String,
    /// Its worker threads; not known once the catalog was lost.
    pub workers: Option<u64>,
    /// How it ended; none while it is at work.
    pub ending: Option<Ending>,
    /// The tick of the last that it said, if it has ended.
    pub last_tick: Option<u64>,
}

/// How large a checkpoint is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sizes {
    /// Agents, of all kinds.
    pub agents: u64,
    /// Bytes of all its pieces.
    pub bytes: u64,
    /// Of these: written for it.
    pub own_bytes: u64,
}

/// A checkpoint that is there, or was.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Listed {
    /// Its tick.
    pub tick: u64,
    /// The digest of its state.
    #[serde(with = "digest_text")]
    pub digest: Digest,
    /// Whether it is still there.
    pub kept: bool,
    /// How large it is; of one that is gone, not known once the catalog was lost.
    pub sizes: Option<Sizes>,
    /// Microseconds from its beginning until it was on disk; not known once the catalog was lost.
    pub micros: Option<u64>,
}

/// Where a zone, or a part of one, lies in the newest checkpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// As the manifest has it.
    pub entry: Entry,
    /// The tick for which it was last written.
    pub written: Option<u64>,
}

/// What a catalog says.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Contents {
    /// The run.
    pub run: u128,
    /// So many records of the journal are in `starts`.
    pub records: u64,
    /// The newest checkpoint, 0 if there is none.
    pub generation: u64,
    /// What the tables of its pieces mean.
    pub schema: String,
    /// By the number of records of the journal before it.
    pub starts: BTreeMap<u64, Start>,
    /// By generation.
    pub checkpoints: BTreeMap<u64, Listed>,
    /// By zone and part.
    pub zones: BTreeMap<(u32, u32), Place>,
}

impl Contents {
    /// What follows from the truth.
    pub(super) fn of(truth: &Truth) -> Self {
        let mut contents = Self { run: truth.run, ..Self::default() };
        for (_, record) in &truth.records {
            if let Record::Checkpoint { generation, tick, digest } = *record {
                let gone = Listed { tick, digest, kept: false, sizes: None, micros: None };
                contents.checkpoints.insert(generation, gone);
            }
        }
        for manifest in &truth.manifests {
            contents.checkpoints.insert(manifest.generation, Listed::of(manifest, None));
        }
        if let Some(first) = truth.first {
            let is_start = |record: &&(u64, Record)| matches!(record.1, Record::Start { .. });
            // Each process from its start to the next; what comes before the first is of one that is forgotten.
            let places: Vec<usize> = (0..truth.records.len()).filter(|&at| is_start(&&truth.records[at])).collect();
            for (nth, &at) in places.iter().enumerate() {
                let until = places.get(nth + 1).copied().unwrap_or(truth.records.len());
                contents.starts.extend(Start::of(&truth.records[at..until]).map(|start| (first + at as u64, start)));
            }
            contents.records = first + truth.records.len() as u64;
        }
        contents.point_to(truth.manifests.last(), &truth.written);
        contents
    }

    /// Lets zones be those of a checkpoint. `written` says for which tick a segment was written.
    fn point_to(&mut self, newest: Option<&Manifest>, written: &BTreeMap<u64, u64>) {
        self.generation = newest.map_or(0, |manifest| manifest.generation);
        self.schema = newest.map_or_else(String::new, |manifest| manifest.schema.clone());
        let before = std::mem::take(&mut self.zones);
        for entry in newest.into_iter().flat_map(|manifest| &manifest.entries) {
            if let PieceId::Zone { zone, part } = entry.info.id {
                let known = || before.get(&(zone, part)).filter(|place| place.entry.file == entry.file)?.written;
                let place = Place { entry: *entry, written: written.get(&entry.file).copied().or_else(known) };
                self.zones.insert((zone, part), place);
            }
        }
    }

    /// Adds what only an earlier catalog knows: what was measured, and what the truth has forgotten. Where they
    /// contradict each other, the truth holds.
    pub(super) fn remember(&mut self, earlier: &Self, truth: &Truth) {
        for (sequence, before) in &earlier.starts {
            match self.starts.get_mut(sequence) {
                Some(start) => start.workers = start.workers.or(before.workers),
                None if truth.first.is_none_or(|first| *sequence < first) => {
                    self.starts.insert(*sequence, before.clone());
                }
                None => {}
            }
        }
        self.end_forgotten(truth);
        for (generation, before) in &earlier.checkpoints {
            match self.checkpoints.get_mut(generation) {
                Some(listed) if (listed.tick, listed.digest) == (before.tick, before.digest) => {
                    listed.sizes = listed.sizes.or(before.sizes);
                    listed.micros = listed.micros.or(before.micros);
                }
                None if *generation < truth.next => {
                    self.checkpoints.insert(*generation, Listed { kept: false, ..before.clone() });
                }
                _ => {}
            }
        }
        if truth.first.is_none() {
            self.records = earlier.records;
        }
    }

    /// Says how the process ended whose start the journal has forgotten, but not its end.
    fn end_forgotten(&mut self, truth: &Truth) {
        let Some(first) = truth.first else { return };
        let until = truth.records.iter().position(|(_, record)| matches!(record, Record::Start { .. }));
        let rest = &truth.records[..until.unwrap_or(truth.records.len())];
        let last = self.starts.range_mut(..first).next_back();
        if let (Some((_, start)), Some((ending, tick))) = (last, ending(rest)) {
            (start.ending, start.last_tick) = (Some(ending), Some(tick));
        }
    }

    /// Takes note of a checkpoint that was published, and of those that are kept.
    pub(super) fn publish(&mut self, manifest: &Manifest, kept: &[Manifest], micros: u64) {
        for (generation, listed) in &mut self.checkpoints {
            listed.kept &= kept.iter().any(|manifest| manifest.generation == *generation);
        }
        self.checkpoints.insert(manifest.generation, Listed::of(manifest, Some(micros)));
        let written = kept.iter().map(|manifest| (manifest.generation, manifest.tick)).collect();
        self.point_to(Some(manifest), &written);
    }

    /// The newest checkpoint, with its zones and none of its other pieces.
    pub(crate) fn newest(&self) -> Option<Manifest> {
        let listed = self.checkpoints.get(&self.generation)?;
        Some(Manifest {
            run: self.run,
            generation: self.generation,
            tick: listed.tick,
            digest: listed.digest,
            schema: self.schema.clone(),
            entries: self.zones.values().map(|place| place.entry).collect(),
        })
    }

    /// What would be there if the catalog were made anew: without what was measured, and without checkpoints that are
    /// gone.
    pub fn derived(&self) -> Self {
        let mut derived = self.clone();
        derived.starts.values_mut().for_each(|start| start.workers = None);
        derived.checkpoints.retain(|_, listed| listed.kept);
        derived.checkpoints.values_mut().for_each(|listed| listed.micros = None);
        derived
    }
}

impl Listed {
    fn of(manifest: &Manifest, micros: Option<u64>) -> Self {
        let sum = |wanted: &dyn Fn(&Entry) -> bool, of: fn(&Entry) -> u64| {
            let wanted = manifest.entries.iter().filter(|entry| wanted(entry));
            wanted.fold(0, |sum: u64, entry| sum.saturating_add(of(entry)))
        };
        let sizes = Sizes {
            agents: sum(&|entry| matches!(entry.info.id, PieceId::Zone { .. }), |entry| entry.info.rows),
            bytes: sum(&|_| true, |entry| entry.bytes),
            own_bytes: sum(&|entry| entry.file == manifest.generation, |entry| entry.bytes),
        };
        Self { tick: manifest.tick, digest: manifest.digest, kept: true, sizes: Some(sizes), micros }
    }
}

impl Start {
    /// Of a process's records, of which the first is a start.
    fn of(records: &[(u64, Record)]) -> Option<Self> {
        let (tick, Record::Start { engine, resumed_from }) = records.first()? else { return None };
        let (ending, last_tick) = ending(records)?;
        Some(Self {
            tick: *tick,
            resumed_from: *resumed_from,
            engine: engine.clone(),
            workers: None,
            ending: Some(ending),
            last_tick: Some(last_tick),
        })
    }
}

/// How a process ended that wrote these records, and at which tick.
fn ending(records: &[(u64, Record)]) -> Option<(Ending, u64)> {
    let (tick, last) = records.last()?;
    let saved = records.iter().rev().find_map(|(_, record)| match record {
        Record::Checkpoint { tick, .. } => Some(tick),
        _ => None,
    });
    let ending = match last {
        Record::End(_) => Ending::Ended,
        // A process that is stopped saves the world as it is, and has nothing to say after that.
        Record::Sealed if saved == Some(tick) => Ending::Interrupted,
        _ => Ending::Crashed,
    };
    Some((ending, *tick))
}

/// A digest as 16 hex digits.
mod digest_text {
    use super::Digest;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(digest: &Digest, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(digest)
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Digest, D::Error> {
        let text = String::deserialize(from)?;
        u64::from_str_radix(&text, 16).map(Digest).map_err(D::Error::custom)
    }
}
