//! Whatever is in a run's folder: reading it takes no more memory than reading the folder as it was written, and some
//! megabytes. Damage comes in two kinds: bytes changed, cut off, or added by accident; and lengths and counts that were
//! made to mislead, under checksums that are right.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use myriad::prelude::*;
use myriad::store::{Backend, Entry, Fs, Manifest, RunFile, RunView, journal, visit};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed, xxh3_128};

use crate::steady::{Nothing, Walkers, Word};
use crate::{alone, peak_of};

/// What reading a damaged folder may take beyond what the undamaged one takes.
const MORE_MAX: u64 = 8 << 20;
/// Where the run was interrupted.
const STOP: u64 = 260;

/// Says a word at each exchange, and stops a run that begins.
struct Speaker(Begin);

impl Watch for Speaker {
    fn speak(&mut self, voice: &mut Voice<'_>) {
        let now = voice.now().0 as u32;
        (0..8).for_each(|nth| voice.tell(AgentId(now * 7 + nth), Word(2)));
    }
    fn progress(&mut self, progress: &Progress) -> Control {
        if self.0 == Begin::New && progress.tick.0 == STOP { Control::Stop } else { Control::Continue }
    }
}

fn keep(folder: &Path, begin: Begin) -> Keep {
    Keep { begin, every: Every::Ticks(100), keep: 3, journal_grows: 1 << 16, ..Keep::new(folder, 7) }
}

fn run(folder: &Path, begin: Begin, ticks: u64) -> Result<RunReport, RunError> {
    let span = Some(Span::Ticks(ticks));
    let options = RunOptions {
        workers: Some(1),
        shards: Some(2),
        span,
        keep: Some(keep(folder, begin)),
        ..RunOptions::default()
    };
    Simulation::of::<Walkers>(Nothing::defaults()).options(options).watch(&mut Speaker(begin))
}

/// Reads all that is in a folder, as those do who only look.
fn look(folder: &Path) {
    let Ok(Some(view)) = RunView::open(Arc::new(Fs), folder) else { return };
    if let Ok(found) = view.checkpoints() {
        for manifest in &found.manifests {
            let entries = &manifest.entries;
            let tables = |_: usize, piece: &myriad::store::PieceView<'_>| Ok(piece.tables.len());
            visit(view.backend(), &view.checkpoint_folder(), view.file.run(), entries, &tables);
        }
    }
    let seen = view.journal(None);
    drop(seen);
    for name in Fs.list(&folder.join("wal")).unwrap().iter().filter(|name| name.starts_with("wal-")) {
        let _ = journal::look_at_file(&Fs, &folder.join("wal").join(name));
    }
}

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// A run that was interrupted, on disk and as it was.
struct Folder {
    path: PathBuf,
    files: Files,
}

impl Folder {
    fn new() -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("damaged-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        let report = run(&path, Begin::New, 1_000).unwrap();
        assert!(report.interrupted && report.kept.unwrap().checkpoints == 3);
        let mut files = Files::new();
        for part in ["", "ckpt", "wal"] {
            let part = path.join(part);
            let names = Fs.list(&part).unwrap();
            files.extend(names.iter().map(|name| part.join(name)).map(|file| (file.clone(), fs::read(file).unwrap())));
        }
        Self { path, files }
    }

    fn of(&self, prefix: &str) -> impl Iterator<Item = (&PathBuf, &Vec<u8>)> {
        let starts = move |path: &&PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(prefix);
        self.files.iter().filter(move |(path, _)| starts(path))
    }

    fn first(&self, prefix: &str) -> (&PathBuf, &Vec<u8>) {
        self.of(prefix).next().unwrap_or_else(|| panic!("there is a file {prefix}"))
    }

