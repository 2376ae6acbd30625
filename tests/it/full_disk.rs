//! A disk that is really full, at every page that a run may want: nothing is lost but time.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use myriad::prelude::*;
use myriad::store::{Fs, StoreError};

use crate::command::{Said, done, myriad};
use crate::kept::{run, seen};
use crate::law::Parcel;
use crate::population::{COUNTIES, town};
use crate::scratch::Scratch;
use crate::small_disk::{PAGE, SmallDisk, on_small_disk};

/// More than a run in its folder takes, with the journal of a second process.
const DISK_BYTES: u64 = 12 << 20;
/// Ticks of a run whose journal grows, rolls and is cleaned.
const WAITING_END: u64 = 2_000;
/// What a journal takes at once.
const JOURNAL_PAGES: u64 = (4 << 20) / PAGE;

/// A city of five tracts, one a borough: its snapshots are some pages long and not some thousand.
fn hamlet(scratch: &Scratch) -> String {
    format!("{} --snapshot-every 15m --keep 2", town(scratch, &COUNTIES))
}

/// What the command says; it must neither wait nor hang.
fn say(words: &str) -> Said {
    let mut child = myriad(words.split_whitespace()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let since = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if since.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("it hangs: {words}: {:?}", said(child));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    said(child)
}

fn said(mut child: Child) -> Said {
    let (mut out, mut err) = (String::new(), String::new());
    child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    Said { code: child.wait().unwrap().code(), out, err }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to),
            false => fs::write(&to, fs::read(entry.path()).unwrap()).unwrap(),
        }
    }
}

/// What came of full disks.
#[derive(Default, Debug)]
struct Met {
    stopped: u64,
    without_checkpoints: u64,
    without_catalog: u64,
    undisturbed: u64,
}

/// What was said but for the catalog, which is derived and may be done without.
fn but_for_the_catalog(said: &str) -> String {
    let is_of_it = |line: &&str| line.contains("the catalog `") || line.trim().is_empty();
    said.lines().filter(|line| !is_of_it(line)).map(|line| format!("{line}\n")).collect()
}

impl Met {
    /// Calls the command on a disk with so much room, and once more when there is enough.
    fn meet(&mut self, disk: &SmallDisk, words: [&str; 2], pages: u64, digest: &str) {
        disk.leave(pages);
        let [words, how] = words;
        let said = say(&format!("{words} {how}"));
        match said.code {
            Some(0) => {
                assert_eq!(said.digest(), digest, "{pages} pages: {}", said.err);
                let warned = but_for_the_catalog(&said.err);
                assert!(warned.is_empty() || warned.contains("no checkpoint of tick"), "{pages} pages: {}", said.err);
                *(match (warned.is_empty(), said.err.is_empty()) {
                    (false, _) => &mut self.without_checkpoints,
                    (true, false) => &mut self.without_catalog,
                    (true, true) => &mut self.undisturbed,
                }) += 1;
            }
            Some(1) => {
                self.stopped += 1;
                let error = said.err.lines().last().unwrap_or_default();
                let is_named = error.starts_with("error: cannot ") && error.contains(&disk.path("run"));
                assert!(is_named && error.contains("No space left on device"), "{pages} pages: {}", said.err);
            }
            _ => panic!("{pages} pages: {said:?}"),
        }
        disk.clear();
        let resumed = say(&format!("{words} --resume"));
        assert_eq!((resumed.code, but_for_the_catalog(&resumed.err).as_str()), (Some(0), ""), "{pages} pages");
        assert_eq!(resumed.digest(), digest, "{pages} pages");
    }
}

#[test]
fn a_full_disk_takes_nothing_but_time() {
    on_small_disk("full_disk::a_full_disk_takes_nothing_but_time", DISK_BYTES, |disk| {
        let scratch = Scratch::new("full");
        let (hamlet, folder) = (hamlet(&scratch), disk.path("run"));
        let expected = done(&format!("{hamlet} --hours 1")).digest();

        // A run that begins, with room for the first pages, for the journal and some more, for all of it.
        let words = format!("{hamlet} --hours 1 --out {folder}");
        let before = disk.free_pages();
        assert_eq!(done(&words).digest(), expected);
        let all = before - disk.free_pages();
        assert!((JOURNAL_PAGES + 20..JOURNAL_PAGES + 400).contains(&all), "{all}");
        let mut met = Met::default();
        // Only with as much as the journal takes next is a second checkpoint tried.
        let enough = all + JOURNAL_PAGES;
        for pages in (0..16).chain([JOURNAL_PAGES / 2]).chain(JOURNAL_PAGES..all + 8).chain(enough - 16..enough + 8) {
            fs::remove_dir_all(&folder).unwrap();
            met.meet(disk, [&words, ""], pages, &expected);
        }
        eprintln!("begun: {met:?}");
        assert!(met.stopped > 16 && met.without_checkpoints > 5 && met.undisturbed > 0, "{met:?}");

        // One that goes on.
        fs::remove_dir_all(&folder).unwrap();
        let half = scratch.path("half");
        done(&format!("{hamlet} --ticks 20000 --out {half}"));
        copy(Path::new(&half), Path::new(&folder));
        let before = disk.free_pages();
        assert_eq!(done(&format!("{words} --resume")).digest(), expected);
        let more = before - disk.free_pages();
        let enough = more + 2 * JOURNAL_PAGES;
        let mut met = Met::default();
        for pages in (0..12)
            .chain(more.saturating_sub(64)..more + 16)
            .chain(JOURNAL_PAGES - 2..JOURNAL_PAGES + 64)
            .chain(enough..enough + 4)
        {
            fs::remove_dir_all(&folder).unwrap();
            copy(Path::new(&half), Path::new(&folder));
            met.meet(disk, [&words, "--resume"], pages, &expected);
        }
        eprintln!("resumed: {met:?}");
        assert!(met.stopped > 8 && met.without_checkpoints > 5 && met.undisturbed > 0, "{met:?}");
    });
}

