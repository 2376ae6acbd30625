//! Households of a zone: sizes that add up, grown-ups at their heads, children with them, as many of each sex as
//! counted.

use crate::base::{AgentId, Draws, Permutation, Seed, Stream, Tick};
use crate::scenarios::city::inputs::{AGE_BANDS, Tract};

const AGES: Stream = Stream::named("city/ages");
const COUPLES: Stream = Stream::named("city/couples");
const SEXES: Stream = Stream::named("city/sexes");

/// The largest household that is made.
const LARGEST: u32 = 10;

/// A resident of a household.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Member {
    /// Years.
    pub age: u8,
    /// 0 male, 1 female.
    pub sex: u8,
    /// Place in the household, 0 its head.
    pub nth: u8,
    /// Residents of the household; 1 for those in group quarters.
    pub household_size: u8,
    /// Whether the resident lives in group quarters.
    pub in_group: bool,
}

/// Sizes of the households of a zone, for so many residents in them, of whom so many are grown up.
fn sizes(counts: &[u32; 7], residents: u32, grown_ups: u32) -> Vec<u32> {
    let mut sizes: Vec<u32> = Vec::new();
    for (count, size) in counts.iter().zip(1..) {
        sizes.extend(std::iter::repeat_n(size, *count as usize));
    }
    // The head of a household is grown up, and nobody's household is empty.
    let wanted = sizes.len().clamp(usize::from(residents > 0), residents.min(grown_ups) as usize);
    sizes.resize(wanted, 1);
    sizes.sort_unstable();
    let mut total: u32 = sizes.iter().sum();
    // Too few rooms: the large ones grow first, which the counts leave open; then all, the largest first.
    for least in [7, 2, 1] {
        while total < residents {
            let mut grown = false;
            for size in sizes.iter_mut().rev().filter(|size| **size >= least && (least < 7 || **size < LARGEST)) {
                if total < residents {
                    *size += 1;
                    total += 1;
                    grown = true;
                }
            }
            if !grown {
                break;
            }
        }
    }
    while total > residents {
        for size in sizes.iter_mut().rev().filter(|size| **size > 1) {
            if total > residents {
                *size -= 1;
                total -= 1;
            }
        }
    }
    sizes
}

