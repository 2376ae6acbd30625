//! Bytes read, updated in place, and touched for the first time, by all workers together.

use super::crew::crew;
use crate::app::bench::measure::Sample;
use crate::exec::Elapsed;

/// Bytes of the buffer that is read and updated: far beyond any cache.
const BUFFER_BYTES: usize = 512 << 20;
/// Passes over it, of which the best counts: the others met a neighbour.
const PASSES: usize = 5;

/// Reads every byte; counts bytes.
pub fn read(workers: usize) -> Sample {
    passes(workers, 1.0, &|part| {
        std::hint::black_box(part.iter().fold(0_u64, |sum, word| sum.wrapping_add(*word)));
    })
}

/// Reads and writes every byte; counts bytes, each twice.
pub fn update(workers: usize) -> Sample {
    passes(workers, 2.0, &|part| {
        part.iter_mut().for_each(|word| *word = word.wrapping_mul(3));
        std::hint::black_box(part);
    })
}

fn passes(workers: usize, touches: f64, pass: &(dyn Fn(&mut [u64]) + Sync)) -> Sample {
    let each = BUFFER_BYTES / 8 / workers;
    // Each thread has a buffer of its own, in the memory that is nearest to its core.
    let times = crew(workers, |_, gate| {
        let mut part = vec![1_u64; each];
        let mut best = f64::INFINITY;
        for _ in 0..PASSES {
            gate.pass();
            let started = Elapsed::start();
            pass(&mut part);
            gate.pass();
            best = best.min(started.seconds());
        }
        best
    });
    let seconds = times.into_iter().fold(0.0, f64::max);
    Sample { count: touches * (each * workers * 8) as f64, seconds, ..Sample::default() }
}

/// Writes so many bytes that were never touched before; counts bytes.
pub fn first_touch(bytes: u64, workers: usize) -> Sample {
    let each = (bytes / workers as u64) as usize;
    let times = crew(workers, |_, gate| {
        // Zeros of the system's: no page of them is there yet.
        let mut part = vec![0_u8; each];
        gate.pass();
        let started = Elapsed::start();
        std::hint::black_box(&mut part[..]).fill(1);
        std::hint::black_box(&part);
        gate.pass();
        started.seconds()
    });
    let seconds = times.into_iter().fold(0.0, f64::max);
    Sample { count: (each * workers) as f64, seconds, ..Sample::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_counted() {
        let touched = first_touch(1 << 20, 2);
        assert!(touched.count == (1 << 20) as f64 && touched.seconds > 0.0, "{touched:?}");
    }
}
