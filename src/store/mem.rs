//! [`Mem`]: files in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::backend::{Access, Backend, File, Lock};

/// Files in memory; a clone shares them. Nothing outlives the process, so that syncs do nothing.
///
/// The roots (`/` and the current folder) are there from the start.
#[derive(Clone, Default)]
pub struct Mem(Arc<Mutex<Tree>>);

/// All names, and what they stand for.
#[derive(Default)]
struct Tree {
    folders: BTreeSet<PathBuf>,
    files: BTreeMap<PathBuf, Arc<Node>>,
    made_count: u64,
}

/// A file, whatever it is called. It lives as long as it has a name or is open.
pub(super) struct Node {
    /// Differs from that of any other file there was.
    pub(super) id: u64,
    bytes: RwLock<Vec<u8>>,
    is_locked: AtomicBool,
}

/// A file that is open.
struct Opened {
    node: Arc<Node>,
    access: Access,
}

/// A file that is locked.
struct Held(Arc<Node>);

impl Lock for Held {}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.is_locked.store(false, Ordering::Release);
    }
}

/// One spelling of a path: without `.` in it.
pub(super) fn plain(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

/// The folder of a plain path.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

fn too_large() -> io::Error {
    ErrorKind::FileTooLarge.into()
}

impl Tree {
    fn is_folder(&self, path: &Path) -> bool {
        path.parent().is_none() || path.as_os_str().is_empty() || self.folders.contains(path)
    }

    fn is_taken(&self, path: &Path) -> bool {
        self.is_folder(path) || self.files.contains_key(path)
    }

    fn node(&self, path: &Path) -> io::Result<&Arc<Node>> {
        let missing = if self.is_folder(path) { ErrorKind::IsADirectory } else { ErrorKind::NotFound };
        self.files.get(path).ok_or_else(|| missing.into())
    }

    fn expect_folder(&self, path: &Path) -> io::Result<()> {
        if self.is_folder(path) { Ok(()) } else { Err(ErrorKind::NotFound.into()) }
    }
}

impl Node {
    /// All its bytes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.bytes.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn len(&self) -> u64 {
        self.bytes.read().unwrap_or_else(PoisonError::into_inner).len() as u64
    }

    pub(super) fn read_at(&self, offset: u64, into: &mut [u8]) -> usize {
        let bytes = self.bytes.read().unwrap_or_else(PoisonError::into_inner);
        let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        count
    }

    pub(super) fn write_at(&self, offset: u64, new: &[u8]) -> io::Result<()> {
        let from = usize::try_from(offset).map_err(|_| too_large())?;
        let to = from.checked_add(new.len()).ok_or_else(too_large)?;
        let mut bytes = self.bytes.write().unwrap_or_else(PoisonError::into_inner);
        resize(&mut bytes, |len| len.max(to))?;
        bytes[from..to].copy_from_slice(new);
        Ok(())
    }

    pub(super) fn set_len(&self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).map_err(|_| too_large())?;
        resize(&mut self.bytes.write().unwrap_or_else(PoisonError::into_inner), |_| len)
    }

    /// Whether somebody has the lock.
    fn is_locked(&self) -> bool {
        self.is_locked.load(Ordering::Acquire)
    }

    /// Takes the lock, if nobody has it.
    fn lock(self: &Arc<Self>) -> Option<Held> {
        let was_locked = self.is_locked.swap(true, Ordering::Acquire);
        (!was_locked).then(|| Held(self.clone()))
    }
}

/// Lets bytes have another length; memory that is not there is an error, as a full disk is.
fn resize(bytes: &mut Vec<u8>, to: impl Fn(usize) -> usize) -> io::Result<()> {
    let len = to(bytes.len());
    bytes.try_reserve(len.saturating_sub(bytes.len())).map_err(|_| io::Error::from(ErrorKind::StorageFull))?;
    bytes.resize(len, 0);
    Ok(())
}

impl Mem {
    fn tree(&self) -> MutexGuard<'_, Tree> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file of that name.
    pub(super) fn node(&self, path: &Path) -> io::Result<Arc<Node>> {
        self.tree().node(&plain(path)).cloned()
    }

