//! [`Field`]: agents that move in a continuous space, all at once.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLockReadGuard};

use bevy_ecs::prelude::Resource;
use bevy_ecs::system::SystemParam;

use super::continuous::{Continuous, Located, REACH};
use super::near::{Near, Run};
use super::publish::{Cut, Sheets, SpaceOf};
use crate::base::{AgentId, Draws, Stream, Tick, ZoneId};
use crate::sim::Builder;
use crate::sim::due::{Claim, LivesOf};
use crate::sim::globals::{Clock, Here};
use crate::sim::hand::{Hand, Handed, short_name};
use crate::sim::kind::roomy;
use crate::sim::roll::Roll;
use crate::sim::saving::Standing;
use crate::sim::visit::{Departure, Lives};

/// Agents of a zone, if nobody says how many zones there are. Measured with a million birds: half as many take a
/// seventh more memory, for every zone is a World, and twice as many three tenths more, for what allocators round up
/// to. None is faster by more than the machine's noise.
const ZONE_AGENTS: u64 = 10_240;

/// A zone as the others see it: its agents by cell, and by id within a cell.
pub(crate) struct Sheet<T> {
    /// Where the agents of each cell begin.
    starts: Vec<u32>,
    who: Vec<T>,
    slots: Vec<u32>,
}

impl<T> Default for Sheet<T> {
    fn default() -> Self {
        Self { starts: Vec::new(), who: Vec::new(), slots: Vec::new() }
    }
}

/// A space with its zones.
pub(crate) struct Ground<T, const D: usize> {
    space: Continuous<D>,
    cut: Cut,
    sheets: Sheets<Sheet<T>>,
    /// By slot: its cell. For whoever shows a zone, one list for each that does so at a time.
    cells: Mutex<Vec<Vec<u32>>>,
}

impl<T: Located<D>, const D: usize> Ground<T, D> {
    fn spare_cells(&self) -> MutexGuard<'_, Vec<Vec<u32>>> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn zone(&self, at: [f64; D]) -> u32 {
        self.cut.zone(self.space.cell(at)[D - 1])
    }
}

impl<T: Located<D>, const D: usize> SpaceOf<(T,)> for Ground<T, D> {
    fn publish(&self, zone: ZoneId, roll: &mut Roll<(T,)>) {
        let mut sheet = self.sheets.write(zone);
        let Sheet { starts, who, slots } = &mut *sheet;
        let mut cells = self.spare_cells().pop().unwrap_or_default();
        let layers = self.cut.range(zone.0);
        let layer_cells = self.space.layer_cells();
        let first = layers.start as usize * layer_cells;
        // Count, add up, deal: a counting sort by cell.
        starts.clear();
        starts.resize(layers.len() * layer_cells + 2, 0);
        let (agents, (rows,)) = roll.everybody();
        empty(&mut cells, agents.len());
        for (agent, row) in agents.iter().zip(&*rows) {
            if agent.id.is_some() {
                let cell = self.space.index(self.space.cell(row.at())) - first;
                starts[cell + 2] += 1;
                cells.push(cell as u32);
            } else {
                cells.push(u32::MAX);
            }
        }
        for index in 2..starts.len() {
            starts[index] += starts[index - 1];
        }
        let present = *starts.last().expect("there is one more than cells") as usize;
        empty(slots, present);
        slots.resize(present, 0);
        for (slot, &cell) in (0..).zip(&cells) {
            if cell != u32::MAX {
                let next = &mut starts[cell as usize + 1];
                slots[*next as usize] = slot;
                *next += 1;
            }
        }
        self.spare_cells().push(cells);
        starts.pop();
        // Slots are a matter of who came when. Cells hold a few, and most are in order.
        for cell in starts.windows(2) {
            let slots = &mut slots[cell[0] as usize..cell[1] as usize];
            if !slots.is_sorted_by_key(|&slot| agents[slot as usize].id) {
                slots.sort_unstable_by_key(|&slot| agents[slot as usize].id);
            }
        }
        empty(who, present);
        who.extend(slots.iter().map(|&slot| rows[slot as usize]));
    }

    fn check(&self, standing: &Standing, (row,): &(T,)) -> Result<(), String> {
        let at = row.at();
        let is_inside = at.iter().zip(self.space.size()).all(|(&at, size)| (0.0..size).contains(&at));
        match is_inside && self.zone(at) == standing.zone.0 {
            true => Ok(()),
            false => Err(format!("it is at {at:?}, and in zone {}", standing.zone.0)),
        }
    }
}

/// Empties a list and makes room for so many and a few more: to double would leave a third of all memory idle, and
/// lengths that allocators round up a tenth of it.
fn empty<T>(list: &mut Vec<T>, len: usize) {
    list.clear();
    if list.capacity() < len {
        list.reserve_exact(roomy(len, room(len)));
    }
}

