//! The state of a world at a tick, written out and read back.
//!
//! A snapshot is made of pieces: one for each cell, one for the letters of each shard, one for what belongs to nobody.
//! What a scenario shares (tables, rules) is not in it: it is a function of the parameters and is made anew.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::directory::BORN_MAX;
use super::furnisher::Furnisher;
use super::kind::{Homeless, KindCensus};
use super::post::PostCensus;
use super::registry::KindPart;
use super::report::Series;
use super::rows::Agent;
use super::saving::{self, Head, Limits};
use super::scenario::RunError;
use super::shard::Shard;
use crate::base::{Digest, Tick, ZoneId, units};
use crate::store::{
    ARCHIVE_BYTES_MAX, AlignedVec, Chunk, LentPiece, Piece, PieceId, PieceInfo, PieceView, Saved, Sink, StoreError,
    TableView,
};

/// What belongs to no zone.
#[derive(Serialize, Deserialize, Default)]
pub(crate) struct WorldState {
    /// Exchanges so far: what is reviewed now and then is reviewed as if nothing had been.
    pub exchanges: u64,
    /// By kind: left, arrived, woken.
    pub kinds: Vec<[u64; 3]>,
    /// By kind: born, died. Nobody is in models without births, and then there may be nothing.
    #[serde(default)]
    pub lives: Vec<[u64; 2]>,
    /// By type of message: sent, applied.
    pub messages: Vec<[u64; 2]>,
    /// Zone visits: active, abstracted, dormant.
    pub visits: [u64; 3],
    /// Cells moved, zones divided.
    pub changes: [u64; 2],
    /// By tally.
    pub tallies: Vec<Vec<u64>>,
    /// The scenario's invariants.
    pub invariants: BTreeMap<String, bool>,
    pub engine_invariants: BTreeMap<String, bool>,
    pub series: Vec<SavedSeries>,
}

/// A series; values by their bits, which text would not keep.
#[derive(Serialize, Deserialize)]
pub(crate) struct SavedSeries {
    name: String,
    ticks: Vec<u64>,
    bits: Vec<u64>,
}

impl From<&Series> for SavedSeries {
    fn from(series: &Series) -> Self {
        let bits = series.values.iter().map(|value| value.to_bits()).collect();
        Self { name: series.name.clone(), ticks: series.ticks.clone(), bits }
    }
}

impl WorldState {
    /// Hands the samples back to the collectors of the same names.
    pub(crate) fn hand_series_to<'a>(self, collectors: impl Iterator<Item = &'a mut Series>) {
        let mut saved: BTreeMap<String, SavedSeries> =
            self.series.into_iter().map(|series| (series.name.clone(), series)).collect();
        for series in collectors {
            if let Some(before) = saved.remove(&series.name) {
                series.ticks = before.ticks;
                series.values = before.bits.into_iter().map(f64::from_bits).collect();
            }
        }
    }
}

/// What the tables of a snapshot mean, in words: two models whose words are alike can read each other's snapshots.
pub(crate) fn schema(furnisher: &Furnisher) -> String {
    let kinds = furnisher.kinds.iter().map(|kind| line("agents", &kind.shape()));
    let messages = furnisher.messages.iter().map(|message| line("letters", &[message.shape()]));
    head(furnisher.version) + &kinds.chain(messages).collect::<String>()
}

/// The lines before those of the tables. Snapshots of a scenario's first version have always been without the second.
pub(crate) fn head(version: u32) -> String {
    let version = if version == 1 { String::new() } else { format!("version {version}\n") };
    format!("snapshot 1\n{version}")
}

/// What the columns of a table mean.
pub(crate) fn line(what: &str, columns: &[(&str, usize)]) -> String {
    let columns: Vec<String> = columns.iter().map(|(name, bytes)| format!("{name} {bytes}")).collect();
    format!("{what}: {}\n", columns.join(", "))
}

