//! A run that is kept in a folder goes on after any crash as if it had not been, and loses nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use myriad::prelude::*;
use myriad::store::{Access, Backend, Fault, Mem, Omit, Refusal, Sim, StoreError};

use crate::law::{Law, NoParams, Parcel};

pub const END: u64 = 120;
const AGENTS: u64 = 60;

/// Speaks to the world as a person might, the same whenever it is asked at a tick; and notes what it is told.
#[derive(Default)]
pub struct Person {
    pub warnings: Vec<String>,
    /// Stops the run at this tick.
    stop_at: Option<u64>,
    asked: u64,
    /// Does not wait for room.
    is_impatient: bool,
    /// Makes room when a run waits for it.
    makes_room: Option<Sim>,
}

impl Watch for Person {
    fn speak(&mut self, voice: &mut Voice<'_>) {
        self.asked += 1;
        let now = voice.now().0;
        for nth in 0..now / 10 % 3 {
            voice.tell(AgentId(((now * 7 + nth * 13) % AGENTS) as u32), Parcel { fuel: 100 + now as i64 });
        }
    }
    fn warn(&mut self, what: &str) {
        self.warnings.push(what.to_owned());
        if let Some(sim) = self.makes_room.as_ref().filter(|_| what.contains("waits")) {
            sim.set_capacity(None);
        }
    }
    fn is_stopped(&self) -> bool {
        self.is_impatient && self.warnings.iter().any(|told| told.contains("waits"))
    }
    fn progress(&mut self, progress: &Progress) -> Control {
        let stops = self.stop_at.is_some_and(|stop| progress.tick.0 >= stop);
        if stops { Control::Stop } else { Control::Continue }
    }
}

fn keep(backend: &Arc<dyn Backend>, begin: Begin) -> Keep {
    Keep {
        backend: backend.clone(),
        begin,
        every: Every::Ticks(30),
        keep: 2,
        journal_grows: 8_192,
        journal_rolls: 2,
        ..Keep::new("run", 7)
    }
}

pub fn run(keep: Option<Keep>, person: &mut dyn Watch, ticks: u64) -> Result<RunReport, RunError> {
    let options = RunOptions {
        agents: Some(AGENTS),
        workers: Some(1),
        shards: 3,
        span: Some(Span::Ticks(ticks)),
        keep,
        ..RunOptions::default()
    };
    Simulation::of::<Law>(NoParams::defaults()).options(options).watch(person)
}

/// What may not show that a run crashed.
pub fn seen(report: &RunReport) -> (String, u64, u64, u64, String, u64) {
    let series = format!("{:?}", report.series);
    (report.digest.clone(), report.transitions, report.messages, report.handoffs, series, report.ticks)
}

pub fn straight(ticks: u64) -> RunReport {
    let report = run(None, &mut Person::default(), ticks).unwrap();
    assert!(report.transitions > 100, "{}", report.transitions);
    assert!(report.invariants.values().all(|held| *held), "{:?}", report.invariants);
    report
}

fn backend<B: Backend + Clone + 'static>(of: &B) -> Arc<dyn Backend> {
    Arc::new(of.clone())
}

#[test]
fn being_kept_does_not_show_nor_being_stopped_and_resumed() {
    let expected = seen(&straight(END));
    let mem = Mem::default();
    let kept = run(Some(keep(&backend(&mem), Begin::New)), &mut Person::default(), END).unwrap();
    assert_eq!(seen(&kept), expected);
    assert_eq!(kept.kept.as_ref().unwrap().checkpoints, 4, "{:?}", kept.kept);

    let mem = Mem::default();
    for stop in [20, 60, 80] {
        let mut person = Person { stop_at: Some(stop), ..Person::default() };
        let report = run(Some(keep(&backend(&mem), Begin::Resume)), &mut person, END).unwrap();
        assert!(report.interrupted && report.ticks == stop, "{} {stop}", report.ticks);
    }
    let resumed = run(Some(keep(&backend(&mem), Begin::Resume)), &mut Person::default(), END).unwrap();
    assert_eq!(seen(&resumed), expected);
    assert_eq!(resumed.kept.unwrap().resumed_from, Some(80));
    // It may even go on beyond its end.
    let longer = run(Some(keep(&backend(&mem), Begin::Resume)), &mut Person::default(), END + 55).unwrap();
    assert_eq!(seen(&longer), seen(&straight(END + 55)));
}

