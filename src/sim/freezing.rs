//! How cells leave memory and come back: each in its slots, so that neither the agenda nor the directory need know.

use std::any::TypeId;
use std::cmp::Reverse;

use bevy_ecs::world::World;

use super::kind::ShardKindOf;
use super::roll::Roll;
use super::rows::{Agent, BLOCK, NEVER, Rows, agents_of};
use super::saving::hash;
use super::shard::Shard;
use super::shown::Shown;
use super::snapshot;
use super::tier::{FrozenDigest, WORLD_BYTES};
use crate::base::ZoneId;
use crate::exec::Elapsed;
use crate::store::{FrozenTable, TableOfLines};

/// How soon a cell is wanted in memory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Outlook {
    /// It waits to be saved as it was before changes that are remembered.
    Unsaved,
    /// Somebody is woken at that tick, and nobody before.
    Sleeps(u32),
}

/// What a shard does with its agents of one kind.
pub(crate) trait FreezingKind {
    /// What the cell's rows take.
    fn bytes(&self, place: usize) -> u64;
    /// How soon they are wanted.
    fn outlook(&mut self, place: usize) -> Outlook;
    /// Copies the cell's columns, in place of what the table holds, and lets go of them.
    fn freeze(&mut self, place: usize, zone: ZoneId, now: u32, into: &mut FrozenTable) -> FrozenDigest;
    /// Takes up again the columns that it has let go of: the shelf refused them.
    fn stay(&mut self, place: usize, world: &World);
    /// Spawns the columns in a World.
    fn thaw(&mut self, place: usize, world: &mut World, from: &TableOfLines<'_>) -> Result<(), String>;
}

impl<K: Rows> FreezingKind for ShardKindOf<K> {
    fn bytes(&self, place: usize) -> u64 {
        let slots = self.lives.get().rolls.get(place).map_or(0, Roll::len);
        slots as u64 * (size_of::<Agent>() + K::BYTES) as u64
    }

    fn outlook(&mut self, place: usize) -> Outlook {
        let roll = self.roll(place);
        if roll.has_noted() {
            return Outlook::Unsaved;
        }
        Outlook::Sleeps(roll.next_wake())
    }

    fn freeze(&mut self, place: usize, zone: ZoneId, now: u32, into: &mut FrozenTable) -> FrozenDigest {
        let exchange_ticks = self.lives.get().visit.exchange_ticks;
        let zone = self.digest_zone(zone);
        let roll = self.roll(place);
        let mut digest = FrozenDigest::new(now);
        for slot in 0..roll.len() {
            let (agent, rows) = roll.at(slot);
            if agent.id.is_some() {
                digest.add(|now| hash::<K>(agent, &rows, zone, now), agent.arrives);
            }
        }
        into.slots = roll.len();
        into.columns.resize_with(1 + K::shape().len(), Vec::new);
        into.columns.iter_mut().for_each(Vec::clear);
        if roll.len() > 0 {
            let (agents, rows) = into.columns.split_first_mut().expect("there is one for the agents");
            agents.extend_from_slice(bytemuck::cast_slice(roll.agents()));
            K::append_lines(&roll.columns(), rows);
        }
        // A letter of the interval at hand is late if its addressee arrived after it was due.
        roll.let_go(now.saturating_sub(exchange_ticks));
        digest
    }

    fn stay(&mut self, place: usize, world: &World) {
        self.roll(place).take_up(world);
    }

    fn thaw(&mut self, place: usize, world: &mut World, from: &TableOfLines<'_>) -> Result<(), String> {
        let widths = [size_of::<Agent>()].into_iter().chain(K::shape().into_iter().map(|(_, bytes)| bytes));
        let right: Vec<usize> = widths.map(|width| width * from.slots).collect();
        let found: Vec<usize> = from.columns.iter().map(|column| column.len()).collect();
        if found != right || !from.slots.is_multiple_of(BLOCK) {
            return Err(format!("({}): columns of {found:?} bytes where {right:?} are right", K::name()));
        }
        if from.slots > 0 {
            let nobody = || (agents_of([Agent::PARKED; BLOCK]), K::blocks([K::zeroed(); BLOCK]));
            world.spawn_batch((0..from.slots / BLOCK).map(|_| nobody()));
            self.roll(place).come_back(world, &from.columns);
        }
        Ok(())
    }
}

/// Intervals ahead in which cells are asked for whose time comes.
const FORESEEN: u32 = 3;

/// If any have to leave, others leave with them that are not wanted soon: this share of what may stay.
const SOME_MORE: u64 = 16;

impl Shard {
    /// Notes what a cell takes that was made, or has grown.
    pub(crate) fn note_awake(&mut self, place: usize) {
        if let Some(tier) = &mut self.tier {
            let rows: u64 = self.kinds.iter().map(|kind| kind.bytes(place)).sum();
            tier.note_awake(place, WORLD_BYTES + rows);
        }
    }

