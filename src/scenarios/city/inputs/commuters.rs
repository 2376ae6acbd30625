//! Who works in which borough: the county-to-county worker flows of Census 2000.

use super::atlas::{BOROUGH_COUNT, BOROUGHS};
use super::builtin;

/// Where workers go: a borough, or outside the city by direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Destination {
    /// Index into [`BOROUGHS`].
    Borough(usize),
    /// Nassau and Suffolk.
    LongIsland,
    /// New Jersey and beyond.
    NewJersey,
    /// Westchester, upstate and Connecticut.
    North,
    /// Farther.
    Far,
}

/// Flows between places, workers of 2000; none within a borough.
pub struct Commuters {
    /// By borough of residence: where to, how many.
    pub flows: [Vec<(Destination, u64)>; BOROUGH_COUNT],
}

impl Commuters {
    /// The built-in table.
    pub fn builtin() -> Self {
        let mut flows: [Vec<(Destination, u64)>; BOROUGH_COUNT] = Default::default();
        for flow in builtin::flows() {
            let borough = |county: u32| BOROUGHS.iter().position(|&(_, known)| known == county);
            let home = borough(flow.home).expect("commuters.csv: homes are in the five counties");
            let to = match flow.work.as_str() {
                "long-island" => Destination::LongIsland,
                "new-jersey" => Destination::NewJersey,
                "north" => Destination::North,
                "far" => Destination::Far,
                county => {
                    let county = county.parse().ok().and_then(borough);
                    Destination::Borough(county.expect("commuters.csv: works are counties or directions"))
                }
            };
            flows[home].push((to, flow.workers));
        }
        Self { flows }
    }

    /// Workers from one borough to another.
    pub fn between(&self, home: usize, work: usize) -> u64 {
        let to = self.flows[home].iter().find(|(to, _)| *to == Destination::Borough(work));
        to.map_or(0, |&(_, workers)| workers)
    }
}
