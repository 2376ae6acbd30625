//! Which files of earlier checkpoints are worth keeping for what is still needed of them.

use std::collections::{BTreeMap, BTreeSet};

use super::manifest::Entry;
use super::segment::PAGE;

/// The share of a file, one in so many parts, of which less being needed makes it worn.
const NEEDED_PARTS: u64 = 2;

/// Files that one checkpoint takes pieces from, at most: a reader has all of them open at once.
pub(super) const FILES_MAX: usize = 64;

/// Files of which less than half is needed by these entries, and if there are too many, those of which the least is
/// needed: what is needed of them is better written anew. `len` says how long a file is.
pub(super) fn worn(entries: &[Entry], len: impl Fn(u64) -> u64) -> BTreeSet<u64> {
    let mut needed: BTreeMap<u64, u64> = BTreeMap::new();
    for entry in entries {
        let bytes = needed.entry(entry.file).or_default();
        *bytes = bytes.saturating_add(entry.bytes.div_ceil(PAGE).saturating_mul(PAGE));
    }
    let is_worn = |&(file, bytes): &(u64, u64)| bytes.saturating_mul(NEEDED_PARTS) < len(file);
    let (worn, mut good): (Vec<_>, Vec<_>) = needed.into_iter().partition(is_worn);
    // Half of them at once, so that it is not one more with each checkpoint.
    let surplus = if good.len() < FILES_MAX { 0 } else { good.len() - FILES_MAX / 2 };
    good.sort_by_key(|&(file, bytes)| (bytes, file));
    worn.iter().chain(&good[..surplus]).map(|&(file, _)| file).collect()
}
