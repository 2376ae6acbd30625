//! All integration tests in one binary: each binary links the whole tree again.

mod law;
mod wealth;