/// The residents of a zone in the order of their ids, household after household, those in group quarters last.
///
/// `couples` is the chance, in 65,536ths, that a household of two and more has a second grown-up near the first
/// one's age.
pub fn members(zone: u16, tract: &Tract, couples: u32, seed: Seed) -> Vec<Member> {
    let count = tract.residents;
    if count == 0 {
        return Vec::new();
    }
    let key = zone as u32;
    let mut draws = Chunked::new(seed, AGES, zone);
    let mut ages = |bands: std::ops::Range<usize>| {
        let mut ages = Vec::new();
        for band in bands {
            let (_, low, high) = AGE_BANDS[band];
            ages.extend((0..tract.ages[band]).map(|_| draws.next().between(low as i32, high as i32) as u8));
        }
        ages
    };
    let mut children = ages(0..2);
    let mut grown_ups = ages(2..8);
    shuffle(&mut grown_ups, seed, AGES, key);
    let in_groups = tract.in_groups.min(count);
    let mut sizes = sizes(&tract.households, count - in_groups, grown_ups.len() as u32);

    // Heads: the youngest grown-ups come last, so that few of 18 to 21 keep house alone.
    let mut pool: Vec<u8> = grown_ups.iter().copied().filter(|&age| age >= 22).collect();
    pool.extend(grown_ups.iter().copied().filter(|&age| age < 22));
    let mut others = pool.split_off(sizes.len());
    let mut heads = pool;
    // Large households around forty, small ones for the young and the old.
    heads.sort_by_key(|&age| (age.abs_diff(40), age));
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    // Grown-ups live in group quarters; children only where there are too few of those, as in a home for children.
    let mut groups = others.split_off(others.len().saturating_sub(in_groups as usize));
    groups.extend(children.split_off(children.len() + groups.len() - in_groups as usize));

    // Ages of residents, a household's rooms after the other's: a list for each would be two allocations for each.
    let mut households: Vec<Household> = Vec::with_capacity(heads.len());
    let mut ages = vec![0; sizes.iter().sum::<u32>() as usize];
    let mut first = 0;
    for (&head, &size) in heads.iter().zip(&sizes) {
        ages[first] = head;
        households.push(Household { first, size: size as usize, count: 1 });
        first += size as usize;
    }
    // Second grown-ups near the head's age: both in order of age.
    let mut paired: Vec<usize> = {
        let mut draws = Chunked::new(seed, COUPLES, zone);
        (0..heads.len()).filter(|&home| sizes[home] > 1 && draws.next().chance16(couples)).collect()
    };
    paired.truncate(others.len());
    let mut seconds = others.split_off(others.len() - paired.len());
    seconds.sort_unstable();
    paired.sort_by_key(|&home| heads[home]);
    for (home, age) in paired.into_iter().zip(seconds) {
        households[home].take_in(age, &mut ages);
    }
    // Children where there is room, a few to each; then whoever is left.
    let rest: Vec<u8> = children.into_iter().chain(others).collect();
    let mut rest = rest.into_iter();
    'fill: loop {
        let mut placed = false;
        for household in &mut households {
            if household.count < household.size {
                let Some(age) = rest.next() else { break 'fill };
                household.take_in(age, &mut ages);
                placed = true;
            }
        }
        if !placed {
            break;
        }
    }

    let mut members = Vec::with_capacity(count as usize);
    let mut sexes = Sexes { males: tract.males, females: count - tract.males, draws: Chunked::new(seed, SEXES, zone) };
    for household in &households {
        let mut head = 0;
        let ages = &ages[household.first..][..household.count];
        for (nth, &age) in ages.iter().enumerate() {
            let couple = nth == 1 && age >= 18 && age.abs_diff(ages[0]) < 15;
            let sex = sexes.next(couple.then_some(1 - head));
            if nth == 0 {
                head = sex;
            }
            let household_size = household.count as u8;
            members.push(Member { age, sex, nth: nth as u8, household_size, in_group: false });
        }
    }
    for age in groups.into_iter().chain(rest) {
        let sex = sexes.next(None);
        members.push(Member { age, sex, nth: 0, household_size: 1, in_group: true });
    }
    debug_assert_eq!(members.len() as u32, count);
    members
}

/// Where a household's residents are among all of the zone, who stand together.
struct Household {
    first: usize,
    size: usize,
    count: usize,
}

impl Household {
    fn take_in(&mut self, age: u8, ages: &mut [u8]) {
        debug_assert!(self.count < self.size);
        ages[self.first + self.count] = age;
        self.count += 1;
    }
}

fn shuffle(items: &mut [u8], seed: Seed, stream: Stream, key: u32) {
    let order = Permutation::keyed(items.len() as u64, seed, stream, key);
    let before = items.to_vec();
    for (index, item) in items.iter_mut().enumerate() {
        *item = before[order.apply(index as u64) as usize];
    }
}

/// Hands out sexes until each has its count.
struct Sexes {
    males: u32,
    females: u32,
    draws: Chunked,
}

impl Sexes {
    fn next(&mut self, wish: Option<u8>) -> u8 {
        let drawn = (self.draws.next().below(self.males + self.females) >= self.males) as u8;
        let sex = match wish {
            Some(0) if self.males > 0 => 0,
            Some(1) if self.females > 0 => 1,
            _ => drawn,
        };
        if sex == 0 {
            self.males -= 1;
        } else {
            self.females -= 1;
        }
        sex
    }
}

/// A zone's draws, without end: a stream holds 262,144 words, and a zone may have more residents.
struct Chunked {
    seed: Seed,
    stream: Stream,
    zone: u16,
    taken: u32,
    draws: Draws<4>,
}