#[test]
fn a_run_that_has_not_ended_is_not_overwritten() {
    let mem = Mem::default();
    let mut person = Person { stop_at: Some(50), ..Person::default() };
    run(Some(keep(&backend(&mem), Begin::New)), &mut person, END).unwrap();
    let error = run(Some(keep(&backend(&mem), Begin::New)), &mut Person::default(), END).unwrap_err();
    assert!(matches!(&error, RunError::Input(text) if text.contains("--resume")), "{error}");
    let fresh = run(Some(keep(&backend(&mem), Begin::Fresh)), &mut Person::default(), END).unwrap();
    assert_eq!(seen(&fresh), seen(&straight(END)));
    assert_eq!(fresh.kept.unwrap().resumed_from, None);
    // One that has ended may be begun anew.
    run(Some(keep(&backend(&mem), Begin::New)), &mut Person::default(), END).unwrap();
}

#[test]
fn two_processes_do_not_write_one_run() {
    let mem = Mem::default();
    mem.create_folder("run".as_ref()).unwrap();
    let _lock = mem.lock("run/LOCK".as_ref(), "process 5").unwrap().ok().unwrap();
    let error = run(Some(keep(&backend(&mem), Begin::Resume)), &mut Person::default(), END).unwrap_err();
    let told = matches!(&error, RunError::Store(StoreError::Locked { holder, .. }) if holder == "process 5");
    assert!(told, "{error}");
}

/// What came of crashes.
#[derive(Default, Debug)]
struct Crashes {
    images: u64,
    failures: u64,
    fallbacks: u64,
    resumed: u64,
}

/// Runs to the end on a file system that crashes after each of its operations in turn, and resumes.
fn crash_everywhere(omit: Option<Omit>, seeds: u64, stride: usize) -> Crashes {
    let expected = seen(&straight(END));
    let sim = Sim::default();
    if let Some(omit) = omit {
        sim.omit(omit);
    }
    let report = run(Some(keep(&backend(&sim), Begin::Resume)), &mut Person::default(), END).unwrap();
    assert_eq!(seen(&report), expected);
    let crashes = AtomicU64::new(0);
    let (failures, fallbacks, resumed) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let operations = sim.operations();
    std::thread::scope(|scope| {
        for part in 0..2 {
            let (sim, expected) = (sim.clone(), &expected);
            let (crashes, failures, fallbacks, resumed) = (&crashes, &failures, &fallbacks, &resumed);
            scope.spawn(move || {
                for after in (0..=operations).filter(|after| after % 2 == part).step_by(stride) {
                    for seed in 0..seeds {
                        let mut image = sim.crash(after, seed);
                        if seed % 3 == 2 {
                            // A second crash while the run comes back, or soon after.
                            let mut person = Person { stop_at: Some(END / 2), ..Person::default() };
                            let again = run(Some(keep(&backend(&image), Begin::Resume)), &mut person, END);
                            if again.is_ok() {
                                let within = (after * 31 + seed as usize * 17) % (image.operations() + 1);
                                image = image.crash(within, seed);
                            }
                        }
                        let mut person = Person::default();
                        let report = run(Some(keep(&backend(&image), Begin::Resume)), &mut person, END);
                        crashes.fetch_add(1, Relaxed);
                        match report {
                            Ok(report) if seen(&report) == *expected => {
                                let from = report.kept.and_then(|kept| kept.resumed_from);
                                resumed.fetch_add(from.is_some_and(|from| from > 0) as u64, Relaxed);
                            }
                            other => {
                                if failures.fetch_add(1, Relaxed) < 3 && omit.is_none() {
                                    let told = other.map(|report| report.digest);
                                    eprintln!("after {after} ({}), seed {seed}: {told:?}", sim.describe(after));
                                }
                            }
                        }
                        if !person.warnings.is_empty() && fallbacks.fetch_add(1, Relaxed) < 3 && omit.is_none() {
                            eprintln!("after {after}, seed {seed}: {:?}", person.warnings);
                        }
                    }
                }
            });
        }
    });
    let count = AtomicU64::into_inner;
    Crashes { images: count(crashes), failures: count(failures), fallbacks: count(fallbacks), resumed: count(resumed) }
}

/// On a disk that keeps its promises nothing is lost, ever, and no checkpoint is found to be damaged.
#[test]
fn every_crash_is_survived() {
    let crashes = crash_everywhere(None, 64, 1);
    assert_eq!((crashes.failures, crashes.fallbacks), (0, 0), "{crashes:?}");
    assert!(crashes.images >= 5_000 && crashes.resumed > crashes.images / 2, "{crashes:?}");
}

/// The test above can fail: without any one of the steps that make something durable, it does.
#[test]
fn no_step_that_makes_something_durable_can_be_left_out() {
    use Omit::{FileSync, FolderSync, Rename, SyncOf};
    for omit in [FileSync, FolderSync, Rename, SyncOf("seg-"), SyncOf("MANIFEST-"), SyncOf("wal-"), SyncOf("RUN")] {
        let crashes = crash_everywhere(Some(omit), 8, 2);
        assert!(crashes.failures + crashes.fallbacks > 0, "without {omit:?}: {crashes:?}");
    }
}

