//! In what two checkpoints differ: zones, agents, letters, counts. Only by whose rows they are: it does not matter in
//! which order agents stand in a zone, into how many parts it was divided, nor which shard had which letters.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::path::Path;

use serde::Serialize;

use super::checkpoints::zone;
use super::facts::Damaged;
use crate::base::Digest;
use crate::sim::{SavedColumn, SavedSchema};
use crate::store::{Entry, Fs, Manifest, PieceId, PieceView, visit};

/// Agents, and addressees of letters, that are named at most.
const NAMED: usize = 10;

/// Rows that are held at once, about: where there are more, ids are compared range by range.
const ROWS_HELD: u64 = 500_000;

/// What of the world's counts depends on how a run is carried out, not on what happens in it.
const OF_THE_MACHINE: [&str; 2] = ["visits", "changes"];

/// In what two checkpoints differ.
#[derive(Serialize)]
pub struct Difference {
    /// Their ticks.
    pub ticks: [u64; 2],
    /// Their generations.
    pub generations: [u64; 2],
    /// Whether the tables mean the same: if not, zones are compared by their digests only.
    pub same_model: bool,
    /// Zones that differ.
    pub zones: Vec<ZoneDifference>,
    /// The first agents that differ, lowest id first.
    pub agents: Vec<AgentDifference>,
    /// Letters in flight, if they differ.
    pub letters: Option<LettersDifference>,
    /// Counts of the world that differ, by name.
    pub counts: Vec<String>,
}

/// A zone that differs.
#[derive(Serialize)]
pub struct ZoneDifference {
    /// The zone.
    pub zone: u32,
    /// Its agents here and there.
    pub agents: [u64; 2],
    /// Its digest here and there.
    pub digests: [String; 2],
}

/// An agent that differs.
#[derive(Serialize)]
pub struct AgentDifference {
    /// The agent.
    pub agent: u32,
    /// Its kind here and there; none where it is not.
    pub kinds: [Option<String>; 2],
    /// Its zone here and there.
    pub zones: [Option<u32>; 2],
    /// The bytes that differ, by row.
    pub rows: Vec<RowDifference>,
    /// When it arrives here and there, if that differs.
    pub arrives: Option<[u32; 2]>,
}

/// The bytes of a row that differ.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct RowDifference {
    /// The type of the row.
    pub row: String,
    /// The first byte that differs.
    pub from: usize,
    /// The last one.
    pub to: usize,
}

/// How letters in flight differ.
#[derive(Serialize)]
pub struct LettersDifference {
    /// Their number here and there.
    pub letters: [u64; 2],
    /// The first addressees of whom letters differ, and how many each has here and there.
    pub addressees: Vec<(u32, [u64; 2])>,
}

/// One of the two.
#[derive(Clone, Copy)]
pub struct Of<'a> {
    /// What makes it up.
    pub manifest: &'a Manifest,
    /// Where it lies.
    pub folder: &'a Path,
}

/// Compares two checkpoints; also says what of them cannot be read.
pub fn compare(sides: [Of<'_>; 2]) -> Result<(Difference, [Vec<Damaged>; 2]), String> {
    let [a, b] = sides.map(|side| side.manifest);
    let mut damage = [BTreeMap::new(), BTreeMap::new()];
    let schema = SavedSchema::parse(&a.schema)?;
    let same_model = a.schema == b.schema;
    let zones = zones(a, b);
    let (mut agents, mut letters, mut counts) = (Vec::new(), None, Vec::new());
    if same_model {
        let differing: BTreeSet<u32> = zones.iter().map(|zone| zone.zone).collect();
        let wanted = |entry: &Entry| zone(entry).is_some_and(|zone| differing.contains(&zone));
        let of_zones = sides.map(|side| Pieces::of(side, wanted));
        first_that_differ(&of_zones, &|side, entry, view| held(&schema, side, entry, view), &mut damage, |id, pair| {
            agents.push(agent(id, pair, &schema));
        });
        letters = letters_difference(sides, &schema, &mut damage);
        counts = counts_that_differ(sides, &mut damage);
    }
    let difference = Difference {
        ticks: [a.tick, b.tick],
        generations: [a.generation, b.generation],
        same_model,
        zones,
        agents,
        letters,
        counts,
    };
    Ok((difference, damage.map(|damage| damage.into_values().collect())))
}

fn zones(a: &Manifest, b: &Manifest) -> Vec<ZoneDifference> {
    let mut both: BTreeMap<u32, [(u64, Digest); 2]> = BTreeMap::new();
    for (side, manifest) in [a, b].into_iter().enumerate() {
        for entry in &manifest.entries {
            let Some(zone) = zone(entry) else { continue };
            let (agents, digest) = &mut both.entry(zone).or_default()[side];
            *agents += entry.info.rows;
            digest.merge(entry.info.digest);
        }
    }
    let differing = both.into_iter().filter(|(_, [a, b])| a != b);
    let told = |(zone, pair): (u32, [(u64, Digest); 2])| ZoneDifference {
        zone,
        agents: pair.map(|(agents, _)| agents),
        digests: pair.map(|(_, digest)| digest.to_string()),
    };
    differing.map(told).collect()
}

/// Some pieces of a checkpoint.
struct Pieces<'a> {
    of: Of<'a>,
    entries: Vec<Entry>,
}

