//! Zones of a checkpoint, and one agent of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use serde::Serialize;

use super::checkpoints::zone;
use super::facts::{Damaged, Facts, label, render_damage, tick};
use super::inspect::put;
use crate::app::args::InspectArgs;
use crate::app::cli::Console;
use crate::app::error::Error;
use crate::app::style::{Style, bytes, grid, thousands};
use crate::base::Digest;
use crate::sim::SavedSchema;
use crate::store::{Access, Backend, Entry, Fs, Manifest, PieceFault, PieceId, PieceView, SegmentSeen, visit};

/// Where a piece lies.
#[derive(Serialize)]
struct Place {
    file: String,
    offset: u64,
    bytes: u64,
    /// The tick for which it was written; not known if the file cannot be read.
    written: Option<u64>,
}

/// A zone of a checkpoint.
#[derive(Serialize)]
struct ZoneFacts {
    zone: u32,
    /// Of the kind that the scenario names first; not known if some of its pieces cannot be read.
    agents: Option<u64>,
    /// By kind.
    kinds: BTreeMap<String, u64>,
    bytes: u64,
    digest: String,
    /// Its pieces: more than one if the zone was divided.
    pieces: Vec<Place>,
    /// Whether all of them can be read.
    verified: bool,
}

/// An agent of a checkpoint.
#[derive(Serialize)]
struct AgentFacts {
    agent: u32,
    zone: u32,
    kind: String,
    /// None if nothing wakes it.
    wake: Option<u32>,
    wake_time: Option<String>,
    arrives: u32,
    rows: Vec<RowFacts>,
}

/// A row of an agent.
#[derive(Serialize)]
struct RowFacts {
    name: String,
    bytes: usize,
    /// Each of 4 bytes, the lowest byte last, as one writes a number.
    words: Vec<String>,
}

/// What is shown of a checkpoint.
#[derive(Serialize)]
struct Shown<'a, T> {
    generation: u64,
    tick: u64,
    time: Option<String>,
    #[serde(flatten)]
    what: T,
    damage: &'a [Damaged],
}

/// Shows zones or an agent of a checkpoint.
pub fn show(
    args: &InspectArgs,
    manifest: &Manifest,
    folder: &Path,
    facts: Option<&Facts>,
    console: &mut Console<'_>,
) -> Result<Vec<Damaged>, Error> {
    let style = console.style();
    let time = facts.and_then(|facts| facts.civil(manifest.tick));
    let schema = SavedSchema::parse(&manifest.schema).map_err(Error::Failed)?;
    let Manifest { generation, tick: now, .. } = *manifest;
    let title = format!("{} · {}\n\n", style.bold(&format!("Checkpoint {generation}")), tick(now, time.clone()));
    let told = |faults: &[PieceFault]| -> Vec<Damaged> {
        faults.iter().map(|fault| Damaged::of(&fault.error, vec![generation])).collect()
    };
    if let Some(agent) = args.agent {
        let (found, faults) = find_agent(agent, manifest, folder, &schema, facts);
        let damage = told(&faults);
        let Some(found) = found else {
            let where_else = if damage.is_empty() { "" } else { "; it may be in a piece that cannot be read" };
            write!(console.err, "{}", render_damage(&damage, style)).ok();
            return Err(Error::Failed(format!(
                "checkpoint {generation} in `{}` has no agent {agent}{where_else}",
                folder.display()
            )));
        };
        let shown = Shown { generation, tick: now, time, what: found, damage: &damage };
        let text = || title + &render_agent(&shown.what, style) + &render_damage(&damage, style);
        put(args.json, &shown, text, console)?;
        return Ok(damage);
    }
    let (found, faults) = zones(args.zone, manifest, folder, &schema);
    if let Some(zone) = args.zone.filter(|_| found.is_empty()) {
        return Err(Error::Failed(format!("checkpoint {generation} in `{}` has no zone {zone}", folder.display())));
    }
    let damage = told(&faults);
    let what = BTreeMap::from([("zones", found)]);
    let shown = Shown { generation, tick: now, time, what, damage: &damage };
    let text = || title + &render_zones(&shown.what["zones"], &schema, style) + &render_damage(&damage, style);
    put(args.json, &shown, text, console)?;
    Ok(damage)
}

fn zones(
    only: Option<u32>,
    manifest: &Manifest,
    folder: &Path,
    schema: &SavedSchema,
) -> (Vec<ZoneFacts>, Vec<PieceFault>) {
    let wanted = |entry: &&Entry| zone(entry).is_some_and(|zone| only.is_none_or(|only| only == zone));
    let entries: Vec<Entry> = manifest.entries.iter().filter(wanted).copied().collect();
    let look = |_: usize, view: &PieceView<'_>| schema.counts(view);
    let (counts, faults) = visit(&Fs, folder, manifest.run, &entries, &look);
    let files: BTreeSet<u64> = entries.iter().map(|entry| entry.file).collect();
    let written: BTreeMap<u64, Option<u64>> = files.into_iter().map(|file| (file, tick_of(folder, file))).collect();
    let mut zones: Vec<ZoneFacts> = Vec::new();
    let pieces: Vec<(&Entry, Option<Vec<u64>>)> = entries.iter().zip(counts).collect();
    // Pieces are in order of zone.
    for parts in pieces.chunk_by(|a, b| zone(a.0) == zone(b.0)) {
        let mut digest = Digest::EMPTY;
        parts.iter().for_each(|(entry, _)| digest.merge(entry.info.digest));
        let count = |kind: usize| parts.iter().filter_map(|(_, counts)| Some(counts.as_ref()?[kind])).sum();
        let place = |(entry, _): &(&Entry, _)| Place {
            file: segment(entry.file),
            offset: entry.offset,
            bytes: entry.bytes,
            written: written[&entry.file],
        };
        let verified = parts.iter().all(|(_, counts)| counts.is_some());
        zones.push(ZoneFacts {
            zone: zone(parts[0].0).unwrap_or_default(),
            agents: (verified && !schema.kinds.is_empty()).then(|| count(0)),
            kinds: (0..schema.kinds.len()).map(|kind| (schema.kind_name(kind), count(kind))).collect(),
            bytes: parts.iter().map(|(entry, _)| entry.bytes).sum(),
            digest: digest.to_string(),
            pieces: parts.iter().map(place).collect(),
            verified,
        });
    }
    (zones, faults)
}

