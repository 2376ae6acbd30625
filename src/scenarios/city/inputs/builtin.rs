//! The tables that come with the program. They are part of it, so an error in one is a bug.

use serde::de::DeserializeOwned;

pub const TRACT_SHAPES: &str = include_str!("../../../../assets/city/tracts.geojson");

/// A tract's district (0 outside the 59) and land area.
#[derive(serde::Deserialize)]
pub struct TractFacts {
    pub geoid: u64,
    pub district: u16,
    pub land_km2: f64,
}

/// Residents of a county in a district.
#[derive(serde::Deserialize)]
pub struct Cell {
    pub county: u32,
    pub district: u16,
    pub population: u64,
}

/// Workers from a county to another place.
#[derive(serde::Deserialize)]
pub struct Flow {
    pub home: u32,
    pub work: String,
    pub workers: u64,
}

/// A subway station.
#[derive(serde::Deserialize)]
pub struct Station {
    pub lon: f64,
    pub lat: f64,
}

/// Consumer prices in a month.
#[derive(serde::Deserialize)]
pub struct PriceIndex {
    pub year: i32,
    pub month: u8,
    pub index: f64,
}

/// What is normal in a month.
#[derive(serde::Deserialize)]
pub struct MonthNormals {
    pub low_c: f64,
    pub high_c: f64,
    pub rain_mm: f64,
    pub rain_days: f64,
}

macro_rules! tables {
    ($($name:ident: $row:ty = $file:literal;)*) => {$(
        pub fn $name() -> Vec<$row> {
            rows(include_str!(concat!("../../../../assets/city/", $file)), $file)
        }
    )*};
}
tables! {
    tracts: TractFacts = "tracts.csv";
    cells: Cell = "cells.csv";
    flows: Flow = "commuters.csv";
    stations: Station = "stations.csv";
    price_indices: PriceIndex = "cpi.csv";
    normals: MonthNormals = "weather_normals.csv";
}

/// The subway stations on the map.
pub fn station_points() -> Vec<crate::base::Metres> {
    stations().into_iter().map(|Station { lon, lat }| crate::base::LonLat { lon, lat }.to_metres()).collect()
}

fn rows<T: DeserializeOwned>(text: &str, file: &str) -> Vec<T> {
    let rows: Result<Vec<T>, _> = csv::Reader::from_reader(text.as_bytes()).into_deserialize().collect();
    rows.unwrap_or_else(|error| panic!("assets/city/{file}: {error}"))
}