impl<'a> Pieces<'a> {
    fn of(of: Of<'a>, wanted: impl Fn(&Entry) -> bool) -> Self {
        let entries = of.manifest.entries.iter().filter(|entry| wanted(entry)).copied().collect();
        Self { of, entries }
    }

    fn rows(&self) -> u64 {
        self.entries.iter().map(|entry| entry.info.rows).sum()
    }
}

/// What is damaged, by what is told of it: each once.
type Told = BTreeMap<(String, Option<u64>), Damaged>;

/// Rows by the agent that they are of; of an agent in their order, as far as it counts.
type Held<T> = BTreeMap<u32, Vec<T>>;

/// Takes the rows of a piece, with the agents that they are of.
type Take<'a, T> = dyn Fn(Of<'_>, &Entry, &PieceView<'_>) -> Result<Vec<(u32, T)>, String> + Sync + 'a;

/// Tells the first agents of whom rows differ.
fn first_that_differ<T: PartialEq + Send>(
    sides: &[Pieces<'_>; 2],
    take: &Take<'_, T>,
    damage: &mut [Told; 2],
    mut tell: impl FnMut(u32, [&[T]; 2]),
) {
    let rows = sides.iter().map(Pieces::rows).max().unwrap_or(0);
    let width = if rows <= ROWS_HELD { u32::MAX } else { (ROWS_HELD / 2) as u32 };
    let (mut told, mut low) = (0, 0_u32);
    loop {
        let ids = low..=low.saturating_add(width);
        let mut highest = 0;
        let [a, b] = std::array::from_fn(|side| gather(&sides[side], &ids, take, &mut damage[side], &mut highest));
        let known: BTreeSet<u32> = a.keys().chain(b.keys()).copied().collect();
        for id in known {
            let pair = [&a, &b].map(|held| held.get(&id).map_or(&[][..], Vec::as_slice));
            if pair[0] != pair[1] {
                tell(id, pair);
                told += 1;
                if told == NAMED {
                    return;
                }
            }
        }
        match ids.end().checked_add(1) {
            Some(next) if next <= highest => low = next,
            _ => return,
        }
    }
}

/// The rows of agents with these ids, and the highest id of all.
fn gather<T: Send>(
    pieces: &Pieces<'_>,
    ids: &RangeInclusive<u32>,
    take: &Take<'_, T>,
    damage: &mut Told,
    highest: &mut u32,
) -> Held<T> {
    let Pieces { of, entries } = pieces;
    let look = |index: usize, view: &PieceView<'_>| {
        let mut rows = take(*of, &entries[index], view)?;
        let highest = rows.iter().map(|(id, _)| *id).max();
        rows.retain(|(id, _)| ids.contains(id));
        Ok((highest, rows))
    };
    let (found, faults) = visit(&Fs, of.folder, of.manifest.run, entries, &look);
    for fault in faults {
        let damaged = Damaged::of(&fault.error, vec![of.manifest.generation]);
        damage.insert((damaged.file.clone(), damaged.offset), damaged);
    }
    let mut held: Held<T> = BTreeMap::new();
    for (there, rows) in found.into_iter().flatten() {
        *highest = (*highest).max(there.unwrap_or(0));
        for (id, row) in rows {
            held.entry(id).or_default().push(row);
        }
    }
    held
}

/// An agent, as far as its digest depends on it: not when it wants to be woken, which is how an engine finds it.
#[derive(PartialEq, Eq)]
struct HeldAgent {
    kind: usize,
    zone: u32,
    /// 0 if it is there and acts.
    arrives: u32,
    rows: Box<[u8]>,
}

fn held(
    schema: &SavedSchema,
    side: Of<'_>,
    entry: &Entry,
    view: &PieceView<'_>,
) -> Result<Vec<(u32, HeldAgent)>, String> {
    let zone = zone(entry).unwrap_or_default();
    let take = |agent: crate::sim::SavedAgent<'_>| {
        let arrives = if u64::from(agent.arrives) > side.manifest.tick { agent.arrives } else { 0 };
        let rows: Vec<u8> = agent.rows().flatten().copied().collect();
        (agent.id.0, HeldAgent { kind: agent.kind, zone, arrives, rows: rows.into() })
    };
    Ok(schema.agents(view)?.map(take).collect())
}

