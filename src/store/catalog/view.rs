//! The catalog for those who only look: nothing is written, and the run may be live.

use std::io::ErrorKind;
use std::path::Path;

use super::book::path;
use super::contents::Contents;
use super::tables::{Fault, Tables};
use super::truth::Truth;
use crate::store::checkpoint::newest_generation;
use crate::store::{Access, Backend, Mem, StoreError};

/// Bytes of a catalog that is read, at most: it is read whole, and what is larger is none of ours.
const BYTES_MAX: u64 = 1 << 30;

/// What there is of a catalog.
#[derive(Debug)]
pub enum Seen {
    /// It knows the newest checkpoint.
    Current,
    /// It does not: it is brought up to date when the run is resumed.
    Behind,
    /// There is none.
    Missing,
    /// It cannot be read, and why.
    Broken(String),
}

/// What the catalog in a run's folder says. What it does not say follows from the journal and the manifests, in memory.
///
/// # Errors
/// Where these cannot be read.
pub fn look(backend: &dyn Backend, run_folder: &Path, run: u128) -> Result<(Contents, Seen), StoreError> {
    let truth = Truth::read(backend, run_folder, run, None)?;
    let mut contents = Contents::of(&truth);
    let seen = match read(backend, run_folder, run) {
        Ok(Some(earlier)) => {
            contents.remember(&earlier, &truth);
            let is_current = contents.generation == earlier.generation && contents.zones == earlier.zones;
            if is_current { Seen::Current } else { Seen::Behind }
        }
        Ok(None) => Seen::Missing,
        Err(Fault(why)) => Seen::Broken(why),
    };
    Ok((contents, seen))
}

/// What the catalog says, if it can be read and says where the zones of the newest checkpoint lie. No manifest is read.
pub(crate) fn zones(backend: &dyn Backend, run_folder: &Path, run: u128) -> Option<Contents> {
    let newest = newest_generation(backend, run_folder).ok()??;
    read(backend, run_folder, run).ok()?.filter(|contents| contents.generation == newest)
}

/// Reads a catalog. It is copied to memory first: it may be written meanwhile, and redb may have to put it in order.
pub(super) fn read(backend: &dyn Backend, run_folder: &Path, run: u128) -> Result<Option<Contents>, Fault> {
    let path = path(run_folder);
    let file = match backend.open(&path, Access::Read) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    match file.len()? {
        0 => return Err(Fault("it is empty".to_owned())),
        1..=BYTES_MAX => {}
        len => return Err(Fault(format!("it has {len} bytes, which no catalog has"))),
    }
    let bytes = backend.read(&path)?;
    let copy = crate::store::Backend::create(&Mem::default(), Path::new("copy"))?;
    copy.write_at(0, &bytes)?;
    Tables::open(copy)?.read(run).map(Some)
}
