//! [`Fs`]: the file system of the machine.

// Everything else goes through what is here.
#![allow(clippy::disallowed_methods, clippy::disallowed_types)]

#[cfg(unix)]
mod mapped;

use std::fs::{self, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::path::Path;

use super::backend::{Access, Backend, File, Lock};
#[cfg(unix)]
use super::cold::Scratch;

/// The file system of the machine.
///
/// What it makes, nobody but its owner can read: files get the mode 0600, folders 0700. What is sealed gets 0444,
/// within a folder that nobody else can enter.
#[derive(Clone, Copy, Default, Debug)]
pub struct Fs;

impl Fs {
    /// Removes a folder and all that is in it.
    ///
    /// # Errors
    /// What the file system says.
    pub fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        fs::remove_dir_all(folder)
    }
}

/// A file of the machine.
struct Opened(fs::File);

/// A file that is locked as long as it is open.
struct Held {
    _file: fs::File,
}

impl Lock for Held {}

impl File for Opened {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < into.len() {
            match system::read_at(&self.0, offset + filled as u64, &mut into[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        system::write_all_at(&self.0, offset, bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let before = self.len()?;
        if len <= before {
            return self.0.set_len(len);
        }
        system::grow(&self.0, before, len).inspect_err(|_| {
            // Whatever part of the room was taken is given back; the error that counts is the first.
            let _ = self.0.set_len(before);
        })
    }

    fn sync(&self) -> io::Result<()> {
        // The length belongs to the data that this makes durable; times of access do not.
        self.0.sync_data()
    }
}

/// The folder itself, where a relative path has none before its name.
fn named(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// The folder in which a folder is.
fn parent(folder: &Path) -> &Path {
    folder.parent().unwrap_or(folder)
}

/// The names in a folder of what is of the right kind. A name that is not UTF-8 is none of ours.
fn names(folder: &Path, is_wanted: impl Fn(fs::FileType) -> bool) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(named(folder))? {
        let entry = entry?;
        if is_wanted(entry.file_type()?) {
            names.extend(entry.file_name().into_string());
        }
    }
    names.sort();
    Ok(names)
}

impl Backend for Fs {
    fn create(&self, path: &Path) -> io::Result<Box<dyn File>> {
        let file = system::private(OpenOptions::new().read(true).write(true).create_new(true)).open(path)?;
        Ok(Box::new(Opened(file)))
    }

    fn create_paged(&self, path: &Path) -> io::Result<Box<dyn File>> {
        let mut options = OpenOptions::new();
        let paged = system::paged(system::private(options.read(true).write(true).create_new(true)));
        match paged.open(path) {
            Ok(file) => Ok(Box::new(Opened(file))),
            // Not every file system can do it, and some have made the file before they say so.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
                let _ = fs::remove_file(path);
                self.create(path)
            }
            Err(error) => Err(error),
        }
    }

    #[cfg(unix)]
    fn scratch(&self, folder: &Path, len: u64) -> io::Result<Box<dyn Scratch>> {
        let file = system::nameless(named(folder))?;
        system::grow(&file, 0, len)?;
        Ok(Box::new(mapped::Mapped::new(file, len)?))
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn File>> {
        let mut options = OpenOptions::new();
        options.read(true);
        // What is written to is one of our own files. What is only read may be anything that a person names.
        let file = match access {
            Access::Read => system::no_wait(&mut options).open(path),
            Access::Write => system::no_link(options.write(true)).open(path),
        }?;
        let kind = file.metadata()?.file_type();
        if !kind.is_file() && !kind.is_dir() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a pipe or a device, and no file"));
        }
        Ok(Box::new(Opened(file)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn seal(&self, path: &Path) -> io::Result<()> {
        system::seal(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        names(folder, |kind| !kind.is_dir())
    }

    fn folders(&self, folder: &Path) -> io::Result<Vec<String>> {
        names(folder, |kind| kind.is_dir())
    }

    fn is_file(&self, path: &Path) -> bool {
        path.is_file()
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        if named(folder).is_dir() {
            return Ok(());
        }
        let mut made = system::create_folder(folder);
        if made.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            self.create_folder(parent(folder))?;
            made = system::create_folder(folder);
        }
        match made {
            Ok(()) => self.sync_folder(parent(folder)),
            // Another process was quicker.
            Err(_) if folder.is_dir() => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        system::sync_folder(named(folder))
    }

    fn lock(&self, path: &Path, holder: &str) -> io::Result<Result<Box<dyn Lock>, String>> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let file = system::no_link(system::private(&mut options)).open(path)?;
        match file.try_lock() {
            Ok(()) => {
                // Written before it is cut: who looks meanwhile finds a name in any case.
                system::write_all_at(&file, 0, holder.as_bytes())?;
                file.set_len(holder.len() as u64)?;
                Ok(Ok(Box::new(Held { _file: file })))
            }
            Err(TryLockError::WouldBlock) => Ok(Err(holder_of(&file)?)),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whoever wants the lock in the instant in which this is found out is refused it.
    fn holder(&self, path: &Path) -> io::Result<Option<String>> {
        let file = match system::no_wait(OpenOptions::new().read(true)).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(holder_of(&file)?)),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn free_bytes(&self, folder: &Path) -> io::Result<u64> {
        system::free_bytes(named(folder))
    }

    /// Files of the system (`/proc`) and pipes do not know their length: they are read to their end.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        OpenOptions::new().read(true).open(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// Who has written itself into the file of a lock.
fn holder_of(file: &fs::File) -> io::Result<String> {
    let mut bytes = Vec::new();
    // Of what nobody of us has written there, no more than can be shown.
    file.take(256).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Writes zeros, where the system has no better way to take room on the disk.
fn write_zeros(file: &fs::File, from: u64, to: u64) -> io::Result<()> {
    static ZEROS: [u8; 1 << 16] = [0; 1 << 16];
    let mut at = from;
    while at < to {
        let count = (to - at).min(ZEROS.len() as u64);
        system::write_all_at(file, at, &ZEROS[..count as usize])?;
        at += count;
    }
    Ok(())
}

/// What is said in Unix's own words.
#[cfg(unix)]
mod system {
    use std::fs::{DirBuilder, File, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt};
    use std::path::Path;

    pub(super) fn read_at(file: &File, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        file.read_at(into, offset)
    }

    pub(super) fn write_all_at(file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
        file.write_all_at(bytes, offset)
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(super) fn grow(file: &File, from: u64, to: u64) -> io::Result<()> {
        use rustix::fs::{FallocateFlags, fallocate};
        use rustix::io::Errno;
        match rustix::io::retry_on_intr(|| fallocate(file, FallocateFlags::empty(), from, to - from)) {
            // Some file systems know no such request.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => super::write_zeros(file, from, to),
            done => Ok(done?),
        }
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(super) fn grow(file: &File, from: u64, to: u64) -> io::Result<()> {
        super::write_zeros(file, from, to)
    }

    /// A file that is made can be read and written by its owner only.
    pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
        options.mode(0o600)
    }

    pub(super) fn seal(path: &Path) -> io::Result<()> {
        std::fs::set_permissions(path, Permissions::from_mode(0o444))
    }

    /// What is written passes by the page cache.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub(super) fn paged(options: &mut OpenOptions) -> &mut OpenOptions {
        options.custom_flags(rustix::fs::OFlags::DIRECT.bits().cast_signed())
    }

    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(super) fn paged(options: &mut OpenOptions) -> &mut OpenOptions {
        options
    }

    /// A file in a folder, without a name there. What is written to it passes by the page cache, where that can be.
    pub(super) fn nameless(folder: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        private(options.read(true).write(true));
        #[cfg(target_os = "linux")]
        for flags in [rustix::fs::OFlags::TMPFILE | rustix::fs::OFlags::DIRECT, rustix::fs::OFlags::TMPFILE] {
            match options.clone().custom_flags(flags.bits().cast_signed()).open(folder) {
                // Not every file system can do it.
                Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {}
                opened => return opened,
            }
        }
        // A name that no other process takes, for as long as it takes to lose it.
        static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let next = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = folder.join(format!("cold-{}-{next}.tmp", std::process::id()));
        let file = options.create_new(true).open(&path)?;
        std::fs::remove_file(&path)?;
        Ok(file)
    }

    /// A symbolic link in the file's place is an error: it might lead anywhere.
    pub(super) fn no_link(options: &mut OpenOptions) -> &mut OpenOptions {
        options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed())
    }

    /// A pipe in the file's place is opened at once, whether anybody writes into it or not: nobody might, ever.
    pub(super) fn no_wait(options: &mut OpenOptions) -> &mut OpenOptions {
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed())
    }

    pub(super) fn create_folder(folder: &Path) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(folder)
    }

    pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
        match File::open(folder)?.sync_all() {
            // Some file systems have no such request; there is nothing else to ask of them.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            done => done,
        }
    }

    pub(super) fn free_bytes(folder: &Path) -> io::Result<u64> {
        let found = rustix::fs::statvfs(folder)?;
        Ok(found.f_bavail.saturating_mul(found.f_frsize))
    }
}

/// The least that other systems can do: a file has one place at which it is read and written, so one thread at a time.
#[cfg(not(unix))]
mod system {
    use std::fs::{File, OpenOptions};
    use std::io::{self, Read, Seek, SeekFrom, Write};
    use std::path::Path;
    use std::sync::{Mutex, PoisonError};

    static PLACE: Mutex<()> = Mutex::new(());

    pub(super) fn read_at(mut file: &File, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let _alone = PLACE.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))?;
        file.read(into)
    }

    pub(super) fn write_all_at(mut file: &File, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let _alone = PLACE.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)
    }

    pub(super) fn grow(file: &File, from: u64, to: u64) -> io::Result<()> {
        super::write_zeros(file, from, to)
    }

    pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
        options
    }

