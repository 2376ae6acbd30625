//! Which vector instructions to use: found out when the program runs, so that one binary serves every machine.

use std::fmt;
use std::str::FromStr;

/// A level of vector instructions. Every kernel has a scalar twin that gives the same bits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Simd {
    /// None beyond what the compiler takes for granted.
    Scalar,
    /// AVX2: 256 bits, x86-64 machines since 2013.
    Avx2,
}

impl Simd {
    /// The levels that this machine has, lowest first.
    pub fn available() -> Vec<Self> {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            return vec![Self::Scalar, Self::Avx2];
        }
        vec![Self::Scalar]
    }

    /// The highest level that this machine has.
    pub fn best() -> Self {
        Self::available().pop().unwrap_or(Self::Scalar)
    }
}

impl fmt::Display for Simd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
        })
    }
}

impl FromStr for Simd {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "scalar" => Ok(Self::Scalar),
            "avx2" => Ok(Self::Avx2),
            _ => Err(format!("`{text}` is no level of vector instructions: scalar or avx2")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_the_best_is_available() {
        for level in [Simd::Scalar, Simd::Avx2] {
            assert_eq!(level.to_string().parse(), Ok(level));
        }
        assert!("sse9".parse::<Simd>().is_err());
        assert_eq!(Simd::available().last(), Some(&Simd::best()));
        assert_eq!(Simd::available()[0], Simd::Scalar);
    }
}
