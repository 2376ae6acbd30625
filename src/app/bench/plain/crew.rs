//! Threads that work in step: each on a core of its own where there are enough, and a gate that all pass together.

use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam_utils::{Backoff, CachePadded};

use crate::exec::cores;

/// Where the threads of a crew wait for each other.
pub struct Gate {
    crew: usize,
    waiting: CachePadded<AtomicUsize>,
    opened: CachePadded<AtomicUsize>,
}

impl Gate {
    fn new(crew: usize) -> Self {
        Self { crew, waiting: AtomicUsize::new(0).into(), opened: AtomicUsize::new(0).into() }
    }

    /// Returns once every thread of the crew has called it.
    pub fn pass(&self) {
        let opened = self.opened.load(Ordering::Acquire);
        if self.waiting.fetch_add(1, Ordering::AcqRel) + 1 == self.crew {
            self.waiting.store(0, Ordering::Relaxed);
            self.opened.store(opened + 1, Ordering::Release);
            return;
        }
        let backoff = Backoff::new();
        while self.opened.load(Ordering::Acquire) == opened {
            backoff.snooze();
        }
    }
}

/// Runs `act` on so many threads, each told its index, and returns what they return, in order.
pub fn crew<T: Send>(workers: usize, act: impl Fn(usize, &Gate) -> T + Sync) -> Vec<T> {
    let (gate, act) = (&Gate::new(workers), &act);
    // Pinning more threads than there are cores would stack them.
    let pins = workers <= cores::count();
    std::thread::scope(|scope| {
        let start = |index: usize| {
            scope.spawn(move || {
                if pins {
                    cores::pin(index);
                }
                act(index, gate)
            })
        };
        let threads: Vec<_> = (0..workers).map(start).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_passes_the_gate_alone() {
        let steps = [const { AtomicUsize::new(0) }; 3];
        let done = crew(3, |index, gate| {
            for step in 1..=200 {
                steps[index].store(step, Ordering::Relaxed);
                gate.pass();
                assert!(steps.iter().all(|other| other.load(Ordering::Relaxed) >= step));
                gate.pass();
            }
            index
        });
        assert_eq!(done, [0, 1, 2]);
    }
}
