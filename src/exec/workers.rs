//! The pool: a fixed number of workers that run phases together. The calling thread is worker 0.

use std::{
    any::Any,
    cell::UnsafeCell,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread::{Builder, JoinHandle, ThreadId},
    time::Instant,
};

use crossbeam_utils::CachePadded;

use super::{
    barrier::{Barrier, Patience},
    cores::{self, Affinity},
};

/// A phase's closure, its type and lifetime forgotten; alive while the phase is open.
#[derive(Clone, Copy)]
struct Job {
    data: *const (),
    call: unsafe fn(*const (), usize),
}

/// Calls the `F` at `data`.
///
/// # Safety
/// `data` points to a live `F`, which other threads may be calling too.
unsafe fn call<F: Fn(usize) + Sync>(data: *const (), worker: usize) {
    // SAFETY: the caller's promise; `F: Sync` allows the shared call.
    unsafe { (*data.cast::<F>())(worker) }
}

/// The job of the open phase; none tells the threads to end.
struct JobCell(UnsafeCell<Option<Job>>);

// SAFETY: worker 0 writes it only while no phase is open, the others read it only inside one; the barrier orders the
// two. What `data` points to is `Sync` (see `call`).
unsafe impl Sync for JobCell {}
// SAFETY: as above: a `Job` is only ever used inside its phase, wherever the cell is.
unsafe impl Send for JobCell {}

/// A panic: the worker's index and what it threw.
type Panic = (usize, Box<dyn Any + Send>);

struct Shared {
    barrier: Barrier,
    job: JobCell,
    /// This phase's panics. All are kept until it is over: dropping what was thrown may panic in turn.
    panics: Mutex<Vec<Panic>>,
    busy_ns: Box<[CachePadded<AtomicU64>]>,
    pinned_count: AtomicUsize,
}

impl Shared {
    /// Runs a worker's part of a phase, adds its time, and keeps its panic for later.
    #[inline]
    fn part(&self, worker: usize, work: impl FnOnce()) {
        let start = Instant::now();
        // What a panic leaves behind is the business of whoever catches it after `run`.
        let outcome = catch_unwind(AssertUnwindSafe(work));
        self.add_time(worker, start);
        if let Err(payload) = outcome {
            self.panics.lock().unwrap_or_else(PoisonError::into_inner).push((worker, payload));
        }
    }

    #[inline]
    fn add_time(&self, worker: usize, start: Instant) {
        self.busy_ns[worker].fetch_add(start.elapsed().as_nanos() as u64, Ordering::Relaxed);
    }

    /// The life of a thread of the pool.
    fn serve(&self, worker: usize) {
        let mut phase = 0;
        loop {
            phase = self.barrier.enter(phase);
            // SAFETY: inside a phase nobody writes the job.
            let Some(job) = (unsafe { *self.job.0.get() }) else { return };
            // SAFETY: worker 0 keeps the closure alive until this phase is closed, which is after `leave` below.
            self.part(worker, || unsafe { (job.call)(job.data, worker) });
            self.barrier.leave();
        }
    }
}

/// Sets a flag for as long as it lives.
struct Running<'a>(&'a AtomicBool);

