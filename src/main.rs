//! The command `myriad`: the scenarios that come with the crate, under its command line.

use std::process::ExitCode;

/// Many threads allocate at once while a world is settled.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    myriad::app::main_with(myriad::scenarios::all())
}
