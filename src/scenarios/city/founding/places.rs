//! The places of each zone, and their ids: after the residents, zone by zone, kind by kind.

use super::jobs::Jobs;
use super::people::{People, spread};
use crate::base::{AgentId, Calendar, Draws};
use crate::scenarios::city::inputs::Atlas;
use crate::scenarios::city::rows::Place;
use crate::scenarios::city::{CityParams, PLACE_KIND_COUNT, PlaceKind, Rules};

/// Where every place is.
pub struct Places {
    /// The id of the first place.
    pub first: u32,
    /// By zone: the offset of its first place of each kind, and of its end.
    offsets: Vec<[u32; PLACE_KIND_COUNT + 1]>,
    /// By offset.
    facts: Vec<(u16, PlaceKind)>,
    capacities: [u32; PLACE_KIND_COUNT],
    /// The offset of the first of the four places that stand for work outside the city.
    gates: u32,
    gate_zones: [u16; 4],
}

impl Places {
    /// Places for these people and jobs.
    pub fn new(atlas: &Atlas, people: &People, jobs: &Jobs, params: &CityParams) -> Self {
        let zones = atlas.len();
        let residents: Vec<u64> = people.tracts.iter().map(|tract| tract.residents as u64).collect();
        let populated: Vec<bool> = residents.iter().map(|&count| count > 0).collect();
        let with_jobs: Vec<bool> = jobs.expected.iter().map(|&count| count > 0).collect();
        let total = people.count() as f64;
        let mut counts = vec![[0_u32; PLACE_KIND_COUNT]; zones];
        let mut capacities = [0; PLACE_KIND_COUNT];
        for kind in PlaceKind::ALL {
            let number = |name: &str| params.number(&format!("places.{}.{name}", kind.name()));
            capacities[kind.index()] = number("capacity") as u32;
            let wanted = (total * number("density") / 1_000.0).round() as u64;
            let spread = match kind {
                PlaceKind::Housing => populated.iter().map(|&there| u32::from(there)).collect(),
                // Where somebody works at home there has to be a desk, too.
                PlaceKind::Workplace => {
                    let least: Vec<bool> = (0..zones).map(|zone| with_jobs[zone] || jobs.workers[zone] > 0).collect();
                    let weights: Vec<u64> = jobs.expected.iter().map(|&jobs| jobs.max(1)).collect();
                    spread(wanted, &weights, &least)
                }
                PlaceKind::Bank => vec![0; zones],
                _ => spread(wanted, &residents, &populated),
            };
            for (zone, count) in spread.into_iter().enumerate() {
                counts[zone][kind.index()] = count;
            }
        }
        // Jobs are drawn zone by zone, so a zone can have any of its borough's jobs; at least one desk each.
        for counts in &mut counts {
            counts[PlaceKind::Workplace.index()] = counts[PlaceKind::Workplace.index()].max(1);
        }
        // One bank in each borough, in the zone with most jobs.
        for borough in 0..5 {
            let zones = (0..zones).filter(|&zone| atlas.zones[zone].borough == borough);
            if let Some(centre) = zones.max_by_key(|&zone| (jobs.expected[zone], std::cmp::Reverse(zone))) {
                counts[centre][PlaceKind::Bank.index()] = 1;
            }
        }
        let mut offset = 0;
        let mut facts = Vec::new();
        let offsets = counts
            .iter()
            .enumerate()
            .map(|(zone, counts)| {
                let mut starts = [0; PLACE_KIND_COUNT + 1];
                for kind in PlaceKind::ALL {
                    starts[kind.index()] = offset;
                    offset += counts[kind.index()];
                    facts.extend((0..counts[kind.index()]).map(|_| (zone as u16, kind)));
                }
                starts[PLACE_KIND_COUNT] = offset;
                starts
            })
            .collect();
        facts.extend(jobs.gates.map(|zone| (zone, PlaceKind::Workplace)));
        Self { first: people.count(), offsets, facts, capacities, gates: offset, gate_zones: jobs.gates }
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        self.facts.len() as u32
    }

    /// How many of a kind a zone has.
    #[inline]
    pub fn of(&self, zone: u16, kind: PlaceKind) -> u32 {
        let starts = &self.offsets[zone as usize];
        starts[kind.index() + 1] - starts[kind.index()]
    }

    /// The nth of them.
    #[inline]
    pub fn nth(&self, zone: u16, kind: PlaceKind, nth: u32) -> AgentId {
        debug_assert!(nth < self.of(zone, kind));
        AgentId(self.first + self.offsets[zone as usize][kind.index()] + nth)
    }

    /// Any of them; none where there is none.
    pub fn any<const BLOCKS: usize>(&self, zone: u16, kind: PlaceKind, draws: &mut Draws<BLOCKS>) -> AgentId {
        match self.of(zone, kind) {
            0 => AgentId::NONE,
            count => self.nth(zone, kind, draws.below(count)),
        }
    }

    /// The nearest of the zones around one that has a place of that kind.
    pub fn nearest_with(&self, kind: PlaceKind, zone: u16, atlas: &Atlas) -> Option<u16> {
        let near = (0..24).map(|nth| atlas.nearby(zone, nth)).find(|&near| self.of(near, kind) > 0);
        near.or_else(|| {
            let zones = (0..atlas.len() as u16).filter(|&other| self.of(other, kind) > 0);
            zones.min_by_key(|&other| (atlas.distance_m(zone, other), other))
        })
    }

    /// The place that stands for work outside the city, beyond a gate.
    pub fn gate(&self, gate: usize) -> AgentId {
        AgentId(self.first + self.gates + gate as u32)
    }

    /// Whether a place stands for work outside the city.
    #[inline]
    pub fn is_gate(&self, place: AgentId) -> bool {
        place.is_some() && place.0 >= self.first + self.gates
    }

    /// Zone and kind of a place.
    #[inline]
    pub fn facts(&self, place: AgentId) -> (u16, PlaceKind) {
        self.facts[(place.0 - self.first) as usize]
    }

    /// The ids and rows of a zone's places.
    pub fn rows(&self, zone: u16, rules: &Rules, calendar: &Calendar) -> Vec<(AgentId, Place)> {
        let starts = &self.offsets[zone as usize];
        let own = starts[0]..starts[PLACE_KIND_COUNT];
        let gates = (0..4).filter(|&gate| self.gate_zones[gate] == zone).map(|gate| self.gates + gate as u32);
        own.chain(gates)
            .map(|offset| {
                let id = AgentId(self.first + offset);
                let kind = self.facts[offset as usize].1;
                // As many as want may pass a gate.
                let capacity = if offset >= self.gates { u32::MAX } else { self.capacities[kind.index()] };
                (id, Place::found(rules, calendar, id, kind, zone, capacity))
            })
            .collect()
    }
}
