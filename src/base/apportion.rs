//! Apportionment: whole shares of a whole total, in proportion to weights.

/// Splits `total` into whole shares in proportion to `weights`, by the largest remainder (Hamilton's method).
///
/// Each share is its exact quota rounded down, and what is left goes one by one to the largest remainders, ties to the
/// lowest index. The shares sum to `total` exactly, each differs from its quota by less than 1, and a weight of 0 gets
/// 0. Where all weights are 0 (or there are none) every share is 0, because there is no proportion to follow.
pub fn apportion(total: u64, weights: &[u64]) -> Vec<u64> {
    let sum: u128 = weights.iter().map(|&weight| weight as u128).sum();
    if sum == 0 {
        return vec![0; weights.len()];
    }
    // total and weight are below 2^64, so the product fits: quotas and remainders are exact.
    let mut shares = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for (index, &weight) in weights.iter().enumerate() {
        let product = total as u128 * weight as u128;
        shares.push((product / sum) as u64);
        remainders.push((product % sum, index));
    }
    let left = (total - shares.iter().sum::<u64>()) as usize;
    if left > 0 {
        // The remainders sum to `left * sum` and each is below `sum`: more than `left` of them are above 0, so that no
        // weight of 0 is reached.
        let largest_first = |a: &(u128, usize), b: &(u128, usize)| b.0.cmp(&a.0).then(a.1.cmp(&b.1));
        remainders.select_nth_unstable_by(left - 1, largest_first);
        for &(_, index) in &remainders[..left] {
            shares[index] += 1;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{AgentId, Seed, Stream, Tick};

    #[test]
    fn known_apportionments() {
        assert_eq!(apportion(10, &[1, 1, 1]), [4, 3, 3]);
        assert_eq!(apportion(5, &[3, 0, 1, 1]), [3, 0, 1, 1]);
        assert_eq!(apportion(1, &[1, 2, 2]), [0, 1, 0]);
        assert_eq!(apportion(0, &[5, 6]), [0, 0]);
        assert_eq!(apportion(7, &[0, 0]), [0, 0]);
        assert_eq!(apportion(7, &[]), [0_u64; 0]);
        assert_eq!(apportion(7, &[9]), [7]);
        // Hamilton's Alabama paradox: one more seat to share, and the third state loses one.
        assert_eq!(apportion(10, &[6, 6, 2]), [4, 4, 2]);
        assert_eq!(apportion(11, &[6, 6, 2]), [5, 5, 1]);
        // The 1999 estimates of New York's boroughs in thousands, on 372 agents.
        assert_eq!(apportion(372, &[1_332, 2_465, 1_537, 2_229, 444]).iter().sum::<u64>(), 372);
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        assert_eq!(apportion(u64::MAX, &[u64::MAX, u64::MAX]), [u64::MAX / 2 + 1, u64::MAX / 2]);
        let shares = apportion(u64::MAX, &[u64::MAX; 1_000]);
        assert_eq!(shares.iter().map(|&share| share as u128).sum::<u128>(), u64::MAX as u128);
    }

    #[test]
    fn shares_sum_to_the_total_and_stay_within_one_of_the_quota() {
        for case in 0..3_000 {
            let mut draws = Seed(5).draws(Stream::named("apportion"), AgentId(case), Tick(0));
            let total = draws.u64() >> draws.below(64);
            let shift = draws.below(64);
            let weights: Vec<u64> =
                (0..1 + draws.below(60)).map(|_| if draws.below(4) == 0 { 0 } else { draws.u64() >> shift }).collect();
            let shares = apportion(total, &weights);
            let sum: u128 = weights.iter().map(|&weight| weight as u128).sum();
            if sum == 0 {
                assert!(shares.iter().all(|&share| share == 0));
                continue;
            }
            assert_eq!(shares.iter().sum::<u64>(), total);
            for (&share, &weight) in shares.iter().zip(&weights) {
                let product = total as u128 * weight as u128;
                let (floor, exact) = ((product / sum) as u64, product.is_multiple_of(sum));
                assert!(share == floor || !exact && share == floor + 1, "{share} of {product}/{sum}");
            }
        }
    }

    #[test]
    fn equal_weights_favour_the_lowest_index() {
        let shares = apportion(1_003, &[7; 100]);
        assert!(shares[..3].iter().all(|&share| share == 11) && shares[3..].iter().all(|&share| share == 10));
    }
}