/// What a file system can refuse: once, or from then on.
const REFUSALS: [(Fault, Refusal, bool); 14] = [
    (Fault::Change, Refusal::Broken, false),
    (Fault::Change, Refusal::Full, false),
    (Fault::Change, Refusal::Broken, true),
    (Fault::Change, Refusal::Full, true),
    (Fault::ShortWrite, Refusal::Broken, false),
    (Fault::ShortWrite, Refusal::Full, false),
    (Fault::ShortWrite, Refusal::Full, true),
    (Fault::Sync, Refusal::Broken, false),
    (Fault::Sync, Refusal::Full, false),
    (Fault::Sync, Refusal::Broken, true),
    (Fault::Read, Refusal::Broken, false),
    (Fault::Look, Refusal::Broken, false),
    (Fault::Read, Refusal::Broken, true),
    (Fault::Any, Refusal::Broken, true),
];

/// Whatever the file system refuses, and whenever, to a run that begins or one that comes back: it goes on, or ends
/// with an error that names the file; and nothing is lost, also if the power fails then.
#[test]
fn a_disk_that_refuses_loses_nothing() {
    let expected = seen(&straight(END));
    let (tried, ended) = (AtomicU64::new(0), AtomicU64::new(0));
    let refuse = |(fault, refusal, lasts), comes_back| {
        for nth in 0.. {
            let what = format!("{fault:?} {refusal:?} {nth}, lasts: {lasts}, comes back: {comes_back}");
            let sim = Sim::default();
            if comes_back {
                let mut person = Person { stop_at: Some(END / 2), ..Person::default() };
                run(Some(keep(&backend(&sim), Begin::Resume)), &mut person, END).unwrap();
            }
            if lasts {
                sim.fail_from(nth, fault, refusal)
            } else {
                sim.fail(nth, fault, refusal)
            }
            let mut person = Person { is_impatient: lasts, ..Person::default() };
            match run(Some(keep(&backend(&sim), Begin::Resume)), &mut person, END) {
                Ok(report) => assert_eq!(seen(&report), expected, "{what}"),
                Err(RunError::Store(error)) => {
                    ended.fetch_add(1, Relaxed);
                    assert!(error.to_string().contains("run"), "{what}: {error}");
                }
                Err(error) => panic!("{what}: {error}"),
            }
            if sim.has_faults() {
                // One that begins has nothing to read.
                assert!(nth > 5 || !comes_back && fault == Fault::Read, "{what}: it was never met");
                break;
            }
            sim.mend();
            tried.fetch_add(1, Relaxed);
            // The process ends, or the power fails as well.
            let images = (0..3).map(|seed| sim.crash(sim.operations(), seed)).chain([sim.clone()]);
            for (image, found) in images.enumerate() {
                let report = run(Some(keep(&backend(&found), Begin::Resume)), &mut Person::default(), END);
                let report = report.unwrap_or_else(|error| panic!("{what}, image {image}: {error}"));
                assert_eq!(seen(&report), expected, "{what}, image {image}");
            }
        }
    };
    std::thread::scope(|scope| {
        for comes_back in [false, true] {
            let refuse = &refuse;
            scope.spawn(move || REFUSALS.into_iter().for_each(|refusal| refuse(refusal, comes_back)));
        }
    });
    let (tried, ended) = (tried.into_inner(), ended.into_inner());
    eprintln!("{tried} refusals, {ended} runs ended by them");
    assert!(tried > 1_000 && ended > 500, "{tried} tried, {ended} ended");
}

/// The tests above meet all that is ever done to a run's files: begun, written, rolled, published, cleaned.
#[test]
fn a_run_does_all_that_can_be_done_to_its_files() {
    let sim = Sim::default();
    let mut person = Person { stop_at: Some(END / 2), ..Person::default() };
    run(Some(keep(&backend(&sim), Begin::Resume)), &mut person, END).unwrap();
    run(Some(keep(&backend(&sim), Begin::Resume)), &mut Person::default(), 4 * END).unwrap();
    let done: Vec<String> = (0..sim.operations()).map(|index| sim.describe(index)).collect();
    for part in [
        "create run/LOCK",
        "rename run/RUN.tmp",
        "create run/wal/wal-000000000000-0000",
        "create run/wal/wal-000000000060-0001",
        "set the length of run/wal/wal-",
        "remove run/wal/wal-",
        "remove run/wal/mark-",
        "rename run/ckpt/MANIFEST-00000001.tmp",
        "remove run/ckpt/MANIFEST-",
        "remove run/ckpt/seg-",
        "sync run/ckpt/seg-",
        "sync the folder run/wal",
        "sync the folder run/ckpt",
    ] {
        assert!(done.iter().any(|act| act.contains(part)), "`{part}` is missing from {done:#?}");
    }
    let journals = done.iter().filter(|act| act.starts_with("create run/wal/wal-")).count();
    assert!(journals > 3, "it was begun, came back and went on in new files: {done:#?}");
}

