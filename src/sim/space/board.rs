//! [`Board`]: agents on a grid that take turns in random order, and see at once what others did.

use std::cell::Cell;
use std::ops::{Index, IndexMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use bevy_ecs::prelude::Resource;
use bevy_ecs::system::SystemParam;

use super::grid::{Grid, Spot};
use super::publish::SpaceOf;
use super::table::{NONE, Seat, Table};
use crate::base::{AgentId, Draws, Seed, Stream, Tick, ZoneId, below};
use crate::sim::Builder;
use crate::sim::desk::Desk;
use crate::sim::directory::BORN_MAX;
use crate::sim::due::{Claim, LivesOf};
use crate::sim::globals::{Clock, Dice};
use crate::sim::hand::{Hand, Handed, short_name};
use crate::sim::roll::Roll;
use crate::sim::rows::{Agent, NEVER, Row};
use crate::sim::saving::Standing;
use crate::sim::visit::{Birth, Lives};

/// An agent's row that says on which square of a grid it stands. [`BoardRun::go`] moves it.
pub trait Placed: Row {
    /// Its square.
    fn at(&self) -> Spot;
    /// Puts it on a square. For the board only, which knows who stands where.
    fn put(&mut self, spot: Spot);
}

/// Declares rows with a field `at` that is a [`Spot`], which are [`Placed`].
///
/// ```
/// # use myriad::prelude::*;
/// placed! {
///     /// A sheep, and what it can live on.
///     pub struct Sheep { at: Spot, energy: f32 }
/// }
/// ```
#[macro_export]
macro_rules! placed {
    ($($(#[$doc:meta])* $vis:vis struct $name:ident {
        $($(#[$about:meta])* $seen:vis $field:ident: $type:ty),+ $(,)?
    })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, $crate::sim::Pod, $crate::sim::Zeroable)]
        #[repr(C)]
        $vis struct $name { $($(#[$about])* $seen $field: $type),+ }

        impl $crate::sim::Placed for $name {
            fn at(&self) -> $crate::sim::Spot {
                self.at
            }
            fn put(&mut self, spot: $crate::sim::Spot) {
                self.at = spot;
            }
        }
    )+};
}

/// An agent on a board, while the system runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Who(u32);

#[derive(Resource, Clone)]
pub(crate) struct BoardOf<T: Placed> {
    grid: Grid,
    table: Desk<Table<T>>,
    next_id: Arc<AtomicU32>,
}

impl<T: Placed> Handed for BoardOf<T> {
    fn missing() -> String {
        format!("no board of {0} is declared: `sim.board(grid, count, |id, draws| {0} {{ .. }})`", short_name::<T>())
    }
}

/// System parameter: the agents with row `T` on a grid ([`Builder::board`]), who take turns.
///
/// ```
/// # use myriad::prelude::*;
/// placed! {
///     struct Rabbit { at: Spot, age: u32 }
/// }
///
/// fn hop(mut rabbits: Board<Rabbit>) {
///     let mut rabbits = rabbits.open();
///     while let Some(who) = rabbits.next_turn() {
///         let mut draws = rabbits.draws(who, Stream::named("hop"));
///         let spot = rabbits.grid().step(rabbits[who].at, &mut draws);
///         rabbits.go(who, spot);
///         rabbits[who].age += 1;
///         if rabbits[who].age > 20 {
///             rabbits.remove(who);
///         } else if draws.below(10) == 0 {
///             rabbits.add(Rabbit { at: spot, age: 0 });
///         }
///     }
/// }
///
/// fn build(sim: &mut Builder) {
///     let grid = Grid::new(20, 20);
///     sim.board(grid, 50, move |_, draws| Rabbit { at: grid.anywhere(draws), age: 0 });
///     sim.every_tick(hop);
/// }
/// ```
#[derive(SystemParam)]
pub struct Board<'s, T: Placed> {
    board: Hand<'s, BoardOf<T>>,
    lives: Hand<'s, LivesOf<(T,)>>,
    clock: Clock<'s>,
    dice: Dice<'s>,
    _claim: Claim<(T,)>,
}

impl<T: Placed> Board<'_, T> {
    /// Takes the board in hand. What was done is written back when the result is dropped.
    pub fn open(&mut self) -> BoardRun<'_, T> {
        let Lives { rolls, visit, born, .. } = self.lives.0.lives.get();
        let BoardOf { grid, table, next_id } = &*self.board.0;
        let (table, roll) = (table.get(), &mut rolls[visit.place]);
        table.slots = roll.take_order();
        if !seat(table, roll, *grid) {
            table.slots = roll.by_id();
            assert!(seat(table, roll, *grid), "no two have the same id");
        }
        let (seed, tick) = (self.dice.seed(), self.clock.now());
        BoardRun {
            grid: *grid,
            kind: visit.kind,
            table,
            roll,
            died: &mut visit.died,
            passed: &mut visit.passed,
            born,
            next_id,
            seed,
            tick,
            turn: 0,
            round: 0,
            current: Who(NONE),
            ahead: Ahead {
                stream: Cell::new(Stream(0)),
                next: Cell::new(NO_TURN),
                from: Cell::new(NO_TURN),
                blocks: Default::default(),
            },
        }
    }
}

