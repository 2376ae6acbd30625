//! A desk: state of a shard that its zones' systems share, one at a time.
//!
//! The engine and each zone's systems hold a handle to the same value. A shard is run by one worker at a time, its
//! zones one after the other, so no two handles are ever used at once; this is the one place that relies on it.

use std::cell::UnsafeCell;
use std::sync::Arc;

struct Shared<T>(UnsafeCell<T>);

// SAFETY: a `Shared` is reached only through `Desk::get`, whose callers (the engine between systems, system parameters
// while their system runs) belong to the one worker that holds the shard's lock; `T: Send` allows the next worker to
// take over at a barrier, which orders the accesses.
unsafe impl<T: Send> Sync for Shared<T> {}

/// A handle to a value shared by a shard and the systems of its zones.
pub(crate) struct Desk<T>(Arc<Shared<T>>);

impl<T> Clone for Desk<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Send + 'static> Desk<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Arc::new(Shared(UnsafeCell::new(value))))
    }

    /// The value. The engine calls this only while none of the shard's systems runs, a system parameter only through a
    /// [`Hand`](super::hand::Hand) that writes, so a second parameter of the same system cannot reach it.
    #[inline]
    #[allow(clippy::mut_from_ref)]
    pub(crate) fn get(&self) -> &mut T {
        // SAFETY: see the type: handles are used one at a time, by the worker that runs the shard.
        unsafe { &mut *self.0.0.get() }
    }
}