impl Chunked {
    fn new(seed: Seed, stream: Stream, zone: u16) -> Self {
        Self { seed, stream, zone, taken: 0, draws: seed.draws_ahead(stream, AgentId(zone as u32), Tick(0)) }
    }
    /// For one word.
    fn next(&mut self) -> &mut Draws<4> {
        self.taken += 1;
        if self.taken.is_multiple_of(1 << 17) {
            let chunk = Tick((self.taken >> 17) as u64);
            self.draws = self.seed.draws_ahead(self.stream, AgentId(self.zone as u32), chunk);
        }
        &mut self.draws
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tract() -> Tract {
        Tract {
            residents: 3_545,
            males: 1_724,
            ages: [279, 814, 176, 368, 548, 476, 511, 373],
            households: [221, 233, 236, 220, 122, 55, 41],
            in_groups: 20,
            workers: 1_270,
        }
    }

    #[test]
    fn counts_come_out_exactly() {
        let tract = Tract { in_groups: 0, ..tract() };
        let least: u32 = tract.households.iter().zip(1..).map(|(&count, size)| count * size).sum();
        let tract = Tract { in_groups: 3_545 - least - 30, ..tract };
        let members = members(3, &tract, 40_000, Seed(1));
        assert_eq!(members.len(), 3_545);
        assert_eq!(members.iter().filter(|member| member.sex == 0).count(), 1_724);
        for ((_, low, high), count) in AGE_BANDS.into_iter().zip(tract.ages) {
            assert_eq!(members.iter().filter(|member| (low..=high).contains(&member.age)).count() as u32, count);
        }
        let mut found = [0; 7];
        for head in members.iter().filter(|member| member.nth == 0 && !member.in_group) {
            found[(head.household_size as usize).min(7) - 1] += 1;
        }
        assert_eq!(found, tract.households);
        assert_eq!(members.iter().filter(|member| member.in_group).count() as u32, tract.in_groups);
    }

    /// Such tracts exist: a jail on an island, a home for children.
    #[test]
    fn group_quarters_take_children_where_grown_ups_are_too_few() {
        let jail = Tract {
            residents: 12_780,
            males: 11_231,
            ages: [0, 481, 1_953, 3_047, 4_470, 2_224, 544, 61],
            households: [0; 7],
            in_groups: 12_780,
            workers: 0,
        };
        assert!(members(0, &jail, 40_000, Seed(1)).iter().all(|member| member.in_group && member.household_size == 1));
        let home = Tract {
            residents: 340,
            males: 200,
            ages: [9, 200, 20, 40, 40, 20, 10, 1],
            households: [14, 4, 2, 1, 2, 1, 0],
            in_groups: 292,
            workers: 60,
        };
        let members = members(1, &home, 40_000, Seed(1));
        let heads: Vec<_> = members.iter().filter(|member| member.nth == 0 && !member.in_group).collect();
        assert!(heads.iter().all(|head| head.age >= 18) && heads.len() == 24);
        let grouped = members.iter().filter(|member| member.in_group);
        assert_eq!(grouped.clone().count(), 292);
        assert_eq!(
            grouped.filter(|member| member.age >= 18).count(),
            131 - 24,
            "every grown-up who heads no household"
        );
    }

    #[test]
    fn households_have_grown_up_heads_and_stand_together() {
        for residents in [1, 2, 3, 7, 40, 3_545] {
            let mut tract = tract();
            if residents < 3_545 {
                tract =
                    Tract { residents, males: residents / 2, ages: [0; 8], households: [1; 7], in_groups: 0, ..tract };
                tract.ages[4] = residents.div_ceil(2);
                tract.ages[1] = residents / 2;
            }
            let members = members(9, &tract, 40_000, Seed(2));
            assert_eq!(members.len() as u32, tract.residents);
            let mut index = 0;
            while index < members.len() {
                let head = members[index];
                assert!(head.age >= 18 && head.nth == 0, "{head:?}");
                for (nth, member) in members[index..index + head.household_size as usize].iter().enumerate() {
                    assert_eq!((member.nth as usize, member.household_size), (nth, head.household_size));
                }
                index += head.household_size as usize;
            }
        }
        let all = members(3, &tract(), 40_000, Seed(1));
        let alone = all.iter().filter(|member| member.household_size == 1 && !member.in_group);
        assert!(alone.clone().all(|member| member.age >= 18) && alone.count() == 221);
    }
}
