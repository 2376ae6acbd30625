//! Which files of earlier checkpoints are worth keeping for what is still needed of them.

use std::collections::{BTreeMap, BTreeSet};

use super::manifest::Entry;

/// The share of a file, one in so many parts, of which less being needed makes it worn.
const NEEDED_PARTS: u64 = 2;

/// Files of which less than half is needed by these entries: what is needed of them is better written anew. `len` says
/// how long a file is.
pub(super) fn worn(entries: &[Entry], len: impl Fn(u64) -> u64) -> BTreeSet<u64> {
    let mut needed: BTreeMap<u64, u64> = BTreeMap::new();
    for entry in entries {
        *needed.entry(entry.file).or_default() += entry.bytes.next_multiple_of(super::segment::PAGE);
    }
    needed.into_iter().filter(|&(file, bytes)| bytes * NEEDED_PARTS < len(file)).map(|(file, _)| file).collect()
}
