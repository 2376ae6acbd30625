//! Model checks: loom runs these under every interleaving, and every value that a load may see, that the memory model
//! allows.

use std::sync::{
    Mutex as PlainMutex,
    atomic::{AtomicBool as PlainBool, AtomicU32 as PlainCounter, Ordering as PlainOrdering},
};

use loom::{
    cell::UnsafeCell,
    sync::{Arc, atomic::AtomicUsize},
    thread,
};

use crate::{
    barrier::{Barrier, Patience},
    lanes::Lanes,
    ring::Ring,
    sync::Ordering,
};

/// Runs two sides on two threads, `first` on the one that loom lets go first: what loom explores depends on that.
fn both<T: Send + 'static>(first: impl FnOnce(), second: impl FnOnce() -> T + 'static) -> T {
    let thread = thread::spawn(second);
    first();
    thread.join().unwrap()
}

fn a_ring_keeps_order(sender_first: bool) {
    static WAS_FULL: PlainBool = PlainBool::new(false);
    static WRAPPED: PlainBool = PlainBool::new(false);
    loom::model(move || {
        let ring = Arc::new(Ring::<u32>::new(2));
        let sent = Arc::new(PlainCounter::new(0));
        let send = {
            let (ring, sent) = (Arc::clone(&ring), Arc::clone(&sent));
            move || {
                let mut producer = ring.producer().unwrap();
                let mut next = producer.push_slice(&[0]) as u32;
                for _ in 0..2 {
                    let pushed = producer.push_slice(&[next, next + 1]) as u32;
                    WAS_FULL.fetch_or(pushed == 0, PlainOrdering::Relaxed);
                    next += pushed;
                }
                sent.store(next, PlainOrdering::Relaxed);
            }
        };
        let got = Arc::new(PlainMutex::new(Vec::new()));
        let receive = {
            let (ring, got) = (Arc::clone(&ring), Arc::clone(&got));
            move || {
                for _ in 0..2 {
                    ring.consumer().unwrap().consume(|items| got.lock().unwrap().extend_from_slice(items));
                }
            }
        };
        if sender_first {
            both(send, receive)
        } else {
            both(receive, send)
        }
        let mut got = got.lock().unwrap();
        ring.consumer().unwrap().pop_into(&mut got);
        let sent = sent.load(PlainOrdering::Relaxed);
        WRAPPED.fetch_or(sent == 5, PlainOrdering::Relaxed);
        assert_eq!(*got, (0..sent).collect::<Vec<_>>());
    });
    assert!(WAS_FULL.load(PlainOrdering::Relaxed) && WRAPPED.load(PlainOrdering::Relaxed), "the model reaches both");
}

#[test]
fn a_ring_keeps_order_in_batches_around_its_end() {
    a_ring_keeps_order(true);
    a_ring_keeps_order(false);
}

#[test]
fn a_ring_may_change_hands() {
    loom::model(|| {
        let ring = Arc::new(Ring::<u32>::new(4));
        let other = Arc::clone(&ring);
        let push = |ring: &Ring<u32>, item| ring.producer().map_or(0, |mut producer| producer.push_slice(&[item]));
        let thread = thread::spawn(move || push(&other, 1));
        let pushed = push(&ring, 2) + thread.join().unwrap();
        let mut got = Vec::new();
        assert_eq!(ring.consumer().unwrap().pop_into(&mut got), pushed);
        got.sort();
        assert!(matches!(got[..], [1] | [2] | [1, 2]), "{got:?}");
    });
}