/// However little room there is, and however often a checkpoint is to be made: those for which there is none are done
/// without, and the journal is waited for.
#[test]
fn a_disk_without_room_is_done_without_or_waited_for() {
    let expected = seen(&straight(END));
    let often = |begin, sim: &Sim| Keep { every: Every::Ticks(1), ..keep(&backend(sim), begin) };
    let (mut stopped, mut waited, mut without) = (0, 0, 0);
    for room in (0..).step_by(512) {
        let sim = Sim::default();
        sim.set_capacity(Some(room));
        let mut person = Person { makes_room: Some(sim.clone()), ..Person::default() };
        match run(Some(often(Begin::New, &sim)), &mut person, END) {
            Ok(report) => assert_eq!(seen(&report), expected, "{room} bytes: {:?}", person.warnings),
            Err(RunError::Store(error)) if error.is_disk_full() => stopped += 1,
            Err(error) => panic!("{room} bytes: {error}: {:?}", person.warnings),
        }
        waited += u64::from(person.warnings.iter().any(|told| told.contains("waits")));
        without += u64::from(person.warnings.iter().any(|told| told.contains("no checkpoint of tick")));
        sim.set_capacity(None);
        let resumed = run(Some(often(Begin::Resume, &sim)), &mut Person::default(), END).unwrap();
        assert_eq!(seen(&resumed), expected, "{room} bytes");
        if person.warnings.is_empty() && room > 1 << 16 {
            break;
        }
    }
    eprintln!("{stopped} stopped, {waited} waited, {without} went without");
    assert!(stopped > 10 && waited > 3 && without > 10, "{stopped} stopped, {waited} waited, {without} went without");
}

/// All files of a folder and those below it.
fn files(mem: &Sim, folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = mem.list(folder).unwrap().iter().map(|name| folder.join(name)).collect();
    for below in mem.folders(folder).unwrap() {
        found.extend(files(mem, &folder.join(below)));
    }
    found
}

/// Whatever happens to a file of a run that was stopped: it goes on exactly, or the file is named.
#[test]
fn a_damaged_file_is_named_or_makes_no_difference() {
    let expected = seen(&straight(END));
    let sim = Sim::default();
    let mut person = Person { stop_at: Some(END - 20), ..Person::default() };
    run(Some(keep(&backend(&sim), Begin::Resume)), &mut person, END).unwrap();
    let (mut exact, mut named) = (0, 0);
    let mut check = |image: Sim, path: &Path, what: &str| {
        let mut person = Person::default();
        match run(Some(keep(&backend(&image), Begin::Resume)), &mut person, END) {
            Ok(report) => {
                exact += 1;
                assert_eq!(seen(&report), expected, "{} {what}: {:?}", path.display(), person.warnings);
            }
            Err(RunError::Store(_) | RunError::Input(_)) => named += 1,
            Err(error) => panic!("{} {what}: {error}", path.display()),
        }
    };
    let image = || sim.crash(sim.operations(), 0);
    for path in files(&sim, Path::new("run")) {
        let bytes = sim.read(&path).unwrap();
        // Every byte of headers and of what is small, some of the rest.
        let sampled = (0..bytes.len()).filter(|at| *at < 96 || bytes.len() < 700 || at % 211 == 0);
        for at in sampled {
            let image = image();
            image.open(&path, Access::Write).unwrap().write_at(at as u64, &[bytes[at] ^ 0x10]).unwrap();
            check(image, &path, &format!("byte {at} flipped"));
        }
        for len in (0..bytes.len()).step_by(1 + bytes.len() / 24) {
            let image = image();
            image.open(&path, Access::Write).unwrap().set_len(len as u64).unwrap();
            check(image, &path, &format!("cut to {len} bytes"));
        }
        let gone = image();
        gone.remove(&path).unwrap();
        check(gone, &path, "removed");
        let zeroed = image();
        zeroed.open(&path, Access::Write).unwrap().write_at(0, &vec![0; bytes.len()]).unwrap();
        check(zeroed, &path, "zeroed");
        for other in files(&sim, Path::new("run")).into_iter().filter(|other| *other != path) {
            let image = image();
            image.publish(&path, &sim.read(&other).unwrap()).unwrap();
            check(image, &path, &format!("with what {} holds", other.display()));
        }
    }
    assert!(exact > 500 && named > 100, "{exact} exact, {named} named");
}