/// Seats those who are in a table's slots; whether that was by rising id.
fn seat<T: Placed>(table: &mut Table<T>, roll: &mut Roll<(T,)>, grid: Grid) -> bool {
    let (agents, (column,)) = roll.everybody();
    table.begin(grid.spots(), |slot| (agents[slot as usize].id, column[slot as usize]))
}

/// A board in hand. See [`Board`].
pub struct BoardRun<'a, T: Placed> {
    grid: Grid,
    kind: usize,
    table: &'a mut Table<T>,
    roll: &'a mut Roll<(T,)>,
    died: &'a mut Vec<AgentId>,
    passed: &'a mut u64,
    born: &'a mut Vec<Birth<(T,)>>,
    next_id: &'a AtomicU32,
    seed: Seed,
    tick: Tick,
    turn: usize,
    round: u32,
    /// Whose turn it is.
    current: Who,
    ahead: Ahead,
}

/// The first draws of those whose turns come next. A block of draws is a chain of multiplications that wait for each
/// other: those of several agents overlap.
struct Ahead {
    /// The stream in which was drawn last.
    stream: Cell<Stream>,
    /// The turn at which somebody draws next, if all who follow draw.
    next: Cell<usize>,
    /// The turn of the first of these blocks.
    from: Cell<usize>,
    blocks: [Cell<[u32; 4]>; AHEAD],
}

/// No turn, nor any after it: whatever the turn, it is none of those of [`Ahead`].
const NO_TURN: usize = usize::MAX - AHEAD;

/// Agents whose draws are computed at once.
const AHEAD: usize = 8;

