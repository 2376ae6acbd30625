//! Who lives where: as the census counted in boroughs, and, with a population file, in each tract to the last
//! household.
//!
//! With `MYRIAD_DATA=FOLDER`, where the folder holds `tracts2000.csv` (the census of 2000 by tract, which does not come
//! with the crate), the whole city of 8,008,278 is founded and compared with it.

use std::collections::BTreeMap;

use myriad::prelude::*;
use myriad::scenarios::City;
use myriad::scenarios::city::{CityParams, NewYork};

use crate::command::done;
use crate::scratch::Scratch;

/// New York's counties.
pub const COUNTIES: [u32; 5] = [36_005, 36_047, 36_061, 36_081, 36_085];

const COUNTED: [(&str, u64); 5] = [
    ("Bronx", 1_332_650),
    ("Brooklyn", 2_465_326),
    ("Manhattan", 1_537_195),
    ("Queens", 2_229_379),
    ("Staten Island", 443_728),
];
const FULL_POPULATION: u64 = 8_008_278;
const TRACTS: usize = 2_217;

/// First and last years of the age bands, youngest first.
const BANDS: [(u8, u8); 8] = [(0, 4), (5, 17), (18, 21), (22, 29), (30, 39), (40, 49), (50, 64), (65, 120)];
const BAND_COLUMNS: [&str; 8] =
    ["age_0_4", "age_5_17", "age_18_21", "age_22_29", "age_30_39", "age_40_49", "age_50_64", "age_65_up"];
const HOUSEHOLD_COLUMNS: [&str; 7] = ["hh_1", "hh_2", "hh_3", "hh_4", "hh_5", "hh_6", "hh_7plus"];

/// A row of a population file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Tract {
    geoid: u64,
    residents: u32,
    males: u32,
    ages: [u32; 8],
    households: [u32; 7],
}

impl Tract {
    /// Residents without a household: those whom households of one to six, and of seven to eight and a half on average,
    /// leave over.
    fn in_groups(&self) -> u32 {
        let least: u32 = self.households.iter().zip(1..).map(|(count, size)| count * size).sum();
        (self.residents - least).saturating_sub(self.households[6] * 3 / 2)
    }
}

fn of_borough(geoid: u64) -> usize {
    [36_005, 36_047, 36_061, 36_081, 36_085].iter().position(|&county| county == geoid / 1_000_000).unwrap()
}

fn by_borough(tracts: &[Tract]) -> [u64; 5] {
    let mut sums = [0; 5];
    for tract in tracts {
        sums[of_borough(tract.geoid)] += tract.residents as u64;
    }
    sums
}

fn told_by_borough(report: &RunReport) -> [u64; 5] {
    COUNTED.map(|(name, _)| report.extra["population_by_borough"][name].as_u64().unwrap())
}

/// Counts for every tract of the map, of many shapes and sizes, some empty, which add up as a census does.
fn made_up() -> Vec<Tract> {
    let mut map = csv::Reader::from_path(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/city/tracts.csv")).unwrap();
    let geoids = map.records().map(|record| record.unwrap()[0].parse().unwrap());
    let tract = |(index, geoid): (usize, u64)| {
        let index = index as u32;
        if index.is_multiple_of(40) {
            return Tract { geoid, ..Tract::default() };
        }
        let households: [u32; 7] =
            std::array::from_fn(|size| (index / (size as u32 + 1) + size as u32) % (9 - size as u32));
        let homes: u32 = households.iter().sum();
        let housed: u32 = households.iter().zip(1..).map(|(count, size)| count * size).sum();
        // Somebody more in each large household, and grown-ups in no household.
        let residents = housed + households[6] + index % 11;
        let children = (residents - homes - index % 11) * (index % 3) / 3;
        let grown_ups = residents - children;
        let mut ages = [children / 3, children - children / 3, 0, 0, 0, 0, 0, 0];
        for nth in 0..grown_ups {
            ages[2 + ((nth * nth + index) % 6) as usize] += 1;
        }
        Tract { geoid, residents, males: residents * (40 + index % 20) / 100, ages, households }
    };
    geoids.enumerate().map(tract).collect()
}

fn csv_of(tracts: &[Tract]) -> String {
    let mut text =
        format!("geoid,pop,male,female,{},{},employed_20_64\n", BAND_COLUMNS.join(","), HOUSEHOLD_COLUMNS.join(","));
    for tract in tracts {
        let females = tract.residents - tract.males;
        let workers: u32 = tract.ages[3..7].iter().sum::<u32>() * 2 / 3;
        let counts = [tract.residents, tract.males, females].into_iter().chain(tract.ages).chain(tract.households);
        let counts: Vec<String> = counts.chain([workers]).map(|count| count.to_string()).collect();
        text.push_str(&format!("{},{}\n", tract.geoid, counts.join(",")));
    }
    text
}

fn read(path: &str) -> Vec<Tract> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    let header = reader.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|known| known == name).unwrap();
    let mut tracts: Vec<Tract> = reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            let count = |name: &str| -> u32 { record[column(name)].parse().unwrap() };
            Tract {
                geoid: record[column("geoid")].parse().unwrap(),
                residents: count("pop"),
                males: count("male"),
                ages: BAND_COLUMNS.map(count),
                households: HOUSEHOLD_COLUMNS.map(count),
            }
        })
        .collect();
    tracts.sort_by_key(|tract| tract.geoid);
    tracts
}

