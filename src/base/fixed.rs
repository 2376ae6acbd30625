//! Whole-number arithmetic for state: levels that fall and rise, scaled products, lines.

/// `a / b` rounded up. Panics if `b` is 0.
#[inline]
pub const fn ceil_div_u32(a: u32, b: u32) -> u32 {
    a.div_ceil(b)
}

/// `a / b` rounded up. Panics if `b` is 0.
#[inline]
pub const fn ceil_div_u64(a: u64, b: u64) -> u64 {
    a.div_ceil(b)
}

/// `a * b / 2^shift` rounded down, the product taken in 64 bits: a multiplication by the fixed-point number
/// `b / 2^shift`. Saturates at 2^32 - 1. `shift` is at most 63.
#[inline]
pub const fn mul_shift(a: u32, b: u32, shift: u32) -> u32 {
    let product = (a as u64 * b as u64) >> shift;
    if product > u32::MAX as u64 { u32::MAX } else { product as u32 }
}

/// The square root of `n`, rounded down.
#[inline]
pub const fn isqrt(n: u64) -> u32 {
    n.isqrt() as u32
}

/// A level `amount` lower, not below 0.
#[inline]
pub const fn fall(level: u16, amount: u32) -> u16 {
    (level as u32).saturating_sub(amount) as u16
}

/// A level `amount` higher, not above 65,535.
#[inline]
pub const fn rise(level: u16, amount: u32) -> u16 {
    let sum = (level as u32).saturating_add(amount);
    if sum > u16::MAX as u32 { u16::MAX } else { sum as u16 }
}

/// A level at most `amount` nearer to `target`, never past it.
#[inline]
pub const fn approach(level: u16, target: u16, amount: u32) -> u16 {
    if level.abs_diff(target) as u32 <= amount {
        target
    } else if level > target {
        level - amount as u16
    } else {
        level + amount as u16
    }
}

/// The amount that a rate of `rate_q16 / 65,536` a tick makes in so many ticks, rounded down. Saturates at 2^32 - 1.
///
/// A function of the whole span, so it is the same however often it is asked for in between: evaluate it from the tick
/// at which the level was last written, and never add the amounts of two spans.
#[inline]
pub const fn amount_in(rate_q16: u32, ticks: u64) -> u32 {
    let amount = (rate_q16 as u128 * ticks as u128) >> 16;
    if amount > u32::MAX as u128 { u32::MAX } else { amount as u32 }
}

/// The ticks after which [`amount_in`] first reaches `amount`; `None` if the rate is 0 and the amount is not.
#[inline]
pub const fn ticks_until(rate_q16: u32, amount: u32) -> Option<u64> {
    if amount == 0 {
        Some(0)
    } else if rate_q16 == 0 {
        None
    } else {
        Some(((amount as u64) << 16).div_ceil(rate_q16 as u64))
    }
}

/// The number `done / whole` of the way from `from` to `to`, rounded toward `from`. `to` if `done >= whole`, also where
/// `whole` is 0.
#[inline]
pub const fn lerp(from: i32, to: i32, done: u32, whole: u32) -> i32 {
    if done >= whole {
        return to;
    }
    // A signed difference times `done` would need 65 bits: the product is taken on the magnitude, in 64.
    let part = (from.abs_diff(to) as u64 * done as u64 / whole as u64) as i64;
    (if to < from { from as i64 - part } else { from as i64 + part }) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{AgentId, Seed, Stream, Tick};

    #[test]
    fn quotients_round_up() {
        assert_eq!((ceil_div_u32(0, 3), ceil_div_u32(1, 3), ceil_div_u32(3, 3), ceil_div_u32(4, 3)), (0, 1, 1, 2));
        assert_eq!((ceil_div_u32(u32::MAX, 2), ceil_div_u64(u64::MAX, 2)), (1 << 31, 1 << 63));
    }

    #[test]
    fn scaled_products_round_down_and_saturate() {
        assert_eq!(mul_shift(1_000, 3 << 15, 16), 1_500);
        assert_eq!(mul_shift(7, 1, 1), 3);
        assert_eq!(mul_shift(u32::MAX, u32::MAX, 32), u32::MAX - 1);
        assert_eq!(mul_shift(u32::MAX, 2, 0), u32::MAX);
    }

    #[test]
    fn square_roots_are_exact_at_the_steps() {
        for root in [0_u64, 1, 2, 3, 1_000, 65_535, 94_906_267, u32::MAX as u64] {
            assert_eq!(isqrt(root * root) as u64, root);
            assert_eq!(isqrt(root * root + 2 * root) as u64, root);
        }
        assert_eq!(isqrt(u64::MAX), u32::MAX);
    }

    #[test]
    fn levels_stop_at_their_ends() {
        assert_eq!((fall(10, 3), fall(10, 10), fall(10, 11), fall(10, u32::MAX)), (7, 0, 0, 0));
        assert_eq!((rise(10, 3), rise(65_530, 5), rise(65_530, 6), rise(1, u32::MAX)), (13, 65_535, 65_535, 65_535));
        assert_eq!((approach(10, 20, 3), approach(10, 20, 10), approach(10, 20, u32::MAX)), (13, 20, 20));
        assert_eq!((approach(20, 10, 3), approach(20, 10, 99), approach(0, 65_535, 65_534)), (17, 10, 65_534));
    }

    #[test]
    fn the_tick_of_a_transition_is_the_first_that_reaches_it() {
        for rate_q16 in [1, 7, 655, 65_535, 65_536, 65_537, 400_000] {
            for amount in [1, 2, 3, 100, 65_535] {
                let ticks = ticks_until(rate_q16, amount).unwrap();
                assert!(amount_in(rate_q16, ticks) >= amount && amount_in(rate_q16, ticks - 1) < amount);
            }
        }
        assert_eq!((ticks_until(0, 1), ticks_until(0, 0), ticks_until(9, 0)), (None, Some(0), Some(0)));
        assert_eq!(amount_in(u32::MAX, u64::MAX), u32::MAX);
    }

    #[test]
    fn lines_run_from_end_to_end() {
        assert_eq!((lerp(0, 10, 0, 3), lerp(0, 10, 1, 3), lerp(0, 10, 2, 3), lerp(0, 10, 3, 3)), (0, 3, 6, 10));
        assert_eq!((lerp(10, 0, 1, 3), lerp(-5, 5, 1, 4), lerp(5, -5, 1, 4)), (7, -3, 3));
        assert_eq!((lerp(1, 2, 0, 0), lerp(1, 2, 9, 3)), (2, 2));
        let mut draws = Seed(1).draws(Stream::named("lerp"), AgentId(0), Tick(0));
        for _ in 0..10_000 {
            let (from, to, whole) = (draws.u32() as i32, draws.u32() as i32, draws.u32() | 1);
            let done = draws.below(whole);
            let exact = from as i128 + (to as i128 - from as i128) * done as i128 / whole as i128;
            assert_eq!(lerp(from, to, done, whole) as i128, exact);
        }
        assert_eq!(lerp(i32::MIN, i32::MAX, u32::MAX - 1, u32::MAX), i32::MAX - 1);
    }
}
