//! What checkpoints hold, and whether all of it can be read.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::Path;

use serde::Serialize;

use super::facts::{Damaged, civil};
use crate::app::style::{Style, bytes, grid, thousands};
use crate::base::Calendar;
use crate::sim::SavedSchema;
use crate::store::{Backend, Entry, Manifest, PieceId, PieceView, StoreError, visit};

/// What a checkpoint holds.
#[derive(Clone, Serialize)]
pub struct CheckpointFacts {
    /// Its number.
    pub generation: u64,
    /// Its tick.
    pub tick: u64,
    /// That tick's civil time.
    pub time: Option<String>,
    /// Agents of the kind that the scenario names first; not known if some cannot be read.
    pub agents: Option<u64>,
    /// Agents by kind; empty if some cannot be read.
    pub kinds: BTreeMap<String, u64>,
    /// Which of the kinds is the first.
    #[serde(skip)]
    main_kind: Option<String>,
    /// Zones.
    pub zones: u64,
    /// Letters in flight.
    pub letters: u64,
    /// Pieces of which it is made.
    pub pieces: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Of these: written for it.
    pub own_bytes: u64,
    /// Of these: kept from earlier ones.
    pub kept_bytes: u64,
    /// The digest of its state.
    pub digest: String,
    /// Pieces that cannot be read.
    pub damaged_pieces: u64,
    /// Whether all can be read.
    pub verified: bool,
}

impl CheckpointFacts {
    fn of(
        manifest: &Manifest,
        counts: Option<Vec<(String, u64)>>,
        damaged_pieces: u64,
        calendar: Option<&Calendar>,
    ) -> Self {
        let entries = &manifest.entries;
        let sum = |wanted: fn(&PieceId) -> bool| {
            entries.iter().filter(|entry| wanted(&entry.info.id)).map(|entry| entry.info.rows).sum()
        };
        let zones: BTreeSet<u32> = entries.iter().filter_map(zone).collect();
        let bytes = entries.iter().map(|entry| entry.bytes).sum();
        let own = |entry: &&Entry| entry.file == manifest.generation;
        let own_bytes = entries.iter().filter(own).map(|entry| entry.bytes).sum();
        Self {
            generation: manifest.generation,
            tick: manifest.tick,
            time: civil(calendar, manifest.tick),
            agents: counts.as_ref().and_then(|counts| Some(counts.first()?.1)),
            main_kind: counts.as_ref().and_then(|counts| Some(counts.first()?.0.clone())),
            kinds: counts.unwrap_or_default().into_iter().collect(),
            zones: zones.len() as u64,
            letters: sum(|id| matches!(id, PieceId::Mail(_))),
            pieces: entries.len() as u64,
            bytes,
            own_bytes,
            kept_bytes: bytes - own_bytes,
            digest: manifest.digest.to_string(),
            damaged_pieces,
            verified: damaged_pieces == 0,
        }
    }
}

/// The zone whose agents a piece holds.
pub fn zone(entry: &Entry) -> Option<u32> {
    match entry.info.id {
        PieceId::Zone { zone, .. } => Some(zone),
        _ => None,
    }
}

/// All that is said of a piece: file, offset, what it holds, checksum, bytes.
type Whole = (u64, u64, PieceId, u128, u64);

