//! Lanes: a way for records from each shard to each shard, used in the exchange.

use super::{
    ring::Ring,
    sync::{AtomicBool, AtomicU64, Mutex, Ordering, lock},
};

/// The largest ring that a lane grows to by itself, in records.
const DEFAULT_LIMIT: usize = 8_192;

/// One way: a ring, and a spill for what does not fit.
///
/// Order: while `is_spilling`, the sender adds to the spill only, so that all that is in the ring is older than all
/// that was spilled, and what is in `leaving` is older than what is in `spill`. The receiver alone ends the spilling,
/// and only when it has seen the spill empty under its lock.
struct Lane<T> {
    ring: Ring<T>,
    is_spilling: AtomicBool,
    /// What did not fit, oldest first.
    spill: Mutex<Vec<T>>,
    /// What the receiver has taken from the spill and not delivered yet, for no lock is held during a delivery. Empty
    /// between two calls, unless a delivery panicked.
    leaving: Mutex<Vec<T>>,
    /// Records ever spilled.
    spilled_count: AtomicU64,
    /// `spilled_count` when the lane was last looked at for growth.
    spilled_before: u64,
}

impl<T: Copy + Send> Lane<T> {
    fn new(capacity: usize) -> Self {
        Self {
            ring: Ring::new(capacity),
            is_spilling: AtomicBool::new(false),
            spill: Mutex::new(Vec::new()),
            leaving: Mutex::new(Vec::new()),
            spilled_count: AtomicU64::new(0),
            spilled_before: 0,
        }
    }

    /// Whether the lane was free to send on; if not, nothing was sent.
    #[inline]
    fn try_send(&self, records: &[T]) -> bool {
        let Some(mut producer) = self.ring.producer() else { return false };
        let mut rest = records;
        if !self.is_spilling.load(Ordering::Acquire) {
            rest = &records[producer.push_slice(records)..];
        }
        if !rest.is_empty() {
            self.spill(rest);
        }
        true
    }

    /// Adds to the spill. The producer's handle is held, so nobody else spills.
    #[cold]
    fn spill(&self, records: &[T]) {
        let mut spill = lock(&self.spill);
        spill.extend_from_slice(records);
        self.is_spilling.store(true, Ordering::Release);
        self.spilled_count.fetch_add(records.len() as u64, Ordering::Relaxed);
    }

    /// Whether nothing waits: three loads.
    #[inline]
    fn is_idle(&self) -> bool {
        self.ring.is_empty() && !self.is_spilling.load(Ordering::Acquire)
    }

    /// Delivers what was sent before the call, and says how much; none if another receiver is at work.
    #[inline]
    fn try_receive(&self, f: &mut impl FnMut(&[T])) -> Option<usize> {
        if self.is_idle() {
            return Some(0);
        }
        let mut consumer = self.ring.consumer()?;
        if !self.is_spilling.load(Ordering::Acquire) {
            return Some(consumer.consume(f));
        }
        // The consumer's handle is held, so nobody else waits for this lock.
        let mut leaving = lock(&self.leaving);
        let mut count = 0;
        // Twice, because what an earlier panic left behind comes first; and no more, because a sender at work may spill
        // faster than this delivers.
        for _ in 0..2 {
            if leaving.is_empty() {
                std::mem::swap(&mut *leaving, &mut *lock(&self.spill));
            }
            count += consumer.consume(&mut *f);
            if !leaving.is_empty() {
                f(&leaving);
                count += leaving.len();
                leaving.clear();
            }
            let spill = lock(&self.spill);
            if spill.is_empty() {
                self.is_spilling.store(false, Ordering::Release);
                break;
            }
        }
        Some(count)
    }

    /// Doubles the ring, up to `limit` records, if the lane has spilled since the last call; whether it did.
    fn grow(&mut self, limit: usize) -> bool {
        let spilled = self.spilled_count.load(Ordering::Relaxed);
        let has_spilled = std::mem::replace(&mut self.spilled_before, spilled) != spilled;
        let doubled = 2 * self.ring.capacity();
        if !has_spilled || doubled > limit {
            return false;
        }
        self.ring.grow(doubled);
        true
    }
}

