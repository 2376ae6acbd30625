//! What people write or bring: a configuration file, a map, a population, the weather.

use myriad::app::try_config;
use myriad::scenarios::city::{try_map, try_population, try_weather};
use myriad::sim::Entry;

use crate::bytes::Bytes;
use crate::model::Walk;

fn text(input: &[u8]) -> &str {
    match std::str::from_utf8(input) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&input[..error.valid_up_to()]).expect("so far it is"),
    }
}

/// Whatever a configuration file says: settings, or an error that names a place.
pub fn config(input: &[u8]) {
    if let Err(error) = try_config(text(input), &[&Entry::<Walk>::NEW]) {
        assert!(!error.is_empty());
    }
}

pub fn config_seeds() -> Vec<Vec<u8>> {
    let seeds = [
        "agents = \"1M\"\nseed = 0x1F\ntime_scale = 1.5\nno-pin = true\nstart = 1999-05-04T00:00:00\n\n[walk]\nsteps = 3\n",
        "hours = 0.5\nsnapshot-every = \"wall:10m\"\nkeep = 3\nshards = 4\nworkers = 2\nstepping = \"dense\"\n",
        "[walk]\nhaste = 0.25\nname = \"x\"\nbrisk = true\n[walk.needs.hunger]\ndecay = 1e2\n",
    ];
    seeds.map(|seed| seed.as_bytes().to_vec()).to_vec()
}

/// Whatever a map says: zones, or an error.
pub fn map(input: &[u8]) {
    if let Ok(zones) = try_map(text(input)) {
        assert!(zones > 0);
    }
}

const MAP: &str = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"geoid":"36005000100"},"geometry":{"type":"Polygon","coordinates":[[[-73.89,40.8],[-73.87,40.79],[-73.86,40.8],[-73.89,40.8]]]}},{"type":"Feature","properties":{"geoid":"36061000100"},"geometry":{"type":"MultiPolygon","coordinates":[[[[-74,40.7],[-73.99,40.7],[-73.99,40.71]]],[[[-73.9,40.7],[-73.8,40.7],[-73.8,40.8]],[[-73.85,40.72],[-73.84,40.72],[-73.84,40.73]]]]}}]}"#;

pub fn map_seeds() -> Vec<Vec<u8>> {
    let one = r#"{"features":[{"properties":{"geoid":"36047000100"},"geometry":{"coordinates":[[[1e1,-4e1],[2,3],[4,5]]],"type":"Polygon"}}]}"#;
    vec![MAP.as_bytes().to_vec(), one.as_bytes().to_vec()]
}

/// Whatever a population says: as many residents as are asked for, or an error.
pub fn population(input: &[u8]) {
    let total = 1_000;
    let told = match input.split_first() {
        Some((&fix, counts)) if fix < 8 => counted(fix, &mut Bytes(counts)),
        _ => text(input).to_owned(),
    };
    if let Ok(residents) = try_population(&told, MAP, total) {
        assert!(residents == total || residents == 0, "{residents}");
    }
}

/// A population of counts that add up, as far as `fix` says: what does not gets no further than that.
fn counted(fix: u8, input: &mut Bytes<'_>) -> String {
    let mut told = POPULATION.to_owned();
    for tract in ["36005000100", "36061000100"] {
        let mut counts: [u32; 19] = std::array::from_fn(|_| match input.u8() % 4 {
            0 => input.u8() as u32,
            1 => input.u16() as u32,
            2 => u32::from_le_bytes(input.array()),
            _ => [0, 1, u32::MAX, 1 << 31][input.u8() as usize % 4],
        });
        let [residents, males, females, rest @ ..] = &mut counts;
        let (ages, rest) = rest.split_at_mut(8);
        if fix & 1 != 0 {
            *males = (*males).min(*residents);
            *females = *residents - *males;
        }
        if fix & 2 != 0 {
            let left = share_out(*residents, ages.iter_mut().map(|age| (age, 1)));
            ages[4] += left;
        }
        if fix & 4 != 0 {
            share_out(*residents, rest.iter_mut().take(7).zip(1..));
        }
        let counts: Vec<String> = counts.iter().map(u32::to_string).collect();
        told.push_str(&format!("{tract},{}\n", counts.join(",")));
    }
    told
}

/// Lowers counts so that they take no more than there is, each so much a piece; what is left.
fn share_out<'a>(all: u32, counts: impl Iterator<Item = (&'a mut u32, u32)>) -> u32 {
    counts.fold(all, |left, (count, each)| {
        *count = (*count).min(left / each);
        left - *count * each
    })
}

const POPULATION: &str = "geoid,pop,male,female,age_0_4,age_5_17,age_18_21,age_22_29,age_30_39,age_40_49,age_50_64,\
                          age_65_up,hh_1,hh_2,hh_3,hh_4,hh_5,hh_6,hh_7plus,employed_20_64\n";

pub fn population_seeds() -> Vec<Vec<u8>> {
    let rows = "36005000100,100,48,52,5,10,5,20,20,20,10,10,10,10,5,5,1,0,0,50\n\
                36061000100,9,4,5,1,0,0,2,2,2,1,1,1,1,2,0,0,0,0,5\n";
    let quoted = POPULATION.replace("geoid", "\"geoid\"") + " 36061000100 ,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n";
    let counts = [[7].as_slice(), &[0, 90, 0, 40].repeat(19)].concat();
    vec![format!("{POPULATION}{rows}").into_bytes(), quoted.into_bytes(), counts]
}

/// Whatever a weather file says: days that are all found again, or an error.
pub fn weather(input: &[u8]) {
    if let Err(error) = try_weather(text(input)) {
        assert!(!error.to_string().is_empty());
    }
}

pub fn weather_seeds() -> Vec<Vec<u8>> {
    let columns = "date,tmin_c,tmax_c,prcp_mm\n";
    let some = "1999-05-04,10.6,17.8,0\n1999-05-05,9,1.5e1,12.7\n2000-02-29,-59.9,59.9,1999\n";
    let other = "station,\"prcp_mm\",tmax_c,date,tmin_c\nNYC,0.3, 7 ,0001-01-01,-3\nNYC,0,7,9999-12-31,-3\n";
    vec![format!("{columns}{some}").into_bytes(), other.as_bytes().to_vec()]
}
