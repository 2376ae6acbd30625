//! A bounded ring between one producer and one consumer, written and read in batches, without locks.
//!
//! A single-producer queue in Lamport's manner (1983) with cached indices (Lee, Bu, Chandranmenon: "A lock-free,
//! cache-efficient multi-core synchronization mechanism", 2010): each side keeps the other's index as it last saw it,
//! so a batch costs one store that the other side sees, and two copies at most.

use std::{cell::UnsafeCell, mem::MaybeUninit};

use crossbeam_utils::CachePadded;

use super::sync::{AtomicBool, AtomicUsize, Ordering, Watch, load_own};

/// One side's index, and what belongs to that side: all in a cache line of its own.
struct Side {
    /// Items that ever passed this side, wrapping.
    passed: AtomicUsize,
    /// The other side's `passed` as last seen: it never runs ahead of the truth.
    other: AtomicUsize,
    /// Whether a handle of this side exists.
    taken: AtomicBool,
}

impl Side {
    fn at(passed: usize, other: usize) -> CachePadded<Self> {
        CachePadded::new(Self {
            passed: AtomicUsize::new(passed),
            other: AtomicUsize::new(other),
            taken: AtomicBool::new(false),
        })
    }

    /// Takes the side, unless a handle has it. All that its last handle did is visible to the next.
    #[inline]
    fn take(&self) -> bool {
        !self.taken.swap(true, Ordering::Acquire)
    }
}

/// A ring of `T` with a capacity that is a power of two, for one producer and one consumer at a time.
///
/// The two sides are taken as handles ([`Ring::producer`], [`Ring::consumer`]), which may be on different threads, and
/// the two may work at the same time. There is one handle of each side at most, which is what makes the ring sound: a
/// second one is refused. Taking a handle and giving it back costs one atomic exchange and one store.
pub struct Ring<T> {
    produced: CachePadded<Side>,
    consumed: CachePadded<Side>,
    /// Item number `n` lies in slot `n & mask`. Items in `consumed.passed..produced.passed` are initialised and belong
    /// to the consumer; the other slots belong to the producer.
    slots: Box<[UnsafeCell<MaybeUninit<T>>]>,
    mask: usize,
    watch: Watch,
}

// SAFETY: a slot is accessed by the one handle of the side it belongs to, and changes sides through a release store and
// an acquire load of an index; items move between threads, so they must be `Send`.
unsafe impl<T: Send> Sync for Ring<T> {}

impl<T: Copy + Send> Ring<T> {
    /// An empty ring for at least `capacity` items: the next power of two, at least 1.
    pub fn new(capacity: usize) -> Self {
        let capacity = capacity.max(1).next_power_of_two();
        Self {
            produced: Side::at(0, 0),
            consumed: Side::at(0, 0),
            slots: (0..capacity).map(|_| UnsafeCell::new(MaybeUninit::uninit())).collect(),
            mask: capacity - 1,
            watch: Watch::new(capacity),
        }
    }

    /// How many items fit.
    pub fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// How many items wait. Exact if neither side is at work; else what it was a moment ago.
    #[inline]
    pub fn len(&self) -> usize {
        // The consumer's index first: it never passes the producer's, so the difference is never negative.
        let consumed = self.consumed.passed.load(Ordering::Acquire);
        let produced = self.produced.passed.load(Ordering::Acquire);
        produced.wrapping_sub(consumed).min(self.capacity())
    }

    /// Whether no item waits: two loads. See [`Ring::len`].
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The producing side, unless it is taken.
    #[inline]
    pub fn producer(&self) -> Option<Producer<'_, T>> {
        self.produced.take().then(|| Producer {
            ring: self,
            produced: load_own(&self.produced.passed),
            consumed: load_own(&self.produced.other),
        })
    }

    /// The consuming side, unless it is taken.
    #[inline]
    pub fn consumer(&self) -> Option<Consumer<'_, T>> {
        self.consumed.take().then(|| Consumer { ring: self, consumed: load_own(&self.consumed.passed) })
    }

    /// Makes room for at least `capacity` items, waiting items included, in order. Never shrinks.
    pub fn grow(&mut self, capacity: usize) {
        if capacity <= self.capacity() {
            return;
        }
        // `&mut self`: no handle is in use, though one may have been forgotten.
        self.consumed.taken.store(false, Ordering::Relaxed);
        let mut waiting = Vec::with_capacity(self.len());
        self.consumer().expect("no handle is in use").pop_into(&mut waiting);
        let larger = Self::new(capacity);
        let moved = larger.producer().expect("a new ring has no handles").push_slice(&waiting);
        debug_assert_eq!(moved, waiting.len(), "a larger ring holds what a smaller one held");
        *self = larger;
    }

    /// The slots of `count` items from number `from`: the start and length of the part up to the end of the buffer, and
    /// the length of the part that goes on at its start.
    #[inline]
    fn parts(&self, from: usize, count: usize) -> (usize, usize, usize) {
        let start = from & self.mask;
        let first = count.min(self.capacity() - start);
        (start, first, count - first)
    }

    /// Copies items into consecutive slots.
    ///
    /// # Safety
    /// The slots are within the buffer and belong to the caller's side, the producer's.
    #[inline]
    unsafe fn write(&self, start: usize, items: &[T]) {
        debug_assert!(start + items.len() <= self.capacity());
        self.watch.write(start, items.len());
        let slots = UnsafeCell::raw_get(self.slots.as_ptr().wrapping_add(start)).cast::<T>();
        // SAFETY: the caller's promise. The source is a slice from outside the ring: slots that belong to the producer
        // are lent to nobody, so the two do not overlap. `UnsafeCell<MaybeUninit<T>>` has the layout of `T`.
        unsafe { std::ptr::copy_nonoverlapping(items.as_ptr(), slots, items.len()) };
    }

    /// Shows consecutive slots to `f`.
    ///
    /// # Safety
    /// The slots are within the buffer, initialised, and belong to the caller's side, the consumer's, until `f`
    /// returns.
    #[inline]
    unsafe fn read(&self, start: usize, count: usize, f: &mut impl FnMut(&[T])) {
        debug_assert!(start + count <= self.capacity());
        self.watch.read(start, count);
        let slots = UnsafeCell::raw_get(self.slots.as_ptr().wrapping_add(start)).cast::<T>();
        // SAFETY: the caller's promise; nobody writes these slots meanwhile.
        f(unsafe { std::slice::from_raw_parts(slots, count) });
        self.watch.read(start, count);
    }
}

