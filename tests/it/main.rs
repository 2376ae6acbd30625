//! All integration tests in one binary: each binary links the whole tree again.

mod law;
mod tidy;
#[allow(dead_code)] // the example's `main`
mod wealth;