/// A journal that finds the disk full waits: until there is room, or nobody wants to wait any more.
#[test]
fn a_run_waits_for_room_for_its_journal() {
    on_small_disk("full_disk::a_run_waits_for_room_for_its_journal", 4 << 20, |disk| {
        let expected = seen(&run(None, &mut Waiting::new(disk, true), WAITING_END).unwrap());
        let keep = |begin| Keep {
            backend: Arc::new(Fs),
            begin,
            every: Every::Ticks(400),
            keep: 2,
            journal_grows: PAGE,
            journal_rolls: 32,
            ..Keep::new(disk.path("run"), 7)
        };
        let before = disk.free_pages();
        run(Some(keep(Begin::New)), &mut Waiting::new(disk, true), WAITING_END).unwrap();
        let all = before - disk.free_pages();
        let (mut met, mut told) = ([0, 0], String::new());
        for pages in (0..all + 8).filter(|pages| *pages < 80 || pages % 7 == 0) {
            for is_patient in [true, false] {
                let _ = fs::remove_dir_all(disk.path("run"));
                disk.leave(pages);
                let mut person = Waiting::new(disk, is_patient);
                let ran = run(Some(keep(Begin::New)), &mut person, WAITING_END);
                let waited = person.warnings.iter().any(|told| told.contains("the run waits until there is room"));
                told.push(match (&ran, waited) {
                    (Ok(_), false) => '.',
                    (Ok(_), true) => 'w',
                    (Err(_), false) => 's',
                    (Err(_), true) => 'S',
                });
                match ran {
                    Ok(report) => {
                        assert_eq!(seen(&report), expected, "{pages} pages");
                        let goes_on = person.warnings.iter().any(|told| told.contains("room again"));
                        // A checkpoint that is given up makes room, too: also for one who would not have waited.
                        assert!(!waited || goes_on, "{pages} pages: {:?}", person.warnings);
                    }
                    Err(RunError::Store(error @ StoreError::Io { .. })) => {
                        assert!(error.is_disk_full() && (!waited || !is_patient), "{pages} pages: {error}");
                    }
                    Err(error) => panic!("{pages} pages: {error}"),
                }
                met[usize::from(is_patient)] += u32::from(waited);
                disk.clear();
                let resumed = run(Some(keep(Begin::Resume)), &mut Waiting::new(disk, true), WAITING_END);
                assert_eq!(seen(&resumed.unwrap()), expected, "{pages} pages");
            }
        }
        eprintln!("{all} pages; waited in vain, waited: {met:?}; {told}");
        assert!(met.iter().all(|count| *count > 0), "{met:?}");
    });
}

/// Somebody who says so much that a journal grows by some pages, and makes room when asked to, or ends the run.
struct Waiting<'a> {
    disk: &'a SmallDisk,
    is_patient: bool,
    warnings: Vec<String>,
}

impl<'a> Waiting<'a> {
    fn new(disk: &'a SmallDisk, is_patient: bool) -> Self {
        Self { disk, is_patient, warnings: Vec::new() }
    }
}

impl Watch for Waiting<'_> {
    fn speak(&mut self, voice: &mut Voice<'_>) {
        let now = voice.now().0;
        (0..30).for_each(|nth| voice.tell(AgentId(((now + nth) % 60) as u32), Parcel { fuel: nth as i64 }));
    }
    fn warn(&mut self, what: &str) {
        self.warnings.push(what.to_owned());
        if self.is_patient && what.contains("the run waits") {
            self.disk.clear();
        }
    }
    fn is_stopped(&self) -> bool {
        !self.is_patient && self.warnings.iter().any(|told| told.contains("the run waits"))
    }
}

/// A disk to which nothing can be written is told before anything is run, and can be looked at.
#[test]
fn a_read_only_disk_is_refused_and_can_be_looked_at() {
    on_small_disk("full_disk::a_read_only_disk_is_refused_and_can_be_looked_at", DISK_BYTES, |disk| {
        let scratch = Scratch::new("read-only");
        let (hamlet, folder) = (hamlet(&scratch), disk.path("run"));
        done(&format!("{hamlet} --ticks 20000 --out {folder}"));
        let before = crate::refused::content(Path::new(&folder));
        disk.set_read_only();
        for words in [
            format!("{hamlet} --hours 1 --resume --out {folder}"),
            format!("{hamlet} --hours 1 --fresh --out {folder}"),
            format!("{hamlet} --hours 1 --out {folder}"),
            format!("resume {folder} --hours 1"),
            format!("{hamlet} --hours 1 --out {}", disk.path("new")),
        ] {
            let said = say(&words);
            assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{words}: {}", said.err);
            assert!(said.err.contains("Read-only file system") && said.err.contains("--out"), "{words}: {}", said.err);
        }
        assert_eq!(done(&format!("inspect {folder} --json")).object()["damage"], serde_json::json!([]));
        done(&format!("journal {folder}"));
        assert!(crate::refused::content(Path::new(&folder)) == before);
    });
}
