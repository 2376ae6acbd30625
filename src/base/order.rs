//! Order: prefix sums, counting sort, sorting by index.

/// Replaces each count by the sum of those before it, and returns the sum of all. Panics if that exceeds 2^32 - 1.
pub fn prefix_sums(counts: &mut [u32]) -> u32 {
    let mut sum = 0_u32;
    for count in counts {
        let next = sum.checked_add(*count).expect("the counts sum to less than 2^32");
        *count = sum;
        sum = next;
    }
    sum
}

/// Items in groups: the items of group `k` are `items[starts[k]..starts[k + 1]]`, in the order in which they came.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Groups {
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Groups {
    /// The numbers `0..keys.len()` grouped by their keys: a stable counting sort, in time `O(keys.len() +
    /// group_count)`. Panics if a key is `group_count` or more, or there are 2^32 keys.
    pub fn by_key(group_count: usize, keys: &[u32]) -> Self {
        let mut groups = Self::default();
        groups.regroup(group_count, keys);
        groups
    }

    /// [`Groups::by_key`] in the memory that these groups already hold.
    pub fn regroup(&mut self, group_count: usize, keys: &[u32]) {
        let Self { starts, items } = self;
        starts.clear();
        // Shifted by one: while items are placed, `starts[k + 1]` is where the next item of group k goes, and once all
        // are placed it is where group k ends. So no second array is needed.
        starts.resize(group_count + 1, 0);
        for &key in keys {
            assert!((key as usize) < group_count, "key {key} of {group_count} groups");
            starts[key as usize + 1] += 1;
        }
        prefix_sums(&mut starts[1..]);
        items.clear();
        items.resize(keys.len(), 0);
        for (item, &key) in keys.iter().enumerate() {
            let place = &mut starts[key as usize + 1];
            items[*place as usize] = item as u32;
            *place += 1;
        }
    }

    /// The number of groups.
    pub fn group_count(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The items of a group. Panics if there is no such group.
    #[inline]
    pub fn group(&self, key: usize) -> &[u32] {
        &self.items[self.starts[key] as usize..self.starts[key + 1] as usize]
    }

    /// All items, group by group.
    pub fn items(&self) -> &[u32] {
        &self.items
    }

    /// Where each group starts in [`Groups::items`], and where the last one ends.
    pub fn starts(&self) -> &[u32] {
        &self.starts
    }

    /// The groups in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.starts.windows(2).map(|ends| &self.items[ends[0] as usize..ends[1] as usize])
    }
}

/// The order in which keys below `key_count` stand sorted: a stable counting sort. Panics as [`Groups::by_key`] does.
pub fn counting_argsort(key_count: usize, keys: &[u32]) -> Vec<u32> {
    Groups::by_key(key_count, keys).items
}

/// The order in which the values stand sorted: `values[order[0]]` is the least. Equal values keep their order.
pub fn argsort<T: Ord>(values: &[T]) -> Vec<u32> {
    argsort_by_key(values.len(), |index| &values[index])
}

/// The order in which the numbers `0..count` stand sorted by a key of each. Equal keys keep their order.
pub fn argsort_by_key<K: Ord>(count: usize, key: impl Fn(usize) -> K) -> Vec<u32> {
    let mut order: Vec<u32> = (0..u32::try_from(count).expect("fewer than 2^32 values")).collect();
    // Ties are broken by the number itself, so the faster sort that is not stable gives the stable order.
    order.sort_unstable_by(|&a, &b| key(a as usize).cmp(&key(b as usize)).then(a.cmp(&b)));
    order
}

/// The values in that order: `order` as [`argsort`] gives it. Panics if an index is out of range.
pub fn gather<T: Copy>(values: &[T], order: &[u32]) -> Vec<T> {
    order.iter().map(|&index| values[index as usize]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{AgentId, Seed, Stream, Tick};

    #[test]
    fn prefix_sums_leave_the_first_out() {
        let mut counts = [3, 0, 4, 1];
        assert_eq!(prefix_sums(&mut counts), 8);
        assert_eq!(counts, [0, 3, 3, 7]);
        assert_eq!(prefix_sums(&mut []), 0);
    }

    #[test]
    #[should_panic(expected = "less than 2^32")]
    fn prefix_sums_do_not_wrap() {
        prefix_sums(&mut [u32::MAX, 1]);
    }

    #[test]
    fn groups_hold_their_items_in_order() {
        let groups = Groups::by_key(4, &[2, 0, 2, 3, 0]);
        assert_eq!(groups.iter().collect::<Vec<_>>(), [&[1, 4][..], &[], &[0, 2], &[3]]);
        assert_eq!((groups.group_count(), groups.group(2), groups.starts()), (4, &[0, 2][..], &[0, 2, 2, 4, 5][..]));
        assert_eq!(Groups::by_key(0, &[]).group_count(), 0);
        assert_eq!(Groups::by_key(2, &[]).group(1), [0_u32; 0]);
        assert_eq!(Groups::default().iter().count(), 0);
    }

    #[test]
    fn memory_is_used_again_without_a_trace() {
        let mut groups = Groups::by_key(9, &[8; 100]);
        groups.regroup(3, &[1, 0, 1]);
        assert_eq!(groups, Groups::by_key(3, &[1, 0, 1]));
    }

    #[test]
    #[should_panic(expected = "key 4 of 4 groups")]
    fn a_key_out_of_range_is_refused() {
        Groups::by_key(4, &[4]);
    }

    #[test]
    fn all_sorts_agree_with_the_stable_one() {
        for case in 0..200 {
            let mut draws = Seed(1).draws(Stream::named("order"), AgentId(case), Tick(0));
            let key_count = 1 + draws.below(50);
            let keys: Vec<u32> = (0..draws.below(300)).map(|_| draws.below(key_count)).collect();
            let mut expected: Vec<u32> = (0..keys.len() as u32).collect();
            expected.sort_by_key(|&index| keys[index as usize]);
            assert_eq!(counting_argsort(key_count as usize, &keys), expected);
            assert_eq!(argsort(&keys), expected);
            let sorted = gather(&keys, &expected);
            assert!(sorted.is_sorted() && sorted.len() == keys.len());
        }
        assert_eq!(argsort_by_key(3, std::cmp::Reverse), [2, 1, 0]);
    }
}