/// What is saved, beside the pieces themselves.
#[derive(Debug)]
pub struct Snapshot {
    /// The tick of the world.
    pub tick: Tick,
    /// Pieces that are as they were saved before.
    pub kept: Vec<PieceId>,
    /// What the tables mean.
    pub schema: String,
}

/// Agents that a shard saves in an interval, if it has so many to save: a cell or some of them. The interval of a city
/// of eight million takes half as long again while it is saved.
const ROWS_AT_ONCE: u64 = 4_096;

/// The longest piece with what belongs to nobody: samples of years.
const WORLD_BYTES_MAX: u64 = 256 << 20;

/// Bytes of an archive beside its rows, for each of its tables and for itself.
const ARCHIVE_BYTES: u64 = 256;

/// The highest count: nothing that is counted comes near it, and sums of some do not overflow.
const COUNT_MAX: u64 = 1 << 60;

/// What a shard has yet to save of a snapshot.
pub(crate) struct Waiting {
    pub sink: Arc<dyn Sink>,
    /// The tick of the snapshot.
    pub then: u32,
    /// Places of cells, the next one last.
    pub places: Vec<usize>,
    /// What is saved and not yet handed over.
    pub chunk: Chunk,
}

/// Begins to save a shard as it is now, at tick `then`: letters at once, cells when there is time. Cells to which
/// nothing has happened since they were last saved are only named in what is returned, unless `all` are wanted.
pub(crate) fn begin(shard: &mut Shard, then: u32, all: bool, sink: &Arc<dyn Sink>) -> Vec<PieceId> {
    let mut digest = Digest::EMPTY;
    let mut rows = 0;
    let mut tables = Vec::with_capacity(shard.posts.len());
    for post in &mut shard.posts {
        let census = post.census(true);
        digest.merge(census.digest);
        rows += census.in_flight;
        tables.push(post.save());
    }
    let id = PieceId::Mail(shard.index as u32);
    let piece = Piece { text: Vec::new(), tables };
    let mut chunk = sink.chunk(0);
    match piece.bytes() {
        bytes if bytes > ARCHIVE_BYTES_MAX => {
            shard.failure.get_or_insert(too_large(id, "letters", bytes));
        }
        _ => chunk.add(PieceInfo { id, rows, digest }, &piece),
    }
    let (mut kept, mut places) = (Vec::new(), Vec::new());
    for place in (0..shard.cells.len()).rev() {
        let Some(cell) = &shard.cells[place] else { continue };
        // Each is asked: `any` would leave marks behind.
        let touched = shard.kinds.iter_mut().map(|kind| kind.take_touched(place)).fold(false, |a, b| a | b);
        if touched || all {
            places.push(place);
            shard.kinds.iter_mut().for_each(|kind| kind.wait(place));
        } else {
            kept.push(cell.piece());
        }
    }
    shard.waiting = Some(Waiting { sink: sink.clone(), then, places, chunk });
    kept
}

/// Saves some of the cells that wait, or all of them; whether none is left.
pub(crate) fn go_on(shard: &mut Shard, all: bool) -> bool {
    let mut saved = 0;
    while let Some(waiting) = &mut shard.waiting
        && (all || saved < ROWS_AT_ONCE && waiting.sink.has_room())
        && let Some(place) = waiting.places.pop()
    {
        saved += save_cell(shard, place);
    }
    if shard.waiting.as_ref().is_some_and(|waiting| !waiting.places.is_empty()) {
        return false;
    }
    if let Some(Waiting { sink, chunk, .. }) = shard.waiting.take() {
        sink.put(chunk);
        shard.kinds.iter_mut().for_each(|kind| kind.forget());
    }
    true
}

/// Saves a cell that waits before its turn.
pub(crate) fn save_now(shard: &mut Shard, place: usize) {
    let waiting = shard.waiting.as_mut().expect("somebody waits");
    waiting.places.retain(|&other| other != place);
    save_cell(shard, place);
}

