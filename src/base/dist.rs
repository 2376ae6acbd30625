//! Distributions that take a fixed number of draws each.
//!
//! Fixed, so that one draw more or less for one agent never shifts what follows, and a draw can be found by its index.
//! That rules out rejection: each value is the inverse of a cumulative distribution at one uniform number. Roots are
//! exact and other functions come from `libm`, so the values are the same on every machine.

mod as241;

pub use as241::normal_quantile;

use crate::base::Draws;

/// Above this mean, counts are drawn from a corrected normal: the exact search takes as many steps as the mean, and its
/// first probability nears the least that an `f64` holds.
const EXACT_MEAN_MAX: f64 = 500.0;

/// A number in `(0, 1)`, ends excluded, symmetric about 1/2: the middle of one of 2^32 equal parts. One word.
#[inline]
pub fn open_unit<const BLOCKS: usize>(draws: &mut Draws<BLOCKS>) -> f64 {
    (draws.u32() as f64 + 0.5) * (1.0 / 4_294_967_296.0)
}

/// [`open_unit`] with 2^52 parts. Two words.
#[inline]
fn fine_unit(draws: &mut Draws) -> f64 {
    ((draws.u64() >> 12) as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0)
}

/// Uniform in `[low, high)`. One word.
#[inline]
pub fn uniform(draws: &mut Draws, low: f64, high: f64) -> f64 {
    low + (high - low) * draws.unit()
}

/// Triangular from `low` to `high` with its peak at `mode`. One word. The three must be in order.
#[inline]
pub fn triangular(draws: &mut Draws, low: f64, mode: f64, high: f64) -> f64 {
    debug_assert!(low <= mode && mode <= high);
    let p = open_unit(draws);
    let (rising, width) = (mode - low, high - low);
    if p * width < rising {
        low + (p * width * rising).sqrt()
    } else {
        high - ((1.0 - p) * width * (high - mode)).sqrt()
    }
}

/// Normal. One word; within 6.3 standard deviations of the mean.
#[inline]
pub fn normal(draws: &mut Draws, mean: f64, deviation: f64) -> f64 {
    mean + deviation * normal_quantile(open_unit(draws))
}

/// Log-normal: `median * exp(sigma * z)` with z standard normal. One word. The mean is `median * exp(sigma^2 / 2)`.
#[inline]
pub fn log_normal<const BLOCKS: usize>(draws: &mut Draws<BLOCKS>, median: f64, sigma: f64) -> f64 {
    median * libm::exp(sigma * normal_quantile(open_unit(draws)))
}

/// Exponential with that mean. One word; at most 22.9 means.
#[inline]
pub fn exponential(draws: &mut Draws, mean: f64) -> f64 {
    -mean * libm::log(open_unit(draws))
}

/// Poisson with that mean; 0 if the mean is 0, negative or not a number. Two words.
///
/// Exact to 2^-52 up to a mean of 500, in as many steps as the value. Above, a normal with its skewness corrected
/// (Cornish and Fisher, 1938), off by a fraction of one; saturates at 2^32 - 1.
pub fn poisson(draws: &mut Draws, mean: f64) -> u32 {
    let p = fine_unit(draws);
    if mean > EXACT_MEAN_MAX {
        return corrected_normal(p, mean, mean.sqrt(), 1.0) as u32;
    }
    if mean > 0.0 { search(p, libm::exp(-mean), |k| mean / (k as f64 + 1.0)) } else { 0 }
}

/// How many of `trials` succeed, each with that probability (taken as 0 or 1 if beyond them). Two words.
///
/// Exact to 2^-52 where the rarer outcome is expected at most 500 times, in as many steps; else as for [`poisson`].
pub fn binomial(draws: &mut Draws, trials: u32, probability: f64) -> u32 {
    let p = fine_unit(draws);
    // The rarer outcome is counted, so that the first probability of the search does not vanish.
    if probability > 0.5 {
        return trials - fewer(p, trials, 1.0 - probability.min(1.0));
    }
    fewer(p, trials, probability)
}

