//! Bytes written to a file and made durable, all at once or by and by, or read back.

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

/// Writes pieces of about so many bytes to a nameless file in the folder, and reads each back, all past the page cache;
/// counts gigabytes both ways.
pub fn there_and_back(folder: &Path, bytes: u64, pieces: u64) -> Sample {
    let len = (bytes as usize).next_multiple_of(4_096);
    let file = Fs.scratch(folder, PIECES * len as u64).expect("there is room on the disk");
    let mut pages = AlignedVec::<4_096>::new();
    pages.resize(len, 0x5a);
    // Far from where it was last written, and from where it is read.
    let place = |nth: u64| nth * 7 % PIECES * len as u64;
    (0..PIECES).for_each(|piece| file.write_at(place(piece), &pages).expect("there is room on the disk"));
    let started = Elapsed::start();
    for piece in 0..pieces {
        file.write_at(place(piece), &pages).expect("there is room on the disk");
        let read = file.view(place(piece + PIECES / 2), len).expect("the disk can be read");
        assert!(read.len() == len && read[len - 1] == 0x5a);
        file.done_with(place(piece + PIECES / 2), len);
    }
    Sample { count: (2 * pieces * len as u64) as f64 / 1e9, seconds: started.seconds(), ..Sample::default() }
}

/// Pieces that lie in the file at once.
const PIECES: u64 = 1_024;

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
