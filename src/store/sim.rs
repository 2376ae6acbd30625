//! [`Sim`]: a file system that crashes, fills up and fails when it is told to.

mod crash;
mod record;
#[cfg(test)]
mod tests;

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::record::{Change, Done, Log, Plan};
use super::backend::{Access, Backend, File, Lock};
use super::mem::{Mem, Node, parent, plain};

pub use self::record::{Fault, Omit, Refusal};

/// A simulated file system, on which code runs as on any other while every change is recorded, so that the disk can be
/// had as a crash after any of them may leave it ([`Sim::crash`]). A clone is the same file system.
///
/// What a disk holds after a crash is what was synced, and of the rest whatever an unkind disk would choose:
/// - An unsynced sector (512 bytes) holds any of the contents it had since the last sync; sectors do not wait for each
///   other. Of the last write, one content may pass into the next in the middle of a sector.
/// - An unsynced length is any of those the file had, or between: what was not written reads as zeros.
/// - Names made, renamed and removed in a folder that was not synced since are each as before or as after.
/// - What a failed sync was to make durable stays visible, is held to be clean by later syncs, and may be lost.
#[derive(Clone, Default)]
pub struct Sim {
    live: Mem,
    log: Arc<Mutex<Log>>,
}

/// A file that is open.
struct Opened {
    sim: Sim,
    node: Arc<Node>,
    access: Access,
}

impl Sim {
    /// One that leaves something undone, as faulty code would: a suite of tests has to notice.
    pub fn without(omit: Omit) -> Self {
        let sim = Self::default();
        sim.omit(omit);
        sim
    }

    /// From now on leaves this undone, and nothing else.
    pub fn omit(&self, omit: Omit) {
        self.log().omitted = Some(omit);
    }

    /// How many changes were made: files and folders made, renamed, removed; writes, lengths set, syncs.
    pub fn operations(&self) -> usize {
        self.log().changes.len()
    }

    /// What the change of that index was, in words for a person.
    pub fn describe(&self, index: usize) -> String {
        self.log().describe(index)
    }

    /// The file system as a crash may leave it after so many changes: a function of the changes, `after` and `seed`.
    /// It has the same capacity and omissions; faults to come and locks are gone.
    ///
    /// # Panics
    /// If there were not so many changes.
    pub fn crash(&self, after: usize, seed: u64) -> Self {
        let log = self.log();
        let made = log.changes.get(..after).unwrap_or_else(|| panic!("{after} of {} changes", log.changes.len()));
        let image = crash::image(&log.base, made, log.omitted == Some(Omit::Rename), seed);
        let live = Mem::default();
        let base = image.put_into(&live);
        let log = Log { base, omitted: log.omitted, capacity: log.capacity, ..Log::default() };
        Self { live, log: Arc::new(Mutex::new(log)) }
    }

    /// Plans a fault: `nth` of what it applies to is hit, counted from now and from 0. Several may be planned.
    pub fn fail(&self, nth: usize, fault: Fault, refusal: Refusal) {
        self.plan(Plan { left: nth, fault, refusal, lasts: false, is_met: false });
    }

    /// As [`Sim::fail`], and all that follow are hit as well, until [`Sim::mend`].
    pub fn fail_from(&self, nth: usize, fault: Fault, refusal: Refusal) {
        self.plan(Plan { left: nth, fault, refusal, lasts: true, is_met: false });
    }

    fn plan(&self, plan: Plan) {
        self.log().planned.push(plan);
    }

    /// From now on nothing fails.
    pub fn mend(&self) {
        self.log().planned.clear();
    }

    /// Whether a planned fault is still to come.
    pub fn has_faults(&self) -> bool {
        self.log().planned.iter().any(|plan| !plan.is_met)
    }

    /// How many bytes files may have, all together, that have a name; `None` for as many as there are.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.log().capacity = bytes;
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self) -> io::Result<()> {
        self.log().strike(&[Fault::Look])
    }

    fn opened(&self, node: Arc<Node>, access: Access) -> Opened {
        Opened { sim: self.clone(), node, access }
    }

    fn make(&self, path: &Path) -> io::Result<Arc<Node>> {
        let mut log = self.log();
        log.strike(&[Fault::Change])?;
        let node = self.live.make(path, Vec::new())?;
        log.changes.push(Change::Create { path: plain(path), file: node.id });
        Ok(node)
    }

    /// Bytes that files may still grow by.
    fn free(&self, log: &Log) -> u64 {
        let used = || self.live.files().values().map(|node| node.len()).sum();
        log.capacity.map_or(u64::MAX, |capacity| capacity.saturating_sub(used()))
    }
}

impl Opened {
    /// Writes, and records that.
    fn put(&self, log: &mut Log, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.node.write_at(offset, bytes)?;
        log.changes.push(Change::Write { file: self.node.id, offset, bytes: bytes.into() });
        Ok(())
    }
}

