//! A file system that refuses what the catalog asks of it.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use super::run::{How, name, process, said, seen, truth};
use crate::store::{Access, Backend, File, Lock, Mem};

const ZONES: u32 = 12;

/// Refuses whatever is asked for the catalog's files from the `nth` request on, for some time or for good.
#[derive(Clone)]
struct Refusing {
    mem: Mem,
    asked: Arc<AtomicUsize>,
    from: usize,
    until: usize,
    why: io::ErrorKind,
}

struct Refused {
    file: Box<dyn File>,
    by: Refusing,
}

impl Refusing {
    fn ask(&self, path: &Path) -> io::Result<()> {
        if name(path).starts_with("meta.redb") { self.count() } else { Ok(()) }
    }
    fn count(&self) -> io::Result<()> {
        let nth = self.asked.fetch_add(1, Relaxed);
        if (self.from..self.until).contains(&nth) { Err(self.why.into()) } else { Ok(()) }
    }
    fn file(&self, path: &Path, file: Box<dyn File>) -> Box<dyn File> {
        if name(path).starts_with("meta.redb") { Box::new(Refused { file, by: self.clone() }) } else { file }
    }
}

impl File for Refused {
    fn len(&self) -> io::Result<u64> {
        self.by.count().and_then(|()| self.file.len())
    }
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.by.count().and_then(|()| self.file.read_at(offset, into))
    }
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.by.count().and_then(|()| self.file.write_at(offset, bytes))
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.by.count().and_then(|()| self.file.set_len(len))
    }
    fn sync(&self) -> io::Result<()> {
        self.by.count().and_then(|()| self.file.sync())
    }
}

impl Backend for Refusing {
    fn create(&self, path: &Path) -> io::Result<Box<dyn File>> {
        self.ask(path).and_then(|()| self.mem.create(path)).map(|file| self.file(path, file))
    }
    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn File>> {
        self.ask(path).and_then(|()| self.mem.open(path, access)).map(|file| self.file(path, file))
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.ask(to).and_then(|()| self.mem.rename(from, to))
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        self.ask(path).and_then(|()| self.mem.remove(path))
    }
    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.mem.list(folder)
    }
    fn folders(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.mem.folders(folder)
    }
    fn is_file(&self, path: &Path) -> bool {
        self.mem.is_file(path)
    }
    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        self.mem.create_folder(folder)
    }
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.mem.sync_folder(folder)
    }
    fn lock(&self, path: &Path, holder: &str) -> io::Result<Result<Box<dyn Lock>, String>> {
        self.mem.lock(path, holder)
    }
    fn holder(&self, path: &Path) -> io::Result<Option<String>> {
        self.mem.holder(path)
    }
    fn free_bytes(&self, folder: &Path) -> io::Result<u64> {
        self.mem.free_bytes(folder)
    }
}

/// Whatever is refused, once or from then on: nothing fails, it is told in one line, and the next process has a catalog
/// that is right.
#[test]
fn nothing_that_is_refused_is_an_error() {
    let (mut tried, mut told_of) = (0, 0);
    for why in [io::ErrorKind::StorageFull, io::ErrorKind::Other] {
        for resumes in [false, true] {
            for once in [true, false] {
                for from in 0.. {
                    let mem = Mem::default();
                    if resumes {
                        process(Arc::new(mem.clone()), ZONES, How::IsStopped).unwrap();
                    }
                    let until = if once { from + 1 } else { usize::MAX };
                    let refusing = Refusing { mem: mem.clone(), asked: Arc::default(), from, until, why };
                    let told = process(Arc::new(refusing.clone()), ZONES, How::IsStopped).unwrap();
                    if refusing.asked.load(Relaxed) <= from {
                        break;
                    }
                    let what = format!("{why}, request {from}, resumes: {resumes}, once: {once}: {told:?}");
                    assert!(told.len() <= 1 && told.iter().all(|told| told.contains("meta.redb")), "{what}");
                    assert_eq!(seen(&mem), truth(&mem), "{what}");
                    let again = process(Arc::new(mem.clone()), ZONES, How::Ends).unwrap();
                    assert!(again.len() <= 1, "{what}, then {again:?}");
                    assert_eq!(said(&mem).map(|said| said.derived()), Some(truth(&mem)), "{what}, then {again:?}");
                    tried += 1;
                    told_of += told.len();
                }
            }
        }
    }
    assert!(tried > 200 && told_of * 10 > tried * 8, "{told_of} told of {tried}");
}