/// A lane from each of a number of shards to each of them, itself included: `shards x shards` rings, each with a spill.
///
/// Within a lane, records arrive in the order sent. What does not fit into the ring is spilled to a buffer that grows,
/// and counted: nothing is dropped and nobody waits, so there is no deadlock. A lane has one sender and one receiver at
/// a time, which may be at work together; different lanes share nothing. Lanes start small, for most of them stay
/// nearly idle: let one thread call [`Lanes::grow`] between two phases.
pub struct Lanes<T> {
    shard_count: usize,
    limit: usize,
    /// Lane `dst * shard_count + src`: a receiver looks at neighbours.
    lanes: Box<[Lane<T>]>,
}

impl<T: Copy + Send> Lanes<T> {
    /// Idle lanes between `shard_count` shards, with rings of `capacity` records (rounded up to a power of two), which
    /// grow to 8,192 records, or stay as they are if that is less.
    pub fn new(shard_count: usize, capacity: usize) -> Self {
        Self::with_limit(shard_count, capacity, DEFAULT_LIMIT)
    }

    /// As [`Lanes::new`], with rings that do not grow beyond `limit` records.
    pub fn with_limit(shard_count: usize, capacity: usize, limit: usize) -> Self {
        let lanes = (0..shard_count * shard_count).map(|_| Lane::new(capacity)).collect();
        Self { shard_count, limit, lanes }
    }

    /// How many shards the lanes connect.
    pub fn shard_count(&self) -> usize {
        self.shard_count
    }

    #[inline]
    fn lane(&self, src: usize, dst: usize) -> &Lane<T> {
        assert!(
            src < self.shard_count && dst < self.shard_count,
            "no lane from shard {src} to shard {dst}: there are {} shards",
            self.shard_count
        );
        &self.lanes[dst * self.shard_count + src]
    }

    /// Sends records from shard `src` to shard `dst`, after all that was sent on that lane before.
    ///
    /// # Panics
    /// If there is no such shard, or another thread is sending on the same lane: in a send phase, a source shard
    /// belongs to one worker.
    #[inline]
    pub fn send_batch(&self, src: usize, dst: usize, records: &[T]) {
        if !records.is_empty() {
            assert!(
                self.lane(src, dst).try_send(records),
                "a lane has one sender: shard {src} is sending to shard {dst} on another thread"
            );
        }
    }

    /// Shows all that was sent from `src` to `dst` before the call to `f`, oldest first, in slices that are never
    /// empty; removes it, and says how many records there were. An idle lane costs three loads.
    ///
    /// A record is removed when `f` has returned from its slice: if `f` panics, the slice is shown again next time. `f`
    /// may send, on this lane too.
    ///
    /// # Panics
    /// If there is no such shard, or another thread is receiving from the same lane: in a receive phase, a destination
    /// shard belongs to one worker.
    #[inline]
    pub fn receive(&self, dst: usize, src: usize, f: &mut impl FnMut(&[T])) -> usize {
        let Some(count) = self.lane(src, dst).try_receive(f) else {
            panic!("a lane has one receiver: shard {dst} is receiving from shard {src} on another thread")
        };
        count
    }

    /// How many records ever went to a spill, of all lanes.
    pub fn spilled(&self) -> u64 {
        self.lanes.iter().map(|lane| lane.spilled_count.load(Ordering::Relaxed)).sum()
    }

    /// Doubles the rings that spilled since the last call, up to the limit, and says how many it doubled. What waits in
    /// them stays, in order.
    pub fn grow(&mut self) -> usize {
        let limit = self.limit;
        self.lanes.iter_mut().map(|lane| usize::from(lane.grow(limit))).sum()
    }
}

