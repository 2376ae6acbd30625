//! A shard's part in saving a world and in bringing it back: agents of a kind, letters of a type, as tables.
//!
//! Slots and places are not saved, nor the agenda: they follow from whose rows there are and when each wants to be
//! woken. So a world may be brought back with other shards and workers than it was saved with.

use std::ops::Range;

use bytemuck::{Pod, Zeroable, bytes_of, pod_read_unaligned};

use super::cell::CellId;
use super::kind::{Handoff, Homeless, KindCensus, Settlers, ShardKindOf};
use super::mail::{Envelope, Message};
use super::post::{PostCensus, ShardPostOf};
use super::roll::{Roll, Was};
use super::rows::{Agent, BLOCK, NEVER, Rows};
use super::visit::Lives;
use super::wheel::SLOTS_MAX;
use crate::base::{AgentId, Digest, RowHash, Tick, ZoneId};
use crate::store::{Lent, LentTable, Table, TableView};

/// What is saved of a cell's agents.
pub(crate) struct SavedAgents<'a> {
    /// Where their columns lie.
    pub table: LentTable<'a>,
    pub digest: Digest,
    /// Whether some of them are there but act from a later tick only: their digest will be another then.
    pub arriving: bool,
}

/// What a shard does with its agents of one kind.
pub(crate) trait SavedKind {
    /// From now on changes are remembered, until the cell is saved as it is now.
    fn wait(&mut self, place: usize);
    /// The agents of a cell as they were when it began to wait, at tick `then`; or as they are, if it did not. From now
    /// on changes are not remembered any more.
    fn save(&mut self, place: usize, zone: ZoneId, then: u32) -> SavedAgents<'_>;
    /// All cells that waited were saved: forgets how slots were.
    fn forget(&mut self);
    /// Whether something happened to somebody in the cell since this was last asked.
    fn take_touched(&mut self, place: usize) -> bool;
    /// Lets the cell be saved again next time.
    fn touch(&mut self, place: usize);
    /// Adds what was counted before.
    fn resume_counts(&mut self, before: KindCensus);
}

/// Agents whose hashes are reckoned side by side.
const HASHED_AT_ONCE: usize = 4 * BLOCK;

/// What can be wrong with what was saved.
type Checked<T> = Result<T, String>;

/// Slots whose rows are saved.
enum Run {
    /// As they are.
    Now(Range<usize>),
    /// As it was: a note.
    Before(usize),
}

/// The bytes of a row of each column, the agents' first.
pub(crate) fn widths<K: Rows>() -> impl Iterator<Item = usize> {
    [size_of::<Agent>()].into_iter().chain(K::shape().into_iter().map(|(_, bytes)| bytes))
}

/// Checks that a table has columns of these widths.
pub(crate) fn check_columns(table: &TableView<'_>, what: &str, widths: &[usize]) -> Checked<()> {
    let found: Vec<usize> = table.columns.iter().map(|column| column.len()).collect();
    let right: Vec<usize> = widths.iter().map(|width| width * table.rows).collect();
    if found == right { Ok(()) } else { Err(format!("{what}: columns of {found:?} bytes where {right:?} are right")) }
}

/// Whose rows are checked: see [`Builder::check_rows`](super::Builder::check_rows).
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// The agent.
    pub id: AgentId,
    /// The zone that it stands in.
    pub zone: ZoneId,
    /// The tick of the world.
    pub now: Tick,
    /// The tick from which it is there: later than `now` for one who is on the way.
    pub arrives: Tick,
    /// The tick at which it wants to be woken.
    pub wake: Option<Tick>,
}

/// Whose letter is checked: see [`Builder::check_letters`](super::Builder::check_letters).
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// Who wrote it; [`AgentId::NONE`] for one from outside.
    pub from: AgentId,
    /// To whom.
    pub to: AgentId,
    /// The tick at which it is applied.
    pub deliver: Tick,
}

/// What a model says of saved rows, and of letters.
pub(crate) type RowCheck<K> = dyn Fn(&Standing, &K) -> Checked<()> + Send + Sync;
pub(crate) type LetterCheck<M> = dyn Fn(&Sent, &M) -> Checked<()> + Send + Sync;

/// What saved rows are checked against.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// Agents of all kinds that there ever were: ids are below.
    pub agents: u64,
    /// Of these, those who were settled at the start.
    pub founders: u64,
    pub now: u32,
    pub exchange_ticks: u32,
}

/// Whether a table of agents has some that act from a later tick only.
pub(crate) fn has_arriving(table: &TableView<'_>, now: u32) -> bool {
    let agents = table.columns.first().map_or(&[][..], |column| column).chunks_exact(size_of::<Agent>());
    agents.into_iter().any(|bytes| pod_read_unaligned::<Agent>(bytes).arrives > now)
}

