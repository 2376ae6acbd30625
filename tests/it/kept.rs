//! A run that is kept in a folder goes on after any crash as if it had not been, and loses nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use myriad::prelude::*;
use myriad::store::catalog::{Book, Contents, Ending, Process, Seen};
use myriad::store::{
    Access, Backend, Entry, Fault, Fs, Manifest, Mem, Omit, PieceId, PieceInfo, Refusal, RunView, Sim, StoreError,
};

use crate::law::{Law, NoParams, Parcel};
use crate::scratch::Scratch;

const END: u64 = 120;
const AGENTS: u64 = 60;
/// Ticks between two exchanges of the law's world.
const INTERVAL: u64 = 20;

/// Speaks to the world as a person might, the same whenever it is asked at a tick; and notes what it is told.
#[derive(Default)]
struct Person {
    warnings: Vec<String>,
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
        shards: Some(3),
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

fn straight(ticks: u64) -> RunReport {
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
fn what_nothing_happened_to_is_not_saved_again_after_a_resume() {
    let end = 4 * END;
    let expected = seen(&straight(end));
    let mem = Mem::default();
    let (mut stops, mut last) = (0, None);
    while stops == 0 || last.is_some_and(|at| at < end) {
        let keep = Keep { every: Every::Ticks(INTERVAL), ..keep(&backend(&mem), Begin::Resume) };
        let options = RunOptions {
            agents: Some(AGENTS),
            workers: Some(1),
            shards: Some(1 + stops % 4),
            span: Some(Span::Ticks(end)),
            // Zones are divided and joined all the time.
            upheaval: 5,
            keep: Some(keep),
            ..RunOptions::default()
        };
        let stop_at = last.unwrap_or(0) + INTERVAL * (1 + stops as u64 % 2);
        let mut person = Person { stop_at: Some(stop_at), ..Person::default() };
        let report = Simulation::of::<Law>(NoParams::defaults()).options(options).watch(&mut person).unwrap();
        assert_eq!((person.warnings.as_slice(), report.kept.unwrap().resumed_from), ([].as_slice(), last));
        (stops, last) = (stops + 1, Some(report.ticks));
        if report.ticks == end {
            assert_eq!((&report.digest, report.transitions), (&expected.0, expected.1));
        }
    }
    let (said, anew) = catalogs(&backend(&mem), "run");
    assert_eq!(said, anew);
    // The journal has forgotten most of them.
    let (said, _) = RunView::open(backend(&mem), "run".as_ref()).unwrap().unwrap().history().unwrap();
    let endings: Vec<_> = said.starts.values().filter_map(|start| start.ending).collect();
    assert_eq!((endings.len(), endings[0], endings[stops - 1]), (stops, Ending::Interrupted, Ending::Ended));
}

/// A run in the folder `/a`, to its end, and what one has to say to begin with its newest checkpoint.
fn source(sim: &Sim, upto: u64) -> Source {
    let keep = Keep { keep: 9, ..keep(&backend(sim), Begin::New) };
    let keep = Keep { folder: "/a".into(), run: 5, ..keep };
    let mut person = Person { stop_at: Some(upto), ..Person::default() };
    run(Some(keep), &mut person, END).unwrap();
    Source { backend: backend(sim), path: "/a".into() }
}

fn branch(sim: &Sim, from: &Source, begin: Begin, person: &mut Person) -> Result<RunReport, RunError> {
    let options = RunOptions {
        agents: Some(AGENTS),
        workers: Some(1),
        shards: Some(2),
        span: Some(Span::Ticks(END)),
        keep: Some(keep(&backend(sim), begin)),
        from: Some(from.clone()),
        ..RunOptions::default()
    };
    Simulation::of::<Law>(NoParams::defaults()).options(options).watch(person)
}

#[test]
fn a_branch_goes_on_as_the_run_did_and_needs_it_no_more() {
    let expected = seen(&straight(END));
    let sim = Sim::default();
    let from = Source { path: "/a/ckpt/MANIFEST-00000002".into(), ..source(&sim, END) };
    let mut person = Person::default();
    let report = branch(&sim, &from, Begin::New, &mut person).unwrap();
    assert_eq!(seen(&report), expected);
    // Its checkpoint is of tick 60: what was said then and later is said again, by the one who is asked.
    let exchanges = (60..END).step_by(INTERVAL as usize);
    let said: u64 = exchanges.clone().map(|now| now / 10 % 3).sum();
    let told = format!(
        "this run is a branch: {said} inputs that came to the run of `{}` from tick 60 on are not part of it",
        from.path.display()
    );
    assert_eq!((person.warnings, person.asked), (vec![told], exchanges.count() as u64));
    assert_eq!(report.kept.unwrap().resumed_from, Some(60));
    let (said, anew) = catalogs(&backend(&sim), "run");
    assert_eq!(said, anew);
    let error = branch(&sim, &from, Begin::New, &mut Person::default()).unwrap_err();
    assert!(matches!(&error, RunError::Input(text) if text.contains("name a new folder")), "{error}");
    let error = branch(&sim, &from, Begin::Resume, &mut Person::default()).unwrap_err();
    assert!(matches!(&error, RunError::Input(text) if text.contains("name a new folder")), "{error}");
    let fresh = branch(&sim, &from, Begin::Fresh, &mut Person::default()).unwrap();
    assert_eq!(seen(&fresh), expected);
    let itself = Source { path: "run".into(), ..from };
    let error = branch(&sim, &itself, Begin::Fresh, &mut Person::default()).unwrap_err();
    assert!(matches!(&error, RunError::Input(text) if text.contains("the very run")), "{error}");
}

/// A branch crashes after each of its operations in turn, is resumed, and ends as the run did.
#[test]
fn every_crash_of_a_branch_is_survived() {
    let expected = seen(&straight(END));
    let sim = Sim::default();
    let from = source(&sim, 60);
    let begun = sim.operations();
    assert_eq!(seen(&branch(&sim, &from, Begin::New, &mut Person::default()).unwrap()), expected);
    let mut came_back = 0;
    for after in begun..=sim.operations() {
        for seed in 0..4 {
            let image = sim.crash(after, seed);
            let mut person = Person::default();
            let report = run(Some(keep(&backend(&image), Begin::Resume)), &mut person, END);
            let report = report.unwrap_or_else(|error| panic!("{after}, {seed}: {error}"));
            assert_eq!(
                seen(&report),
                expected,
                "after {after} ({}), seed {seed}",
                sim.describe(after.min(sim.operations() - 1))
            );
            assert_eq!(person.warnings, Vec::<String>::new(), "after {after}, seed {seed}");
            came_back += u64::from(report.kept.unwrap().resumed_from >= Some(60));
        }
    }
    assert!(came_back > 200, "{came_back}");
    // It has no checkpoint of its own any more, and goes on from that with which it began, as long as there is one.
    let image = sim.crash(sim.operations(), 0);
    for name in image.list("run/ckpt".as_ref()).unwrap() {
        image.remove(&Path::new("run/ckpt").join(name)).unwrap();
    }
    let gone = image.crash(image.operations(), 1);
    let report = run(Some(keep(&backend(&image), Begin::Resume)), &mut Person::default(), END + 30).unwrap();
    assert_eq!(seen(&report), seen(&straight(END + 30)));
    for name in gone.list("run/ckpt".as_ref()).unwrap() {
        gone.remove(&Path::new("run/ckpt").join(name)).unwrap();
    }
    gone.remove("/a/RUN".as_ref()).unwrap();
    let error = run(Some(keep(&backend(&gone), Begin::Resume)), &mut Person::default(), END + 30).unwrap_err();
    assert!(error.to_string().contains("/a"), "{error}");
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

/// What the catalog says of a run in a folder, and what it would say if it were made anew; without processes of which the
/// journal has forgotten all.
fn catalogs(backend: &Arc<dyn Backend>, folder: &str) -> (Contents, Contents) {
    let history = || RunView::open(backend.clone(), folder.as_ref()).unwrap().unwrap().history().unwrap();
    let (said, seen) = history();
    assert!(matches!(seen, Seen::Current), "{seen:?}");
    let path = Path::new(folder).join("meta.redb");
    let bytes = backend.read(&path).unwrap();
    backend.remove(&path).unwrap();
    let (anew, seen) = history();
    assert!(matches!(seen, Seen::Missing), "{seen:?}");
    backend.publish(&path, &bytes).unwrap();
    let (mut said, anew) = (said.derived(), anew.derived());
    let first = anew.starts.keys().next().copied();
    assert!(anew.starts.len() <= said.starts.len());
    said.starts.retain(|start, _| first.is_some_and(|first| *start >= first));
    (said, anew)
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
                                if omit.is_none() && seed % 8 == 0 {
                                    let (said, anew) = catalogs(&backend(&image), "run");
                                    assert_eq!(said, anew, "after {after}, seed {seed}");
                                }
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
    let files = ["seg-", "MANIFEST-", "wal-", "RUN", "meta.redb"].map(SyncOf);
    for omit in [FileSync, FolderSync, Rename].into_iter().chain(files) {
        // A few crashes show most of them. Which operations there are depends on how threads are scheduled.
        let shows = |(seeds, stride)| {
            let crashes = crash_everywhere(Some(omit), seeds, stride);
            crashes.failures + crashes.fallbacks > 0
        };
        assert!([(8, 2), (32, 1), (64, 1)].into_iter().any(shows), "without {omit:?} nothing is lost");
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
            for (image, found) in [sim.crash(sim.operations(), nth as u64), sim.clone()].into_iter().enumerate() {
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
    // The catalog has tests of its own: none of this changes anything there.
    let of_run = |path: &PathBuf| !path.ends_with("meta.redb");
    for path in files(&sim, Path::new("run")).into_iter().filter(of_run) {
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

/// What the catalog costs at as many zones as the city has: `cargo test --test it -- --ignored --nocapture catalog`.
#[test]
#[ignore = "a measurement"]
fn what_the_catalog_costs() {
    let scratch = Scratch::new("catalog-cost");
    let folder = scratch.path("run");
    let manifest = |generation: u64, changed: u32| {
        let entry = |zone: u32| {
            let id = PieceId::Zone { zone, part: 0 };
            let info = PieceInfo { id, rows: 3_612, digest: Digest(u64::from(zone)) };
            let file = if zone < changed { generation } else { 1 };
            Entry { info, file, offset: 4_096 * u64::from(zone + 1), bytes: 213_000, checksum: generation.into() }
        };
        let entries = (0..2_217).map(entry).collect();
        Manifest { run: 7, generation, tick: generation * 36_000, digest: Digest(9), schema: String::new(), entries }
    };
    fn timed<T>(what: &str, act: impl FnOnce() -> T) -> T {
        let begun = Instant::now();
        let done = act();
        eprintln!("{what:<40} {:>8.2} ms", begun.elapsed().as_secs_f64() * 1e3);
        done
    }
    let process = || Process { sequence: 0, tick: 0, resumed_from: None, workers: 2, clock: Arc::new(|| 0) };
    Fs.create_folder(folder.as_ref()).unwrap();
    let mut book = timed("made", || Book::open(Arc::new(Fs), folder.as_ref(), 7, process()));
    let mut generation = 1;
    for (what, changed) in [("all zones", 2_217), ("a tenth of them", 221), ("one", 1)] {
        for _ in 0..4 {
            let kept = [manifest(generation, 2_217), manifest(generation + 1, changed)];
            generation += 1;
            timed(what, || book.published(&kept, 0));
        }
    }
    assert_eq!(book.take_fault(), None);
    timed("closed", || drop(book));
    eprintln!("{} bytes", Fs.read(&Path::new(&folder).join("meta.redb")).unwrap().len());
    timed("opened again", || Book::open(Arc::new(Fs), folder.as_ref(), 7, process()));
}
