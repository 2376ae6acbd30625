//! Who lives in a zone: the facts of each resident, ready to be settled.

use super::households::{Member, members};
use super::jobs::{Job, Jobs};
use super::places::Places;
use crate::base::dist::log_normal;
use crate::base::{AgentId, Draws, Seed, Stream, Tick, apportion, prefix_sums};
use crate::scenarios::city::inputs::{Atlas, BOROUGHS, Tract};
use crate::scenarios::city::settle::Settler;
use crate::scenarios::city::{CityParams, Mode, PlaceKind, Role, Rules};

const WHO_WORKS: Stream = Stream::named("city/who_works");
const WORK: Stream = Stream::named("city/work");
const LEARN: Stream = Stream::named("city/school");

/// The occupations, in the order of `Person::occupation`.
pub const OCCUPATIONS: [&str; 5] = ["professional", "office", "service", "building", "industry"];

/// Numbers of the preset, once looked up.
struct Numbers {
    couples: u32,
    students: u32,
    occupations: [u32; 5],
    wages: [f64; 5],
    sigma: f64,
    /// Chances of an evening, night, early and short shift.
    shifts: [u32; 4],
    weekend: u32,
    car: [u32; 5],
    outside_minutes: u32,
}

/// The residents of the city.
pub struct People {
    /// By zone.
    pub tracts: Vec<Tract>,
    /// By zone: the first resident; after the last zone: how many there are.
    pub first: Vec<u32>,
    numbers: Numbers,
    seed: Seed,
}

impl People {
    /// Residents of these tracts.
    pub fn new(tracts: Vec<Tract>, params: &CityParams, seed: Seed) -> Self {
        let mut first: Vec<u32> = tracts.iter().map(|tract| tract.residents).chain([0]).collect();
        prefix_sums(&mut first);
        let chance = |name: &str| (params.number(name) * 65_536.0) as u32;
        let numbers = Numbers {
            couples: chance("people.couples"),
            students: chance("people.students"),
            occupations: OCCUPATIONS.map(|name| (params.number(&format!("jobs.share.{name}")) * 1e6) as u32),
            wages: OCCUPATIONS.map(|name| 100.0 * params.number(&format!("jobs.wage.{name}"))),
            sigma: params.number("jobs.wage.sigma"),
            shifts: ["evening", "night", "early", "part"].map(|name| chance(&format!("jobs.shift.{name}"))),
            weekend: chance("jobs.days.weekend"),
            car: BOROUGHS.map(|(name, _)| chance(&format!("jobs.car.{}", name.to_lowercase().replace(' ', "_")))),
            outside_minutes: params.whole("jobs.outside_minutes") as u32,
        };
        Self { tracts, first, numbers, seed }
    }

    /// How many there are.
    pub fn count(&self) -> u32 {
        *self.first.last().expect("one more than zones")
    }

    /// The residents of a zone, in the order of their ids.
    pub fn settlers(&self, zone: u16, atlas: &Atlas, jobs: &Jobs, places: &Places, rules: &Rules) -> Vec<Settler> {
        let first = self.first[zone as usize];
        let members = members(zone, &self.tracts[zone as usize], self.numbers.couples, self.seed);
        let workers = self.workers(first, &members, jobs.workers[zone as usize]);
        let mut nth_worker = 0;
        members
            .iter()
            .enumerate()
            .map(|(index, member)| {
                let id = AgentId(first + index as u32);
                let mut settler = Settler {
                    household: AgentId(id.0 - member.nth as u32),
                    household_size: member.household_size,
                    age: member.age,
                    sex: member.sex,
                    role: Role::Home,
                    occupation: 0,
                    home: zone,
                    workplace: AgentId::NONE,
                    work: zone,
                    wage: 0,
                    shift_start: 0,
                    shift_minutes: 0,
                    work_days: 0,
                    commute_minutes: 0,
                    commute_mode: Mode::Transit as u8,
                };
                let mut draws = self.seed.draws(LEARN, id, Tick(0));
                if workers[index] {
                    self.employ(&mut settler, jobs.job(atlas, zone, nth_worker, id), id, atlas, places, rules);
                    nth_worker += 1;
                } else {
                    settler.role = match member.age {
                        0..=4 => Role::Child,
                        5..=17 => Role::Pupil,
                        18..=21 if draws.chance16(self.numbers.students) => Role::Student,
                        22..=25 if draws.chance16(self.numbers.students / 2) => Role::Student,
                        65.. => Role::Retired,
                        _ => Role::Home,
                    };
                    self.commute(&mut settler, false, &mut draws, atlas, rules);
                    if matches!(settler.role, Role::Pupil | Role::Student) {
                        self.enrol(&mut settler, &mut draws, atlas, jobs, places, rules);
                    }
                }
                settler
            })
            .collect()
    }

