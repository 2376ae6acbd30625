//! What every [`Backend`] does, whichever it is: the tests of each run this.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::backend::{Access, Backend, File, Lock};

/// The kind of an error; of what is none, a kind that no test expects.
fn kind<T>(result: io::Result<T>) -> ErrorKind {
    result.err().map_or(ErrorKind::Other, |error| error.kind())
}

/// All bytes of an open file.
fn bytes(file: &dyn File) -> Vec<u8> {
    let mut bytes = vec![0; file.len().unwrap() as usize];
    assert_eq!(file.read_at(0, &mut bytes).unwrap(), bytes.len());
    bytes
}

/// Runs all of it in an empty folder.
pub(super) fn check(backend: &dyn Backend, root: &Path) {
    folders_hold_files(backend, &root.join("folders"));
    bytes_are_where_they_were_written(backend, &root.join("bytes"));
    a_file_outlives_its_name(backend, &root.join("names"));
    published_is_whole(backend, &root.join("published"));
    a_lock_has_one_holder(backend, &root.join("lock"));
    assert!(backend.free_bytes(root).unwrap() > 0);
}

fn folders_hold_files(backend: &dyn Backend, root: &Path) {
    let below = root.join("a/b");
    assert_eq!(kind(backend.create(&root.join("early"))), ErrorKind::NotFound);
    assert_eq!(kind(backend.list(root)), ErrorKind::NotFound);
    assert_eq!(kind(backend.sync_folder(root)), ErrorKind::NotFound);
    backend.create_folder(&below).unwrap();
    backend.create_folder(&below).unwrap();
    assert!(backend.list(root).unwrap().is_empty(), "folders are not files");
    for name in ["b", "a2", "c"] {
        backend.create(&below.join(name)).unwrap();
    }
    backend.create(&root.join("a/other")).unwrap();
    backend.create_folder(&root.join("a/and/more")).unwrap();
    assert_eq!(backend.folders(&root.join("a")).unwrap(), ["and", "b"]);
    assert_eq!(
        (backend.folders(&below).unwrap(), kind(backend.folders(&below.join("d")))),
        (vec![], ErrorKind::NotFound)
    );
    assert!(backend.is_file(&below.join("b")) && !backend.is_file(&below) && !backend.is_file(&below.join("d")));
    assert_eq!(backend.list(&below).unwrap(), ["a2", "b", "c"]);
    assert_eq!(kind(backend.create(&below.join("b"))), ErrorKind::AlreadyExists);
    assert_eq!(kind(backend.create(&below)), ErrorKind::AlreadyExists);
    assert_eq!(kind(backend.create_folder(&below.join("b"))), ErrorKind::AlreadyExists);
    backend.sync_folder(&below).unwrap();
}

fn bytes_are_where_they_were_written(backend: &dyn Backend, root: &Path) {
    backend.create_folder(root).unwrap();
    let path = root.join("file");
    let file = backend.create(&path).unwrap();
    assert!(file.is_empty().unwrap());
    file.write_at(3, b"three").unwrap();
    file.write_at(0, b"zero").unwrap();
    assert_eq!(bytes(&*file), b"zerohree");
    file.write_at(10, b"x").unwrap();
    assert_eq!(bytes(&*file), b"zerohree\0\0x", "a gap is zeros");
    file.set_len(4).unwrap();
    file.set_len(6).unwrap();
    assert_eq!(bytes(&*file), b"zero\0\0", "what was cut does not come back");
    file.sync().unwrap();
    let mut some = [7; 4];
    assert_eq!(file.read_at(3, &mut some).unwrap(), 3);
    assert_eq!(some, *b"o\0\0\x07");
    assert_eq!(file.read_at(100, &mut some).unwrap(), 0);
    assert_eq!(backend.read(&path).unwrap(), b"zero\0\0");

    let reader = backend.open(&path, Access::Read).unwrap();
    assert!(reader.write_at(0, b"no").is_err() && reader.set_len(0).is_err(), "opened for reading");
    backend.open(&path, Access::Write).unwrap().write_at(1, b"E").unwrap();
    assert_eq!(bytes(&*reader), b"zEro\0\0");
    assert_eq!(kind(backend.open(&root.join("none"), Access::Write)), ErrorKind::NotFound);
    assert_eq!(kind(backend.read(&root.join("none"))), ErrorKind::NotFound);
    assert!(backend.read(root).is_err(), "a folder has no bytes");
    file.write_at(0, b"\xff").unwrap();
    assert_eq!(kind(backend.read_text(&path)), ErrorKind::InvalidData);
    file.write_at(0, b"e").unwrap();
    assert_eq!(backend.read_text(&path).unwrap(), "eEro\0\0");
}

fn a_file_outlives_its_name(backend: &dyn Backend, root: &Path) {
    backend.create_folder(root).unwrap();
    let (one, two) = (root.join("one"), root.join("two"));
    let (first, second) = (backend.create(&one).unwrap(), backend.create(&two).unwrap());
    first.write_at(0, b"first").unwrap();
    second.write_at(0, b"second").unwrap();
    backend.rename(&one, &two).unwrap();
    assert_eq!(backend.list(root).unwrap(), ["two"]);
    first.write_at(0, b"F").unwrap();
    second.write_at(0, b"S").unwrap();
    assert_eq!((backend.read(&two).unwrap(), bytes(&*second)), (b"First".to_vec(), b"Second".to_vec()));
    assert_eq!(kind(backend.rename(&one, &two)), ErrorKind::NotFound);
    backend.remove(&two).unwrap();
    assert_eq!(kind(backend.remove(&two)), ErrorKind::NotFound);
    backend.create(&two).unwrap();
    assert_eq!((bytes(&*first), backend.read(&two).unwrap()), (b"First".to_vec(), Vec::new()));
}

fn published_is_whole(backend: &dyn Backend, root: &Path) {
    backend.create_folder(root).unwrap();
    let path = root.join("file");
    // As a crash may have left it.
    backend.create(&root.join("file.tmp")).unwrap().write_at(0, b"something longer than what follows").unwrap();
    for text in [&b"first"[..], b"", b"second"] {
        backend.publish(&path, text).unwrap();
        assert_eq!((backend.read(&path).unwrap(), backend.list(root).unwrap()), (text.to_vec(), vec!["file".into()]));
    }
    assert_eq!(kind(backend.publish(&root.join("none/file"), b"")), ErrorKind::NotFound);
}

fn a_lock_has_one_holder(backend: &dyn Backend, root: &Path) {
    backend.create_folder(root).unwrap();
    let path = root.join("LOCK");
    let lock = |holder: &str| -> Result<Box<dyn Lock>, String> { backend.lock(&path, holder).unwrap() };
    assert_eq!(backend.holder(&path).unwrap(), None);
    let held = lock("process 11, a long name").unwrap_or_else(|holder| panic!("held by {holder}"));
    assert_eq!(lock("process 12").err().as_deref(), Some("process 11, a long name"));
    assert_eq!(backend.holder(&path).unwrap().as_deref(), Some("process 11, a long name"));
    drop(held);
    assert_eq!(backend.holder(&path).unwrap(), None);
    let _held = lock("process 13").unwrap_or_else(|holder| panic!("held by {holder}"));
    assert_eq!(lock("process 14").err().as_deref(), Some("process 13"));
    assert_eq!(backend.read(&path).unwrap(), b"process 13");
}