/// Room for more in a zone of so many who come and go: three times the root of 10,240, of as many.
fn room(len: usize) -> usize {
    len / 32
}

#[derive(Resource, Clone)]
pub(crate) struct GroundOf<T: Located<D>, const D: usize>(Arc<Ground<T, D>>);

impl<T: Located<D>, const D: usize> Handed for GroundOf<T, D> {
    fn missing() -> String {
        format!("no field of {0} is declared: `sim.field(space, count, |id, draws| {0} {{ .. }})`", short_name::<T>())
    }
}

/// System parameter: the agents with row `T` in a continuous space ([`Builder::field`]).
///
/// ```
/// # use myriad::prelude::*;
/// located! {
///     struct Mote { at: [f64; 2] }
/// }
///
/// /// Away from others.
/// fn spread(mut motes: Field<Mote, 2>) {
///     motes.step(|_, mote, near| {
///         near.each(|_, away, _| {
///             mote.at[0] -= 0.1 * away[0];
///             mote.at[1] -= 0.1 * away[1];
///         });
///     });
/// }
///
/// fn build(sim: &mut Builder) {
///     let space = Continuous::new([10.0, 10.0], 1.0).periodic();
///     sim.field(space, 100, |_, draws| Mote { at: [10.0 * draws.unit(), 10.0 * draws.unit()] });
///     sim.every_tick(spread);
/// }
/// ```
#[derive(SystemParam)]
pub struct Field<'s, T: Located<D>, const D: usize> {
    ground: Hand<'s, GroundOf<T, D>, false>,
    lives: Hand<'s, LivesOf<(T,)>>,
    here: Here<'s>,
    clock: Clock<'s>,
    _claim: Claim<(T,)>,
}

impl<T: Located<D>, const D: usize> Field<'_, T, D> {
    /// The space.
    pub fn space(&self) -> Continuous<D> {
        self.ground.0.0.space
    }

    /// Calls `f` with each agent, its row to be written, and everybody near as they were at the exchange. Whoever it
    /// puts outside the space is wrapped around or held by the walls, and goes to the zone of its place.
    ///
    /// # Panics
    /// If an agent is put nowhere (not a number).
    pub fn step(&mut self, mut f: impl FnMut(AgentId, &mut T, &Near<'_, T, D>)) {
        let Lives { rolls, visit, .. } = self.lives.0.lives.get();
        let ground = &*self.ground.0.0;
        let (zone, tick) = (self.here.zone().0, self.clock.now().0 as u32);
        let roll = &mut rolls[visit.place];
        debug_assert!(!roll.waits(), "cells of models with systems of every tick are saved at once");
        roll.touch();
        let (space, is_tiny) = (&ground.space, ground.space.is_tiny());
        let first = ground.cut.first(zone) as usize * space.layer_cells();
        let (around, mut runs) = (Neighbours::new(ground, zone), Vec::new());
        let (own, layer_cells) = (&around.sheets[0].1, space.layer_cells());
        for (nth, cell) in own.starts.windows(2).enumerate().filter(|(_, cell)| cell[0] < cell[1]) {
            around.reach(nth / layer_cells, space.place(first + nth), &mut runs);
            for index in cell[0] as usize..cell[1] as usize {
                let slot = own.slots[index];
                let (agent, (row,)) = roll.at(slot);
                let id = agent.id;
                visit.current = Some((id, tick));
                f(id, row, &Near { space, runs: &runs, own: &own.who[index], is_tiny });
                let at = row.at();
                assert!(at.iter().all(|at| at.is_finite()), "it is put nowhere: {at:?}");
                let at = space.wrapped(at);
                row.put(at);
                let to = ground.zone(at);
                if to != zone {
                    agent.id = AgentId::NONE;
                    let arrives = tick + visit.exchange_ticks;
                    visit.departed.push(Departure { id, slot, arrives, zone: ZoneId(to) });
                }
            }
        }
    }
}

/// What a zone's agents look at: its own sheet, and those of the layers within the radius.
struct Neighbours<'a, T: Located<D>, const D: usize> {
    space: &'a Continuous<D>,
    sheets: Vec<(u32, RwLockReadGuard<'a, Sheet<T>>)>,
    /// The layers that the first one of the zone reaches, then one more for each further layer.
    layers: Vec<Option<Layer>>,
    /// Layers that a layer reaches.
    reached: usize,
}

/// A layer of cells.
#[derive(Clone, Copy)]
struct Layer {
    /// The sheet that shows it.
    sheet: usize,
    /// Its first cell there.
    first: usize,
    /// What is added to places in it.
    shift: f64,
}