/// Saves a cell that waits; says how many agents were saved.
fn save_cell(shard: &mut Shard, place: usize) -> u64 {
    if !shard.thaw(place) {
        return 0;
    }
    let Shard { waiting: Some(Waiting { sink, then, chunk, .. }), cells, kinds, failure, .. } = shard else {
        unreachable!("somebody waits")
    };
    let cell = cells[place].as_ref().expect("cells that wait are not moved");
    let (mut digest, mut rows, mut arriving) = (Digest::EMPTY, 0, 0_u32);
    let mut tables = Vec::with_capacity(kinds.len());
    for (index, kind) in kinds.iter_mut().enumerate() {
        let saved = kind.save(place, cell.zone, *then);
        digest.merge(saved.digest);
        rows += saved.table.rows as u64;
        arriving |= u32::from(saved.arriving) << index;
        tables.push(saved.table);
    }
    let piece = LentPiece { text: Vec::new(), tables };
    let bytes = piece.bytes();
    if bytes > ARCHIVE_BYTES_MAX {
        failure.get_or_insert(too_large(cell.piece(), "agents", bytes));
        return rows;
    }
    if !chunk.has_room(bytes) {
        sink.put(std::mem::replace(chunk, sink.chunk(bytes)));
    }
    chunk.lend(PieceInfo { id: cell.piece(), rows, digest }, &piece);
    if chunk.is_full() {
        sink.put(std::mem::replace(chunk, sink.chunk(0)));
    }
    for (_, kind) in kinds.iter_mut().enumerate().filter(|(index, _)| arriving >> index & 1 != 0) {
        kind.touch(place);
    }
    rows
}

fn too_large(id: PieceId, what: &str, bytes: usize) -> StoreError {
    let (of, more) = if what == "agents" { ("zone", "zones") } else { ("shard", "shards") };
    let why = format!(
        "its {what} take {}, and what is saved of a {of} at most {}: with more {more} they would fit",
        units::bytes(bytes as u64),
        units::bytes(ARCHIVE_BYTES_MAX as u64)
    );
    StoreError::io("save", id.to_string().as_ref())(std::io::Error::other(why))
}

/// A snapshot that a world is brought back from.
pub(crate) struct Revival<'a> {
    saved: &'a dyn Saved,
    /// By zone: its pieces.
    zones: Vec<Vec<usize>>,
    pub limits: Limits,
    /// What belongs to no zone.
    state: WorldState,
    /// By zone: whether somebody is there who acts from a later tick only.
    arriving: Vec<AtomicBool>,
    /// The first thing that was wrong.
    failure: Mutex<Option<StoreError>>,
}

