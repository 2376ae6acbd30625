//! What the city is made from: the map, the census, commuters, weather, prices. Each has a built-in form, from
//! `assets/city`, and where a person may bring a file instead, errors that say what is wrong, where, and what is right.

mod atlas;
mod builtin;
mod census;
mod commuters;
mod file;
mod prices;
mod weather;

pub use atlas::{Atlas, BOROUGH_COUNT, BOROUGHS, Zone, metres, try_map};
pub use builtin::station_points as builtin_stations;
pub use census::{AGE_BANDS, Census, FULL_POPULATION, Tract, try_population};
pub use commuters::{Commuters, Destination};
pub use prices::Prices;
pub use weather::{WeatherSource, try_weather};
