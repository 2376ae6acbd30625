//! A town for tests: a grid of zones, places by density, households by draws.

use super::kinds::{PLACE_KIND_COUNT, PlaceKind, Role};
use super::rows::Place;
use super::rules::Rules;
use super::settle::Settler;
use super::town::{Town, Weather};
use crate::base::{AgentId, Calendar, Draws, Seed, Stream, Tick};

const SIDE: u32 = 8;
const ZONES: u32 = SIDE * SIDE;
const SPACING_M: u32 = 1_200;

/// A grid of 64 zones, 1.2 km apart.
pub struct ToyTown {
    /// Places by zone and kind.
    places: Vec<[Vec<AgentId>; PLACE_KIND_COUNT]>,
    near: Vec<Vec<u16>>,
    /// (zone, kind) of each place, from `first_place` on.
    facts: Vec<(u16, PlaceKind)>,
    /// The id of the first place: residents come before.
    pub first_place: u32,
    bank: AgentId,
}

impl Town for ToyTown {
    fn distance_m(&self, from: u16, to: u16) -> u32 {
        let (a, b) = (from as u32, to as u32);
        let metres = ((a % SIDE).abs_diff(b % SIDE) + (a / SIDE).abs_diff(b / SIDE)) * SPACING_M;
        metres.max(500)
    }
    fn places(&self, zone: u16, kind: PlaceKind) -> u32 {
        self.places[zone as usize][kind.index()].len() as u32
    }
    fn place(&self, zone: u16, kind: PlaceKind, nth: u32) -> AgentId {
        self.places[zone as usize][kind.index()][nth as usize]
    }
    fn nearby(&self, zone: u16, nth: u32) -> u16 {
        self.near[zone as usize][(nth as usize).min(ZONES as usize - 1)]
    }
    fn zone_of(&self, place: AgentId) -> u16 {
        self.facts[(place.0 - self.first_place) as usize].0
    }
    fn kind_of(&self, place: AgentId) -> PlaceKind {
        self.facts[(place.0 - self.first_place) as usize].1
    }
    fn bank(&self, _zone: u16) -> AgentId {
        self.bank
    }
    fn weather(&self, day: u32) -> Weather {
        Weather { temperature: 160, rain: if day % 4 == 2 { 60 } else { 0 } }
    }
    fn price_index(&self, _day: u32) -> u32 {
        65_536
    }
}

/// Builds a town for so many residents, with the facts of each and the rows of its places.
pub fn toy(residents: u32, rules: &Rules, calendar: &Calendar, seed: Seed) -> (ToyTown, Vec<Settler>, Vec<Place>) {
    let mut town = ToyTown {
        places: (0..ZONES).map(|_| Default::default()).collect(),
        near: Vec::new(),
        facts: Vec::new(),
        first_place: residents,
        bank: AgentId::NONE,
    };
    for zone in 0..ZONES as u16 {
        let mut order: Vec<u16> = (0..ZONES as u16).collect();
        order.sort_by_key(|&other| (if other == zone { 0 } else { town.distance_m(zone, other) }, other));
        town.near.push(order);
    }
    let mut rows = Vec::new();
    let mut found = |town: &mut ToyTown, zone: u16, kind: PlaceKind, capacity: u32| {
        let id = AgentId(residents + rows.len() as u32);
        rows.push(Place::found(rules, calendar, id, kind, zone, capacity));
        town.facts.push((zone, kind));
        town.places[zone as usize][kind.index()].push(id);
        id
    };
    for (kind, per_thousand, capacity) in [
        (PlaceKind::Workplace, 45, 400),
        (PlaceKind::School, 5, 3_000),
        (PlaceKind::Shop, 4, 60),
        (PlaceKind::Restaurant, 3, 40),
        (PlaceKind::Park, 1, 3_000),
        (PlaceKind::Venue, 2, 40),
    ] {
        for n in 0..(residents * per_thousand / 1_000).max(1) {
            found(&mut town, ((n * 29 + per_thousand) % ZONES) as u16, kind, capacity);
        }
    }
    for zone in 0..ZONES as u16 {
        found(&mut town, zone, PlaceKind::Housing, u32::MAX);
    }
    town.bank = found(&mut town, 0, PlaceKind::Bank, u32::MAX);

    let mut settlers = Vec::new();
    while (settlers.len() as u32) < residents {
        let first = settlers.len() as u32;
        let mut draws = seed.draws(Stream::named("toy"), AgentId(first), Tick(0));
        let size = (1 + draws.below(3) + draws.below(3)).min(residents - first);
        let home = draws.below(ZONES) as u16;
        for member in 0..size {
            settlers.push(settler(&town, first, member, size as u8, home, &mut draws));
        }
    }
    (town, settlers, rows)
}