/// The one writing handle of a [`Ring`]; gives the side back when dropped.
pub struct Producer<'a, T: Copy + Send> {
    ring: &'a Ring<T>,
    produced: usize,
    /// The consumer's index as last seen.
    consumed: usize,
}

impl<T: Copy + Send> Producer<'_, T> {
    /// Appends as many of the first `items` as fit, and says how many did.
    #[inline]
    pub fn push_slice(&mut self, items: &[T]) -> usize {
        let ring = self.ring;
        let mut room = ring.capacity() - self.produced.wrapping_sub(self.consumed);
        if room < items.len() {
            self.consumed = ring.consumed.passed.load(Ordering::Acquire);
            room = ring.capacity() - self.produced.wrapping_sub(self.consumed);
        }
        let count = items.len().min(room);
        if count == 0 {
            return 0;
        }
        let (start, first, second) = ring.parts(self.produced, count);
        // SAFETY: `count` slots after the newest item are free: the consumer has passed them (acquire above or at an
        // earlier look), and this is the only producer.
        unsafe {
            ring.write(start, &items[..first]);
            ring.write(0, &items[first..first + second]);
        }
        self.produced = self.produced.wrapping_add(count);
        ring.produced.passed.store(self.produced, Ordering::Release);
        count
    }
}

impl<T: Copy + Send> Drop for Producer<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.ring.produced.other.store(self.consumed, Ordering::Relaxed);
        self.ring.produced.taken.store(false, Ordering::Release);
    }
}

/// The one reading handle of a [`Ring`]; gives the side back when dropped.
pub struct Consumer<'a, T: Copy + Send> {
    ring: &'a Ring<T>,
    consumed: usize,
}

impl<T: Copy + Send> Consumer<'_, T> {
    /// Shows all items that wait to `f`, oldest first, in one slice or two, and removes them; says how many there were.
    ///
    /// Items are removed when `f` has returned from their slice, so if it panics, they are shown again.
    #[inline]
    pub fn consume(&mut self, mut f: impl FnMut(&[T])) -> usize {
        let ring = self.ring;
        let produced = ring.produced.passed.load(Ordering::Acquire);
        let count = produced.wrapping_sub(self.consumed);
        let (start, first, second) = ring.parts(self.consumed, count);
        for (start, length) in [(start, first), (0, second)] {
            if length > 0 {
                // SAFETY: the producer has passed these slots (acquire above), and will not touch them before this side
                // has passed them (store below); this is the only consumer.
                unsafe { ring.read(start, length, &mut f) };
                self.consumed = self.consumed.wrapping_add(length);
                ring.consumed.passed.store(self.consumed, Ordering::Release);
            }
        }
        count
    }

    /// Moves all items that wait to the end of `items`, oldest first, and says how many there were.
    #[inline]
    pub fn pop_into(&mut self, items: &mut Vec<T>) -> usize {
        self.consume(|batch| items.extend_from_slice(batch))
    }
}

impl<T: Copy + Send> Drop for Consumer<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.ring.consumed.taken.store(false, Ordering::Release);
    }
}

#[cfg(all(test, not(model)))]
mod tests {
    use super::*;

    #[test]
    fn capacity_is_the_next_power_of_two() {
        for (asked, given) in [(0, 1), (1, 1), (2, 2), (3, 4), (64, 64), (65, 128)] {
            assert_eq!(Ring::<u8>::new(asked).capacity(), given);
        }
    }