impl<T: Placed> BoardRun<'_, T> {
    /// The grid.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// The tick.
    pub fn now(&self) -> Tick {
        self.tick
    }

    /// How many are on the board.
    pub fn len(&self) -> u32 {
        self.table.present
    }

    /// Whether nobody is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whose turn it is next: all who were there at the beginning have one, in random order, but those who die before.
    pub fn next_turn(&mut self) -> Option<Who> {
        if self.round == 0 {
            self.shuffle();
        }
        loop {
            let who = *self.table.turns.get(self.turn)?;
            self.turn += 1;
            if self.table.seats[who as usize].is_there() {
                self.current = Who(who);
                return Some(self.current);
            }
        }
    }

    /// Gives all who were there at the beginning another turn, in another order (Fisher and Yates, by Durstenfeld).
    pub fn shuffle(&mut self) {
        let Table { turns, slots, .. } = &mut *self.table;
        (self.turn, self.round) = (0, self.round + 1);
        (self.current, self.ahead.from) = (Who(NONE), Cell::new(NO_TURN));
        turns.clear();
        turns.extend(0..slots.len() as u32);
        // There are 65,536 blocks of draws to a name: one name for each of as many turns.
        const TURNS: usize = 1 << 16;
        for (nth, turns_left) in (0..).zip(0..turns.len().div_ceil(TURNS)) {
            let name = AgentId(nth << 8 | self.round << 4 | self.kind as u32);
            let mut draws = self.seed.draws_ahead::<4>(Stream::named("board/turns"), name, self.tick);
            let mut last = turns.len() - turns_left * TURNS;
            let (first, turns) = (last.saturating_sub(TURNS), &mut turns[..last]);
            while last > first {
                let words = draws.next_blocks();
                for &word in &words[..words.len().min(last - first)] {
                    last -= 1;
                    turns.swap(last, below(word, last as u32 + 1) as usize);
                }
            }
        }
    }

    /// The draws of one agent at this tick in one stream.
    #[inline]
    pub fn draws(&self, who: Who, stream: Stream) -> Draws {
        let (id, Ahead { from, blocks, .. }) = (self.id(who), &self.ahead);
        match blocks.get(self.turn.wrapping_sub(from.get())) {
            _ if who != self.current => self.seed.draws(stream, id, self.tick),
            Some(block) if self.ahead.stream.get() == stream => {
                self.seed.draws_from(stream, id, self.tick, block.get())
            }
            _ => self.draws_ahead(id, stream),
        }
    }

    /// The draws of the one whose turn it is, and if the one before drew as well, those of them who follow: they will.
    #[inline(never)]
    fn draws_ahead(&self, id: AgentId, stream: Stream) -> Draws {
        let Ahead { stream: last, next, from, blocks } = &self.ahead;
        let (is_same, is_next) = (last.replace(stream) == stream, next.replace(self.turn + 1) == self.turn);
        let turns = self.table.turns[self.turn - 1..].first_chunk::<AHEAD>();
        let Some(turns) = turns.filter(|_| is_same && is_next) else {
            from.set(NO_TURN);
            return self.seed.draws(stream, id, self.tick);
        };
        next.set(self.turn + AHEAD);
        from.set(self.turn);
        let ids: [AgentId; AHEAD] = std::array::from_fn(|nth| self.table.seats[turns[nth] as usize].id);
        let first = self.seed.first_blocks(stream, ids, self.tick);
        blocks.iter().zip(first).for_each(|(block, first)| block.set(first));
        self.seed.draws_from(stream, id, self.tick, first[0])
    }

    /// Who an agent is.
    pub fn id(&self, who: Who) -> AgentId {
        self.table.seats[who.0 as usize].id
    }

    /// Whether an agent is on the board: it has not been removed.
    pub fn is_there(&self, who: Who) -> bool {
        self.table.seats[who.0 as usize].is_there()
    }

    /// Whether an agent was born at this tick.
    pub fn is_newborn(&self, who: Who) -> bool {
        who.0 as usize >= self.table.slots.len()
    }

    /// Who stands on a square: those who came last first, of those who were there at the beginning the lowest id.
    #[inline]
    pub fn on(&self, spot: Spot) -> impl Iterator<Item = Who> {
        self.table.on(spot).map(Who)
    }

    /// One of those on a square for whom `is` holds, each as likely, if there is any.
    pub fn any_on(&self, spot: Spot, draws: &mut Draws, is: impl Fn(Who) -> bool) -> Option<Who> {
        let those = || self.on(spot).filter(|&who| is(who));
        let mut others = those();
        let first = others.next()?;
        // Mostly there is none, and nothing to draw.
        match others.count() as u32 {
            0 => Some(first),
            count => those().nth(draws.below(count + 1) as usize),
        }
    }

    /// Whether nobody stands on a square.
    #[inline]
    pub fn is_vacant(&self, spot: Spot) -> bool {
        self.table.heads[spot.index()] == NONE
    }

    /// How many stand within so many columns and rows of a square, those on it not included, for whom `is` holds.
    // In a function of its own, so that its loop has all registers.
    #[inline(never)]
    pub fn count_around(&self, spot: Spot, radius: u32, mut is: impl FnMut(&T) -> bool) -> u32 {
        let Table { seats, heads, present, vacant, fronts, .. } = &*self.table;
        let Some(fronts) = fronts.rows(seats, heads) else { return 0 };
        let mut count = 0;
        self.grid.runs_around(spot, radius, |run| {
            for (&head, first) in heads[run.clone()].iter().zip(&fronts[run]) {
                // No branch on whether somebody is there: nobody could foretell it.
                count += u32::from(is(first) & (head != NONE));
            }
        });
        // Where nobody shares a square there is no need to look who else is on it.
        if *present + *vacant != heads.len() as u32 {
            self.grid.runs_around(spot, radius, |run| {
                for &head in heads[run].iter().filter(|&&head| head != NONE) {
                    let others = std::iter::successors(self.table.next(head), |&who| self.table.next(who));
                    count += others.map(|who| u32::from(is(&seats[who as usize].row))).sum::<u32>();
                }
            });
        }
        count - self.on(spot).filter(|&who| is(&self[who])).count() as u32
    }

    /// A square on which nobody stands, each as likely, if there is one.
    pub fn anywhere_vacant(&self, draws: &mut Draws) -> Option<Spot> {
        // Where there is room, darts are cheaper than a count.
        let darts = if self.table.vacant > self.grid.spots() / 64 { u32::MAX } else { 0 };
        for _ in 0..darts {
            let spot = self.grid.anywhere(draws);
            if self.is_vacant(spot) {
                return Some(spot);
            }
        }
        let nth = draws.below(self.table.vacant) as usize;
        (0..self.grid.spots()).map(Spot).filter(|&spot| self.is_vacant(spot)).nth(nth)
    }

    /// Moves an agent to a square, on which others may stand.
    #[inline]
    pub fn go(&mut self, who: Who, spot: Spot) {
        self.table.take_off(who.0);
        self.table.put_on(who.0, spot);
    }

    /// Adds an agent, who is born: on the square that its row says. It has no turn at this tick.
    pub fn add(&mut self, row: T) -> Who {
        // The boards of a world are in one zone: there is nobody else who counts.
        let id = self.next_id.load(Relaxed);
        self.next_id.store(id + 1, Relaxed);
        assert!((id as u64) < BORN_MAX, "more than {BORN_MAX} agents were born");
        let who = self.table.add(AgentId(id), row);
        self.table.put_on(who, row.at());
        Who(who)
    }

    /// Removes an agent, who dies.
    pub fn remove(&mut self, who: Who) {
        assert!(self.is_there(who), "agent {} dies twice", self.id(who).0);
        self.table.take_off(who.0);
        self.table.forget(who.0);
        match self.table.slots.get(who.0 as usize) {
            Some(&slot) => {
                let (agent, _) = self.roll.at(slot);
                self.died.push(std::mem::replace(agent, Agent::PARKED).id);
                self.roll.parked.push(slot);
            }
            // Nobody knows of it yet.
            None => *self.passed += 1,
        }
    }

    /// Writes back what was done.
    fn close(&mut self) {
        let Table { seats, slots, .. } = &mut *self.table;
        let (founders, born) = seats.split_at(slots.len());
        self.roll.touch();
        let (column,) = self.roll.columns();
        let (mut stayed, mut strays) = (0, 0);
        for (nth, seat) in founders.iter().enumerate() {
            strays += u32::from(!Table::is_in_place(seat));
            let slot = slots[nth];
            column[slot as usize] = seat.row;
            // The slot of one who is gone is written over: nobody could foretell a branch.
            slots[stayed] = slot;
            stayed += usize::from(seat.is_there());
        }
        if strays > 0 {
            let stray = founders.iter().find(|seat| !Table::is_in_place(seat)).expect("one was counted");
            panic!("agent {} moved without the board: `go` moves it", stray.id.0);
        }
        slots.truncate(stayed);
        self.roll.note_order(std::mem::take(slots));
        let arrives = self.tick.0 as u32 + 1;
        for &Seat { row, id, .. } in born.iter().filter(|seat| seat.is_there()) {
            self.born.push(Birth { agent: Agent { id, wake: NEVER, arrives }, rows: (row,) });
        }
    }
}