impl<'a, T: Located<D>, const D: usize> Neighbours<'a, T, D> {
    fn new(ground: &'a Ground<T, D>, zone: u32) -> Self {
        let Ground { space, cut, .. } = ground;
        let own = cut.range(zone);
        let reach = REACH as u32;
        let mut sheets = vec![(zone, ground.sheets.read(zone as usize))];
        let mut layer = |(layer, shift): (u32, f64)| {
            let zone = cut.zone(layer);
            let known = sheets.iter().position(|&(known, _)| known == zone);
            let sheet = known.unwrap_or_else(|| {
                sheets.push((zone, ground.sheets.read(zone as usize)));
                sheets.len() - 1
            });
            Layer { sheet, first: (layer - cut.first(zone)) as usize * space.layer_cells(), shift }
        };
        let (layers, reached): (Vec<_>, _) = if space.is_tiny() {
            ((0..cut.count).map(|at| Some(layer((at, 0.0)))).collect(), cut.count)
        } else {
            let window = own.start as i64 - REACH..own.end as i64 + REACH;
            (window.map(|at| space.along(D - 1, at).map(&mut layer)).collect(), 2 * reach + 1)
        };
        Self { space, sheets, layers, reached: reached as usize }
    }

    /// Who may be near those in a cell of the zone's so manieth layer: all in the cells that reach it.
    fn reach<'n>(&'n self, layer: usize, cell: [u32; D], runs: &mut Vec<Run<'n, T, D>>) {
        let space = self.space;
        runs.clear();
        let from = if space.is_tiny() { 0 } else { layer };
        for layer in self.layers[from..from + self.reached].iter().flatten() {
            let sheet = &*self.sheets[layer.sheet].1;
            let mut shift = [0.0; D];
            shift[D - 1] = layer.shift;
            let mut take = |first: usize, count: u32, shift: [f64; D]| {
                let (from, to) = (sheet.starts[first], sheet.starts[first + count as usize]);
                if from < to {
                    runs.push(Run { who: &sheet.who[from as usize..to as usize], shift });
                }
            };
            let mut row = |first: usize, mut shift: [f64; D]| {
                for (from, count, along) in space.stretches(cell[0]) {
                    shift[0] = along;
                    take(first + from as usize, count, shift);
                }
            };
            match D {
                1 => take(layer.first, 1, shift),
                2 => row(layer.first, shift),
                _ => {
                    for (middle, middle_shift) in space.reached(1, cell[1]) {
                        shift[1] = middle_shift;
                        row(layer.first + (middle * space.cells[0]) as usize, shift);
                    }
                }
            }
        }
    }
}

impl Builder {
    /// Declares agents that move in a continuous space, `count` of them, each as `make` says with draws of its own.
    /// They have one row, and are reached by [`Field`]. The scenario exchanges at every tick.
    ///
    /// Returns the first id: the ids are `first..first + count`.
    pub fn field<T: Located<D>, const D: usize>(
        &mut self,
        space: Continuous<D>,
        count: u64,
        make: impl Fn(AgentId, &mut Draws) -> T + Send + Sync + 'static,
    ) -> AgentId {
        let zones = self.cut_into(count.div_ceil(ZONE_AGENTS).min(space.cells[D - 1] as u64));
        let ground = Arc::new(Ground::<T, D> {
            space,
            cut: space.cut(zones),
            sheets: Sheets::new(zones as usize),
            cells: Mutex::default(),
        });
        let seed = self.seed();
        let first = AgentId(self.settled as u32);
        let made = move |id: AgentId| {
            let mut row = make(id, &mut seed.draws(Stream::named("field"), id, Tick(0)));
            row.put(space.wrapped(row.at()));
            row
        };
        // Who lives where is found out once, by the zone that settles first, and kept until all have.
        let by_zone = OnceLock::new();
        let stands = ground.clone();
        self.settle::<(T,)>(count, move |zone, settlement| {
            let by_zone: &Vec<Mutex<Vec<AgentId>>> = by_zone.get_or_init(|| {
                let even = count as usize / zones as usize;
                let mut by_zone: Vec<_> = (0..zones).map(|_| Vec::with_capacity(even + room(even))).collect();
                let ids = (first.0..first.0 + count as u32).map(AgentId);
                ids.for_each(|id| by_zone[stands.zone(made(id).at()) as usize].push(id));
                by_zone.into_iter().map(Mutex::new).collect()
            });
            let own = std::mem::take(&mut *by_zone[zone.index()].lock().unwrap_or_else(PoisonError::into_inner));
            settlement.reserve(own.len(), room(own.len()));
            own.iter().for_each(|&id| settlement.add(id, (made(id),), None));
        });
        let handle = GroundOf(ground.clone());
        self.installers.push(Box::new(move |drawer| drawer.put(handle.clone())));
        self.kind_entry::<(T,)>().space = Some(ground);
        first
    }
}
