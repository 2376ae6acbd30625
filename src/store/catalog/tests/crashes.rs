//! The catalog is open whenever the machine crashes.

use std::sync::Arc;

use super::run::{How, STEPS, process, said, seen, truth};
use crate::store::catalog::{Ending, Seen, look};
use crate::store::{Backend, Mem, Omit, Sim};

const ZONES: u32 = 12;

#[test]
fn it_says_what_has_become_of_a_run() {
    let mem = Mem::default();
    let backend: Arc<dyn Backend> = Arc::new(mem.clone());
    for how in [How::IsStopped, How::Crashes, How::Ends] {
        assert_eq!(process(backend.clone(), 2 * ZONES, how).unwrap(), Vec::<String>::new());
    }
    let (contents, seen_as) = look(&mem, &super::run::folder(), super::run::RUN).unwrap();
    assert!(matches!(seen_as, Seen::Current), "{seen_as:?}");
    assert_eq!(said(&mem).unwrap(), contents);
    let starts: Vec<_> = contents.starts.values().map(|one| (one.resumed_from, one.ending, one.workers)).collect();
    let ended = [Ending::Interrupted, Ending::Crashed, Ending::Ended].map(Some);
    assert_eq!(starts, [(None, ended[0], Some(2)), (Some(4), ended[1], Some(2)), (Some(8), ended[2], Some(2))]);
    let checkpoints: Vec<_> = contents.checkpoints.values().map(|one| (one.tick, one.kept)).collect();
    assert_eq!(checkpoints, (1..=3 * STEPS).map(|tick| (tick, tick > 10)).collect::<Vec<_>>());
    assert!(contents.checkpoints.values().all(|one| one.sizes.is_some() && one.micros == Some(0)));
    // Zones 0, 10 and 20 are divided at a tick that 3 divides.
    assert_eq!(contents.zones.len(), 24 + 3);
    let written: Vec<_> = contents.zones.values().map(|place| place.written.unwrap()).collect();
    assert!(written.contains(&12) && written.iter().any(|&tick| tick < 12), "{written:?}");
}

/// Crashes after each operation; how often, and how often a catalog was found broken.
fn crash_everywhere(omit: Option<Omit>) -> (usize, usize) {
    let sim = Sim::default();
    if let Some(omit) = omit {
        sim.omit(omit);
    }
    let backend = |sim: &Sim| -> Arc<dyn Backend> { Arc::new(sim.clone()) };
    process(backend(&sim), ZONES, How::IsStopped).unwrap();
    process(backend(&sim), ZONES, How::IsStopped).unwrap();
    let (mut images, mut broken) = (0, 0);
    for after in 0..=sim.operations() {
        for seed in 0..4 {
            let mut image = sim.crash(after, seed);
            if seed == 3 {
                // Again, while the run comes back or soon after.
                process(backend(&image), ZONES, How::Crashes).unwrap();
                image = image.crash(after * 31 % (image.operations() + 1), seed);
            }
            assert_eq!(seen(&image), truth(&image), "crash after {after}, seed {seed}");
            let told = process(backend(&image), ZONES, How::Ends).unwrap();
            images += 1;
            broken += usize::from(!told.is_empty());
            assert!(
                told.is_empty() || omit.is_some(),
                "after {after} ({}), seed {seed}: {told:?}",
                sim.describe(after)
            );
            assert_eq!(said(&image).unwrap().derived(), truth(&image), "after {after}, seed {seed}");
        }
    }
    (images, broken)
}

/// After any crash the catalog can be read, and once the run is resumed it is what it would be if it were made anew.
#[test]
fn it_is_what_it_would_be_if_it_were_made_anew_after_any_crash() {
    let (images, broken) = crash_everywhere(None);
    assert!(images > 800 && broken == 0, "{images} images, {broken} broken");
}

/// The test above can fail: redb needs the disk to keep its promises, and without them a catalog is found to be broken,
/// and made anew.
#[test]
fn without_syncs_it_is_found_broken_and_made_anew() {
    let (images, broken) = crash_everywhere(Some(Omit::SyncOf("meta.redb")));
    assert!(broken > 10, "{broken} of {images}");
}
