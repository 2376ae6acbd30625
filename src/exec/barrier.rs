//! The start and the end of a phase: waiting threads spin for some 200 us, then sleep, so that phases in quick
//! succession hand over in well under a microsecond and an idle pool uses no CPU.

use std::time::Duration;

use crossbeam_utils::CachePadded;

use super::sync::{AtomicUsize, Condvar, Mutex, Ordering, fence, load_own, lock};

/// How long to look for a change before going to sleep.
#[cfg_attr(model, expect(dead_code, reason = "nobody spins in a model check"))]
#[derive(Clone, Copy)]
pub(super) enum Patience {
    /// Every worker has a core of its own: keep it for this long, which is about what a wake-up from sleep costs in a
    /// virtual machine. A city's day on two workers spent 9% at barriers with 40 us, and 7 to 8% with 300 and with
    /// 2,000.
    Spin(Duration),
    /// More workers than cores: the core goes to whoever has work, this many times, and then the thread sleeps.
    Yield(u32),
}

impl Patience {
    /// What suits so many workers on so many cores.
    pub(super) fn of(workers: usize, cores: usize) -> Self {
        if workers <= cores { Self::Spin(Duration::from_micros(200)) } else { Self::Yield(2) }
    }

    /// Waits while there is patience; whether `open` became true.
    #[cfg(not(model))]
    fn wait(self, open: &impl Fn() -> bool) -> bool {
        match self {
            Self::Spin(limit) => {
                // One pause between two looks, not exponentially more: the look hits this core's cache until the
                // line is written, and a phase may be shorter than a long pause. The clock costs more than a look.
                let start = std::time::Instant::now();
                loop {
                    for _ in 0..64 {
                        if open() {
                            return true;
                        }
                        std::hint::spin_loop();
                    }
                    if start.elapsed() >= limit {
                        return false;
                    }
                }
            }
            Self::Yield(times) => (0..times).any(|_| {
                let is_open = open();
                if !is_open {
                    std::thread::yield_now();
                }
                is_open
            }),
        }
    }

    /// In a model check nobody spins: the sleep is what is checked.
    #[cfg(model)]
    fn wait(self, open: &impl Fn() -> bool) -> bool {
        open()
    }
}

/// Where threads sleep until a condition on atomics holds.
struct Gate {
    sleepers: AtomicUsize,
    lock: Mutex<()>,
    bell: Condvar,
}

impl Gate {
    fn new() -> Self {
        Self { sleepers: AtomicUsize::new(0), lock: Mutex::new(()), bell: Condvar::new() }
    }

    /// Returns once `open` is true; whoever makes it true must then call [`Gate::wake`].
    fn wait(&self, patience: Patience, open: impl Fn() -> bool) {
        if patience.wait(&open) {
            return;
        }
        let mut guard = lock(&self.lock);
        self.sleepers.fetch_add(1, Ordering::Relaxed);
        // Pairs with the fence in `wake`: of two threads, one that announces its sleep and then looks, one that opens
        // and then looks for sleepers, at least one sees the other.
        fence(Ordering::SeqCst);
        while !open() {
            guard = self.bell.wait(guard).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        self.sleepers.fetch_sub(1, Ordering::Relaxed);
    }

    /// Wakes whoever sleeps: a load, if nobody does.
    #[inline]
    fn wake(&self) {
        fence(Ordering::SeqCst);
        if self.sleepers.load(Ordering::Relaxed) != 0 {
            // A sleeper that has announced itself holds the lock until it really sleeps, so the bell reaches it.
            drop(lock(&self.lock));
            self.bell.notify_all();
        }
    }
}

/// Phases for one leader and a fixed number of followers: the leader opens a phase, each follower enters it once and
/// leaves it once, the leader waits for the last. All that the leader wrote before opening is visible in the phase, and
/// all that was written in the phase is visible to the leader afterwards.
pub(super) struct Barrier {
    /// The number of the open phase, or of the last one.
    phase: CachePadded<AtomicUsize>,
    /// Followers that have not left it.
    inside: CachePadded<AtomicUsize>,
    start: Gate,
    end: Gate,
    patience: Patience,
}

impl Barrier {
    /// No phase is open; followers count from phase 0.
    pub(super) fn new(patience: Patience) -> Self {
        Self {
            phase: CachePadded::new(AtomicUsize::new(0)),
            inside: CachePadded::new(AtomicUsize::new(0)),
            start: Gate::new(),
            end: Gate::new(),
            patience,
        }
    }

    /// The leader opens the next phase for so many followers. The phase before must be over.
    pub(super) fn open(&self, followers: usize) {
        debug_assert_eq!(load_own(&self.inside), 0, "the phase before is over");
        self.inside.store(followers, Ordering::Relaxed);
        // The leader alone writes it, so no read-modify-write; it wraps after 2^64 phases, and only inequality counts.
        let next = load_own(&self.phase).wrapping_add(1);
        self.phase.store(next, Ordering::Release);
        self.start.wake();
    }

    /// A follower waits for the phase after `seen`, the one it entered last (0 at first), and enters it.
    pub(super) fn enter(&self, seen: usize) -> usize {
        self.start.wait(self.patience, || self.phase.load(Ordering::Acquire) != seen);
        self.phase.load(Ordering::Acquire)
    }

    /// A follower leaves the phase.
    pub(super) fn leave(&self) {
        // Only the last has someone to wake.
        if self.inside.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.end.wake();
        }
    }

    /// The leader waits until every follower has left.
    pub(super) fn close(&self) {
        self.end.wait(self.patience, || self.inside.load(Ordering::Acquire) == 0);
    }
}
