//! Spaces: where agents stand, and who is near whom.
//!
//! In the parallel ones an agent writes its own row and reads what others *published* at the exchange before: their
//! rows as they were, in its own zone and beyond the border alike. So every step is synchronous, zones run side by
//! side, and how the space was cut into zones does not show. In the sequential ones agents take turns in random order
//! and see at once what others did, as classic models want it: such a space is one zone.
//!
//! | file | in one line |
//! |---|---|
//! | `grid` | squares of a plane: neighbourhoods, random squares |
//! | `continuous` | a box of 1 to 3 dimensions, cut into cells and zones |
//! | `network` | who is linked to whom: given, or drawn |
//! | `publish` | what the engine asks of a space; sheets, on which zones show themselves |
//! | `fixed` | agents that stay where they are: what `lattice`, `links` and `patches` have in common |
//! | `field` | [`Field`]: agents that move in a continuous space, in parallel |
//! | `near` | [`Near`]: who is within the radius |
//! | `lattice` | [`Lattice`]: an agent on each square of a grid, in parallel |
//! | `links` | [`Links`]: an agent at each node of a network, in parallel |
//! | `board` | [`Board`]: agents that move on a grid, are born and die, one after the other |
//! | `table` | who is on it and where, while a system runs |
//! | `fronts` | the rows of those who stand first on its squares |
//! | `patches` | [`Patches`]: the squares below them |

mod board;
mod continuous;
mod field;
mod fixed;
mod fronts;
mod grid;
mod lattice;
mod links;
mod near;
mod network;
mod patches;
mod publish;
mod table;

pub use board::{Board, BoardRun, Placed, Who};
pub use continuous::{Continuous, Located};
pub use field::Field;
pub use grid::{Grid, Spot};
pub use lattice::{Around, Lattice};
pub use links::{Links, Peers};
pub use near::Near;
pub use network::Network;
pub use patches::{Patches, PatchesRun};

// What the macros name.
#[doc(hidden)]
pub use bytemuck::{Pod, Zeroable};

pub(crate) use publish::SpaceOf;
