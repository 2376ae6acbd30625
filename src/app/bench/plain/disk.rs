//! Bytes written to a file and made durable, all at once or by and by.

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

/// Appends so many bytes in so many parts to a file of the folder that has room for them, each made durable before the
/// next; the seconds that takes.
pub fn append(folder: &Path, bytes: u64, parts: u64) -> f64 {
    let part = vec![0x5a; bytes.div_ceil(parts.max(1)) as usize];
    Fs.create_folder(folder).expect("there is room for a folder");
    let file = Fs.create(&folder.join("parts")).expect("there is room for a file");
    file.set_len(parts * part.len() as u64).expect("there is room on the disk");
    file.sync().expect("room can be made durable");
    let started = Elapsed::start();
    for nth in 0..parts {
        file.write_at(nth * part.len() as u64, &part).expect("there is room for it");
        file.sync().expect("what was written can be made durable");
    }
    started.seconds()
}