#[cfg(all(test, not(model)))]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    fn all<T: Copy + Send>(lanes: &Lanes<T>, dst: usize, src: usize) -> Vec<T> {
        let mut out = Vec::new();
        let count = lanes.receive(dst, src, &mut |records| {
            assert!(!records.is_empty());
            out.extend_from_slice(records);
        });
        assert_eq!(count, out.len());
        out
    }

    fn message(result: std::thread::Result<()>) -> String {
        *result.unwrap_err().downcast::<String>().expect("panicked with a formatted message")
    }

    #[test]
    fn a_record_arrives_on_its_lane_and_on_no_other() {
        let lanes = Lanes::new(3, 4);
        for (src, dst) in [(0, 0), (0, 2), (2, 0), (1, 2)] {
            lanes.send_batch(src, dst, &[10 * src + dst]);
        }
        for dst in 0..3 {
            for src in 0..3 {
                let sent = [(0, 0), (0, 2), (2, 0), (1, 2)].contains(&(src, dst));
                assert_eq!(all(&lanes, dst, src), if sent { vec![10 * src + dst] } else { vec![] });
            }
        }
        assert_eq!(lanes.spilled(), 0);
    }

    #[test]
    fn what_does_not_fit_is_spilled_counted_and_in_order() {
        let lanes = Lanes::new(2, 4);
        lanes.send_batch(0, 1, &[0, 1, 2]);
        assert_eq!(lanes.spilled(), 0);
        lanes.send_batch(0, 1, &[3, 4, 5]);
        assert_eq!(lanes.spilled(), 2);
        lanes.send_batch(0, 1, &[6]);
        lanes.send_batch(0, 1, &[]);
        assert_eq!(lanes.spilled(), 3);
        assert_eq!(all(&lanes, 1, 0), (0..7).collect::<Vec<_>>());
        assert!(all(&lanes, 1, 0).is_empty());
        lanes.send_batch(0, 1, &[7, 8]);
        assert_eq!(lanes.spilled(), 3, "the ring is used again once the spill has been received");
        assert_eq!(all(&lanes, 1, 0), [7, 8]);
    }

    #[test]
    fn lanes_that_spilled_double_up_to_the_limit() {
        let mut lanes = Lanes::with_limit(2, 4, 16);
        let capacities = |lanes: &Lanes<u32>| lanes.lanes.iter().map(|lane| lane.ring.capacity()).collect::<Vec<_>>();
        let records: Vec<u32> = (0..100).collect();
        assert_eq!(lanes.grow(), 0);
        for capacity in [8, 16, 16] {
            // Grown before the delivery, so that what waits must survive it.
            lanes.send_batch(1, 0, &records);
            lanes.send_batch(0, 1, &records[..3]);
            assert_eq!(
                lanes.grow(),
                usize::from(capacities(&lanes)[1] != 16 || capacity == 16 && lanes.spilled() == 188)
            );
            assert_eq!(capacities(&lanes), [4, capacity, 4, 4]);
            assert_eq!(all(&lanes, 0, 1), records);
            assert_eq!(all(&lanes, 1, 0), records[..3]);
        }
        assert_eq!(lanes.spilled(), 96 + 92 + 84);
        assert_eq!(lanes.grow(), 0);
    }

    #[test]
    fn a_panic_in_a_delivery_loses_nothing() {
        let lanes = Lanes::new(1, 4);
        lanes.send_batch(0, 0, &[0, 1, 2, 3, 4, 5]);
        for spared in [0, 1] {
            // First at what is in the ring, then at what was spilled.
            let mut shown = 0;
            let result = catch_unwind(AssertUnwindSafe(|| {
                lanes.receive(0, 0, &mut |_| {
                    assert!(shown != spared, "slice {shown}");
                    shown += 1;
                });
            }));
            assert_eq!(message(result), format!("slice {spared}"));
            lanes.send_batch(0, 0, &[6 + spared]);
        }
        assert_eq!(all(&lanes, 0, 0), [4, 5, 6, 7]);
        assert!(all(&lanes, 0, 0).is_empty());
    }

    #[test]
    fn a_delivery_may_send_on_its_own_lane() {
        let lanes = Lanes::new(1, 2);
        lanes.send_batch(0, 0, &[1, 2, 3, 4]);
        let mut sum = 0;
        while lanes.receive(0, 0, &mut |records: &[u64]| {
            sum += records.iter().sum::<u64>();
            let smaller: Vec<u64> = records.iter().map(|n| n - 1).filter(|&n| n > 0).collect();
            lanes.send_batch(0, 0, &smaller);
        }) > 0
        {}
        assert_eq!(sum, 1 + 3 + 6 + 10);
    }

    #[test]
    fn breaches_of_the_contract_panic() {
        let lanes = Lanes::new(2, 4);
        lanes.send_batch(0, 1, &[1]);
        let result = catch_unwind(AssertUnwindSafe(|| lanes.send_batch(0, 2, &[1])));
        assert_eq!(message(result), "no lane from shard 0 to shard 2: there are 2 shards");
        let again = AssertUnwindSafe(|| {
            lanes.receive(1, 0, &mut |_| {
                lanes.receive(1, 0, &mut |_| ());
            });
        });
        assert!(message(catch_unwind(again)).starts_with("a lane has one receiver: shard 1"));
        let sender = lanes.lane(0, 1).ring.producer();
        let result = catch_unwind(AssertUnwindSafe(|| lanes.send_batch(0, 1, &[2])));
        assert!(message(result).starts_with("a lane has one sender: shard 0"));
        drop(sender);
        lanes.send_batch(0, 1, &[3]);
        assert_eq!(all(&lanes, 1, 0), [1, 3]);
    }

    #[test]
    fn order_holds_while_sender_and_receiver_overlap() {
        let record_count = if cfg!(miri) { 3_000 } else { 3_000_000_u32 };
        let lanes = Lanes::new(1, 16);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let (mut next, mut state) = (0, 99_u64);
                while next < record_count {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    let end = record_count.min(next + 1 + (state >> 59) as u32);
                    lanes.send_batch(0, 0, &(next..end).collect::<Vec<_>>());
                    next = end;
                    if next % 1_000 < 16 {
                        std::thread::yield_now();
                    }
                }
            });
            let mut next = 0;
            while next < record_count {
                let count = lanes.receive(0, 0, &mut |records| {
                    for &record in records {
                        assert_eq!(record, next);
                        next += 1;
                    }
                });
                if count == 0 {
                    std::thread::yield_now();
                }
            }
        });
        assert!(all(&lanes, 0, 0).is_empty());
    }

    /// The exchange of an engine: every worker sends for its shards, then every worker receives for its shards.
    #[test]
    fn an_all_to_all_conserves_every_record() {
        let (shard_count, workers) = (6, crate::exec::Workers::new(3, false));
        let mut lanes = Lanes::new(shard_count, 8);
        let order: Vec<u32> = (0..shard_count as u32).collect();
        for interval in 0..20 {
            workers.each(&order, |_, src| {
                for n in 0..50 * interval {
                    lanes.send_batch(src, (n * 7 + src) % shard_count, &[(src, n)]);
                }
            });
            let received = AtomicU64::new(0);
            workers.each(&order, |_, dst| {
                for src in 0..shard_count {
                    let expected: Vec<_> =
                        (0..50 * interval).filter(|n| (n * 7 + src) % shard_count == dst).map(|n| (src, n)).collect();
                    assert_eq!(all(&lanes, dst, src), expected);
                    received.fetch_add(expected.len() as u64, Ordering::Relaxed);
                }
            });
            assert_eq!(received.into_inner(), (shard_count * 50 * interval) as u64);
            lanes.grow();
        }
        assert!(lanes.spilled() > 0);
    }
}