impl<'a> Revival<'a> {
    /// Looks a snapshot through: the shape of the world must be the same.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn new(
        saved: &'a dyn Saved,
        furnisher: &Furnisher,
        zone_count: usize,
        (founders, exchange_ticks): (u64, u32),
    ) -> Result<Self, RunError> {
        let schema = schema(furnisher);
        if saved.schema() != schema {
            return Err(RunError::Input(format!(
                "the snapshot is of another model, or of another version of it: it holds\n{}\nand this one has\n{}",
                indent(saved.schema()),
                indent(&schema)
            )));
        }
        let senseless = |why: String| RunError::Store(saved.senseless(usize::MAX, why));
        let now = u32::try_from(saved.tick()).ok().filter(|&now| now < u32::MAX - exchange_ticks);
        let now = now.ok_or_else(|| senseless(format!("it is of tick {}, which never comes", saved.tick())))?;
        let limits = Limits { agents: founders, founders, now, exchange_ticks };
        // Before any is read: none may take more memory than what it is said to hold.
        let widest = |widths: &mut dyn Iterator<Item = usize>| widths.max().unwrap_or(0) as u64;
        let agent = size_of::<Agent>() as u64
            + widest(&mut furnisher.kinds.iter().map(|kind| kind.shape().iter().map(|column| column.1).sum()));
        let letter = size_of::<Head>() as u64 + widest(&mut furnisher.messages.iter().map(|part| part.shape().1));
        let archive = |rows: u64, row: u64, tables: usize| {
            rows.saturating_mul(row).saturating_add(ARCHIVE_BYTES * (1 + tables as u64))
        };
        let mut zones = vec![Vec::new(); zone_count];
        let mut rows = 0_u64;
        for (index, info) in saved.pieces().iter().enumerate() {
            let bytes_max = match info.id {
                PieceId::World => WORLD_BYTES_MAX,
                PieceId::Mail(_) => archive(info.rows, letter, furnisher.messages.len()),
                PieceId::Zone { zone, .. } => {
                    let pieces: Option<&mut Vec<usize>> = zones.get_mut(zone as usize);
                    pieces
                        .ok_or_else(|| senseless(format!("it has a zone {zone} where there are {zone_count}")))?
                        .push(index);
                    rows = rows.saturating_add(info.rows);
                    archive(info.rows, agent, furnisher.kinds.len())
                }
            };
            if saved.bytes(index) > bytes_max {
                let what = format!("{} bytes for {} rows are too many", saved.bytes(index), info.rows);
                return Err(saved.senseless(index, what).into());
            }
        }
        let arriving = zones.iter().map(|_| AtomicBool::new(false)).collect();
        let state = WorldState::default();
        let mut revival = Self { saved, zones, limits, state, arriving, failure: Mutex::new(None) };
        revival.state = revival.read_state(furnisher)?;
        let [born, died] = revival.lives();
        revival.limits.agents += born;
        if born > BORN_MAX {
            return Err(senseless(format!("{born} were born where {BORN_MAX} can be")));
        }
        let agents = revival.limits.agents.checked_sub(died).filter(|_| revival.limits.agents < u32::MAX as u64);
        if agents != Some(rows) {
            let right = agents.map_or("fewer than were born".to_owned(), |agents| agents.to_string());
            return Err(senseless(format!("{rows} agents where {right} are right")));
        }
        Ok(revival)
    }

    /// How many were born, and how many died.
    pub(crate) fn lives(&self) -> [u64; 2] {
        let sum = |which: usize| self.state.lives.iter().map(|lives| lives[which]).fold(0, u64::saturating_add);
        [sum(0), sum(1)]
    }

    /// The agents of a zone, by kind. Nobody if something is wrong: [`Revival::end`] says what.
    pub(crate) fn settlers(&self, zone: ZoneId, furnisher: &Furnisher) -> Vec<Homeless> {
        let pieces = &self.zones[zone.index()];
        self.try_settlers(zone, pieces, furnisher).unwrap_or_else(|error| {
            self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            let nobody = |kind: &dyn KindPart| kind.revived(&[], zone, self.limits).expect("nobody is fine");
            furnisher.kinds.iter().map(|kind| nobody(&**kind)).collect()
        })
    }

    /// Whether a cell is as the snapshot has it, piece by piece, and its digest stays the same until something happens:
    /// then it need not be saved again.
    pub(crate) fn is_as_saved(&self, cell: &Cell) -> bool {
        let pieces = self.zones[cell.zone.index()].as_slice();
        matches!(pieces, [one] if self.saved.pieces()[*one].id == cell.piece())
            && !self.arriving[cell.zone.index()].load(Relaxed)
    }

    fn try_settlers(&self, zone: ZoneId, pieces: &[usize], furnisher: &Furnisher) -> Result<Vec<Homeless>, StoreError> {
        let archives: Vec<AlignedVec> = pieces.iter().map(|&piece| self.saved.read(piece)).collect::<Result<_, _>>()?;
        let mut views = Vec::with_capacity(pieces.len());
        for (&piece, archive) in pieces.iter().zip(&archives) {
            views.push(self.view(piece, archive, furnisher.kinds.len())?);
        }
        let arrive = |table: &TableView<'_>| saving::has_arriving(table, self.limits.now);
        if views.iter().flat_map(|view| &view.tables).any(arrive) {
            self.arriving[zone.index()].store(true, Relaxed);
        }
        let of_kind = |index: usize| views.iter().map(|view| &view.tables[index]).collect::<Vec<&TableView<'_>>>();
        let kinds = furnisher.kinds.iter().enumerate();
        let blamed = pieces.first().copied().unwrap_or(usize::MAX);
        kinds
            .map(|(index, kind)| kind.revived(&of_kind(index), zone, self.limits))
            .collect::<Result<_, String>>()
            .map_err(|why| self.saved.senseless(blamed, why))
    }

    fn view<'b>(&self, piece: usize, archive: &'b AlignedVec, tables: usize) -> Result<PieceView<'b>, StoreError> {
        let view = PieceView::of(archive).map_err(|why| self.saved.senseless(piece, why))?;
        if view.tables.len() != tables {
            return Err(self.saved.senseless(piece, format!("{} tables where {tables} are right", view.tables.len())));
        }
        let (rows, right) =
            (view.tables.iter().map(|table| table.rows as u64).sum::<u64>(), self.saved.pieces()[piece]);
        if rows != right.rows {
            return Err(self.saved.senseless(piece, format!("{rows} rows where {} are right", right.rows)));
        }
        Ok(view)
    }

    /// What was saved makes no sense.
    pub(crate) fn senseless(&self, why: String) -> StoreError {
        self.saved.senseless(usize::MAX, why)
    }

    /// The digest of what was saved.
    pub(crate) fn digest(&self) -> Digest {
        self.saved.digest()
    }

    /// Ends the reading of zones.
    pub(crate) fn end(&self) -> Result<(), StoreError> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }

    /// Reads letters into the inboxes of shards, whoever's they are.
    pub(crate) fn letters(&self, furnisher: &Furnisher, shards: &mut [Mutex<Shard>]) -> Result<(), StoreError> {
        let mut next = 0;
        for (piece, info) in self.saved.pieces().iter().enumerate() {
            if !matches!(info.id, PieceId::Mail(_)) {
                continue;
            }
            let count = shards.len();
            let shard = super::engine::lock_mut(&mut shards[next % count]);
            let archive = self.saved.read(piece)?;
            let view = self.view(piece, &archive, shard.posts.len())?;
            for ((part, post), table) in furnisher.messages.iter().zip(&mut shard.posts).zip(&view.tables) {
                part.check(table, self.limits).map_err(|why| self.saved.senseless(piece, why))?;
                post.load(table);
            }
            next += 1;
        }
        Ok(())
    }

    fn read_state(&self, furnisher: &Furnisher) -> Result<WorldState, StoreError> {
        let found = self.saved.pieces().iter().position(|info| info.id == PieceId::World);
        let piece = found.ok_or_else(|| self.senseless("there is no piece with the world's counts".into()))?;
        let archive = self.saved.read(piece)?;
        let view = self.view(piece, &archive, 0)?;
        let mut state: WorldState =
            serde_json::from_slice(view.text).map_err(|error| self.saved.senseless(piece, error.to_string()))?;
        if state.lives.is_empty() {
            state.lives.resize(state.kinds.len(), [0; 2]);
        }
        let (kinds, lives) = (state.kinds.as_flattened(), state.lives.as_flattened());
        let counts = [&[state.exchanges], kinds, lives, state.messages.as_flattened(), &state.visits];
        let counts = counts.into_iter().flatten().chain(&state.changes).chain(state.tallies.iter().flatten());
        let lives_of = furnisher.kinds.iter().zip(&state.lives);
        if lives_of.into_iter().any(|(kind, lives)| !kind.bears() && *lives != [0; 2]) {
            return Err(self.saved.senseless(piece, "some were born or died where nobody is or does".into()));
        }
        let is_sampled = |one: &SavedSeries| one.ticks.len() == one.bits.len() && one.ticks.is_sorted();
        // At an exchange nobody is on the way.
        let has_left = |&[left, arrived, _]: &[u64; 3]| left != arrived;
        let is_wrong = counts.max() > Some(&COUNT_MAX) || state.kinds.iter().any(has_left);
        if is_wrong || !state.series.iter().all(is_sampled) {
            return Err(self.saved.senseless(piece, "its counts or its samples cannot be".into()));
        }
        let fits = state.kinds.len() == furnisher.kinds.len()
            && state.lives.len() == furnisher.kinds.len()
            && state.messages.len() == furnisher.messages.len()
            && state.tallies.len() == furnisher.tallies.len();
        if !fits {
            return Err(self.saved.senseless(piece, "its counts are of another model".into()));
        }
        Ok(state)
    }

    /// Hands out what belongs to no zone: counts to a shard and to the tallies; the rest is returned.
    pub(crate) fn world(&mut self, furnisher: &Furnisher, shard: &mut Shard) -> Result<WorldState, StoreError> {
        let state = std::mem::take(&mut self.state);
        if !furnisher.tallies.iter().zip(&state.tallies).all(|(tally, numbers)| tally.load(numbers)) {
            return Err(self.senseless("its counts are of another model".into()));
        }
        let kinds = state.kinds.iter().zip(&state.lives);
        for (kind, (&[left, arrived, woken], &[born, died])) in shard.kinds.iter_mut().zip(kinds) {
            kind.resume_counts(KindCensus { left, arrived, born, died, woken, ..KindCensus::default() });
        }
        for (post, &[sent, applied]) in shard.posts.iter_mut().zip(&state.messages) {
            post.resume_counts(PostCensus { sent, applied, ..PostCensus::default() });
        }
        [shard.stats.active, shard.stats.abstracted, shard.stats.dormant] = state.visits;
        Ok(state)
    }
}