    /// A file that can only be read could not be removed here.
    pub(super) fn seal(_: &Path) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn no_link(options: &mut OpenOptions) -> &mut OpenOptions {
        options
    }

    pub(super) fn no_wait(options: &mut OpenOptions) -> &mut OpenOptions {
        options
    }

    pub(super) fn paged(options: &mut OpenOptions) -> &mut OpenOptions {
        options
    }

    pub(super) fn create_folder(folder: &Path) -> io::Result<()> {
        std::fs::create_dir(folder)
    }

    /// A folder cannot be opened as a file here, and its names are durable without being asked for.
    pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn free_bytes(_: &Path) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract;

    /// A new folder of the machine, removed when the test is over.
    struct Folder(std::path::PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("myriad-store-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder).unwrap();
            Self(folder)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn it_keeps_the_contract() {
        let folder = Folder::new("contract");
        contract::check(&Fs, &folder.0);
    }

    #[cfg(unix)]
    #[test]
    fn what_it_makes_is_its_owners_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new("private");
        let (nested, lock) = (folder.0.join("a/b"), folder.0.join("a/b/LOCK"));
        Fs.create_folder(&nested).unwrap();
        Fs.publish(&nested.join("file"), b"text").unwrap();
        let _held = Fs.lock(&lock, "me").unwrap().unwrap_or_else(|holder| panic!("held by {holder}"));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&folder.0.join("a")), mode(&nested)), (0o700, 0o700));
        assert_eq!((mode(&nested.join("file")), mode(&lock)), (0o600, 0o600));
        Fs.seal(&nested.join("file")).unwrap();
        assert_eq!(mode(&nested.join("file")), 0o444);
        Fs.remove(&nested.join("file")).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn what_is_grown_has_its_room_on_the_disk() {
        use std::os::unix::fs::MetadataExt;
        let folder = Folder::new("room");
        let path = folder.0.join("file");
        Fs.create(&path).unwrap().set_len(1 << 20).unwrap();
        let found = fs::metadata(path).unwrap();
        assert_eq!(found.len(), 1 << 20);
        assert!(found.blocks() * 512 >= 1 << 20, "{} blocks", found.blocks());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_read_through_and_not_written_through() {
        let folder = Folder::new("link");
        let (file, link) = (folder.0.join("file"), folder.0.join("link"));
        fs::write(&file, "text").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(Fs.read(&link).unwrap(), b"text");
        assert!(Fs.open(&link, Access::Write).is_err() && Fs.lock(&link, "me").is_err() && Fs.create(&link).is_err());
        assert_eq!(fs::read(&file).unwrap(), b"text");
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[test]
    fn a_pipe_in_a_files_place_is_refused_and_not_waited_for() {
        use rustix::fs::{CWD, FileType, Mode, mknodat};
        let folder = Folder::new("pipe");
        let pipe = folder.0.join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let error = Fs.open(&pipe, Access::Read).map(drop).unwrap_err().to_string();
        assert!(error.contains("no file"), "{error}");
        assert!(Fs.open(&pipe, Access::Write).is_err());
        Fs.holder(&pipe).unwrap();
    }

    #[test]
    fn a_folder_that_a_file_stands_in_the_way_of_is_refused() {
        let folder = Folder::new("way");
        let file = folder.0.join("file");
        fs::write(&file, "text").unwrap();
        for wish in [file.clone(), file.join("below"), file.join("below/that")] {
            let (ours, theirs) = (Fs.create_folder(&wish).unwrap_err(), fs::create_dir_all(&wish).unwrap_err());
            assert_eq!(ours.to_string(), theirs.to_string());
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn files_of_the_system_are_read_to_their_end() {
        assert!(Fs.read(Path::new("/proc/self/status")).unwrap().starts_with(b"Name:"));
    }
}