/// The agents of a kind in a zone, from the tables of its parts, if their ids are of the kind and their rows can
/// be; by rising id, if that is asked.
pub(crate) fn settlers<K: Rows>(
    tables: &[&TableView<'_>],
    zone: ZoneId,
    limits: Limits,
    in_order: bool,
    is_one: impl Fn(AgentId) -> bool,
    check: impl Fn(&Standing, &K) -> Checked<()>,
) -> Checked<Homeless> {
    let Limits { now, exchange_ticks, .. } = limits;
    let rows: usize = tables.iter().map(|table| table.rows).sum();
    if rows > SLOTS_MAX - BLOCK {
        return Err(format!("{}: {rows} agents where {SLOTS_MAX} fit", K::name()));
    }
    let widths: Vec<usize> = widths::<K>().collect();
    let mut settlers = Settlers::<K> { agents: Vec::new(), spare: 0 };
    for table in tables {
        check_columns(table, &K::name(), &widths)?;
        settlers.agents.reserve_exact(table.rows);
        // No more than a file could make us believe: rows that are kept ready are found again as they are needed.
        settlers.spare = (settlers.spare + table.spare.min(table.rows + 1_024)).min(SLOTS_MAX - BLOCK - rows);
        for nth in 0..table.rows {
            let agent: Agent = pod_read_unaligned(&table.columns[0][nth * size_of::<Agent>()..][..size_of::<Agent>()]);
            let Agent { id, wake, arrives } = agent;
            if !is_one(id) {
                return Err(format!("{}: there is no such agent {}", K::name(), id.0));
            }
            if arrives > now + exchange_ticks || wake < arrives.max(now) {
                return Err(format!("agent {} arrives at tick {arrives} and is woken at tick {wake}", id.0));
            }
            let rows = K::nth(&table.columns[1..], nth);
            let wake = (wake != NEVER).then_some(Tick(wake as u64));
            let standing = Standing { id, zone, now: Tick(now as u64), arrives: Tick(arrives as u64), wake };
            check(&standing, &rows).map_err(|why| format!("agent {}: {why}", id.0))?;
            settlers.agents.push(Handoff { cell: CellId(u32::MAX), agent, rows });
        }
    }
    if in_order {
        settlers.agents.sort_unstable_by_key(|handoff| handoff.agent.id);
    }
    Ok(Box::new(settlers))
}

impl<K: Rows> SavedKind for ShardKindOf<K> {
    fn wait(&mut self, place: usize) {
        self.lives.get().rolls[place].wait();
    }

    fn save(&mut self, place: usize, zone: ZoneId, then: u32) -> SavedAgents<'_> {
        let zone = self.digest_zone(zone);
        let Lives { rolls, notes, .. } = self.lives.get();
        let roll = &mut rolls[place];
        let noted = roll.noted(notes);
        let mut sum = digest(roll, &noted, zone, then);
        let (mut count, mut arriving) = (0, false);
        let mut runs = Vec::new();
        let mut noted = noted.into_iter().peekable();
        let mut slot = 0;
        while slot < roll.len() {
            let changed = noted.peek().map_or(u32::MAX, |&(changed, _)| changed);
            let first = slot;
            if slot == changed {
                let note = noted.next().expect("just seen").1 as usize;
                let Was { agent, rows, .. } = &mut notes[note];
                if agent.id.is_some() {
                    sum.add(hash::<K>(agent, &rows.refs(), zone, then));
                    arriving |= agent.arrives > then;
                    count += 1;
                    runs.push(Run::Before(note));
                }
                slot += 1;
                continue;
            }
            // All up to the next one that has changed, or that nobody stands in.
            let agents = &roll.agents()[first as usize..roll.len().min(changed) as usize];
            let here = agents.iter().take_while(|agent| agent.id.is_some());
            slot += here.inspect(|agent| arriving |= agent.arrives > then).count() as u32;
            if slot > first {
                count += slot - first;
                runs.push(Run::Now(first as usize..slot as usize));
            } else {
                slot += 1;
            }
        }
        let spare = roll.len() - count;
        let mut columns = Vec::new();
        for (index, (column, width)) in roll.bytes().into_iter().zip(widths::<K>()).enumerate() {
            let run = |run: &Run| match run {
                Run::Now(slots) => &column[slots.start * width..slots.end * width],
                Run::Before(note) if index == 0 => bytes_of(&notes[*note].agent),
                Run::Before(note) => notes[*note].rows.row_bytes(index - 1),
            };
            columns.push(Lent(runs.iter().map(run).collect()));
        }
        SavedAgents { table: LentTable { rows: count, spare, columns }, digest: sum, arriving }
    }

    fn forget(&mut self) {
        self.lives.get().notes.clear();
    }

    fn take_touched(&mut self, place: usize) -> bool {
        std::mem::take(&mut self.lives.get().rolls[place].touched)
    }

    fn touch(&mut self, place: usize) {
        self.lives.get().rolls[place].touched = true;
    }

    fn resume_counts(&mut self, before: KindCensus) {
        self.left_count += before.left;
        self.arrived_count += before.arrived;
        self.born_count += before.born;
        self.died_count += before.died;
        self.lives.get().visit.woken_count += before.woken;
    }
}