pub(crate) fn indent(text: &str) -> String {
    text.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use crate::prelude::*;

    #[derive(Clone, Copy, Pod, Zeroable)]
    #[repr(C)]
    struct Diary([u64; 128]);

    crate::params! {
        struct Nothing {}
    }

    struct Archive;

    impl Scenario for Archive {
        type Params = Nothing;
        const NAME: &'static str = "archive";
        const ABOUT: &'static str = "a zone of so many diaries that they cannot be saved";

        fn timing(_: &Nothing) -> Timing {
            Timing { agents: 17_000, ..Timing::default() }
        }

        fn build(_: &Nothing, sim: &mut Builder) -> Result<(), RunError> {
            let agents = sim.agents();
            sim.zones(1).messages::<Diary>().settle::<(Diary,)>(agents, move |_, settlement| {
                (0..agents as u32).for_each(|id| settlement.add(AgentId(id), (Diary([id as u64; 128]),), None));
            });
            Ok(())
        }
    }

    #[test]
    fn a_zone_that_is_too_large_to_be_saved_is_named() {
        let experiment = |agents| {
            let options = RunOptions { agents: Some(agents), ..RunOptions::default() };
            Simulation::of::<Archive>(Nothing::defaults()).options(options)
        };
        assert!(experiment(15_000).build().unwrap().save().is_ok());
        let error = experiment(17_000).build().unwrap().save().err().unwrap().to_string();
        let right = "cannot save `zone 0`: its agents take 16.8 MiB, and what is saved of a zone at most 16.0 MiB: \
                     with more zones they would fit";
        assert_eq!(error, right);
    }

    #[test]
    fn letters_that_are_too_many_to_be_saved_are_named() {
        let mut engine = Simulation::of::<Archive>(Nothing::defaults()).build().unwrap();
        let letter = engine.input(AgentId(0), Diary([0; 128]));
        (0..17_000).for_each(|_| engine.hear(&letter).unwrap());
        let error = engine.save().err().unwrap().to_string();
        let right = "cannot save `the letters of shard 0`: its letters take 16.8 MiB, and what is saved of a shard at \
                     most 16.0 MiB: with more shards they would fit";
        assert_eq!(error, right);
    }
}
