//! What people write or bring: a configuration file, a map, a population.

use myriad::app::try_config;
use myriad::scenarios::city::{try_map, try_population};
use myriad::sim::Entry;

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
    if let Ok(residents) = try_population(text(input), MAP, total) {
        assert!(residents == total || residents == 0, "{residents}");
    }
}

pub fn population_seeds() -> Vec<Vec<u8>> {
    let header = "geoid,pop,male,female,age_0_4,age_5_17,age_18_21,age_22_29,age_30_39,age_40_49,age_50_64,age_65_up,\
                  hh_1,hh_2,hh_3,hh_4,hh_5,hh_6,hh_7plus,employed_20_64\n";
    let rows = "36005000100,100,48,52,5,10,5,20,20,20,10,10,10,10,5,5,1,0,0,50\n\
                36061000100,9,4,5,1,0,0,2,2,2,1,1,1,1,2,0,0,0,0,5\n";
    let quoted = header.replace("geoid", "\"geoid\"") + " 36061000100 ,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0\n";
    let many = "36005000100,4294967295,4294967295,0,4294967295,0,0,0,0,0,0,0,0,2147483647,0,0,0,0,0,4294967295\n\
                36061000100,8,4,4,0,0,0,8,0,0,0,0,8,0,0,0,0,0,0,8\n";
    vec![format!("{header}{rows}").into_bytes(), quoted.into_bytes(), format!("{header}{many}").into_bytes()]
}
