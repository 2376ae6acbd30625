//! Classic models, each in one short file: to be run by name, to be measured against, to begin one's own with.
//!
//! | file | model | where | who acts |
//! |---|---|---|---|
//! | `wealth` | wealth exchange | nowhere | all at once, by messages |
//! | `schelling` | segregation | a grid | one after the other |
//! | `flocking` | birds | a periodic plane | all at once |
//! | `circles` | points that push each other | a box of three dimensions | all at once |
//! | `wolf_sheep` | wolves, sheep and grass | a grid | one after the other |
//! | `sir` | an epidemic | nowhere | whoever is due, by messages |
//! | `forest_fire` | fires in a forest | a torus of squares | all at once |
//! | `sugarscape` | people on hills of sugar | a torus of squares | one after the other |
//! | `life` | the game of life | a torus of squares | all at once |
//! | `pphpc` | predators and prey | a torus of squares | one after the other |

pub mod circles;
pub mod flocking;
pub mod forest_fire;
pub mod life;
pub mod pphpc;
pub mod schelling;
pub mod sir;
pub mod sugarscape;
pub mod wealth;
pub mod wolf_sheep;

pub use circles::Circles;
pub use flocking::Flocking;
pub use forest_fire::ForestFire;
pub use life::Life;
pub use pphpc::Pphpc;
pub use schelling::Schelling;
pub use sir::Sir;
pub use sugarscape::Sugarscape;
pub use wealth::Wealth;
pub use wolf_sheep::WolfSheep;