/// Reads all pieces of checkpoints that lie in a folder, each once.
pub fn check(
    backend: &dyn Backend,
    folder: &Path,
    manifests: &[Manifest],
    calendar: Option<&Calendar>,
) -> (Vec<CheckpointFacts>, Vec<Damaged>) {
    // A piece that several checkpoints have in common is one entry; two that pretend to be at one place are two.
    let mut needed: BTreeMap<Whole, (Entry, Vec<usize>)> = BTreeMap::new();
    for (nth, manifest) in manifests.iter().enumerate() {
        for entry in &manifest.entries {
            let key = (entry.file, entry.offset, entry.info.id, entry.checksum, entry.bytes);
            needed.entry(key).or_insert_with(|| (*entry, Vec::new())).1.push(nth);
        }
    }
    let (entries, users): (Vec<Entry>, Vec<Vec<usize>>) = needed.into_values().unzip();
    let schemas: Vec<_> = manifests.iter().map(|manifest| SavedSchema::parse(&manifest.schema)).collect();
    let look =
        |index: usize, view: &PieceView<'_>| makes_sense(&entries[index], schemas[users[index][0]].as_ref(), view);
    let run = manifests.first().map_or(0, |manifest| manifest.run);
    let (seen, faults) = visit(backend, folder, run, &entries, &look);
    // By checkpoint: agents of each kind, as long as all can be read.
    let mut counts: Vec<Option<Vec<u64>>> =
        schemas.iter().map(|schema| Some(vec![0; schema.as_ref().ok()?.kinds.len()])).collect();
    for (entry, (of, seen)) in entries.iter().zip(users.iter().zip(&seen)) {
        for &nth in of.iter().filter(|_| zone(entry).is_some()) {
            let sums = counts[nth].take().zip(seen.as_ref()).filter(|(sums, seen)| sums.len() == seen.len());
            counts[nth] = sums.map(|(sums, seen)| sums.iter().zip(seen).map(|(a, b)| a + b).collect());
        }
    }
    let named = |nth: usize| {
        let (schema, counts) = (schemas[nth].as_ref().ok()?, counts[nth].as_ref()?);
        Some(counts.iter().enumerate().map(|(kind, count)| (schema.kind_name(kind), *count)).collect())
    };
    let mut damaged_pieces = vec![0; manifests.len()];
    // A live run removes old checkpoints: their files are gone, and so are their manifests.
    let mut gone = BTreeSet::new();
    let mut damage = Vec::new();
    for fault in faults {
        let mut of: BTreeSet<usize> = fault.entries.iter().flat_map(|&index| &users[index]).copied().collect();
        if matches!(&fault.error, StoreError::Io { source, .. } if source.kind() == ErrorKind::NotFound) {
            let is_there = |nth: &usize| backend.is_file(&manifest_path(folder, manifests[*nth].generation));
            gone.extend(of.iter().filter(|nth| !is_there(nth)).copied());
            of.retain(is_there);
            if of.is_empty() {
                continue;
            }
        }
        for index in fault.entries {
            users[index].iter().for_each(|&nth| damaged_pieces[nth] += 1);
        }
        damage.push(Damaged::of(&fault.error, of.into_iter().map(|nth| manifests[nth].generation).collect()));
    }
    let there = manifests.iter().zip(damaged_pieces).enumerate().filter(|(nth, _)| !gone.contains(nth));
    let facts = |(nth, (manifest, damaged))| CheckpointFacts::of(manifest, named(nth), damaged, calendar);
    (there.map(facts).collect(), damage)
}

fn manifest_path(folder: &Path, generation: u64) -> std::path::PathBuf {
    folder.join(format!("MANIFEST-{generation:08}"))
}

/// Checks a piece against the schema and what the manifest says of it; how many agents of each kind there are.
fn makes_sense(entry: &Entry, schema: Result<&SavedSchema, &String>, view: &PieceView<'_>) -> Result<Vec<u64>, String> {
    let schema = schema.map_err(String::clone)?;
    let counts = match entry.info.id {
        PieceId::World => Vec::new(),
        PieceId::Mail(_) => vec![schema.letters(view)?.count() as u64],
        PieceId::Zone { .. } => schema.counts(view)?,
    };
    let rows: u64 = counts.iter().sum();
    match rows == entry.info.rows {
        true => Ok(counts),
        false => Err(format!("it has {rows} rows, and the manifest says {}", entry.info.rows)),
    }
}

/// Two tables: when, and what.
pub fn render(checkpoints: &[CheckpointFacts], style: Style) -> String {
    let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
    let mut when = vec![row(&["number", "tick", "time", "digest", "all of it can be read"])];
    // Beside the agents, those of other kinds, such as places.
    let others: BTreeSet<&String> = checkpoints.iter().flat_map(|one| one.kinds.keys()).collect();
    let main: BTreeSet<&String> = checkpoints.iter().filter_map(|one| one.main_kind.as_ref()).collect();
    let others: Vec<&String> = others.difference(&main).copied().collect();
    let head = [row(&["number", "agents"]), others.iter().map(|kind| (*kind).clone()).collect()].concat();
    let rest = row(&["zones", "letters", "pieces", "bytes", "own", "kept from earlier"]);
    let mut what = vec![[head, rest].concat()];
    for one in checkpoints {
        let verified = match one.damaged_pieces {
            0 => "yes".to_owned(),
            count => format!("no: {} of {} pieces cannot", thousands(count), thousands(one.pieces)),
        };
        let (number, time) = (one.generation.to_string(), one.time.clone().unwrap_or_default());
        when.push(vec![number.clone(), thousands(one.tick), time, one.digest.clone(), verified]);
        let known = |count: Option<u64>| count.map_or_else(|| "-".to_owned(), thousands);
        let kinds = others.iter().map(|kind| known(one.kinds.get(*kind).copied()));
        let counts = [one.zones, one.letters, one.pieces].map(thousands);
        let sizes = [one.bytes, one.own_bytes, one.kept_bytes].map(bytes);
        what.push([number, known(one.agents)].into_iter().chain(kinds).chain(counts).chain(sizes).collect());
    }
    format!("{}\n{}", grid(&when, style), grid(&what, style))
}