    /// Notes that a cell is gone.
    pub(crate) fn note_vacant(&mut self, place: usize) {
        if let Some(tier) = &mut self.tier {
            tier.note_vacant(place);
        }
    }

    /// The cells, as the hub's systems see them. `kinds` are the types of each kind's rows.
    pub(crate) fn show<'a>(&'a self, kinds: &'a [Vec<TypeId>]) -> impl Iterator<Item = (ZoneId, Shown<'a>)> {
        self.cells.iter().enumerate().filter_map(|(place, cell)| {
            let cell = cell.as_ref()?;
            let shown = match (&cell.world, &self.tier) {
                (Some(world), _) => Shown::Awake(world),
                (None, Some(tier)) => Shown::asleep(&tier.shelf, tier.sleeper(place)?.ticket, kinds),
                (None, None) => return None,
            };
            Some((cell.zone, shown))
        })
    }

    /// Whether a cell can be visited: it is awake, or was brought back because something is due in it.
    #[inline]
    pub(crate) fn is_ready(&mut self, place: usize, in_any_case: bool, window_to: u32) -> bool {
        let Some(sleeper) = self.tier.as_ref().and_then(|tier| tier.sleeper(place)) else { return true };
        // An entry of the agenda may have been overtaken.
        let is_due =
            sleeper.wake < window_to || self.busy_posts.iter().any(|&post| self.posts[post].next_place() == place);
        (in_any_case || is_due) && self.thaw(place)
    }

    /// Asks for the cells that get letters in the window at hand.
    pub(crate) fn foresee_letters(&mut self, window_to: u32) {
        let Some(tier) = &mut self.tier else { return };
        tier.until = window_to;
        for &post in &self.busy_posts {
            self.posts[post].each_place(&mut |place| tier.foresee(place));
        }
    }

    /// Ends an exchange: as many cells leave memory as must, and those are asked for that are due soon.
    pub(crate) fn settle_tiers(&mut self) {
        self.make_way(0, None);
        if let Some(tier) = &mut self.tier {
            tier.foresee_wakes(tier.until.saturating_add(FORESEEN * tier.exchange_ticks));
        }
    }

    /// Brings the cells back of which nobody knows the digest at this tick: it lies within an interval in which
    /// somebody arrives.
    pub(crate) fn thaw_undigested(&mut self, now: u32) {
        let Some(tier) = &mut self.tier else { return };
        tier.until = now;
        let unknown = tier.sleepers().filter(|(_, sleeper)| sleeper.digest.at(now).is_none());
        let places: Vec<usize> = unknown.map(|(place, _)| place).collect();
        for place in places {
            self.thaw(place);
        }
    }

    /// Brings a cell back; whether it is there. If not, [`Shard::failure`] says why.
    pub(crate) fn thaw(&mut self, place: usize) -> bool {
        let Some(&sleeper) = self.tier.as_ref().and_then(|tier| tier.sleeper(place)) else { return true };
        self.make_way(sleeper.bytes, Some(place));
        let Self { tier: Some(tier), kinds, cells, failure, .. } = self else { unreachable!("somebody sleeps") };
        let started = Elapsed::start();
        let mut world = World::new();
        let read = tier.read(&sleeper, |view| {
            if view.tables.len() != kinds.len() {
                return Err(format!("{} tables where {} are right", view.tables.len(), kinds.len()));
            }
            kinds.iter_mut().zip(&view.tables).try_for_each(|(kind, table)| kind.thaw(place, &mut world, table))
        });
        // In any case: rolls may point into it.
        cells[place].as_mut().expect("a cell has its place").world = Some(world);
        if let Err(error) = read {
            failure.get_or_insert(error);
            return false;
        }
        tier.note_vacant(place);
        tier.counts.thawed += 1;
        tier.counts.foreseen += sleeper.foreseen as u64;
        tier.counts.thaw_ns.record(started.nanos());
        self.note_awake(place);
        true
    }

