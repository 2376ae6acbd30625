//! Simulated time: ticks, and the civil calendar that they fall on.

/// A step of simulated time. How long it lasts is the scenario's choice ([`Calendar::ticks_per_second_x1000`]).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Tick(pub u64);

impl Tick {
    /// The tick as a row stores it. Panics above 2^32 - 2 (13 years of 100 ms).
    #[inline]
    pub fn as_u32(self) -> u32 {
        assert!(self.0 < u32::MAX as u64, "tick {} does not fit a row", self.0);
        self.0 as u32
    }
}