/// The hash of an agent as it is at tick `now`.
#[inline]
pub(crate) fn hash<K: Rows>(agent: &Agent, rows: &K::Refs<'_>, zone: ZoneId, now: u32) -> u64 {
    K::hash(rows, hash_of(agent, zone, now)).finish()
}

/// The same before its rows.
#[inline]
fn hash_of(agent: &Agent, zone: ZoneId, now: u32) -> RowHash {
    // An agent that is here already but acts only from a later tick is in another state.
    let arrives = if agent.arrives > now { agent.arrives } else { 0 };
    RowHash::agent(agent.id, zone).word(arrives as u64)
}

/// The digest of a cell's agents as they are at tick `now`, but for those in some slots, which come in order.
pub(crate) fn digest<K: Rows>(roll: &mut Roll<K>, but: &[(u32, u32)], zone: ZoneId, now: u32) -> Digest {
    let (agents, rows) = roll.everybody();
    let mut digest = Digest::EMPTY;
    let mut but = but.iter().map(|&(slot, _)| slot as usize).peekable();
    let mut hashes = [RowHash::new(0); HASHED_AT_ONCE];
    for (nth, agents) in agents.chunks(HASHED_AT_ONCE).enumerate() {
        let first = nth * HASHED_AT_ONCE;
        let hashes = &mut hashes[..agents.len()];
        hashes.iter_mut().zip(agents).for_each(|(hash, agent)| *hash = hash_of(agent, zone, now));
        K::hash_all(&rows, first, hashes);
        for ((slot, hash), agent) in (first..).zip(hashes).zip(agents) {
            if but.next_if_eq(&slot).is_none() && agent.id.is_some() {
                digest.add(hash.finish());
            }
        }
    }
    digest
}

/// The head of a letter, as it is saved.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Head {
    pub deliver: u32,
    pub to: AgentId,
    pub from: AgentId,
}

/// What a shard does with its letters of one type. All letters are in the inbox: `collect` was called.
pub(crate) trait SavedPost {
    /// The letters in flight, as they came.
    fn save(&self) -> Table;
    /// Puts saved letters into the inbox, whoever's they are: `readdress` sends them on. They were checked.
    fn load(&mut self, table: &TableView<'_>);
    /// Adds what was counted before.
    fn resume_counts(&mut self, before: PostCensus);
}

impl<M: Message> SavedPost for ShardPostOf<M> {
    fn save(&self) -> Table {
        table_of(&self.inbox.get().letters)
    }

    fn load(&mut self, table: &TableView<'_>) {
        let letters = &mut self.inbox.get().letters;
        letters.reserve(table.rows);
        letters.extend((0..table.rows).map(|nth| letter(table, nth)));
    }

    fn resume_counts(&mut self, before: PostCensus) {
        self.outbox.get().sent_count += before.sent;
        self.inbox.get().applied_count += before.applied;
    }
}

/// Letters as they are saved.
pub(crate) fn table_of<M: Message>(letters: &[Envelope<M>]) -> Table {
    let mut heads = Vec::with_capacity(letters.len() * size_of::<Head>());
    let mut bodies = Vec::with_capacity(letters.len() * size_of::<M>());
    for &Envelope { deliver, to, from, body } in letters {
        heads.extend_from_slice(bytes_of(&Head { deliver, to, from }));
        bodies.extend_from_slice(bytes_of(&body));
    }
    Table { rows: letters.len() as u32, spare: 0, columns: vec![heads, bodies] }
}

/// A letter of a table, which has more than `nth`.
pub(crate) fn letter<M: Message>(table: &TableView<'_>, nth: usize) -> Envelope<M> {
    let Head { deliver, to, from } =
        pod_read_unaligned(&table.columns[0][nth * size_of::<Head>()..][..size_of::<Head>()]);
    let body = pod_read_unaligned(&table.columns[1][nth * size_of::<M>()..][..size_of::<M>()]);
    Envelope { deliver, to, from, body }
}

/// Checks a table of letters of one type.
pub(crate) fn check_letters<M: Message>(
    table: &TableView<'_>,
    limits: Limits,
    check: Option<&LetterCheck<M>>,
) -> Checked<()> {
    let Limits { agents, now, exchange_ticks, .. } = limits;
    check_columns(table, "letters", &[size_of::<Head>(), size_of::<M>()])?;
    let is_agent = |id: AgentId| (id.0 as u64) < agents;
    for nth in 0..table.rows {
        let Envelope { deliver, to, from, body } = letter::<M>(table, nth);
        if !is_agent(to) || from.is_some() && !is_agent(from) {
            return Err(format!("a letter from agent {} to agent {} where there are {agents}", from.0, to.0));
        }
        // One whose addressee is on the way may be late by an interval.
        if deliver.saturating_add(exchange_ticks) < now || deliver > now + exchange_ticks {
            return Err(format!("a letter to agent {} that is applied at tick {deliver}", to.0));
        }
        if let Some(check) = check {
            let sent = Sent { from, to, deliver: Tick(deliver as u64) };
            check(&sent, &body).map_err(|why| format!("a letter to agent {}: {why}", to.0))?;
        }
    }
    Ok(())
}
