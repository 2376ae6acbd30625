//! Where the jobs are, and in which zone a worker's is.

use std::ops::Range;

use crate::base::{AgentId, Draws, LonLat, Metres, Permutation, Seed, Stream, Tick, apportion};
use crate::scenarios::city::CityParams;
use crate::scenarios::city::inputs::{
    Atlas, BOROUGH_COUNT, BOROUGHS, Commuters, Destination, FULL_POPULATION, Tract, builtin_stations, metres,
};

const WHO_GOES_WHERE: Stream = Stream::named("city/commuters");
const WHICH_ZONE: Stream = Stream::named("city/jobs");

/// Where outside the city a commute leads, and the point of the city line that it passes.
const GATES: [(Destination, LonLat); 4] = [
    (Destination::LongIsland, LonLat { lon: -73.715, lat: 40.735 }),
    (Destination::NewJersey, LonLat { lon: -74.003, lat: 40.759 }),
    (Destination::North, LonLat { lon: -73.870, lat: 40.905 }),
    (Destination::Far, LonLat { lon: -73.787, lat: 40.645 }),
];

/// A worker's job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Job {
    /// In that zone.
    In(u16),
    /// Outside, through that gate (index) in that zone.
    Outside(usize, u16),
}

/// How the workers of one borough are spread over destinations.
struct Market {
    /// Workers who live in the borough.
    workers: u64,
    /// Where to, and up to which place in the order.
    quotas: Vec<(Destination, u64)>,
    order: Permutation,
}

/// Where the jobs are.
pub struct Jobs {
    /// By zone: residents at work.
    pub workers: Vec<u32>,
    /// By zone: workers of the same borough in zones before it.
    before: Vec<u64>,
    markets: Vec<Market>,
    /// By borough: zones with jobs, and the running sum of their weights.
    zones: Vec<Vec<(u16, u32)>>,
    /// The zones of the gates.
    pub gates: [u16; 4],
    /// By zone: the jobs that are expected there.
    pub expected: Vec<u64>,
    choices: u32,
    at_home: u32,
    seed: Seed,
}

impl Jobs {
    /// Jobs for the residents of these tracts.
    pub fn new(atlas: &Atlas, tracts: &[Tract], counted: bool, params: &CityParams, seed: Seed) -> Self {
        let residents: u64 = tracts.iter().map(|tract| tract.residents as u64).sum();
        let scale = residents as f64 / FULL_POPULATION as f64;
        let total = (params.number("jobs.workers") * scale).round() as u64;
        let name = |borough: usize| BOROUGHS[borough].0.to_lowercase().replace(' ', "_");
        let zones_of = |borough: usize| {
            (0..atlas.len()).filter(move |&zone| atlas.zones[zone].borough as usize == borough).collect::<Vec<_>>()
        };
        let shares: Vec<u64> = (0..BOROUGH_COUNT)
            .map(|borough| match counted {
                true => zones_of(borough).iter().map(|&zone| tracts[zone].workers as u64).sum(),
                false => (params.number(&format!("jobs.borough.{}", name(borough))) * 1e6) as u64,
            })
            .collect();
        let flows = Commuters::builtin();
        let mut workers = vec![0; atlas.len()];
        let mut before = vec![0; atlas.len()];
        let mut markets = Vec::new();
        for (borough, wanted) in apportion(total, &shares).into_iter().enumerate() {
            let zones = zones_of(borough);
            let weights: Vec<u64> = zones.iter().map(|&zone| tracts[zone].workers as u64).collect();
            let mut rank = 0;
            for (&zone, share) in zones.iter().zip(apportion(wanted, &weights)) {
                // Nobody works who is not grown up.
                let grown_ups: u32 = tracts[zone].ages[2..].iter().sum();
                workers[zone] = (share as u32).min(grown_ups);
                before[zone] = rank;
                rank += workers[zone] as u64;
            }
            // Flows to other places as counted, scaled, each within one worker; the others stay in the borough, and so
            // do those who work in one that the map does not have.
            let is_there = |to: Destination| !matches!(to, Destination::Borough(work) if zones_of(work).is_empty());
            let flows = flows.flows[borough].iter().copied().filter(|&(to, _)| is_there(to));
            let counts: Vec<u64> = flows.clone().map(|(_, count)| count).collect();
            let leaving = (counts.iter().sum::<u64>() as f64 * scale).round() as u64;
            let mut end = 0;
            let mut quotas: Vec<(Destination, u64)> = flows
                .zip(apportion(leaving.min(rank), &counts))
                .map(|((to, _), quota)| {
                    end += quota;
                    (to, end)
                })
                .collect();
            quotas.push((Destination::Borough(borough), rank));
            let order = Permutation::keyed(rank, seed, WHO_GOES_WHERE, borough as u32);
            markets.push(Market { workers: rank, quotas, order });
        }
        let mut weights = weights(atlas, params);
        for zones in (0..BOROUGH_COUNT).map(zones_of) {
            // Where no zone has more jobs than another, all have some.
            if zones.iter().all(|&zone| weights[zone] == 0) {
                zones.into_iter().for_each(|zone| weights[zone] = 1);
            }
        }
        let zones: Vec<Vec<(u16, u32)>> = (0..BOROUGH_COUNT)
            .map(|borough| {
                let mut sum = 0;
                let running = zones_of(borough).into_iter().filter(|&zone| weights[zone] > 0).map(|zone| {
                    sum += weights[zone];
                    (zone as u16, sum)
                });
                running.collect()
            })
            .collect();
        let gates = GATES.map(|(_, point)| atlas.nearest(point, |_| true));
        let mut this = Self {
            workers,
            before,
            markets,
            zones,
            gates,
            expected: vec![0; atlas.len()],
            choices: params.whole("jobs.choices") as u32,
            at_home: (params.number("jobs.at_home") * 65_536.0) as u32,
            seed,
        };
        let mut inflow = [0; BOROUGH_COUNT];
        for market in &this.markets {
            let mut start = 0;
            for &(to, end) in &market.quotas {
                if let Destination::Borough(borough) = to {
                    inflow[borough] += end - start;
                }
                start = end;
            }
        }
        for (zones, inflow) in this.zones.iter().zip(inflow) {
            let mut sum = 0;
            let weights: Vec<u64> =
                zones.iter().map(|&(_, end)| (end - std::mem::replace(&mut sum, end)) as u64).collect();
            for (&(zone, _), jobs) in zones.iter().zip(apportion(inflow, &weights)) {
                this.expected[zone as usize] = jobs;
            }
        }
        this
    }

