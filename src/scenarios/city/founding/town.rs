//! New York as the residents see it: the map, the places, the weather, prices.

use super::{Jobs, People, Places};
use crate::base::{AgentId, Calendar, Seed};
use crate::scenarios::city::inputs::{Atlas, BOROUGH_COUNT, Census, Prices, WeatherSource};
use crate::scenarios::city::{CityParams, PlaceKind, Rules, Town, Weather};
use crate::sim::RunError;

/// Days of weather and prices that are looked up beforehand: three years, and then the last day again.
const DAY_COUNT: u32 = 1_100;

/// The city before the first tick, and what stays as it is afterwards.
pub struct NewYork {
    /// The map.
    pub atlas: Atlas,
    /// The residents.
    pub people: People,
    /// The jobs.
    pub jobs: Jobs,
    /// The places.
    pub places: Places,
    /// The numbers of the behaviour.
    pub rules: Rules,
    /// The run's calendar.
    pub calendar: Calendar,
    /// The run's seed.
    pub seed: Seed,
    /// What was approximated.
    pub notes: Vec<String>,
    weather: Vec<Weather>,
    prices: Vec<u32>,
    banks: [AgentId; BOROUGH_COUNT],
}

impl NewYork {
    /// Founds the city for so many residents. `days` of weather have to be known.
    ///
    /// # Errors
    /// What is wrong with an input file, or with a parameter that no rule can be made of.
    pub fn found(
        params: &CityParams,
        residents: u64,
        calendar: Calendar,
        seed: Seed,
        (exchange_ticks, days): (u32, u32),
    ) -> Result<Self, RunError> {
        let rules = Rules::compile(params, &calendar, exchange_ticks).map_err(RunError::Input)?;
        let atlas = Atlas::open(params.text("map"))?;
        let mut census = Census::open(params.text("population"), &atlas, params)?;
        census.crowd(params.whole("density.district") as u16, params.number("density.factor"), &atlas);
        let source = WeatherSource::open(params.text("weather"))?;
        let known = if matches!(source, WeatherSource::Measured(_)) { days } else { DAY_COUNT };
        let weather = source.days(calendar.start(), known, seed)?;
        let table = Prices::builtin();
        let prices = (0..DAY_COUNT).map(|day| table.index(calendar.date_of_day(day))).collect();
        let mut notes: Vec<String> = census.note.iter().cloned().collect();
        if let WeatherSource::Normals(_) = source {
            notes.push("weather: made from monthly normals (--weather FILE takes measured days)".to_owned());
        }
        let people = People::new(census.scaled(residents, &atlas), params, seed);
        let jobs = Jobs::new(&atlas, &people.tracts, census.note.is_none(), params, seed);
        let places = Places::new(&atlas, &people, &jobs, params);
        let banks = std::array::from_fn(|borough| {
            let zones = (0..atlas.len() as u16).filter(|&zone| atlas.zones[zone as usize].borough as usize == borough);
            let bank = zones.into_iter().find(|&zone| places.of(zone, PlaceKind::Bank) > 0);
            bank.map_or(AgentId::NONE, |zone| places.nth(zone, PlaceKind::Bank, 0))
        });
        Ok(Self { atlas, people, jobs, places, rules, calendar, seed, notes, weather, prices, banks })
    }
}

impl NewYork {
    /// How many more than its residents a zone may hold at times: those who come to work beyond those who leave for it,
    /// and a few who come before others have left. An estimate, for memory.
    pub fn visitors(&self, zone: u16) -> usize {
        let zone = zone as usize;
        self.jobs.expected[zone].saturating_sub(self.jobs.workers[zone] as u64) as usize
    }
}

impl Town for NewYork {
    #[inline]
    fn distance_m(&self, from: u16, to: u16) -> u32 {
        self.atlas.distance_m(from, to)
    }
    #[inline]
    fn places(&self, zone: u16, kind: PlaceKind) -> u32 {
        self.places.of(zone, kind)
    }
    #[inline]
    fn place(&self, zone: u16, kind: PlaceKind, nth: u32) -> AgentId {
        self.places.nth(zone, kind, nth)
    }
    #[inline]
    fn nearby(&self, zone: u16, nth: u32) -> u16 {
        self.atlas.nearby(zone, nth)
    }
    #[inline]
    fn zone_of(&self, place: AgentId) -> u16 {
        self.places.facts(place).0
    }
    #[inline]
    fn kind_of(&self, place: AgentId) -> PlaceKind {
        self.places.facts(place).1
    }
    #[inline]
    fn bank(&self, zone: u16) -> AgentId {
        self.banks[self.atlas.zones[zone as usize].borough as usize]
    }
    #[inline]
    fn weather(&self, day: u32) -> Weather {
        self.weather[(day as usize).min(self.weather.len() - 1)]
    }
    #[inline]
    fn price_index(&self, day: u32) -> u32 {
        self.prices[(day as usize).min(self.prices.len() - 1)]
    }
}