impl<'a> Running<'a> {
    fn set(flag: &'a AtomicBool) -> Self {
        assert!(
            !flag.swap(true, Ordering::Acquire),
            "these workers are in a phase already: a phase can neither start another one nor overlap with one"
        );
        Self(flag)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// A pool of workers with indices `0..count`: the calling thread is worker 0, and the others are threads named
/// `myriad-worker-1`, `myriad-worker-2`... that sleep between phases.
///
/// A phase is a fork and a join: all that was written before it is visible in it, all that was written in it is visible
/// after it. Phases neither nest nor overlap; an attempt panics. Dropping the pool ends its threads.
pub struct Workers {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    running: AtomicBool,
    /// Where the maker's thread might run before it was pinned.
    unpinned: Option<(ThreadId, Affinity)>,
}

impl Workers {
    /// A pool of `count` workers (0 counts as 1), started and waiting. Where the system refuses a thread, the pool has
    /// as many as it got: see [`Workers::count`].
    ///
    /// With `pin` each worker, the calling thread included, stays on a core of its own, unless there are more workers
    /// than cores: then the system does better. The calling thread is unpinned when the pool is dropped there; until
    /// then, threads that it starts share its core (start other pools first). See [`Workers::pinned_count`].
    pub fn new(count: usize, pin: bool) -> Self {
        let count = count.max(1);
        // Read before anything is pinned.
        let cores = cores::count();
        let pin = pin && count <= cores;
        let shared = Arc::new(Shared {
            barrier: Barrier::new(Patience::of(count, cores)),
            job: JobCell(UnsafeCell::new(None)),
            panics: Mutex::new(Vec::new()),
            busy_ns: (0..count).map(|_| CachePadded::new(AtomicU64::new(0))).collect(),
            pinned_count: AtomicUsize::new(0),
        });
        let start = |worker: usize| {
            let shared = Arc::clone(&shared);
            let life = move || {
                if pin && cores::pin(worker) {
                    shared.pinned_count.fetch_add(1, Ordering::Relaxed);
                }
                shared.serve(worker);
            };
            Builder::new().name(format!("myriad-worker-{worker}")).spawn(life).ok()
        };
        let threads = (1..count).map_while(start).collect();
        let mut workers = Self { shared, threads, running: AtomicBool::new(false), unpinned: None };
        if pin {
            let before = Affinity::current();
            if cores::pin(0) {
                workers.shared.pinned_count.fetch_add(1, Ordering::Relaxed);
                workers.unpinned = before.map(|affinity| (std::thread::current().id(), affinity));
            }
        }
        // Once through, so that every thread is up and has pinned itself.
        workers.run(|_| ());
        workers.shared.busy_ns.iter().for_each(|busy| busy.store(0, Ordering::Relaxed));
        workers
    }

    /// How many workers there are, the calling thread included.
    pub fn count(&self) -> usize {
        self.threads.len() + 1
    }

    /// How many workers are pinned to a core.
    pub fn pinned_count(&self) -> usize {
        self.shared.pinned_count.load(Ordering::Relaxed)
    }

    /// The time that each worker spent inside phases since the pool was made, in nanoseconds: by worker.
    pub fn busy_ns(&self) -> Vec<u64> {
        self.shared.busy_ns[..self.count()].iter().map(|busy| busy.load(Ordering::Relaxed)).collect()
    }

    /// One phase: every worker calls `f(worker)` once; returns when all are done.
    ///
    /// # Panics
    /// If `f` panics in some workers, the others finish all the same, and then this resumes the panic of the lowest
    /// worker on the calling thread. The pool can be used again. Also panics if called while a phase runs.
    pub fn run<F: Fn(usize) + Sync>(&self, f: F) {
        let _running = Running::set(&self.running);
        if self.threads.is_empty() {
            let start = Instant::now();
            f(0);
            self.shared.add_time(0, start);
            return;
        }
        // SAFETY: no phase is open (`running` is ours and the last one was closed), so nobody reads the job.
        unsafe { *self.shared.job.0.get() = Some(Job { data: (&raw const f).cast(), call: call::<F> }) };
        self.shared.barrier.open(self.threads.len());
        // Nothing from here to `close` unwinds, so `f` outlives the phase.
        self.shared.part(0, || f(0));
        self.shared.barrier.close();
        let panics = std::mem::take(&mut *self.shared.panics.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some((_, payload)) = panics.into_iter().min_by_key(|&(worker, _)| worker) {
            resume_unwind(payload);
        }
    }

    /// One phase over items: `f(worker, item)` is called once for each item of `order`. A worker that is free takes the
    /// next item in that order, so put the costly ones first: then the workers end at nearly the same time.
    ///
    /// # Panics
    /// As [`Workers::run`]. A worker that panics takes no further item; the others share the rest, if any are left.
    pub fn each<F: Fn(usize, usize) + Sync>(&self, order: &[u32], f: F) {
        let next = CachePadded::new(AtomicUsize::new(0));
        self.run(|worker| {
            while let Some(&item) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                f(worker, item as usize);
            }
        });
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        // SAFETY: `&mut self`: no phase is open, so nobody reads the job.
        unsafe { *self.shared.job.0.get() = None };
        self.shared.barrier.open(self.threads.len());
        for thread in self.threads.drain(..) {
            // A thread of the pool ends without a panic: it catches all of its jobs'.
            let ended = thread.join();
            debug_assert!(ended.is_ok());
        }
        if let Some((thread, affinity)) = self.unpinned.take()
            && thread == std::thread::current().id()
        {
            affinity.restore();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;

    fn message(payload: Box<dyn Any + Send>) -> String {
        payload.downcast_ref::<String>().cloned().expect("panicked with a formatted message")
    }

    #[test]
    fn every_worker_runs_once_a_phase() {
        for count in [0, 1, 2, 4, 9] {
            let workers = Workers::new(count, false);
            assert_eq!(workers.count(), count.max(1));
            let calls: Vec<_> = (0..workers.count()).map(|_| AtomicUsize::new(0)).collect();
            for phase in 1..=200 {
                workers.run(|worker| {
                    calls[worker].fetch_add(1, Ordering::Relaxed);
                });
                assert!(calls.iter().all(|calls| calls.load(Ordering::Relaxed) == phase));
            }
        }
    }

    #[test]
    fn worker_0_is_the_caller_and_the_others_have_names() {
        let workers = Workers::new(3, false);
        let caller = std::thread::current().id();
        workers.run(|worker| {
            let thread = std::thread::current();
            assert_eq!(thread.id() == caller, worker == 0);
            assert!(worker == 0 || thread.name() == Some(&format!("myriad-worker-{worker}")));
        });
    }

    #[test]
    fn each_covers_every_item_once() {
        for count in [1, 2, 4, 9] {
            let workers = Workers::new(count, false);
            for item_count in [0, 1, 3, 24, 5_000] {
                let order: Vec<u32> = (0..item_count).rev().collect();
                let seen: Vec<_> = order.iter().map(|_| AtomicUsize::new(0)).collect();
                workers.each(&order, |worker, item| {
                    assert!(worker < count);
                    seen[item].fetch_add(1, Ordering::Relaxed);
                });
                assert!(seen.iter().all(|seen| seen.load(Ordering::Relaxed) == 1), "{count} {item_count}");
            }
        }
    }

    #[test]
    fn a_free_worker_takes_the_next_item() {
        let workers = Workers::new(2, false);
        let by: Vec<_> = (0..8).map(|_| AtomicUsize::new(usize::MAX)).collect();
        workers.each(&[0, 1, 2, 3, 4, 5, 6, 7], |worker, item| {
            by[item].store(worker, Ordering::Relaxed);
            let is_over = || by[1..].iter().all(|by| by.load(Ordering::Relaxed) != usize::MAX);
            while item == 0 && !is_over() {
                std::thread::yield_now();
            }
        });
        let costly = by[0].load(Ordering::Relaxed);
        assert!(by[1..].iter().all(|by| by.load(Ordering::Relaxed) == 1 - costly), "{by:?}");
    }

    #[test]
    fn the_lowest_workers_panic_arrives_and_the_pool_goes_on() {
        for count in [1, 2, 4, 9] {
            let workers = Workers::new(count, false);
            for low in 0..count {
                let finished = AtomicUsize::new(0);
                let caught = catch_unwind(AssertUnwindSafe(|| {
                    workers.run(|worker| {
                        if worker == low || worker == count - 1 {
                            panic!("worker {worker} of {count}");
                        }
                        finished.fetch_add(1, Ordering::Relaxed);
                    });
                }));
                assert_eq!(message(caught.unwrap_err()), format!("worker {low} of {count}"));
                let thrown = if low == count - 1 { 1 } else { 2 };
                assert_eq!(finished.into_inner(), count - thrown, "the others finished");
            }
            let sum = AtomicUsize::new(0);
            workers.each(&[1, 2, 3, 4], |_, item| {
                sum.fetch_add(item, Ordering::Relaxed);
            });
            assert_eq!(sum.into_inner(), 10, "the pool is as good as new");
        }
    }

    #[test]
    fn a_panic_over_one_item_leaves_the_rest_to_the_others() {
        let workers = Workers::new(2, false);
        let order: Vec<u32> = (0..100).collect();
        let done = AtomicUsize::new(0);
        let caught = catch_unwind(AssertUnwindSafe(|| {
            workers.each(&order, |_, item| {
                assert!(item != 17, "item {item}");
                done.fetch_add(1, Ordering::Relaxed);
            });
        }));
        assert_eq!(message(caught.unwrap_err()), "item 17");
        assert_eq!(done.into_inner(), 99);
    }

    #[test]
    fn a_phase_inside_a_phase_panics() {
        for count in [1, 2] {
            let workers = Workers::new(count, false);
            let caught = catch_unwind(AssertUnwindSafe(|| workers.run(|_| workers.run(|_| ()))));
            let payload = caught.unwrap_err();
            assert!(payload.downcast_ref::<&str>().unwrap().contains("in a phase already"));
            workers.run(|_| ());
        }
    }

    #[test]
    fn more_workers_than_cores_get_through_many_phases() {
        let workers = Workers::new(4 * cores::count() + 1, true);
        assert_eq!(workers.pinned_count(), 0, "no pins where workers must share cores");
        let calls = AtomicUsize::new(0);
        for _ in 0..2_000 {
            workers.run(|_| {
                calls.fetch_add(1, Ordering::Relaxed);
            });
        }
        assert_eq!(calls.into_inner(), 2_000 * workers.count());
    }

    #[test]
    fn sleeping_workers_wake_and_sleeping_callers_too() {
        let workers = Workers::new(2, false);
        let nap = Duration::from_millis(3);
        for _ in 0..20 {
            std::thread::sleep(nap);
            workers.run(|worker| std::thread::sleep(nap * worker as u32));
        }
        let busy = workers.busy_ns();
        assert_eq!(busy.len(), 2);
        assert!(busy[1] >= 60_000_000 && busy[0] < busy[1], "{busy:?}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn pins_are_distinct_and_the_caller_is_unpinned_at_the_end() {
        std::thread::spawn(|| {
            let before = core_affinity::get_core_ids().unwrap();
            let workers = Workers::new(cores::count(), true);
            assert_eq!(workers.pinned_count(), workers.count());
            let homes = Mutex::new(Vec::new());
            workers.run(|_| homes.lock().unwrap().push(core_affinity::get_core_ids().unwrap()));
            let mut homes = homes.into_inner().unwrap();
            homes.sort_by_key(|home| home[0].id);
            homes.dedup();
            assert!(homes.len() == workers.count() && homes.iter().all(|home| home.len() == 1), "{homes:?}");
            drop(workers);
            assert_eq!(core_affinity::get_core_ids().unwrap(), before);
        })
        .join()
        .unwrap();
    }

    #[test]
    fn dropping_the_pool_ends_its_threads() {
        /// Says when its thread ends.
        struct Farewell(mpsc::Sender<usize>, usize);
        impl Drop for Farewell {
            fn drop(&mut self) {
                self.0.send(self.1).unwrap();
            }
        }
        thread_local!(static FAREWELL: std::cell::RefCell<Option<Farewell>> = const { std::cell::RefCell::new(None) });
        let (sender, receiver) = mpsc::channel();
        let workers = Workers::new(5, false);
        workers.run(|worker| {
            if worker > 0 {
                FAREWELL.set(Some(Farewell(sender.clone(), worker)));
            }
        });
        assert!(receiver.try_recv().is_err(), "they live while the pool does");
        drop(workers);
        let mut ended: Vec<_> = receiver.try_iter().collect();
        ended.sort();
        assert_eq!(ended, [1, 2, 3, 4]);
    }
}