/// The quantile of a binomial whose probability is at most one half.
fn fewer(p: f64, trials: u32, probability: f64) -> u32 {
    let (count, failure) = (trials as f64, 1.0 - probability);
    let mean = count * probability;
    if mean > EXACT_MEAN_MAX {
        let skew = 1.0 - 2.0 * probability;
        return corrected_normal(p, mean, (mean * failure).sqrt(), skew).min(count) as u32;
    }
    if mean > 0.0 {
        let odds = probability / failure;
        search(p, libm::exp(count * libm::log1p(-probability)), |k| (count - k as f64) / (k as f64 + 1.0) * odds)
    } else {
        0
    }
}

/// The least k whose cumulative probability exceeds `p`, from the probability of 0 and the ratio of k + 1 to k.
fn search(p: f64, first: f64, ratio: impl Fn(u32) -> f64) -> u32 {
    let (mut k, mut mass, mut sum) = (0, first, first);
    while sum <= p {
        mass *= ratio(k);
        let next = sum + mass;
        // Far in the tail the sum stops growing, a rounding error short of 1. It is also flat far below the mean, but
        // then it is still below every `p`.
        if next == sum && sum > 0.5 {
            break;
        }
        sum = next;
        k += 1;
    }
    k
}

/// The quantile of a count from its mean, deviation and skewness times deviation, 0 or more, rounded.
fn corrected_normal(p: f64, mean: f64, deviation: f64, skew: f64) -> f64 {
    let z = normal_quantile(p);
    (mean + deviation * z + skew * (z * z - 1.0) / 6.0).round().max(0.0)
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{self as oracle, ContinuousCDF, Discrete};

    use super::*;
    use crate::base::{AgentId, Seed, Stream, Tick};

    const COUNT: usize = 40_000;

    fn draws(name: &str) -> Draws {
        Seed(11).draws(Stream::named(name), AgentId(0), Tick(0))
    }

    /// The greatest distance between the values' distribution and the oracle's is what chance allows (Kolmogorov and
    /// Smirnov, at a level of 0.001; the draws are fixed, so this passes always or never).
    fn follows(name: &str, oracle: &dyn ContinuousCDF<f64, f64>, draw: impl Fn(&mut Draws) -> f64) {
        let mut draws = draws(name);
        let mut values: Vec<f64> = (0..COUNT).map(|_| draw(&mut draws)).collect();
        values.sort_unstable_by(f64::total_cmp);
        let distance = |(index, &value): (usize, &f64)| {
            let (below, p) = (index as f64 / COUNT as f64, oracle.cdf(value));
            (p - below).abs().max((below + 1.0 / COUNT as f64 - p).abs())
        };
        let distance = values.iter().enumerate().map(distance).fold(0.0, f64::max);
        assert!(distance < 1.95 / (COUNT as f64).sqrt(), "{name}: {distance}");
    }

    #[test]
    fn continuous_draws_follow_their_distributions() {
        follows("uniform", &oracle::Uniform::new(-2.0, 5.0).unwrap(), |draws| uniform(draws, -2.0, 5.0));
        let triangle = oracle::Triangular::new(1.0, 9.0, 3.0).unwrap();
        follows("triangular", &triangle, |draws| triangular(draws, 1.0, 3.0, 9.0));
        follows("normal", &oracle::Normal::new(7.0, 3.0).unwrap(), |draws| normal(draws, 7.0, 3.0));
        let incomes = oracle::LogNormal::new(30_000_f64.ln(), 0.8).unwrap();
        follows("log-normal", &incomes, |draws| log_normal(draws, 30_000.0, 0.8));
        follows("exponential", &oracle::Exp::new(0.25).unwrap(), |draws| exponential(draws, 4.0));
    }

    #[test]
    fn a_triangle_may_have_its_peak_at_an_end() {
        for _ in 0..1_000 {
            let mut draws = draws("ends");
            let (left, right) = (triangular(&mut draws, 0.0, 0.0, 1.0), triangular(&mut draws, 0.0, 1.0, 1.0));
            assert!((0.0..=1.0).contains(&left) && (0.0..=1.0).contains(&right));
            assert_eq!(triangular(&mut draws, 5.0, 5.0, 5.0), 5.0);
        }
    }

    /// Pearson's chi-square against the oracle, values expected fewer than 8 times left out.
    fn counts_follow(name: &str, oracle: &dyn Discrete<u64, f64>, draw: impl Fn(&mut Draws) -> u32) {
        let mut draws = draws(name);
        let mut seen = vec![0_u32; 10_000];
        for _ in 0..COUNT {
            seen[draw(&mut draws) as usize] += 1;
        }
        let (mut chi_square, mut kinds) = (0.0, 0.0);
        for (value, &seen) in seen.iter().enumerate() {
            let expected = oracle.pmf(value as u64) * COUNT as f64;
            if expected >= 8.0 {
                chi_square += (seen as f64 - expected).powi(2) / expected;
                kinds += 1.0;
            }
        }
        // Mean `kinds`, variance twice that: four deviations.
        assert!(kinds >= 3.0 && chi_square < kinds + 4.0 * (2.0_f64 * kinds).sqrt(), "{name}: {chi_square} of {kinds}");
    }

    #[test]
    fn counts_follow_their_distributions() {
        for mean in [0.7, 12.0, 499.0, 2_000.0] {
            counts_follow("poisson", &oracle::Poisson::new(mean).unwrap(), |draws| poisson(draws, mean));
        }
        for (trials, probability) in [(10, 0.3), (10, 0.5), (40, 0.97), (5_000, 0.01), (6_000, 0.4), (6_000, 0.8)] {
            let oracle = oracle::Binomial::new(probability, trials as u64).unwrap();
            counts_follow("binomial", &oracle, |draws| binomial(draws, trials, probability));
        }
    }

    #[test]
    fn counts_at_the_ends() {
        let mut draws = draws("ends");
        for _ in 0..1_000 {
            assert_eq!((poisson(&mut draws, 0.0), poisson(&mut draws, -1.0), poisson(&mut draws, f64::NAN)), (0, 0, 0));
            assert_eq!(
                (binomial(&mut draws, 9, 0.0), binomial(&mut draws, 9, 1.0), binomial(&mut draws, 0, 0.5)),
                (0, 9, 0)
            );
            assert_eq!((binomial(&mut draws, 9, 2.0), binomial(&mut draws, 9, -2.0)), (9, 0));
            assert!(binomial(&mut draws, 3, 0.5) <= 3);
        }
        // The last p that can be drawn ends the search.
        let last = 1.0 - f64::EPSILON / 2.0;
        assert!((600..900).contains(&search(last, libm::exp(-500.0), |k| 500.0 / (k as f64 + 1.0))));
        assert_eq!(fewer(last, 20, 0.5), 20);
    }

    #[test]
    fn the_number_of_draws_is_fixed() {
        type Case = (&'static str, usize, fn(&mut Draws) -> f64);
        let cases: [Case; 7] = [
            ("uniform", 1, |draws| uniform(draws, 0.0, 1.0)),
            ("triangular", 1, |draws| triangular(draws, 0.0, 0.5, 1.0)),
            ("normal", 1, |draws| normal(draws, 0.0, 1.0)),
            ("log-normal", 1, |draws| log_normal(draws, 1.0, 1.0)),
            ("exponential", 1, |draws| exponential(draws, 1.0)),
            ("poisson", 2, |draws| poisson(draws, 3.0) as f64),
            ("binomial", 2, |draws| binomial(draws, 5, 0.5) as f64),
        ];
        for (name, words, draw) in cases {
            let (mut taken, mut counted) = (draws(name), draws(name));
            for _ in 0..100 {
                assert!(draw(&mut taken).is_finite());
                for _ in 0..words {
                    counted.u32();
                }
                assert_eq!(taken.clone().u32(), counted.clone().u32(), "{name}");
            }
        }
    }
}
