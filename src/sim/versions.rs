//! Versions of a scenario: how a world that an older one saved becomes a world of the present one.

use bytemuck::{bytes_of, pod_read_unaligned};

use super::mail::{Envelope, Message};
use super::post;
use super::rows::{Agent, Rows};
use super::saving::{Head, check_columns, hash, letter, table_of, widths};
use super::scenario::RunError;
use super::snapshot::{head, indent, line};
use crate::base::{Digest, ZoneId};
use crate::store::journal::Record;
use crate::store::{Chunk, Memory, Piece, PieceId, PieceInfo, PieceView, Saved, Sink, Table, TableView};

/// How rows and messages of a version of a scenario become those of the next: see [`Scenario::migrations`].
///
/// Kinds of agents and types of messages of which nothing is said stay as they are.
///
/// [`Scenario::migrations`]: super::Scenario::migrations
pub struct Migration {
    from: u32,
    steps: Vec<Step>,
}

/// What becomes of a table.
struct Step {
    /// Its line in the schema, before and after.
    before: String,
    after: String,
    convert: Box<Convert>,
}

/// Converts a table of a zone, or of none, that was saved at a tick.
type Convert = dyn Fn(&TableView<'_>, ZoneId, u32) -> Result<Converted, String>;

struct Converted {
    table: Table,
    before: Digest,
    after: Digest,
}

impl Migration {
    /// From this version to the next.
    pub fn from(version: u32) -> Self {
        Self { from: version, steps: Vec::new() }
    }

    /// How the rows of an agent of kind `A` become those of one of kind `B`. Who it is, where it stands and when it is
    /// woken stays.
    pub fn agents<A: Rows, B: Rows>(self, convert: impl Fn(A) -> B + 'static) -> Self {
        let all = move |table: &TableView<'_>, zone, now| agents(table, zone, now, &convert);
        self.step(line("agents", &A::shape()), line("agents", &B::shape()), all)
    }

    /// How a message of type `A`, which is on its way, becomes one of type `B`. From whom, to whom and when stays.
    pub fn messages<A: Message, B: Message>(self, convert: impl Fn(A) -> B + 'static) -> Self {
        let shape = |shape: (&'static str, usize)| line("letters", &[shape]);
        let all = move |table: &TableView<'_>, _, _| letters(table, &convert);
        let (before, after) = (<(A,)>::shape()[0], <(B,)>::shape()[0]);
        self.step(shape(before), shape(after), all)
    }

    fn step(
        mut self,
        before: String,
        after: String,
        convert: impl Fn(&TableView<'_>, ZoneId, u32) -> Result<Converted, String> + 'static,
    ) -> Self {
        self.steps.push(Step { before, after, convert: Box::new(convert) });
        self
    }

    /// The world as the next version has it, in memory.
    fn apply(&self, saved: &dyn Saved, in_space: &[bool]) -> Result<Memory, RunError> {
        let lines = saved.schema().strip_prefix(&head(self.from)).unwrap_or_default().lines();
        let lines: Vec<String> = lines.map(|line| format!("{line}\n")).collect();
        if let Some(step) = self.steps.iter().find(|step| !lines.contains(&step.before)) {
            return Err(RunError::Input(format!(
                "the migration from version {} begins with\n{}\nand what was saved has\n{}",
                self.from,
                indent(&step.before),
                indent(saved.schema())
            )));
        }
        let tables: Vec<(&String, Option<&Step>)> =
            lines.iter().map(|line| (line, self.steps.iter().find(|step| step.before == *line))).collect();
        let memory = Memory::default();
        for (index, info) in saved.pieces().iter().enumerate() {
            let (what, zone) = match info.id {
                PieceId::World => ("world", 0),
                PieceId::Mail(_) => ("letters", 0),
                PieceId::Zone { zone, .. } => ("agents", zone),
            };
            let of_piece = tables.iter().filter(|(line, _)| line.starts_with(what));
            let steps: Vec<Option<&Step>> = of_piece.map(|(_, step)| *step).collect();
            let archive = saved.read(index)?;
            // Where agents stand in a space, their digest names no zone.
            let zone = |kind: usize| ZoneId(if in_space.get(kind) == Some(&true) { 0 } else { zone });
            let converted = PieceView::of(&archive).and_then(|view| convert(&view, info, &steps, zone, saved.tick()));
            let (info, piece) = converted.map_err(|why| saved.senseless(index, why))?;
            let mut chunk = Chunk::default();
            chunk.add(info, &piece);
            memory.put(chunk);
        }
        let after = tables.iter().map(|(line, step)| step.map_or(*line, |step| &step.after).as_str());
        Ok(memory.sealed(saved.tick(), head(self.from + 1) + &after.collect::<String>()))
    }
}

/// A piece as the next version has it.
fn convert(
    view: &PieceView<'_>,
    info: &PieceInfo,
    steps: &[Option<&Step>],
    zone: impl Fn(usize) -> ZoneId,
    tick: u64,
) -> Result<(PieceInfo, Piece), String> {
    if view.tables.len() != steps.len() {
        return Err(format!("{} tables where {} are right", view.tables.len(), steps.len()));
    }
    let now = u32::try_from(tick).map_err(|_| format!("it is of tick {tick}, which never comes"))?;
    let mut info = *info;
    let mut tables = Vec::with_capacity(steps.len());
    for (nth, (table, step)) in view.tables.iter().zip(steps).enumerate() {
        let Some(step) = step else {
            let columns = table.columns.iter().map(|column| column.to_vec()).collect();
            tables.push(Table { rows: table.rows as u32, spare: table.spare as u32, columns });
            continue;
        };
        let Converted { table, before, after } = (step.convert)(table, zone(nth), now)?;
        info.digest.sub(before.0);
        info.digest.merge(after);
        tables.push(table);
    }
    Ok((info, Piece { text: view.text.to_vec(), tables }))
}

fn agents<A: Rows, B: Rows>(
    table: &TableView<'_>,
    zone: ZoneId,
    now: u32,
    convert: &impl Fn(A) -> B,
) -> Result<Converted, String> {
    check_columns(table, &A::name(), &widths::<A>().collect::<Vec<_>>())?;
    let (mut before, mut after) = (Digest::EMPTY, Digest::EMPTY);
    let mut columns: Vec<Vec<u8>> = widths::<B>().map(|width| Vec::with_capacity(width * table.rows)).collect();
    for nth in 0..table.rows {
        let agent: Agent = pod_read_unaligned(&table.columns[0][nth * size_of::<Agent>()..][..size_of::<Agent>()]);
        let mut old = A::nth(&table.columns[1..], nth);
        let mut new = convert(old);
        before.add(hash::<A>(&agent, &old.refs(), zone, now));
        after.add(hash::<B>(&agent, &new.refs(), zone, now));
        columns[0].extend_from_slice(bytes_of(&agent));
        for (index, column) in columns[1..].iter_mut().enumerate() {
            column.extend_from_slice(new.row_bytes(index));
        }
    }
    let table = Table { rows: table.rows as u32, spare: table.spare as u32, columns };
    Ok(Converted { table, before, after })
}

fn letters<A: Message, B: Message>(table: &TableView<'_>, convert: &impl Fn(A) -> B) -> Result<Converted, String> {
    check_columns(table, "letters", &[size_of::<Head>(), size_of::<A>()])?;
    let old: Vec<Envelope<A>> = (0..table.rows).map(|nth| letter(table, nth)).collect();
    let new = |&Envelope { deliver, to, from, body }: &Envelope<A>| Envelope { deliver, to, from, body: convert(body) };
    let new: Vec<Envelope<B>> = old.iter().map(new).collect();
    Ok(Converted { table: table_of(&new), before: post::digest(&old), after: post::digest(&new) })
}

/// The version of the scenario that saved what has this schema.
pub(crate) fn version_of(schema: &str) -> u32 {
    let said = schema.lines().nth(1).and_then(|line| line.strip_prefix("version "));
    said.and_then(|version| version.parse().ok()).unwrap_or(1)
}

/// Refuses what a newer version of a scenario has left.
pub(crate) fn check(what: &str, there: u32, here: u32) -> Result<(), RunError> {
    if there <= here {
        return Ok(());
    }
    Err(RunError::Input(format!("{what} is of version {there} of the scenario, and this program has version {here}")))
}

/// What stands between the engine and the older version in the record of a process that has migrated a run.
pub(crate) const MIGRATED: &str = ", migrated from version ";

/// The first record of a journal that is none of an older version of the scenario, where the run goes on from a tick:
/// `is_older` if the run has not been migrated yet.
pub(crate) fn own_records(records: &[(u64, Record)], is_older: bool, from: u64) -> Result<usize, RunError> {
    let start = |(_, record): &(u64, Record)| match record {
        Record::Start { engine, resumed_from: Some(at) } if engine.contains(MIGRATED) => Some(*at),
        _ => None,
    };
    let migrated = records.iter().rposition(|record| start(record).is_some());
    let at = migrated.and_then(|index| start(&records[index]));
    if let Some(at) = at.filter(|at| !is_older && from < *at) {
        return Err(RunError::Input(format!(
            "the run was brought to this version of the scenario at tick {at}, and of what was saved since nothing can \
             be read: what there is of tick {from} was another version's; another run can begin with it: --resume-from"
        )));
    }
    let own = if is_older { records.len() } else { migrated.map_or(0, |index| index + 1) };
    let unheard = |(tick, record): &(u64, Record)| match record {
        Record::Inputs(inputs) if *tick >= from => inputs.len(),
        _ => 0,
    };
    let inputs: usize = records[..own].iter().map(unheard).sum();
    if inputs > 0 {
        return Err(RunError::Input(format!(
            "{inputs} {} from outside after tick {from}, the last that was saved, in the words of an older \
             version: resume the run with that one and stop it, so that it is saved, or begin another run without: \
             --resume-from",
            if inputs == 1 { "input came" } else { "inputs came" }
        )));
    }
    Ok(own)
}

/// What was saved, as version `here` has it; nothing if it is of that version. `in_space` says of each kind whether it
/// stands in a space.
pub(crate) fn migrate(
    saved: &dyn Saved,
    here: u32,
    migrations: &[Migration],
    in_space: &[bool],
) -> Result<Option<Memory>, RunError> {
    let there = version_of(saved.schema());
    check("what was saved", there, here)?;
    let mut world: Option<Memory> = None;
    for version in there..here {
        let migration = migrations.iter().find(|migration| migration.from == version).ok_or_else(|| {
            RunError::Input(format!(
                "what was saved is of version {there} of the scenario, this program has version {here}, and there is \
                 no migration from version {version}"
            ))
        })?;
        world = Some(migration.apply(world.as_ref().map_or(saved, |world| world), in_space)?);
    }
    Ok(world)
}