    /// Lets cells leave memory, if they must, until there is room for `bytes` more; not the one at `keep`.
    fn make_way(&mut self, bytes: u64, keep: Option<usize>) {
        let Some(tier) = &mut self.tier else { return };
        let room = tier.limit.saturating_sub(bytes);
        if tier.awake_bytes <= room || tier.refused.is_some() {
            return;
        }
        let some_more = room - room / SOME_MORE;
        let not_soon = Outlook::Sleeps(tier.until.saturating_add(FORESEEN * tier.exchange_ticks));
        let mut queue = std::mem::take(&mut tier.queue);
        self.line_up(keep, &mut queue);
        for (outlook, place) in queue.drain(..) {
            let Some(tier) = &self.tier else { break };
            let enough = if outlook > not_soon { some_more } else { room };
            if tier.awake_bytes <= enough || tier.refused.is_some() {
                break;
            }
            if outlook == Outlook::Unsaved {
                snapshot::save_now(self, place as usize);
            }
            self.freeze(place as usize);
        }
        self.write_frozen();
        if let Some(tier) = &mut self.tier {
            tier.queue = queue;
        }
    }

    /// Lines up the cells that are awake, but for the one at `keep`: first those that are wanted last.
    fn line_up(&mut self, keep: Option<usize>, queue: &mut Vec<(Outlook, u32)>) {
        let Self { tier: Some(tier), kinds, cells, everywhere, .. } = self else { return };
        for place in (0..cells.len()).filter(|&place| Some(place) != keep) {
            let Some(gets_letters) = tier.awake(place) else { continue };
            let outlooks = kinds.iter_mut().map(|kind| kind.outlook(place));
            let is_over = keep.is_none_or(|at| place < at);
            let outlook = match outlooks.min().expect("there are kinds") {
                Outlook::Sleeps(_) if gets_letters && !is_over => Outlook::Sleeps(0),
                // Each is visited in each window: the one whose turn is just over is wanted last.
                Outlook::Sleeps(_) if *everywhere && keep.is_some() && is_over => {
                    Outlook::Sleeps((place + cells.len()) as u32)
                }
                Outlook::Sleeps(_) if *everywhere => Outlook::Sleeps(place as u32),
                other => other,
            };
            queue.push((outlook, place as u32));
        }
        queue.sort_unstable_by_key(|&next| Reverse(next));
    }

    /// Takes a cell out of memory, to be written with others.
    fn freeze(&mut self, place: usize) {
        let Self { tier: Some(tier), kinds, cells, .. } = self else { return };
        let cell = cells[place].as_ref().expect("somebody is there");
        let mut digest = FrozenDigest::new(tier.until);
        let mut wake = NEVER;
        tier.image.tables.resize_with(kinds.len(), FrozenTable::default);
        for (kind, table) in kinds.iter_mut().zip(&mut tier.image.tables) {
            let Outlook::Sleeps(first) = kind.outlook(place) else { unreachable!("it is saved") };
            wake = wake.min(first);
            digest.merge(kind.freeze(place, cell.zone, tier.until, table));
        }
        tier.add(place, wake, digest);
        if tier.is_full() {
            self.write_frozen();
        }
    }

    fn write_frozen(&mut self) {
        let Self { tier: Some(tier), kinds, cells, .. } = self else { return };
        let mut left = Vec::new();
        let stay = |place: usize| {
            let world = cells[place].as_ref().and_then(|cell| cell.world.as_ref()).expect("it waited");
            kinds.iter_mut().for_each(|kind| kind.stay(place, world));
        };
        tier.write(|place| left.push(place), stay);
        for place in left {
            cells[place].as_mut().expect("it waited").world = None;
        }
    }
}
