//! What the engine asks of a space; and sheets, on which zones show themselves to each other.

use std::ops::Range;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::base::ZoneId;
use crate::sim::roll::Roll;
use crate::sim::rows::Rows;
use crate::sim::saving::Standing;

/// What the engine asks of the space in which agents of kind `K` stand.
pub(crate) trait SpaceOf<K: Rows>: Send + Sync {
    /// Shows a zone as it is after the exchange to those who look at it in the next interval.
    fn publish(&self, zone: ZoneId, roll: &mut Roll<K>);
    /// What is wrong with somebody who is said to stand in a zone.
    fn check(&self, standing: &Standing, rows: &K) -> Result<(), String>;
}

/// A sheet for each zone. The one zone writes it in the exchange, all read it in the interval: the barriers between
/// them are why nobody ever waits for a lock.
pub(crate) struct Sheets<S>(Vec<RwLock<S>>);

impl<S: Default> Sheets<S> {
    pub(crate) fn new(zones: usize) -> Self {
        Self((0..zones).map(|_| RwLock::default()).collect())
    }

    pub(crate) fn read(&self, zone: usize) -> RwLockReadGuard<'_, S> {
        self.0[zone].read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self, zone: ZoneId) -> RwLockWriteGuard<'_, S> {
        self.0[zone.index()].write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `count` things that follow each other, cut into zones as evenly as can be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    pub count: u32,
    pub zones: u32,
}

impl Cut {
    /// The first thing of a zone.
    pub(crate) fn first(self, zone: u32) -> u32 {
        (self.count as u64 * zone as u64).div_ceil(self.zones as u64) as u32
    }

    /// The things of a zone.
    pub(crate) fn range(self, zone: u32) -> Range<u32> {
        self.first(zone)..self.first(zone + 1)
    }

    /// The zone of a thing.
    #[inline]
    pub(crate) fn zone(self, thing: u32) -> u32 {
        (thing as u64 * self.zones as u64 / self.count.max(1) as u64) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_cut_is_in_one_zone() {
        for (count, zones) in [(1, 1), (7, 3), (3, 7), (100, 24), (4_096, 5), (24, 24), (1_000_003, 250)] {
            let cut = Cut { count, zones };
            assert_eq!((cut.first(0), cut.first(zones)), (0, count));
            for zone in 0..zones {
                let range = cut.range(zone);
                assert!(range.clone().all(|thing| cut.zone(thing) == zone), "{count} in {zones}: zone {zone}");
                assert!(range.len() as u32 <= count.div_ceil(zones));
            }
        }
    }
}
