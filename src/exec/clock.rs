//! The wall clock, and what is read from the machine about this process. Nothing here reaches a simulation's state.

use std::time::{Duration, Instant};

/// Sums the wall time of laps.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stopwatch {
    total_ns: u64,
}

impl Stopwatch {
    /// Runs `work` and adds its wall time; returns that time in nanoseconds and the result.
    pub fn lap<R>(&mut self, work: impl FnOnce() -> R) -> (u64, R) {
        let started = Instant::now();
        let result = work();
        let lap_ns = started.elapsed().as_nanos() as u64;
        self.total_ns += lap_ns;
        (lap_ns, result)
    }

    /// The sum, in seconds.
    pub fn seconds(&self) -> f64 {
        self.total_ns as f64 / 1e9
    }
}

/// Wall time since a moment.
#[derive(Clone, Copy, Debug)]
pub struct Elapsed(Instant);

impl Elapsed {
    /// From now.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Since then.
    pub fn duration(&self) -> Duration {
        self.0.elapsed()
    }

    /// Since then, in seconds.
    pub fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }

    /// Since then, in nanoseconds.
    pub fn nanos(&self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }

    /// Sleeps until that many seconds after the start; returns at once if they are over.
    pub fn sleep_until(&self, seconds: f64) {
        if let Ok(wait) = Duration::try_from_secs_f64(seconds - self.seconds()) {
            std::thread::sleep(wait);
        }
    }
}

/// The largest resident set of this process so far, in bytes; 0 where the system does not say.
pub fn peak_rss_bytes() -> u64 {
    #[cfg(unix)]
    {
        // Kilobytes, but bytes on Apple's systems.
        let unit = if cfg!(target_vendor = "apple") { 1 } else { 1024 };
        usage().map_or(0, |usage| usage.ru_maxrss as u64 * unit)
    }
    #[cfg(not(unix))]
    0
}

/// Seconds that processors were at work for this process so far; 0 where the system does not say.
pub fn cpu_seconds() -> f64 {
    #[cfg(unix)]
    {
        let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
        usage().map_or(0.0, |usage| seconds(usage.ru_utime) + seconds(usage.ru_stime))
    }
    #[cfg(not(unix))]
    0.0
}

#[cfg(unix)]
fn usage() -> Option<libc::rusage> {
    // SAFETY: `rusage` is plain old data, for which zeros are valid, and `getrusage` fills it.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        (libc::getrusage(libc::RUSAGE_SELF, &mut usage) == 0).then_some(usage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laps_add_up_and_the_resident_set_is_known() {
        let mut watch = Stopwatch::default();
        let (first, _) = watch.lap(|| std::thread::sleep(Duration::from_millis(2)));
        let (second, answer) = watch.lap(|| 42);
        assert_eq!(answer, 42);
        assert!(first >= 2_000_000 && watch.seconds() >= (first + second) as f64 / 1e9 * 0.999);
        if cfg!(unix) {
            assert!(peak_rss_bytes() > 1 << 20 && cpu_seconds() > 0.0);
        }
    }
}
