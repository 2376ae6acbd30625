//! Which shard owns which zone: dealt by cost, so that every shard has about the same.

use crate::base::ZoneId;

/// The deal. It decides who computes what, and nothing else.
pub(crate) struct Placement {
    /// For each zone: its shard, and its place among the shard's zones.
    seat: Vec<(u32, u32)>,
    /// For each shard: its zones.
    pub hands: Vec<Vec<ZoneId>>,
}

impl Placement {
    /// Deals zones of the given costs to `shards` shards: the dearest first, each to the shard that has least (longest
    /// processing time first: at most 4/3 of the best deal). `shuffle` other than 0 deals in another order: tests use
    /// it to show that the deal does not matter.
    pub(crate) fn deal(costs: &[u64], shards: usize, shuffle: u64) -> Self {
        let mut order: Vec<usize> = (0..costs.len()).collect();
        if shuffle == 0 {
            order.sort_by_key(|&zone| (std::cmp::Reverse(costs[zone]), zone));
        } else {
            order.sort_by_key(|&zone| crate::base::mix(zone as u64 ^ shuffle << 32));
        }
        let mut hands = vec![Vec::new(); shards];
        let mut loads: Vec<u64> = vec![0; shards];
        for zone in order {
            let shard = (0..shards).min_by_key(|&shard| loads[shard]).expect("at least one shard");
            // An empty zone still costs a look in every interval.
            loads[shard] += costs[zone] + 1;
            hands[shard].push(ZoneId(zone as u32));
        }
        let mut seat = vec![(0, 0); costs.len()];
        for (shard, hand) in hands.iter_mut().enumerate() {
            hand.sort_unstable();
            for (place, zone) in hand.iter().enumerate() {
                seat[zone.index()] = (shard as u32, place as u32);
            }
        }
        Self { seat, hands }
    }

    #[inline]
    pub(crate) fn shard(&self, zone: ZoneId) -> usize {
        self.seat[zone.index()].0 as usize
    }

    /// The zone's place among its shard's zones.
    #[inline]
    pub(crate) fn place(&self, zone: ZoneId) -> usize {
        self.seat[zone.index()].1 as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deals_every_zone_once_and_evenly() {
        let costs: Vec<u64> = (0..2_217).map(|zone| 3_000 + (zone * 7_919 % 5_000)).collect();
        for shuffle in [0, 1] {
            let placement = Placement::deal(&costs, 24, shuffle);
            let mut seen: Vec<ZoneId> = placement.hands.concat();
            seen.sort_unstable();
            assert_eq!(seen, (0..2_217).map(ZoneId).collect::<Vec<_>>());
            for (shard, hand) in placement.hands.iter().enumerate() {
                for (place, &zone) in hand.iter().enumerate() {
                    assert_eq!((placement.shard(zone), placement.place(zone)), (shard, place));
                }
            }
            let loads: Vec<u64> =
                placement.hands.iter().map(|hand| hand.iter().map(|zone| costs[zone.index()]).sum()).collect();
            let (least, most) = (loads.iter().min().unwrap(), loads.iter().max().unwrap());
            assert!(*most as f64 / (*least as f64) < 1.03, "{least}..{most}");
        }
    }

    #[test]
    fn more_shards_than_zones_leaves_some_empty_handed() {
        let placement = Placement::deal(&[5, 5], 64, 0);
        assert_eq!(placement.hands.iter().filter(|hand| !hand.is_empty()).count(), 2);
    }
}