fn settler(town: &ToyTown, first: u32, member: u32, size: u8, home: u16, draws: &mut Draws) -> Settler {
    let age = match member {
        0 | 1 => 20 + draws.below(64) as u8,
        _ => draws.below(32) as u8,
    };
    let role = match age {
        0..=4 => Role::Child,
        5..=17 => Role::Pupil,
        18..=22 if draws.below(100) < 45 => Role::Student,
        18..=64 if draws.below(100) < 72 => Role::Worker,
        18..=64 => Role::Home,
        _ if draws.below(100) < 12 => Role::Worker,
        _ => Role::Retired,
    };
    let mut settler = Settler {
        household: AgentId(first),
        household_size: size,
        age,
        sex: (draws.u32() & 1) as u8,
        role,
        occupation: 0,
        home,
        workplace: AgentId::NONE,
        work: home,
        wage: 0,
        shift_start: 0,
        shift_minutes: 0,
        work_days: 0,
        commute_minutes: 0,
        commute_mode: (1 + draws.below(3) / 2) as u8,
    };
    let kind = match role {
        Role::Worker => PlaceKind::Workplace,
        Role::Pupil | Role::Student => PlaceKind::School,
        _ => return settler,
    };
    let reach = if role == Role::Pupil { 9 } else { ZONES };
    let zone = loop {
        let zone = town.nearby(home, draws.below(reach) * draws.below(reach) / reach);
        if town.places(zone, kind) > 0 {
            break zone;
        }
        if role == Role::Pupil && draws.below(4) == 0 {
            break town.facts.iter().find(|(_, found)| *found == kind).unwrap().0;
        }
    };
    settler.work = zone;
    settler.workplace = town.place(zone, kind, draws.below(town.places(zone, kind)));
    let metres = town.distance_m(home, zone);
    settler.commute_minutes = if metres < 1_300 { 4 + metres / 80 } else { 13 + metres / 290 } as u16;
    if metres < 1_300 {
        settler.commute_mode = 0;
    }
    let quarter = |minutes: i32| (minutes / 15 * 15) as u16;
    (settler.shift_start, settler.shift_minutes, settler.work_days) = match role {
        Role::Pupil => (500, 390, 31),
        Role::Student => (quarter(540 + draws.between(0, 180)), quarter(draws.between(180, 330)), 31),
        _ => match draws.below(100) {
            0..=73 => (quarter(draws.between(420, 600)), quarter(draws.between(480, 555)), weekdays(draws)),
            74..=83 => (quarter(draws.between(780, 960)), quarter(draws.between(465, 510)), any_days(draws, 5)),
            84..=88 => (quarter(draws.between(1_320, 1_410)), 480, any_days(draws, 5)),
            89..=91 => (quarter(draws.between(300, 390)), 480, weekdays(draws)),
            _ => (quarter(draws.between(540, 840)), quarter(draws.between(240, 330)), any_days(draws, 4)),
        },
    };
    settler.wage = if role == Role::Worker { 700 + draws.below(1_600) + draws.below(1_600) } else { 0 };
    settler
}

fn weekdays(draws: &mut Draws) -> u8 {
    // Most from Monday to Friday, the others from Tuesday to Saturday or with a Sunday.
    match draws.below(100) {
        0..=82 => 0b001_1111,
        83..=92 => 0b011_1110,
        _ => 0b101_1110,
    }
}

fn any_days(draws: &mut Draws, count: u32) -> u8 {
    let first = draws.below(7);
    (0..count).fold(0, |days, n| days | 1 << ((first + n) % 7))
}
