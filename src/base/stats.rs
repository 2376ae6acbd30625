//! Statistics of a slice, and a histogram of whole numbers such as nanoseconds.

/// The arithmetic mean; 0 of nothing.
pub fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / values.len() as f64 }
}

/// The standard deviation of a sample (divisor n - 1); 0 of fewer than two values.
pub fn standard_deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let mean = mean(values);
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (squares / (values.len() - 1) as f64).sqrt()
}

/// The `q` quantile, `q` from 0 to 1, by linear interpolation between the two nearest values (type 7 of Hyndman and
/// Fan, "Sample Quantiles in Statistical Packages", 1996; the default of R and NumPy). 0 of nothing. Sorts a copy.
pub fn quantile(values: &[f64], q: f64) -> f64 {
    quantile_sorted(&sorted(values), q)
}

/// [`quantile`] of values that are sorted already.
pub fn quantile_sorted(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return 0.0;
    };
    let place = q.clamp(0.0, 1.0) * last as f64;
    let below = place as usize;
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    low + (high - low) * (place - below as f64)
}

/// The Gini coefficient of values that are 0 or more: 0 if all are equal, near 1 if one has everything. 0 of nothing
/// and where the sum is 0. Sorts a copy.
///
/// `G = sum((2 i - n - 1) x_i) / (n sum(x_i))` over the sorted values, i from 1.
pub fn gini(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let sum: f64 = values.iter().sum();
    if sum <= 0.0 {
        return 0.0;
    }
    let weighted = |(index, value): (usize, f64)| (2.0 * index as f64 + 1.0 - count) * value;
    sorted(values).into_iter().enumerate().map(weighted).sum::<f64>() / (count * sum)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    // A total order, so that a NaN goes to an end and never changes with the order of the others.
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// Bits of a value below its leading one that choose its bucket: buckets are at most 1/32 of their values wide.
const SUB_BITS: u32 = 5;
const SUB_COUNT: usize = 1 << SUB_BITS;
const BUCKET_COUNT: usize = (64 - SUB_BITS as usize + 1) * SUB_COUNT;

/// A histogram of whole numbers, such as nanoseconds: count, sum, least and greatest are exact, quantiles are at most
/// 1/32 too high. Buckets grow with the value (the layout of HdrHistogram), 15 KiB in all. Merging is exact and in any
/// order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Histogram {
    buckets: Box<[u64; BUCKET_COUNT]>,
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl Histogram {
    /// An empty histogram.
    pub fn new() -> Self {
        Self { buckets: Box::new([0; BUCKET_COUNT]), count: 0, sum: 0, min: u64::MAX, max: 0 }
    }

    /// Counts a value.
    #[inline]
    pub fn record(&mut self, value: u64) {
        self.buckets[bucket_of(value)] += 1;
        self.count += 1;
        self.sum += value as u128;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
    }

    /// Counts all values of another histogram.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in self.buckets.iter_mut().zip(other.buckets.iter()) {
            *bucket += count;
        }
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// How many values were counted.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The sum of all values.
    pub const fn sum(&self) -> u128 {
        self.sum
    }

    /// The arithmetic mean; 0 of nothing.
    pub const fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum as f64 / self.count as f64 }
    }

    /// The least value; 0 of nothing.
    pub const fn min(&self) -> u64 {
        if self.count == 0 { 0 } else { self.min }
    }

    /// The greatest value; 0 of nothing.
    pub const fn max(&self) -> u64 {
        self.max
    }

    /// A value that `percent` of all values do not exceed: the end of its bucket, and never above the greatest value. 0
    /// of nothing.
    pub fn percentile(&self, percent: f64) -> u64 {
        let rank = ((percent / 100.0 * self.count as f64).ceil() as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        for (bucket, &count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return end_of(bucket).min(self.max);
            }
        }
        self.max
    }

    /// The median.
    pub fn p50(&self) -> u64 {
        self.percentile(50.0)
    }

    /// The value that 99 of 100 do not exceed.
    pub fn p99(&self) -> u64 {
        self.percentile(99.0)
    }
}

/// Values below 64 have a bucket each; above, 32 buckets to each doubling.
#[inline]
const fn bucket_of(value: u64) -> usize {
    let shift = (64 - (value | 1).leading_zeros()).saturating_sub(SUB_BITS + 1);
    shift as usize * SUB_COUNT + (value >> shift) as usize
}

