//! The thread that writes.

use super::world::{SCHEMA, World, compare, open};
use crate::store::{Fault, Finished, Mem, Outcome, Refusal, Sim, Writer};

/// Hands a checkpoint over, from several threads at once.
fn hand_over(writer: &Writer, world: &mut World, all: bool) {
    let (written, kept) = world.take(all);
    let sink = writer.begin(world.tick);
    std::thread::scope(|scope| {
        for part in written.chunks(3) {
            let sink = sink.clone();
            scope.spawn(move || {
                assert!(sink.has_room());
                let mut chunk = sink.chunk(0);
                part.iter().for_each(|(info, piece)| chunk.add(*info, piece));
                sink.put(chunk);
            });
        }
    });
    writer.publish(kept, SCHEMA.to_owned());
}

fn wait(writer: &Writer) -> Outcome {
    loop {
        if let Some(outcome) = writer.outcomes().pop() {
            return outcome;
        }
        std::thread::yield_now();
    }
}

#[test]
fn what_is_put_in_comes_out() {
    let mem = Mem::default();
    let writer = Writer::start(open(&mem, 3).unwrap().0, None);
    let (mut world, mut past) = (World::new(31), Vec::new());
    for nth in 0..8 {
        world.step();
        past.push(world.contents());
        // None is waited for.
        hand_over(&writer, &mut world, nth == 0);
    }
    let Finished { checkpoints, outcomes, .. } = writer.finish();
    assert_eq!(outcomes.len(), 8);
    for (nth, outcome) in outcomes.iter().enumerate() {
        let published = outcome.result.as_ref().unwrap();
        // With a single one all of the journal is needed.
        let oldest = if nth == 0 { 0 } else { (nth as u64).saturating_sub(1).max(1) };
        let expected = (nth as u64 + 1, nth as u64 + 1, oldest);
        assert_eq!((outcome.tick, published.generation, published.oldest_tick), expected);
        assert!(published.bytes > 0 && outcome.leftover.is_none());
        let digest = past[nth].values().map(|(info, _)| info.digest.0).fold(0, u64::wrapping_add);
        assert_eq!(published.digest.0, digest);
    }
    for manifest in checkpoints.manifests() {
        compare(&checkpoints, manifest, past.get(manifest.tick as usize - 1)).unwrap();
    }
}

/// The world has forgotten what had changed before it hears that a checkpoint was not made, and may be saving the next.
#[test]
fn a_failing_disk_is_told_and_what_was_begun_meanwhile_is_refused() {
    for (nth, fault) in [(0, Fault::Change), (1, Fault::Change), (0, Fault::Sync), (2, Fault::Sync)] {
        let sim = Sim::default();
        let writer = Writer::start(open(&sim, 3).unwrap().0, None);
        let mut world = World::new(32);
        world.step();
        hand_over(&writer, &mut world, true);
        wait(&writer).result.unwrap();
        sim.fail(nth, fault, Refusal::Full);
        for _ in 0..2 {
            world.step();
            hand_over(&writer, &mut world, false);
        }
        world.step();
        hand_over(&writer, &mut world, true);
        let Finished { checkpoints, outcomes, .. } = writer.finish();
        let [failed, refused, made] = &outcomes[..] else { panic!("{outcomes:?}") };
        assert!(failed.result.as_ref().is_err_and(|error| error.is_disk_full()) && failed.tick == 2, "{failed:?}");
        // For the same reason: who goes on without the one goes on without the other.
        assert!(refused.result.as_ref().is_err_and(|error| error.is_disk_full()) && refused.tick == 3, "{refused:?}");
        assert_eq!(made.result.as_ref().unwrap().oldest_tick, 1);
        compare(&checkpoints, checkpoints.manifests().last().unwrap(), Some(&world.contents())).unwrap();
        assert_eq!(checkpoints.manifests().len(), 2);
    }
}

#[test]
fn what_cannot_be_removed_is_told_beside_the_checkpoint() {
    let mut told = 0;
    for refused in 0.. {
        let sim = Sim::default();
        let writer = Writer::start(open(&sim, 2).unwrap().0, None);
        let mut world = World::new(33);
        let mut outcomes = Vec::new();
        for nth in 0..6 {
            if nth == 4 {
                sim.fail(refused, Fault::Change, Refusal::Broken);
            }
            world.step();
            hand_over(&writer, &mut world, nth == 0);
            outcomes.push(wait(&writer));
        }
        let checkpoints = writer.finish().checkpoints;
        if outcomes[4].result.is_ok()
            && let Some(leftover) = &outcomes[4].leftover
        {
            told += 1;
            assert!(outcomes[5].result.is_ok() && outcomes[5].leftover.is_none());
            let is_removed = super::world::strays(&sim, &checkpoints).is_empty();
            assert!(is_removed || leftover.to_string().contains("make durable"), "{leftover}");
            compare(&checkpoints, checkpoints.manifests().last().unwrap(), Some(&world.contents())).unwrap();
        }
        if outcomes[5].result.is_ok() && outcomes.iter().all(|outcome| outcome.leftover.is_none()) {
            break;
        }
    }
    assert!(told >= 1, "{told}");
}

#[test]
fn a_sink_that_is_still_held_does_not_hold_up_the_end() {
    let writer = Writer::start(open(&Mem::default(), 2).unwrap().0, None);
    let mut world = World::new(34);
    world.step();
    hand_over(&writer, &mut world, true);
    let sink = writer.begin(2);
    let Finished { checkpoints, outcomes, .. } = writer.finish();
    assert_eq!((checkpoints.manifests().len(), outcomes.len()), (1, 1));
    let (written, _) = world.take(true);
    let mut chunk = sink.chunk(0);
    written.iter().for_each(|(info, piece)| chunk.add(*info, piece));
    sink.put(chunk);
    assert!(sink.has_room());
}
