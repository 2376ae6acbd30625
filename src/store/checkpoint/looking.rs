//! Pieces read one by one, for those who look at checkpoints: what cannot be read is told, and the rest is read.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::finding::segment_path;
use super::manifest::Entry;
use super::segment::Segment;
use crate::store::{Access, Backend, PieceView, StoreError};

/// Threads that read at once, each one piece.
const READERS_MAX: usize = 8;

/// Pieces that cannot be read, and why.
#[derive(Debug)]
pub struct Fault {
    /// The error.
    pub error: StoreError,
    /// Places in the list of what was to be read.
    pub entries: Vec<usize>,
}

/// What is made of a piece: of its place in the list and what is in it; or what is wrong with that.
pub type Look<'a, T> = dyn Fn(usize, &PieceView<'_>) -> Result<T, String> + Sync + 'a;

/// Reads pieces that lie in a folder of checkpoints, checks each against its checksum and as an archive, and lets
/// `look` make something of it. Several are read at once, one file after the other, and none is kept.
pub fn visit<T: Send>(
    backend: &dyn Backend,
    folder: &Path,
    run: u128,
    entries: &[Entry],
    look: &Look<'_, T>,
) -> (Vec<Option<T>>, Vec<Fault>) {
    let mut files: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        files.entry(entry.file).or_default().push(index);
    }
    let mut seen: Vec<Option<T>> = entries.iter().map(|_| None).collect();
    let mut faults = Vec::new();
    for (file, mut indices) in files {
        let path = segment_path(folder, file);
        let segment = backend.open(&path, Access::Read).map_err(StoreError::io("open", &path));
        let segment = match segment.and_then(|file_open| Segment::open(file_open, &path, run, file)) {
            Ok(segment) => segment,
            Err(error) => {
                faults.push(Fault { error, entries: indices });
                continue;
            }
        };
        indices.sort_by_key(|&index| entries[index].offset);
        for (index, result) in visit_file(&segment, entries, &indices, look) {
            match result {
                Ok(made) => seen[index] = Some(made),
                Err(error) => faults.push(Fault { error, entries: vec![index] }),
            }
        }
    }
    (seen, faults)
}

/// Reads pieces of one file; in order of their places there.
fn visit_file<T: Send>(
    segment: &Segment,
    entries: &[Entry],
    indices: &[usize],
    look: &Look<'_, T>,
) -> Vec<(usize, Result<T, StoreError>)> {
    let next = AtomicUsize::new(0);
    let read = || {
        let mut made = Vec::new();
        while let Some(&index) = indices.get(next.fetch_add(1, Relaxed)) {
            let entry = &entries[index];
            let result = segment.read(entry).and_then(|archive| {
                let view = PieceView::of(&archive);
                view.and_then(|view| look(index, &view)).map_err(|why| segment.senseless(entry, why))
            });
            made.push((index, result));
        }
        made
    };
    let readers = std::thread::available_parallelism().map_or(1, NonZero::get).min(READERS_MAX).min(indices.len());
    let mut made = std::thread::scope(|scope| {
        let others: Vec<_> = (1..readers).map(|_| scope.spawn(read)).collect();
        let mut made = read();
        for other in others {
            made.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        made
    });
    made.sort_by_key(|(index, _)| entries[*index].offset);
    made
}
