//! Which vector instructions a loop may use: found out at run time, never visible in a result.

use std::fmt;
use std::str::FromStr;

/// A level of vector instructions. Each includes those before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Simd {
    /// None but those that the compiler may always use. What the other levels find is held equal to this.
    Scalar,
    /// Registers of 256 bits: AVX2.
    Avx2,
    /// Registers of 512 bits and masks: AVX-512 F and BW.
    Avx512,
}

impl Simd {
    /// Every level, the plainest first.
    pub const ALL: [Self; 3] = [Self::Scalar, Self::Avx2, Self::Avx512];

    /// The highest level that this processor has. The processor is asked once: later calls read what it said.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    pub fn best() -> Self {
        use std::arch::is_x86_feature_detected as has;
        if !has!("avx2") {
            Self::Scalar
        } else if has!("avx512f") && has!("avx512bw") {
            Self::Avx512
        } else {
            Self::Avx2
        }
    }

    /// The highest level that this processor has: on this architecture there is but one.
    #[cfg(not(target_arch = "x86_64"))]
    #[inline]
    pub fn best() -> Self {
        Self::Scalar
    }

    /// The levels that this processor has, the plainest first.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|&level| level <= Self::best())
    }
}

impl fmt::Display for Simd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        })
    }
}

impl FromStr for Simd {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|level| level.to_string() == text);
        named.ok_or_else(|| format!("`{text}` is no level of vector instructions: scalar, avx2 or avx512"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_the_best_is_one_of_all() {
        for level in Simd::ALL {
            assert_eq!(level.to_string().parse(), Ok(level));
        }
        assert!("sse".parse::<Simd>().unwrap_err().contains("`sse`"));
        let all: Vec<_> = Simd::all().collect();
        assert_eq!((all[0], all.last()), (Simd::Scalar, Some(&Simd::best())));
        assert!(all.is_sorted());
    }
}