fn segment(file: u64) -> String {
    format!("seg-{file:08}")
}

/// The tick for which a file of pieces was written.
fn tick_of(folder: &Path, file: u64) -> Option<u64> {
    let path = folder.join(segment(file));
    let file = Fs.open(&path, Access::Read).ok()?;
    Some(SegmentSeen::read(&*file, &path).ok()?.0.tick)
}

fn render_zones(zones: &[ZoneFacts], schema: &SavedSchema, style: Style) -> String {
    let kinds: Vec<String> = (0..schema.kinds.len()).map(|kind| schema.kind_name(kind)).collect();
    let mut text = String::new();
    for (nth, kind) in kinds.iter().enumerate() {
        let first = if nth == 0 { " (the agents)" } else { "" };
        let _ = writeln!(text, "{}{kind}{first}", style.dim(&label(&format!("kind {nth}"))));
    }
    text.push('\n');
    let names = (0..kinds.len()).map(|nth| format!("kind {nth}"));
    let head = ["zone".to_owned()].into_iter().chain(names);
    let rest = ["bytes", "digest", "written at", "where"].map(str::to_owned);
    let mut rows: Vec<Vec<String>> = vec![head.chain(rest).collect()];
    for zone in zones {
        let place = |place: &Place| format!("{}:{}", place.file, place.offset);
        let places: Vec<String> = zone.pieces.iter().map(place).collect();
        let places = if zone.verified { places.join(" ") } else { format!("{} cannot be read", places.join(" ")) };
        let counts = kinds.iter().map(|kind| if zone.verified { thousands(zone.kinds[kind]) } else { "-".to_owned() });
        let head = [zone.zone.to_string()].into_iter().chain(counts);
        let last = zone.pieces.iter().map(|piece| piece.written).max().flatten();
        let last = last.map_or_else(|| "-".to_owned(), thousands);
        rows.push(head.chain([bytes(zone.bytes), zone.digest.clone(), last, places]).collect());
    }
    text + &grid(&rows, style)
}

fn find_agent(
    agent: u32,
    manifest: &Manifest,
    folder: &Path,
    schema: &SavedSchema,
    facts: Option<&Facts>,
) -> (Option<AgentFacts>, Vec<PieceFault>) {
    let is_zone = |entry: &&Entry| matches!(entry.info.id, PieceId::Zone { .. });
    let entries: Vec<Entry> = manifest.entries.iter().filter(is_zone).copied().collect();
    let look = |index: usize, view: &PieceView<'_>| {
        let found = schema.agents(view)?.find(|one| one.id.0 == agent);
        Ok(found.map(|found| AgentFacts {
            agent,
            zone: zone(&entries[index]).unwrap_or_default(),
            kind: schema.kind_name(found.kind),
            wake: found.wake,
            wake_time: found.wake.zip(facts).and_then(|(wake, facts)| facts.civil(wake.into())),
            arrives: found.arrives,
            rows: schema.kinds[found.kind]
                .iter()
                .zip(found.rows())
                .map(|(column, row)| RowFacts { name: column.name.clone(), bytes: column.bytes, words: words(row) })
                .collect(),
        }))
    };
    let (found, faults) = visit(&Fs, folder, manifest.run, &entries, &look);
    (found.into_iter().flatten().flatten().next(), faults)
}

/// Rows have a multiple of 4 bytes.
fn words(row: &[u8]) -> Vec<String> {
    let (words, rest) = row.as_chunks::<4>();
    let words = words.iter().map(|word| format!("{:08x}", u32::from_le_bytes(*word)));
    words.chain(rest.iter().map(|byte| format!("{byte:02x}"))).collect()
}

fn render_agent(agent: &AgentFacts, style: Style) -> String {
    let wake = agent.wake.map_or_else(|| "never".to_owned(), |wake| tick(wake.into(), agent.wake_time.clone()));
    let lines = [
        ("agent", thousands(agent.agent.into())),
        ("zone", thousands(agent.zone.into())),
        ("wakes", wake),
        ("there since", tick(agent.arrives.into(), None)),
    ];
    let mut text = String::new();
    for (name, value) in lines {
        let _ = writeln!(text, "{}{value}", style.dim(&label(name)));
    }
    for row in &agent.rows {
        let _ = writeln!(text, "\n{}", style.bold(&format!("{} ({} bytes)", row.name, row.bytes)));
        for (nth, words) in row.words.chunks(8).enumerate() {
            let _ = writeln!(text, "  {}  {}", style.dim(&format!("{:>4}", nth * 32)), words.join(" "));
        }
    }
    text
}