fn with_population(path: &str) -> CityParams {
    let mut params = CityParams::defaults();
    params.try_set("population", Value::Text(path.to_owned())).unwrap();
    params
}

/// Founds the city of a population file and counts the settlers of every zone: residents, sexes, age bands and
/// households are those of the file. Returns how many settlers there are.
fn found_exactly(path: &str) -> u64 {
    let tracts = read(path);
    assert_eq!(tracts.len(), TRACTS);
    let total: u64 = tracts.iter().map(|tract| tract.residents as u64).sum();
    let calendar = Calendar::new(DateTime::date(1999, 5, 4), 100);
    let city = NewYork::found(&with_population(path), total, calendar, Seed(1999), (100, 3)).unwrap();
    assert_eq!((city.people.count() as u64, city.atlas.len()), (total, TRACTS));
    let mut differ = BTreeMap::new();
    let mut settled = 0;
    for (zone, tract) in tracts.iter().enumerate() {
        assert_eq!(city.atlas.zones[zone].geoid, tract.geoid);
        let settlers = city.people.settlers(zone as u16, &city.atlas, &city.jobs, &city.places, &city.rules);
        settled += settlers.len() as u64;
        let first = city.people.first[zone];
        let mut found = Tract { geoid: tract.geoid, residents: settlers.len() as u32, ..Tract::default() };
        for (settler, id) in settlers.iter().zip(first..) {
            found.males += u32::from(settler.sex == 0);
            found.ages[BANDS.iter().position(|&(low, high)| (low..=high).contains(&settler.age)).unwrap()] += 1;
            let size = settler.household_size as u32;
            let household = settler.household.0..settler.household.0 + size;
            assert!(household.contains(&id), "{id} is not in its household, in {tract:?}: {settler:?}");
            if settler.household.0 == id {
                found.households[(size as usize).min(7) - 1] += 1;
            }
        }
        // Whoever lives in no household is settled alone.
        found.households[0] -= tract.in_groups().min(found.households[0]);
        if found != *tract {
            differ.insert(zone, (found, tract.clone()));
        }
    }
    assert!(differ.is_empty(), "{} tracts (found, counted): {:#?}", differ.len(), differ.iter().take(5));
    settled
}

#[test]
fn boroughs_keep_their_shares_at_any_size() {
    for agents in [30, 372, 5_000] {
        let report = Simulation::of::<City>(Params::defaults()).agents(agents).run(100).unwrap();
        let told = told_by_borough(&report);
        assert_eq!((report.agents, told.iter().sum::<u64>()), (agents, agents));
        for ((name, counted), told) in COUNTED.into_iter().zip(told) {
            let quota = counted as f64 * agents as f64 / FULL_POPULATION as f64;
            assert!((told as f64 - quota).abs() < 1.0, "{name}: {told} of {agents}, {quota:.1} would be its share");
        }
    }
}