    /// Workers in all.
    pub fn total(&self) -> u64 {
        self.markets.iter().map(|market| market.workers).sum()
    }

    /// The job of the nth worker of a zone.
    pub fn job(&self, atlas: &Atlas, home: u16, nth: u32, id: AgentId) -> Job {
        let market = &self.markets[atlas.zones[home as usize].borough as usize];
        let place = market.order.apply(self.before[home as usize] + nth as u64);
        let to = market.quotas[market.quotas.partition_point(|&(_, end)| end <= place)].0;
        let mut draws = self.seed.draws(WHICH_ZONE, id, Tick(0));
        match to {
            Destination::Borough(work) if work == atlas.zones[home as usize].borough as usize => {
                if draws.chance16(self.at_home) {
                    return Job::In(home);
                }
                let offers = (0..self.choices).map(|_| self.offer(work, &mut draws));
                let nearest = offers.min_by_key(|&zone| (atlas.distance_m(home, zone), zone));
                Job::In(nearest.unwrap_or(home))
            }
            Destination::Borough(work) => Job::In(self.offer(work, &mut draws)),
            outside => {
                let gate = GATES.iter().position(|(to, _)| *to == outside).expect("all ways out have a gate");
                Job::Outside(gate, self.gates[gate])
            }
        }
    }

    /// A zone of a borough, each as likely as it has jobs.
    fn offer(&self, borough: usize, draws: &mut Draws) -> u16 {
        let zones = &self.zones[borough];
        let word = draws.below(zones.last().map_or(0, |&(_, sum)| sum));
        zones[zones.partition_point(|&(_, end)| end <= word).min(zones.len() - 1)].0
    }

    /// A zone of any borough, as likely as it has jobs: where colleges are.
    pub fn anywhere(&self, home: u16, atlas: &Atlas, draws: &mut Draws) -> u16 {
        self.offer(atlas.zones[home as usize].borough as usize, draws)
    }

    /// The gates, as indices.
    pub fn gate_range() -> Range<usize> {
        0..GATES.len()
    }
}

/// Relative numbers of jobs, by zone.
fn weights(atlas: &Atlas, params: &CityParams) -> Vec<u32> {
    let number = |name: &str| params.number(&format!("jobs.density.{name}"));
    let stations: Vec<Metres> = builtin_stations();
    let centres = [("midtown", -73.983, 40.755), ("downtown", -74.010, 40.708)]
        .map(|(name, lon, lat)| (number(name), number(&format!("{name}_m")), LonLat { lon, lat }.to_metres()));
    let (land, station) = (number("land"), number("station"));
    let weight = |zone: &crate::scenarios::city::inputs::Zone| {
        let near = stations.iter().filter(|station| metres(**station, zone.middle) <= 800).count();
        let pull: f64 = centres
            .iter()
            .map(|&(jobs, reach, centre)| {
                let far = centre.distance(zone.middle) as f64 / reach;
                jobs * libm::exp(-far * far)
            })
            .sum();
        // Whole hundredths: draws pick by integers.
        (100.0 * (land * zone.land_km2.min(4.0) + station * near as f64 + pull)).round() as u32
    };
    atlas.zones.iter().map(weight).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenarios::city::inputs::Census;
    use crate::sim::Params;

    #[test]
    fn commuters_between_boroughs_are_those_of_the_census() {
        let params = CityParams::defaults();
        let atlas = Atlas::open("").unwrap();
        let census = Census::open("", &atlas, &params).unwrap();
        let flows = Commuters::builtin();
        for total in [372, 100_000] {
            let tracts = census.scaled(total, &atlas);
            let jobs = Jobs::new(&atlas, &tracts, false, &params, Seed(7));
            let mut found = [[0_u64; BOROUGH_COUNT]; BOROUGH_COUNT];
            let mut id = 0;
            for home in 0..atlas.len() as u16 {
                for nth in 0..jobs.workers[home as usize] {
                    if let Job::In(work) = jobs.job(&atlas, home, nth, AgentId(id)) {
                        let borough = |zone: u16| atlas.zones[zone as usize].borough as usize;
                        found[borough(home)][borough(work)] += 1;
                    }
                    id += 1;
                }
            }
            assert_eq!(id as u64, jobs.total());
            for home in 0..BOROUGH_COUNT {
                for work in (0..BOROUGH_COUNT).filter(|&work| work != home) {
                    let wanted = flows.between(home, work) as f64 * total as f64 / FULL_POPULATION as f64;
                    assert!((found[home][work] as f64 - wanted).abs() <= 1.0, "{home} to {work}: {found:?}, {wanted}");
                }
            }
        }
    }
}
