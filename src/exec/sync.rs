//! The atomics and locks that this folder is built from: the standard library's, or loom's in a model check
//! (`tests/model`, which builds these files once more). Nothing outside this folder sees loom.

#[cfg(model)]
pub(super) use loom::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence},
};
#[cfg(not(model))]
pub(super) use std::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering, fence},
};

/// Locks, whether or not an earlier holder panicked: what these locks guard is valid between any two statements.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Reads an index that only the caller may write at this time: it needs no ordering, and is no step in an interleaving.
/// Loom reports it if somebody else may be writing. (Loom 0.7 remembers only the last access to an atomic: a plain
/// load before the owner's store would hide the other threads' loads, and most interleavings with them.)
#[inline(always)]
pub(super) fn load_own(index: &AtomicUsize) -> usize {
    #[cfg(not(model))]
    return index.load(Ordering::Relaxed);
    // SAFETY: loom's own check of this promise is the purpose.
    #[cfg(model)]
    return unsafe { index.unsync_load() };
}

/// Tells loom which slots of a buffer are read and written, so that it reports a race; nothing in a real build.
#[cfg(not(model))]
pub(super) struct Watch;

#[cfg(not(model))]
impl Watch {
    pub(super) fn new(_slots: usize) -> Self {
        Self
    }

    #[inline(always)]
    pub(super) fn write(&self, _start: usize, _count: usize) {}

    #[inline(always)]
    pub(super) fn read(&self, _start: usize, _count: usize) {}
}

#[cfg(model)]
pub(super) struct Watch(Vec<loom::cell::UnsafeCell<()>>);

#[cfg(model)]
impl Watch {
    pub(super) fn new(slots: usize) -> Self {
        Self((0..slots).map(|_| loom::cell::UnsafeCell::new(())).collect())
    }

    pub(super) fn write(&self, start: usize, count: usize) {
        self.0[start..start + count].iter().for_each(|slot| slot.with_mut(|_| ()));
    }

    pub(super) fn read(&self, start: usize, count: usize) {
        self.0[start..start + count].iter().for_each(|slot| slot.with(|_| ()));
    }
}