/// The greatest value of a bucket.
const fn end_of(bucket: usize) -> u64 {
    let shift = (bucket / SUB_COUNT).saturating_sub(1) as u32;
    let first = (bucket - shift as usize * SUB_COUNT) as u64;
    // Not as the next bucket's first value less 1: for the last bucket that value is 2^64, which does not fit.
    (first << shift) | ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{AgentId, Seed, Stream, Tick};

    #[test]
    fn means_and_deviations() {
        assert_eq!((mean(&[]), mean(&[1.0, 2.0, 6.0])), (0.0, 3.0));
        assert_eq!((standard_deviation(&[4.0]), standard_deviation(&[2.0, 4.0, 6.0])), (0.0, 2.0));
    }

    /// Values of R: `quantile(c(15, 20, 35, 40, 50), ...)` and `quantile(1:10, ...)`.
    #[test]
    fn quantiles_are_those_of_r() {
        let values = [40.0, 15.0, 50.0, 20.0, 35.0];
        let close = |q, expected: f64| assert!((quantile(&values, q) - expected).abs() < 1e-9, "{q}");
        close(0.0, 15.0);
        close(0.05, 16.0);
        close(0.4, 29.0);
        close(0.5, 35.0);
        close(0.99, 49.6);
        close(1.0, 50.0);
        let ten: Vec<f64> = (1..=10).map(f64::from).collect();
        assert!((quantile(&ten, 0.25) - 3.25).abs() < 1e-12);
        assert_eq!((quantile(&[], 0.5), quantile(&[7.0], 0.9)), (0.0, 7.0));
    }

    #[test]
    fn gini_of_known_societies() {
        assert_eq!((gini(&[]), gini(&[0.0; 4]), gini(&[5.0; 8])), (0.0, 0.0, 0.0));
        assert!((gini(&[0.0, 0.0, 0.0, 8.0]) - 0.75).abs() < 1e-12);
        assert!((gini(&[3.0, 1.0, 2.0, 4.0]) - 0.25).abs() < 1e-12);
        // By definition: half the relative mean absolute difference.
        let values: Vec<f64> = (0..100).map(|i| (i * i % 37) as f64).collect();
        let differences: f64 = values.iter().flat_map(|a| values.iter().map(move |b| (a - b).abs())).sum();
        let expected = differences / (2.0 * 100.0 * values.iter().sum::<f64>());
        assert!((gini(&values) - expected).abs() < 1e-12);
    }

    #[test]
    fn buckets_cover_all_values_once_and_in_order() {
        let mut next = 0;
        for bucket in 0..BUCKET_COUNT {
            let end = end_of(bucket);
            assert_eq!((bucket_of(next), bucket_of(end)), (bucket, bucket), "{bucket}");
            assert!(end - next <= next / SUB_COUNT as u64, "{next}..={end}");
            next = end.wrapping_add(1);
        }
        assert_eq!(next, 0, "the last bucket ends at 2^64 - 1");
    }

    #[test]
    fn percentiles_are_near_those_of_the_sorted_values() {
        let mut draws = Seed(2).draws(Stream::named("histogram"), AgentId(0), Tick(0));
        let mut values: Vec<u64> = (0..10_000).map(|_| draws.u64() >> draws.below(60)).collect();
        let (mut whole, mut left, mut right) = (Histogram::new(), Histogram::new(), Histogram::new());
        for (index, &value) in values.iter().enumerate() {
            whole.record(value);
            if index % 3 == 0 { left.record(value) } else { right.record(value) }
        }
        left.merge(&right);
        assert_eq!(left, whole);
        values.sort_unstable();
        for percent in [1.0, 10.0, 50.0, 90.0, 99.0, 99.9, 100.0] {
            let exact = values[(percent / 100.0 * 10_000.0_f64).ceil() as usize - 1];
            let near = whole.percentile(percent);
            assert!(near >= exact && near - exact <= exact / 32, "{percent}: {near} {exact}");
        }
        assert_eq!((whole.count(), whole.min(), whole.max()), (10_000, values[0], values[9_999]));
        assert_eq!(whole.sum(), values.iter().map(|&value| value as u128).sum::<u128>());
    }

    #[test]
    fn a_histogram_of_nothing_and_of_one() {
        let mut histogram = Histogram::default();
        assert_eq!((histogram.p50(), histogram.p99(), histogram.min(), histogram.max()), (0, 0, 0, 0));
        assert_eq!(histogram.mean(), 0.0);
        histogram.record(1_000_003);
        assert_eq!((histogram.p50(), histogram.p99(), histogram.min()), (1_000_003, 1_000_003, 1_000_003));
        assert_eq!(histogram.mean(), 1_000_003.0);
    }
}