    #[test]
    fn a_full_ring_takes_what_fits_and_wraps() {
        let ring = Ring::new(8);
        let mut producer = ring.producer().unwrap();
        let mut consumer = ring.consumer().unwrap();
        let mut out = Vec::new();
        assert_eq!(producer.push_slice(&[0, 1, 2, 3, 4]), 5);
        assert_eq!(consumer.pop_into(&mut out), 5);
        assert_eq!(producer.push_slice(&[5, 6, 7, 8, 9, 10]), 6);
        assert_eq!(producer.push_slice(&[11, 12, 13]), 2);
        assert_eq!(producer.push_slice(&[13]), 0);
        assert_eq!(ring.len(), 8);
        let mut parts = Vec::new();
        assert_eq!(consumer.consume(|items| parts.push(items.to_vec())), 8);
        assert_eq!(parts, [vec![5, 6, 7], vec![8, 9, 10, 11, 12]], "one slice up to the end, one from the start");
        assert!(ring.is_empty());
        assert_eq!(consumer.consume(|_| unreachable!()), 0);
    }

    #[test]
    fn a_side_has_one_handle_at_a_time() {
        let ring = Ring::new(4);
        let mut producer = ring.producer().unwrap();
        producer.push_slice(&[1]);
        assert!(ring.producer().is_none());
        let consumer = ring.consumer().unwrap();
        assert!(ring.consumer().is_none());
        drop((producer, consumer));
        assert_eq!(ring.producer().unwrap().push_slice(&[2, 3]), 2);
        let mut out = Vec::new();
        ring.consumer().unwrap().pop_into(&mut out);
        assert_eq!(out, [1, 2, 3], "the next handles go on where the last ones stopped");
    }

    #[test]
    fn growing_keeps_what_waits() {
        let mut ring = Ring::new(4);
        let mut out = Vec::new();
        ring.producer().unwrap().push_slice(&[0, 0, 0]);
        ring.consumer().unwrap().pop_into(&mut out);
        ring.producer().unwrap().push_slice(&[1, 2, 3, 4]);
        std::mem::forget(ring.consumer());
        ring.grow(2);
        assert_eq!(ring.capacity(), 4);
        ring.grow(16);
        assert_eq!((ring.capacity(), ring.len()), (16, 4));
        ring.producer().unwrap().push_slice(&[5, 6]);
        ring.consumer().unwrap().pop_into(&mut out);
        assert_eq!(out[3..], [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn a_panic_shows_the_slice_again() {
        let ring = Ring::new(4);
        ring.producer().unwrap().push_slice(&[1, 2]);
        let show = || ring.consumer().unwrap().consume(|_| panic!("not now"));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(show)).is_err());
        let mut out = Vec::new();
        ring.consumer().unwrap().pop_into(&mut out);
        assert_eq!(out, [1, 2]);
    }

    #[test]
    fn the_index_may_wrap() {
        let mut ring = Ring::new(4);
        let near = usize::MAX - 1;
        (ring.produced, ring.consumed) = (Side::at(near, near), Side::at(near, 0));
        let mut out = Vec::new();
        for i in 0..5_u32 {
            assert_eq!(ring.producer().unwrap().push_slice(&[3 * i, 3 * i + 1, 3 * i + 2]), 3);
            assert_eq!(ring.len(), 3);
            ring.consumer().unwrap().pop_into(&mut out);
        }
        assert_eq!(out, (0..15).collect::<Vec<_>>());
    }

    /// Item `n` is `(n, !n)`, so a torn or stale slot shows.
    #[test]
    fn two_threads_keep_order_in_random_batches() {
        let item_count = if cfg!(miri) { 2_000 } else { 4_000_000_u64 };
        for capacity in [1, 4, 256] {
            let ring = Ring::new(capacity);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let mut producer = ring.producer().unwrap();
                    let (mut next, mut state) = (0_u64, 12_345_u64);
                    let mut batch = Vec::new();
                    // A ring of one item hands over one by one: fewer will do.
                    while next < item_count / if capacity < 256 { 20 } else { 1 } {
                        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                        batch.clear();
                        batch.extend((next..next + 1 + (state >> 57)).map(|n| (n, !n)));
                        let pushed = producer.push_slice(&batch) as u64;
                        next += pushed;
                        if pushed == 0 {
                            std::thread::yield_now();
                        }
                    }
                    while producer.push_slice(&[(u64::MAX, 0)]) == 0 {
                        std::thread::yield_now();
                    }
                });
                let mut next = 0;
                let mut is_over = false;
                while !is_over {
                    let count = ring.consumer().unwrap().consume(|items| {
                        for &(n, check) in items {
                            is_over = n == u64::MAX;
                            assert!(is_over || (n, check) == (next, !next), "{n} after {next}");
                            next += 1;
                        }
                    });
                    if count == 0 {
                        std::thread::yield_now();
                    }
                }
                assert!(next > item_count / 20);
            });
            assert!(ring.is_empty());
        }
    }
}