fn a_lane_keeps_order(sender_first: bool) {
    static SPILLED: [PlainBool; 4] = [const { PlainBool::new(false) }; 4];
    let mut model = loom::model::Builder::new();
    // Every interleaving with at most so many unasked changes of thread; without a bound it runs for minutes.
    model.preemption_bound = Some(4);
    model.check(move || {
        // A step on which the two depend, between any two calls, makes loom try the calls in every order.
        let turn = Arc::new(AtomicUsize::new(0));
        let lanes = Arc::new(Lanes::<u32>::new(1, 1));
        let send = {
            let (lanes, turn) = (Arc::clone(&lanes), Arc::clone(&turn));
            move || {
                for records in [&[0, 1][..], &[2], &[3]] {
                    turn.fetch_add(1, Ordering::Relaxed);
                    lanes.send_batch(0, 0, records);
                }
            }
        };
        let got = Arc::new(PlainMutex::new(Vec::new()));
        let receive = {
            let (lanes, got, turn) = (Arc::clone(&lanes), Arc::clone(&got), Arc::clone(&turn));
            move || {
                for _ in 0..2 {
                    turn.fetch_add(1, Ordering::Relaxed);
                    lanes.receive(0, 0, &mut |records| got.lock().unwrap().extend_from_slice(records));
                }
            }
        };
        if sender_first {
            both(send, receive)
        } else {
            both(receive, send)
        }
        let mut got = got.lock().unwrap();
        lanes.receive(0, 0, &mut |records| got.extend_from_slice(records));
        assert_eq!(*got, [0, 1, 2, 3], "one call after the last send delivers all");
        SPILLED[lanes.spilled() as usize].store(true, PlainOrdering::Relaxed);
    });
    let reached = SPILLED.each_ref().map(|spilled| spilled.load(PlainOrdering::Relaxed));
    assert_eq!(reached, [false, true, true, true], "all that can be spilled is, in some interleaving");
}

#[test]
fn a_lane_keeps_order_while_it_spills() {
    a_lane_keeps_order(true);
    a_lane_keeps_order(false);
}

/// A phase's work, seen by loom: unsynchronised access would be reported.
struct Work(UnsafeCell<u32>);

// SAFETY: what this model checks: the barrier orders the accesses, and loom reports those that it does not.
unsafe impl Sync for Work {}
// SAFETY: a number.
unsafe impl Send for Work {}

fn phases(follower_count: usize, phase_count: u32, preemptions: Option<usize>) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = preemptions;
    model.check(move || {
        // Loom reports a deadlock if a wake-up is lost.
        let barrier = Arc::new(Barrier::new(Patience::Yield(0)));
        let order = Arc::new(Work(UnsafeCell::new(0)));
        let results: Arc<Vec<_>> = Arc::new((0..follower_count).map(|_| Work(UnsafeCell::new(0))).collect());
        let threads: Vec<_> = (0..follower_count)
            .map(|i| {
                let (barrier, order, results) = (Arc::clone(&barrier), Arc::clone(&order), Arc::clone(&results));
                thread::spawn(move || {
                    let mut phase = 0;
                    for _ in 0..phase_count {
                        phase = barrier.enter(phase);
                        // SAFETY: the leader wrote this before it opened the phase.
                        let ordered = order.0.with(|order| unsafe { *order });
                        // SAFETY: only this thread has this result during a phase.
                        results[i].0.with_mut(|result| unsafe { *result = 10 * ordered });
                        barrier.leave();
                    }
                })
            })
            .collect();
        for n in 1..=phase_count {
            // SAFETY: no phase is open.
            order.0.with_mut(|order| unsafe { *order = n });
            barrier.open(follower_count);
            barrier.close();
            for result in results.iter() {
                // SAFETY: the phase is over.
                assert_eq!(result.0.with(|result| unsafe { *result }), 10 * n);
            }
        }
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn no_wake_up_is_lost_between_two() {
    phases(1, 2, Some(4));
}

#[test]
fn no_wake_up_is_lost_among_three() {
    phases(2, 1, Some(3));
}

/// That the models above can fail: loom does see the race of an unordered hand-over.
#[test]
#[should_panic(expected = "Causality violation")]
fn loom_reports_an_unordered_hand_over() {
    loom::model(|| {
        let (flag, work) = (Arc::new(AtomicUsize::new(0)), Arc::new(Work(UnsafeCell::new(0))));
        let (other_flag, other_work) = (Arc::clone(&flag), Arc::clone(&work));
        let thread = thread::spawn(move || {
            // SAFETY: none: this is the mistake.
            other_work.0.with_mut(|work| unsafe { *work = 1 });
            other_flag.store(1, Ordering::Relaxed);
        });
        if flag.load(Ordering::Relaxed) == 1 {
            // SAFETY: none: this is the mistake.
            work.0.with(|work| unsafe { *work });
        }
        thread.join().unwrap();
    });
}