#[test]
fn a_population_file_is_settled_to_the_last_household() {
    let scratch = Scratch::new("population");
    let tracts = made_up();
    let path = scratch.file("tracts.csv", csv_of(&tracts));
    assert_eq!(read(&path), tracts);
    let total = tracts.iter().map(|tract| tract.residents as u64).sum();
    assert_eq!(found_exactly(&path), total);

    let run = |agents: u64| Simulation::of::<City>(with_population(&path)).agents(agents).run(100).unwrap();
    let report = run(total);
    assert_eq!((report.agents, told_by_borough(&report)), (total, by_borough(&tracts)));
    let about_residents = report.notes.iter().any(|note| note.starts_with("residents:"));
    assert!(!about_residents, "nothing was approximated: {:?}", report.notes);
    for (told, counted) in told_by_borough(&run(1_000)).into_iter().zip(by_borough(&tracts)) {
        let quota = counted as f64 * 1_000.0 / total as f64;
        assert!((told as f64 - quota).abs() < 1.0, "{told}, {quota:.1} would be its share");
    }
}

#[test]
fn the_whole_city_is_as_the_census_counted_it() {
    let folder = std::env::var("MYRIAD_DATA").ok().filter(|folder| !folder.is_empty());
    let Some(path) = folder.map(|folder| format!("{folder}/tracts2000.csv")) else {
        println!("skipped: MYRIAD_DATA names no folder with tracts2000.csv");
        return;
    };
    assert_eq!(by_borough(&read(&path)), COUNTED.map(|(_, counted)| counted));
    assert_eq!(found_exactly(&path), FULL_POPULATION);
}

/// A city of one tract in each of these counties.
pub fn town(scratch: &Scratch, counties: &[u32]) -> String {
    let geoids: Vec<String> = counties.iter().map(|county| format!("{county}000100")).collect();
    let tract = |(nth, geoid): (usize, &String)| {
        let west = -73.98 + 0.01 * nth as f64;
        let (east, south, north) = (west + 0.01, 40.75, 40.76);
        let ring = format!("[{west},{south}],[{east},{south}],[{east},{north}],[{west},{north}],[{west},{south}]");
        format!(r#"{{"properties":{{"geoid":"{geoid}"}},"geometry":{{"type":"Polygon","coordinates":[[{ring}]]}}}}"#)
    };
    let tracts: Vec<String> = geoids.iter().enumerate().map(tract).collect();
    let map = scratch.file("map.geojson", format!(r#"{{"features":[{}]}}"#, tracts.join(",")));
    let columns = "geoid,pop,male,female,age_0_4,age_5_17,age_18_21,age_22_29,age_30_39,age_40_49,age_50_64,age_65_up,\
                   hh_1,hh_2,hh_3,hh_4,hh_5,hh_6,hh_7plus,employed_20_64";
    let row = |geoid| format!("{geoid},40,20,20,4,6,2,6,8,6,4,4,4,4,4,2,0,0,0,20");
    let rows: Vec<String> = geoids.iter().map(row).collect();
    let population = scratch.file("population.csv", format!("{columns}\n{}\n", rows.join("\n")));
    format!(
        "run city --map {map} --population {population} --agents 60 --start 1999-05-04T07:00 --workers 1 --shards 2 \
         --no-pin --json --progress none"
    )
}

/// Whoever would work in a borough that the map does not have works in their own; and where there are no jobs, some
/// are found.
#[test]
fn a_map_may_lack_boroughs_and_a_city_may_have_few_jobs() {
    for counties in [&COUNTIES[..1], &COUNTIES[4..], &COUNTIES[1..3]] {
        let scratch = Scratch::new("boroughs");
        for set in ["", "--set jobs.density.land=0 --set jobs.density.station=0"] {
            let said = done(&format!("{} --days 1 {set}", town(&scratch, counties))).object();
            assert_eq!((&said["agents"], &said["zones"]), (&60.into(), &counties.len().into()), "{counties:?} {set}");
            let working: f64 = said["activity_shares"]["work"].as_f64().unwrap_or_default();
            assert!(working > 0.02, "{counties:?} {set}: {}", said["activity_shares"]);
        }
    }
}