    /// Puts everything back as it was.
    fn restore(&self) {
        for part in ["", "ckpt", "wal", "quarantine"] {
            for name in Fs.list(&self.path.join(part)).unwrap_or_default() {
                let file = self.path.join(part).join(name);
                if !self.files.contains_key(&file) {
                    fs::remove_file(file).unwrap();
                }
            }
        }
        for (path, bytes) in &self.files {
            if fs::metadata(path).is_ok_and(|found| found.len() != bytes.len() as u64)
                || fs::read(path).ok().as_ref() != Some(bytes)
            {
                put(path, bytes);
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Makes a file what it is to be, in place: to cut it first would have some file systems write it to the disk at once.
fn put(path: &Path, bytes: impl AsRef<[u8]>) {
    let bytes = bytes.as_ref();
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(path).unwrap();
    file.write_all_at(bytes, 0).unwrap();
    file.set_len(bytes.len() as u64).unwrap();
}

/// A file with one thing changed.
fn patched(bytes: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let end = bytes.len().min(at + new.len());
    bytes[at..end].copy_from_slice(&new[..end - at]);
    bytes
}

/// Lengths and counts that nobody means.
const NUMBERS: [u64; 7] = [u64::MAX, 1 << 63, 1 << 40, u32::MAX as u64, 1 << 31, 64 << 20, 1 << 24];

/// What happens to a file.
enum Accident {
    Flip(usize),
    Number(usize, u64),
    Cut(usize),
    Fill(u8),
}

impl Accident {
    fn on(&self, bytes: &[u8]) -> Vec<u8> {
        match *self {
            Self::Flip(at) => patched(bytes, at, &[bytes[at] ^ 0x41]),
            Self::Number(at, number) => patched(bytes, at, &number.to_le_bytes()),
            Self::Cut(len) => bytes[..len].to_vec(),
            Self::Fill(byte) => vec![byte; bytes.len()],
        }
    }
}

fn accidents(len: usize) -> Vec<Accident> {
    let places = (0..len).filter(|at| *at < 160 || len - at <= 40 || at % (1 + len / 24) == 0);
    let mut cases: Vec<Accident> = places.clone().map(Accident::Flip).collect();
    for at in places.filter(|at| at % 8 == 0) {
        cases.extend(NUMBERS[1..3].iter().map(|number| Accident::Number(at, *number)));
    }
    cases.extend((0..len).step_by(1 + len / 16).map(Accident::Cut));
    cases.extend([0, 0xff].map(Accident::Fill));
    cases
}

/// The checksum of a manifest, as it would be right.
fn sealed_manifest(mut bytes: Vec<u8>) -> Vec<u8> {
    let body = bytes.len() - 24;
    let sum = xxh3_128(&bytes[..body]).to_le_bytes();
    bytes[body..body + 16].copy_from_slice(&sum);
    bytes
}

/// The checksum of a journal's record that begins there, as it would be right.
fn sealed_record(mut bytes: Vec<u8>, at: usize) -> Vec<u8> {
    let mut seed = bytes[16..32].to_vec();
    seed.extend_from_slice(&bytes[32..40]);
    seed.extend_from_slice(&bytes[12..16]);
    let sum = xxh3_64_with_seed(&bytes[at..at + 64], xxh3_64(&seed));
    bytes[at + 64..at + 72].copy_from_slice(&sum.to_le_bytes());
    bytes
}

/// Lets a file grow without taking room; false where the file system has no such length.
fn grow(path: &Path, len: u64) -> bool {
    OpenOptions::new().write(true).open(path).unwrap().set_len(len).is_ok()
}

#[test]
fn reading_what_is_damaged_takes_little_more_than_reading_what_is_whole() {
    let _alone = alone();
    let folder = Folder::new();
    look(&folder.path);
    let whole = peak_of(|| look(&folder.path));
    let (mut count, mut most) = (0, 0);
    let mut check = |what: &dyn Fn() -> String| {
        let peak = peak_of(|| look(&folder.path));
        assert!(peak <= whole + MORE_MAX, "{}: {peak} bytes where {whole} are enough", what());
        (count, most) = (count + 1, most.max(peak));
    };

    let kinds = ["RUN", "MANIFEST-", "seg-", "wal-", "mark-"];
    for (path, bytes) in kinds.map(|kind| folder.first(kind)) {
        let shown = path.display();
        for (nth, case) in accidents(bytes.len()).into_iter().enumerate() {
            put(path, case.on(bytes));
            check(&|| format!("{shown}: accident {nth}"));
        }
        for len in [1 << 28, 1 << 40] {
            put(path, bytes);
            // The search of a journal's rest for records takes its time.
            if grow(path, len) {
                check(&|| format!("{shown}: of {len} bytes"));
            }
        }
        folder.restore();
    }

    // A manifest whose checksum is right and whose numbers are not: in its header, in its first entry.
    let (path, bytes) = folder.first("MANIFEST-");
    let table = bytes.len() - 32 - 72 * Manifest::decode(bytes, path).unwrap().entries.len();
    for at in (32..72).step_by(8).chain((table..table + 72).step_by(4)) {
        for number in NUMBERS {
            put(path, sealed_manifest(patched(bytes, at, &number.to_le_bytes())));
            check(&|| format!("manifest: {number} at {at}"));
        }
    }
    // Pieces that are as long as the file, which is much longer than it was.
    let manifest = Manifest::decode(bytes, path).unwrap();
    let segment = path.with_file_name(format!("seg-{:08}", manifest.entries[0].file));
    assert!(grow(&segment, 1 << 31));
    for long in [(1 << 20) + 1, 1 << 24, (1 << 30) + 5] {
        let entry = |entry: &Entry| Entry { bytes: long, ..*entry };
        let entries = manifest.entries.iter().take(4).map(entry).collect();
        put(path, Manifest { entries, ..manifest.clone() }.encode());
        check(&|| format!("manifest: pieces of {long} bytes"));
    }
    // One with an end that is right, far behind its beginning.
    folder.restore();
    let len: u64 = 1 << 29;
    assert!(grow(path, len));
    let mut end = len.to_le_bytes().to_vec();
    end.extend_from_slice(&bytes[bytes.len() - 24..]);
    OpenOptions::new().write(true).open(path).unwrap().write_all_at(&end, len - 32).unwrap();
    check(&|| "manifest: a long one".to_owned());
    folder.restore();

    // Records whose headers are right.
    let (path, bytes) = folder.first("wal-");
    let inputs =
        (4_096..bytes.len()).step_by(8).find(|&at| bytes[at..at + 4] == *b"MYJL" && bytes[at + 8] == 2).unwrap();
    for record in [4_096, inputs] {
        for at in [4, 8, 16, 24, 32, 40, 48, 56] {
            for number in NUMBERS {
                let width = if at < 16 { 4 } else { 8 };
                let case = patched(bytes, record + at, &number.to_le_bytes()[..width]);
                put(path, sealed_record(case, record));
                check(&|| format!("journal: {number} at {at} of the record at {record}"));
            }
        }
        // As long as one may be, in a file that has as many bytes.
        let case = patched(bytes, record + 4, &(64_u32 << 20).to_le_bytes());
        put(path, sealed_record(case, record));
        assert!(grow(path, 1 << 27));
        check(&|| format!("journal: a long record at {record}"));
    }
    // More inputs than there are bytes, in a payload whose checksum is right.
    for number in [u32::MAX, 1 << 24] {
        let mut case = patched(bytes, inputs + 72, &number.to_le_bytes());
        let len = u32::from_le_bytes(bytes[inputs + 4..inputs + 8].try_into().unwrap()).next_multiple_of(8) as usize;
        let mut seed = bytes[16..40].to_vec();
        seed.extend_from_slice(&bytes[12..16]);
        let sum = xxh3_64_with_seed(&case[inputs + 72..inputs + 72 + len], xxh3_64(&seed));
        case = patched(&case, inputs + 56, &sum.to_le_bytes());
        put(path, sealed_record(case, inputs));
        check(&|| format!("journal: {number} inputs"));
    }
    folder.restore();
    println!("{count} folders; {whole} bytes for the whole one, at most {most}");
    assert!(count > 1_000, "{count}");
}

#[test]
fn going_on_from_what_is_damaged_takes_little_more_than_from_what_is_whole() {
    let _alone = alone();
    let folder = Folder::new();
    let end = STOP + 40;
    let mut digest = String::new();
    let mut whole = 0;
    // From a checkpoint, and from the beginning if none is left.
    for is_empty in [false, true] {
        folder.restore();
        if is_empty {
            fs::remove_dir_all(folder.path.join("ckpt")).unwrap();
            fs::create_dir(folder.path.join("ckpt")).unwrap();
        }
        whole = whole.max(peak_of(|| digest = run(&folder.path, Begin::Resume, end).unwrap().digest));
    }
    let (mut resumed, mut refused, mut most) = (0, 0, 0);
    let kinds = ["RUN", "MANIFEST-", "seg-", "wal-", "mark-"];
    let newest = kinds.map(|kind| folder.of(kind).last().unwrap());
    for (path, bytes) in newest {
        let cases = accidents(bytes.len());
        let some = cases.len().div_ceil(14);
        let sparse = [1 << 31, 1 << 40].map(Err);
        for (nth, case) in cases.into_iter().step_by(some).map(Ok).chain(sparse).enumerate() {
            folder.restore();
            match &case {
                Ok(case) => put(path, case.on(bytes)),
                Err(len) if grow(path, *len) => {}
                Err(_) => continue,
            }
            let mut outcome = None;
            let peak = peak_of(|| outcome = Some(run(&folder.path, Begin::Resume, end)));
            most = most.max(peak);
            let what = format!("{}: case {nth}", path.display());
            assert!(peak <= whole + MORE_MAX, "{what}: {peak} bytes where {whole} are enough");
            match outcome.unwrap() {
                Ok(report) => {
                    resumed += 1;
                    assert_eq!(report.digest, digest, "{what}");
                }
                Err(RunError::Store(_) | RunError::Input(_)) => refused += 1,
                Err(error) => panic!("{what}: {error}"),
            }
        }
    }
    println!("{resumed} resumed, {refused} refused; {whole} bytes for the whole one, at most {most}");
    assert!(resumed > 20 && refused > 10, "{resumed} resumed, {refused} refused");
}

/// What a run is a run of is short, whoever wrote it.
#[test]
fn a_long_file_that_should_be_short_is_refused() {
    let _alone = alone();
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("long-{}", std::process::id()));
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("RUN"), "{}").unwrap();
    assert!(grow(&path.join("RUN"), 1 << 30));
    let mut told = String::new();
    let peak = peak_of(|| told = RunFile::read(&Fs, &path).unwrap_err().to_string());
    assert!(told.contains("RUN` is damaged: the file at byte 1048576: it has 1073741824 bytes"), "{told}");
    assert!(peak < 1 << 16, "{peak}");
    fs::remove_dir_all(path).unwrap();
}