    /// Which members are at work: as many as are wanted, those from 22 to 61 before the younger and the older.
    fn workers(&self, first: u32, members: &[Member], wanted: u32) -> Vec<bool> {
        let rank = |word: u32, age: u8| {
            // A year off the prime costs as much luck as it takes the share at work down.
            let off = match age {
                0..=17 => 1 << 40,
                18..=21 => 1 << 31,
                22..=54 => 0,
                55..=61 => 1 << 30,
                62..=69 => 3 << 30,
                _ => 1 << 33,
            };
            word as u64 + off
        };
        let mut order: Vec<(u64, u32)> = Vec::with_capacity(members.len());
        for (four, nth) in members.chunks(4).zip((0..).step_by(4)) {
            let of: [_; 4] = std::array::from_fn(|n| (AgentId(first + nth + n as u32), Tick(0)));
            let words = self.seed.words(WHO_WORKS, of);
            order.extend(four.iter().zip(words).zip(nth..).map(|((member, word), nth)| (rank(word, member.age), nth)));
        }
        let wanted = (wanted as usize).min(order.len());
        if wanted > 0 && wanted < order.len() {
            order.select_nth_unstable(wanted - 1);
        }
        let mut workers = vec![false; members.len()];
        for &(_, index) in &order[..wanted] {
            workers[index as usize] = members[index as usize].age >= 18;
        }
        workers
    }

    fn employ(&self, settler: &mut Settler, job: Job, id: AgentId, atlas: &Atlas, places: &Places, rules: &Rules) {
        let n = &self.numbers;
        let mut draws = self.seed.draws_ahead::<2>(WORK, id, Tick(0));
        settler.role = Role::Worker;
        let mut word = draws.below(n.occupations.iter().sum());
        let occupation = n.occupations.iter().position(|&share| {
            let here = word < share;
            word = word.wrapping_sub(share);
            here
        });
        settler.occupation = occupation.unwrap_or(0) as u8;
        let wage = log_normal(&mut draws, n.wages[settler.occupation as usize], n.sigma);
        // The federal minimum wage of 1999 was $5.15.
        settler.wage = (wage as u32).max(515);
        let quarter = |minutes: i32| (minutes / 15 * 15) as u16;
        let [evening, night, early, part] = n.shifts;
        let kind = draws.u32() >> 16;
        let (start, minutes, days) = if kind < evening {
            (draws.between(780, 960), draws.between(465, 510), any_days(&mut draws, 5))
        } else if kind < evening + night {
            (draws.between(1_320, 1_410), 480, any_days(&mut draws, 5))
        } else if kind < evening + night + early {
            (draws.between(300, 390), 480, self.weekdays(&mut draws))
        } else if kind < evening + night + early + part {
            (draws.between(540, 840), draws.between(240, 330), any_days(&mut draws, 4))
        } else {
            (draws.between(420, 600), draws.between(480, 555), self.weekdays(&mut draws))
        };
        (settler.shift_start, settler.shift_minutes, settler.work_days) = (quarter(start), quarter(minutes), days);
        match job {
            Job::In(zone) => {
                settler.work = zone;
                settler.workplace = places.any(zone, PlaceKind::Workplace, &mut draws);
                self.commute(settler, false, &mut draws, atlas, rules);
            }
            Job::Outside(gate, zone) => {
                settler.work = zone;
                settler.workplace = places.gate(gate);
                self.commute(settler, true, &mut draws, atlas, rules);
            }
        }
    }