impl<T: Placed> Drop for BoardRun<'_, T> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.close();
        }
    }
}

impl<T: Placed> Index<Who> for BoardRun<'_, T> {
    type Output = T;
    #[inline]
    fn index(&self, who: Who) -> &T {
        &self.table.seats[who.0 as usize].row
    }
}

impl<T: Placed> IndexMut<Who> for BoardRun<'_, T> {
    #[inline]
    fn index_mut(&mut self, who: Who) -> &mut T {
        self.table.row_mut(who.0)
    }
}

/// What the engine is told of a board.
struct Stand(Grid);

impl<T: Placed> SpaceOf<(T,)> for Stand {
    /// Nobody looks from outside: the space is one zone.
    fn publish(&self, _: ZoneId, _: &mut Roll<(T,)>) {}

    fn check(&self, standing: &Standing, (row,): &(T,)) -> Result<(), String> {
        match row.at().0 < self.0.spots() && standing.wake.is_none() {
            true => Ok(()),
            false => Err(format!("it is on square {} of {}", row.at().0, self.0.spots())),
        }
    }
}

impl Builder {
    /// As [`Builder::board`], each agent on a square of its own.
    pub fn scatter<T: Placed>(
        &mut self,
        grid: Grid,
        count: u64,
        make: impl Fn(AgentId, Spot, &mut Draws) -> T + Send + Sync + 'static,
    ) -> AgentId {
        if count > grid.spots() as u64 {
            self.mistake(format!("{count} agents do not fit on {} squares, each on its own", grid.spots()));
        }
        let (spots, first) = (grid.scatter(self.seed()), self.settled as u32);
        self.board(grid, count, move |id, draws| make(id, spots((id.0 - first) as u64), draws))
    }

