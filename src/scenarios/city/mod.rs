//! New York, 1999: residents with needs, moods, jobs, households and friends, in 2,217 census tracts.
//!
//! | room | what happens there |
//! |---|---|
//! | `world` | the scenario: what it declares to the engine, and its two systems |
//! | `inputs`, `founding` | before the first tick: map, census, weather, prices; then households, jobs, places |
//! | `kinds`, `rows` | the vocabularies, and the state: plain old data |
//! | `needs` | what changes by itself: needs and moods, in closed form |
//! | `scan` | which residents of a zone are due at a tick, many at a time: dense stepping's inner loop |
//! | `live`, `choice`, `plan`, `contacts` | what a resident does at a transition |
//! | `place` | what shops, schools, workplaces and the rest do: count, introduce, pay |
//! | `preset`, `rules` | every number, and its compiled form |
//! | `town` | what the behaviour asks of its surroundings |
//! | `legal` | which rows and notes there can be: a world that is brought back may come from anybody |
//! | `ledger`, `report`, `validate` | what is counted, told, and compared with the census and with surveys |
//!
//! The behaviour (`live`, `place`) is pure: it knows no engine. That is why a sequential engine of two pages can tell,
//! in the tests, whether the real one is right.

mod choice;
mod contacts;
mod founding;
mod inputs;
mod kinds;
mod ledger;
mod legal;
mod live;
mod needs;
mod place;
mod plan;
mod preset;
#[cfg(test)]
mod reference;
mod report;
mod rows;
mod rules;
mod scan;
mod settle;
mod town;
#[cfg(test)]
mod toy;
mod validate;
mod world;

pub use founding::NewYork;
#[doc(hidden)]
pub use inputs::{try_map, try_population, try_weather};
pub use kinds::{ACTIVITY_COUNT, Activity, Mode, NEED_COUNT, Need, NoteKind, PLACE_KIND_COUNT, PlaceKind, Role, Tally};
pub use preset::CityParams;
pub use rows::{Body, Contacts, Note, Person, Place};
pub use rules::Rules;
pub use scan::due;
pub use settle::Settler;
pub use town::{Effects, Env, Town, Weather};
pub use world::City;