    fn enrol(
        &self,
        settler: &mut Settler,
        draws: &mut Draws,
        atlas: &Atlas,
        jobs: &Jobs,
        places: &Places,
        rules: &Rules,
    ) {
        let wish = if settler.role == Role::Pupil {
            // Most go to school in their own zone, the others near it.
            if draws.below(10) < 6 { settler.home } else { atlas.nearby(settler.home, 1 + draws.below(7)) }
        } else {
            jobs.anywhere(settler.home, atlas, draws)
        };
        let Some(zone) = places.nearest_with(PlaceKind::School, wish, atlas) else { return };
        settler.work = zone;
        settler.workplace = places.any(zone, PlaceKind::School, draws);
        (settler.shift_start, settler.shift_minutes, settler.work_days) = match settler.role {
            Role::Pupil => (500, 390, 0b001_1111),
            _ => {
                let quarter = |minutes: i32| (minutes / 15 * 15) as u16;
                (quarter(draws.between(540, 720)), quarter(draws.between(180, 330)), 0b001_1111)
            }
        };
        self.commute(settler, false, draws, atlas, rules);
    }

    /// Mode and minutes of the way to work or school; for the others the mode of long ways.
    fn commute<const BLOCKS: usize>(
        &self,
        settler: &mut Settler,
        outside: bool,
        draws: &mut Draws<BLOCKS>,
        atlas: &Atlas,
        rules: &Rules,
    ) {
        let borough = atlas.zones[settler.home as usize].borough as usize;
        let may_drive = settler.age >= 17;
        let drives = draws.chance16(self.numbers.car[borough]) && may_drive;
        let usual = if drives { Mode::Car } else { Mode::Transit };
        settler.commute_mode = usual as u8;
        if settler.workplace == AgentId::NONE {
            return;
        }
        let metres = atlas.distance_m(settler.home, settler.work);
        let mode = if metres <= rules.n.walk_max && !outside { Mode::Walk } else { usual };
        let rule = rules.mode[mode.index()];
        let minutes = rule.overhead as u32 + ((metres as u64 * rule.per_metre as u64) >> 16) as u32;
        settler.commute_mode = mode as u8;
        settler.commute_minutes =
            (minutes + if outside { self.numbers.outside_minutes } else { 0 }).clamp(2, 180) as u16;
    }

    fn weekdays<const BLOCKS: usize>(&self, draws: &mut Draws<BLOCKS>) -> u8 {
        // Monday to Friday; or Tuesday to Saturday; or Sunday and Tuesday to Friday.
        let word = draws.u32() >> 16;
        match word {
            word if word < self.numbers.weekend * 6 / 10 => 0b011_1110,
            word if word < self.numbers.weekend => 0b101_1110,
            _ => 0b001_1111,
        }
    }
}

/// So many days in a row, from any day of the week.
fn any_days<const BLOCKS: usize>(draws: &mut Draws<BLOCKS>, count: u32) -> u8 {
    let first = draws.below(7);
    (0..count).fold(0, |days, nth| days | 1 << ((first + nth) % 7))
}

/// How many places of a kind each zone gets: `total` by weight, and one at least where `least` says so.
pub fn spread(total: u64, weights: &[u64], least: &[bool]) -> Vec<u32> {
    let places = apportion(total, weights);
    places.into_iter().zip(least).map(|(count, &least)| (count as u32).max(u32::from(least))).collect()
}