    /// Declares agents on a grid who take turns, `count` of them at first, each as `make` says with draws of its own:
    /// any number on a square. They have one row, and are reached by [`Board`]. The space is one zone, and the scenario
    /// exchanges at every tick.
    ///
    /// Returns the first id: the ids are `first..first + count`, and those who are born get later ones.
    pub fn board<T: Placed>(
        &mut self,
        grid: Grid,
        count: u64,
        make: impl Fn(AgentId, &mut Draws) -> T + Send + Sync + 'static,
    ) -> AgentId {
        self.one_zone(&format!("a board of {}", short_name::<T>()), count);
        let (seed, first) = (self.seed(), self.settled as u32);
        self.settle::<(T,)>(count, move |_, settlement| {
            for id in (first..first + count as u32).map(AgentId) {
                let row = make(id, &mut seed.draws(Stream::named("board"), id, Tick(0)));
                assert!(row.at().0 < grid.spots(), "agent {} is on no square of the grid", id.0);
                settlement.add(id, (row,), None);
            }
        });
        let next_id = self.next_id.clone();
        // A table for each shard: one of them has the zone.
        self.installers.push(Box::new(move |drawer| {
            drawer.put(BoardOf::<T> { grid, table: Desk::new(Table::default()), next_id: next_id.clone() });
        }));
        let kind = self.kind_entry::<(T,)>();
        kind.space = Some(Arc::new(Stand(grid)));
        kind.bears = true;
        AgentId(first)
    }
}