impl File for Opened {
    fn len(&self) -> io::Result<u64> {
        self.sim.look()?;
        Ok(self.node.len())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.sim.log().strike(&[Fault::Read])?;
        Ok(self.node.read_at(offset, into))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.access.expect_write()?;
        let mut log = self.sim.log();
        log.strike(&[Fault::Change])?;
        if let Err(error) = log.strike(&[Fault::ShortWrite]) {
            self.put(&mut log, offset, &bytes[..bytes.len() / 2])?;
            return Err(error);
        }
        let end = offset.checked_add(bytes.len() as u64).ok_or(ErrorKind::FileTooLarge)?;
        let missing = end.saturating_sub(self.node.len()).saturating_sub(self.sim.free(&log));
        if missing == 0 {
            return self.put(&mut log, offset, bytes);
        }
        // As much is written as there is room for.
        let fits = bytes.len() as u64 - missing.min(bytes.len() as u64);
        if fits > 0 {
            self.put(&mut log, offset, &bytes[..fits as usize])?;
        }
        Err(Refusal::Full.error())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.access.expect_write()?;
        let mut log = self.sim.log();
        log.strike(&[Fault::Change])?;
        if len.saturating_sub(self.node.len()) > self.sim.free(&log) {
            return Err(Refusal::Full.error());
        }
        self.node.set_len(len)?;
        log.changes.push(Change::SetLen { file: self.node.id, len });
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut log = self.sim.log();
        let struck = log.strike(&[Fault::Change, Fault::Sync]);
        let names = || self.sim.live.files().into_iter().filter(|(_, node)| node.id == self.node.id);
        let is_omitted = match log.omitted {
            Some(Omit::FileSync) => true,
            Some(Omit::SyncOf(part)) => names().any(|(path, _)| path.to_string_lossy().contains(part)),
            _ => false,
        };
        log.changes.push(Change::Sync { file: self.node.id, done: Done::of(&struck, is_omitted) });
        struck
    }
}

impl Backend for Sim {
    fn create(&self, path: &Path) -> io::Result<Box<dyn File>> {
        Ok(Box::new(self.opened(self.make(path)?, Access::Write)))
    }

    fn open(&self, path: &Path, access: Access) -> io::Result<Box<dyn File>> {
        self.look()?;
        Ok(Box::new(self.opened(self.live.node(path)?, access)))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut log = self.log();
        log.strike(&[Fault::Change])?;
        let file = self.live.node(from)?.id;
        self.live.rename(from, to)?;
        log.changes.push(Change::Rename { from: plain(from), to: plain(to), file });
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut log = self.log();
        log.strike(&[Fault::Change])?;
        self.live.remove(path)?;
        log.changes.push(Change::Remove { path: plain(path) });
        Ok(())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.look()?;
        self.live.list(folder)
    }

    fn folders(&self, folder: &Path) -> io::Result<Vec<String>> {
        self.look()?;
        self.live.folders(folder)
    }

    fn is_file(&self, path: &Path) -> bool {
        self.live.is_file(path)
    }

    fn create_folder(&self, folder: &Path) -> io::Result<()> {
        let folder = plain(folder);
        let missing: Vec<_> = folder.ancestors().take_while(|path| !self.live.is_folder(path)).collect();
        for folder in missing.into_iter().rev() {
            let mut log = self.log();
            log.strike(&[Fault::Change])?;
            self.live.create_folder(folder)?;
            log.changes.push(Change::CreateFolder { folder: folder.to_owned() });
            drop(log);
            self.sync_folder(parent(folder))?;
        }
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let mut log = self.log();
        self.live.sync_folder(folder)?;
        let struck = log.strike(&[Fault::Change, Fault::Sync]);
        let is_omitted = log.omitted == Some(Omit::FolderSync);
        log.changes.push(Change::SyncFolder { folder: plain(folder), done: Done::of(&struck, is_omitted) });
        struck
    }

    fn lock(&self, path: &Path, holder: &str) -> io::Result<Result<Box<dyn Lock>, String>> {
        self.look()?;
        let node = match self.make(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => self.live.node(path)?,
            made => made?,
        };
        let Some(held) = self.live.try_lock(&node) else {
            return Ok(Err(String::from_utf8_lossy(&node.bytes()).into_owned()));
        };
        let file = self.opened(node, Access::Write);
        file.write_at(0, holder.as_bytes())?;
        file.set_len(holder.len() as u64)?;
        Ok(Ok(held))
    }

    fn holder(&self, path: &Path) -> io::Result<Option<String>> {
        self.look()?;
        self.live.holder(path)
    }

    fn free_bytes(&self, _: &Path) -> io::Result<u64> {
        self.look()?;
        Ok(self.free(&self.log()))
    }
}