fn agent(id: u32, pair: [&[HeldAgent]; 2], schema: &SavedSchema) -> AgentDifference {
    let [a, b] = pair.map(|held| held.first());
    let (mut rows, mut arrives) = (Vec::new(), None);
    if let (Some(a), Some(b)) = (a, b)
        && a.kind == b.kind
    {
        rows = rows_that_differ(&schema.kinds[a.kind], &a.rows, &b.rows);
        arrives = (a.arrives != b.arrives).then_some([a.arrives, b.arrives]);
    }
    AgentDifference {
        agent: id,
        kinds: [a, b].map(|held| held.map(|held| schema.kind_name(held.kind))),
        zones: [a, b].map(|held| held.map(|held| held.zone)),
        rows,
        arrives,
    }
}

/// Of each row the first and the last byte that differ.
fn rows_that_differ(columns: &[SavedColumn], a: &[u8], b: &[u8]) -> Vec<RowDifference> {
    let mut rows = Vec::new();
    let mut at = 0;
    for SavedColumn { name, bytes } in columns {
        let differs = |nth: &usize| a[at + nth] != b[at + nth];
        if let (Some(from), Some(to)) = ((0..*bytes).find(differs), (0..*bytes).rfind(differs)) {
            rows.push(RowDifference { row: name.clone(), from, to });
        }
        at += bytes;
    }
    rows
}

fn letters_difference(sides: [Of<'_>; 2], schema: &SavedSchema, damage: &mut [Told; 2]) -> Option<LettersDifference> {
    let pieces = sides.map(|side| Pieces::of(side, |entry| matches!(entry.info.id, PieceId::Mail(_))));
    let digests = pieces.each_ref().map(|pieces| {
        let mut digest = Digest::EMPTY;
        pieces.entries.iter().for_each(|entry| digest.merge(entry.info.digest));
        (pieces.rows(), digest)
    });
    if digests[0] == digests[1] {
        return None;
    }
    // All letters to an agent are in one piece, and those of one sender in their order. Between senders there is none.
    let take = |_: Of<'_>, _: &Entry, view: &PieceView<'_>| -> Result<Vec<_>, String> {
        let mut letters: Vec<_> = schema
            .letters(view)?
            .map(|letter| {
                (letter.to.0, (letter.message, letter.deliver, letter.from.0, Box::<[u8]>::from(letter.body)))
            })
            .collect();
        letters.sort_by_key(|(to, (message, deliver, from, _))| (*to, *message, *deliver, *from));
        Ok(letters)
    };
    let mut addressees = Vec::new();
    first_that_differ(&pieces, &take, damage, |to, pair| {
        addressees.push((to, pair.map(|letters| letters.len() as u64)));
    });
    Some(LettersDifference { letters: digests.map(|(letters, _)| letters), addressees })
}

/// The names of the world's counts that differ.
fn counts_that_differ(sides: [Of<'_>; 2], damage: &mut [Told; 2]) -> Vec<String> {
    let mut counts = [BTreeMap::new(), BTreeMap::new()];
    for (side, of) in sides.into_iter().enumerate() {
        let pieces = Pieces::of(of, |entry| entry.info.id == PieceId::World);
        let look = |_: usize, view: &PieceView<'_>| {
            serde_json::from_slice::<BTreeMap<String, serde_json::Value>>(view.text).map_err(|error| error.to_string())
        };
        let (found, faults) = visit(&Fs, of.folder, of.manifest.run, &pieces.entries, &look);
        for fault in faults {
            let damaged = Damaged::of(&fault.error, vec![of.manifest.generation]);
            damage[side].insert((damaged.file.clone(), damaged.offset), damaged);
        }
        counts[side] = found.into_iter().flatten().next().unwrap_or_default();
    }
    let [a, b] = &counts;
    let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    let differs = |name: &&String| !OF_THE_MACHINE.contains(&name.as_str()) && a.get(*name) != b.get(*name);
    names.into_iter().filter(differs).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_told_by_row() {
        let column = |name: &str, bytes| SavedColumn { name: name.to_owned(), bytes };
        let columns = [column("Body", 4), column("Unit", 0), column("Mind", 4)];
        let differ = |row: &str, from, to| RowDifference { row: row.to_owned(), from, to };
        let told = rows_that_differ(&columns, &[0, 1, 2, 3, 4, 5, 6, 7], &[0, 9, 2, 9, 4, 5, 6, 9]);
        assert_eq!(told, [differ("Body", 1, 3), differ("Mind", 3, 3)]);
        assert_eq!(rows_that_differ(&columns, &[0; 8], &[0; 8]), []);
    }
}