    /// Makes a file.
    pub(super) fn make(&self, path: &Path, bytes: Vec<u8>) -> io::Result<Arc<Node>> {
        let (path, mut tree) = (plain(path), self.tree());
        tree.expect_folder(parent(&path))?;
        if tree.is_taken(&path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let node = Arc::new(Node { id: tree.made_count, bytes: RwLock::new(bytes), is_locked: AtomicBool::new(false) });
        tree.made_count += 1;
        tree.files.insert(path, node.clone());
        Ok(node)
    }

    /// Locks a file, if nobody has it locked.
    pub(super) fn try_lock(&self, node: &Arc<Node>) -> Option<Box<dyn Lock>> {
        Some(Box::new(node.lock()?))
    }

    /// Whether a folder is there.
    pub(super) fn is_folder(&self, path: &Path) -> bool {
        self.tree().is_folder(&plain(path))
    }

    /// All files by name.
    pub(super) fn files(&self) -> BTreeMap<PathBuf, Arc<Node>> {
        self.tree().files.clone()
    }
}

impl File for Opened {
    fn len(&self) -> io::Result<u64> {
        Ok(self.node.len())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        Ok(self.node.read_at(offset, into))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.access.expect_write()?;
        self.node.write_at(offset, bytes)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.access.expect_write()?;
        self.node.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

impl Access {
    /// An error, unless the file may be written to.
    pub(super) fn expect_write(self) -> io::Result<()> {
        if self == Self::Write { Ok(()) } else { Err(ErrorKind::PermissionDenied.into()) }
    }
}

impl Backend for Mem {
    fn create(&self, path: &Path) -> io::Result<Box<dyn File>> {
        Ok(Box::new(Opened { node: self.make(path, Vec::new())?, access: Access::Write }))
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn File>> {
        Ok(Box::new(Opened { node: self.node(path)?, access }))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (from, to, mut tree) = (plain(from), plain(to), self.tree());
        let node = tree.node(&from)?.clone();
        tree.expect_folder(parent(&to))?;
        if tree.is_folder(&to) {
            return Err(ErrorKind::IsADirectory.into());
        }
        tree.files.remove(&from);
        tree.files.insert(to, node);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let (path, mut tree) = (plain(path), self.tree());
        tree.node(&path)?;
        tree.files.remove(&path);
        Ok(())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let (folder, tree) = (plain(folder), self.tree());
        tree.expect_folder(&folder)?;
        let inside = tree.files.keys().filter(|path| parent(path) == folder);
        Ok(inside.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect())
    }

    fn folders(&self, folder: &Path) -> io::Result<Vec<String>> {
        let (folder, tree) = (plain(folder), self.tree());
        tree.expect_folder(&folder)?;
        let inside = tree.folders.iter().filter(|path| parent(path) == folder);
        Ok(inside.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect())
    }

    fn is_file(&self, path: &Path) -> bool {
        self.node(path).is_ok()
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        let (folder, mut tree) = (plain(folder), self.tree());
        let missing: Vec<_> = folder.ancestors().take_while(|path| !tree.is_folder(path)).map(Path::to_owned).collect();
        // The first that is missing might be a file: that is what stands in the way of all below it.
        if missing.iter().any(|path| tree.files.contains_key(path)) {
            let at_the_end = tree.files.contains_key(&folder);
            return Err(if at_the_end { ErrorKind::AlreadyExists } else { ErrorKind::NotADirectory }.into());
        }
        tree.folders.extend(missing);
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.tree().expect_folder(&plain(folder))
    }

    fn lock(&self, path: &Path, holder: &str) -> io::Result<Result<Box<dyn Lock>, String>> {
        let node = match self.make(path, Vec::new()) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => self.node(path)?,
            made => made?,
        };
        let Some(held) = node.lock() else { return Ok(Err(String::from_utf8_lossy(&node.bytes()).into_owned())) };
        node.write_at(0, holder.as_bytes())?;
        node.set_len(holder.len() as u64)?;
        Ok(Ok(Box::new(held)))
    }

    fn holder(&self, path: &Path) -> io::Result<Option<String>> {
        let node = match self.node(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            node => node?,
        };
        Ok(node.is_locked().then(|| String::from_utf8_lossy(&node.bytes()).into_owned()))
    }

    /// Memory has no such bound: it is said to be without end.
    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        Ok(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract;

    #[test]
    fn it_keeps_the_contract() {
        contract::check(&Mem::default(), Path::new("root"));
        contract::check(&Mem::default(), Path::new("/somewhere/else"));
    }

    #[test]
    fn a_clone_shares_the_files() {
        let mem = Mem::default();
        mem.clone().publish(Path::new("./file"), b"text").unwrap();
        assert_eq!(mem.read(Path::new("file")).unwrap(), b"text");
        assert_eq!(mem.list(Path::new("")).unwrap(), ["file"]);
    }

    #[test]
    fn a_length_that_memory_cannot_hold_is_an_error() {
        let file = Mem::default().create(Path::new("file")).unwrap();
        assert_eq!(file.set_len(u64::MAX / 4).unwrap_err().kind(), ErrorKind::StorageFull);
        assert!(file.write_at(u64::MAX - 1, b"two").is_err());
        assert!(file.is_empty().unwrap());
    }
}
