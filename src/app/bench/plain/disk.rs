//! Bytes written to a file and made durable.

use std::path::Path;

use crate::app::bench::measure::Sample;
use crate::exec::Elapsed;
use crate::store::{AlignedVec, Backend, Fs};

/// Bytes of a resident in a checkpoint, about.
pub const BYTES_AN_AGENT: u64 = 165;
/// Bytes that are written at once.
const AT_ONCE: usize = 1 << 20;

/// Writes so many bytes to a file of the folder, past the page cache if the file system can; counts gigabytes.
pub fn write(folder: &Path, bytes: u64) -> Sample {
    let mut pages = AlignedVec::<4_096>::new();
    pages.resize(AT_ONCE, 0x5a);
    Fs.create_folder(folder).expect("there is room for a folder");
    let file = Fs.create_paged(&folder.join("bytes")).expect("there is room for a file");
    let started = Elapsed::start();
    let mut written = 0;
    while written < bytes {
        file.write_at(written, &pages).expect("there is room on the disk");
        written += AT_ONCE as u64;
    }
    file.sync().expect("what was written can be made durable");
    Sample { count: written as f64 / 1e9, seconds: started.seconds(), ..Sample::default() }
}
