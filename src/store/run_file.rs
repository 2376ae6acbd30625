//! `RUN`: what a folder's run is a run of. Written once, before anything else.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::proven::read_short;
use super::{Backend, StoreError};
use crate::base::hash_bytes;

/// The version of the format that is written.
const FORMAT: u32 = 1;

/// The checkpoint of another run with which a run began.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Origin {
    /// Its manifest, as it was called then.
    pub path: String,
    /// The number of that run.
    pub run: String,
    /// The checkpoint's number.
    pub generation: u64,
    /// Its tick.
    pub tick: u64,
    /// The digest of its state.
    pub digest: String,
}

/// What a folder's run is a run of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunFile {
    format: u32,
    run: String,
    /// All that decides what comes of the run, by name: scenario, seed, parameters...
    pub identity: BTreeMap<String, String>,
    /// What was asked for beside that, by name: how long to run, when to save. Another process may ask for other.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, String>,
    /// What it began with, if not with tick 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Box<Origin>>,
    /// xxh3-64 of the rest, as compact JSON.
    checksum: String,
}

impl RunFile {
    /// A new one. `run` tells it from all others.
    pub fn new(run: u128, identity: BTreeMap<String, String>, settings: BTreeMap<String, String>) -> Self {
        let (run, checksum) = (format!("{run:032x}"), String::new());
        let file = Self { format: FORMAT, run, identity, settings: BTreeMap::new(), origin: None, checksum };
        file.with_settings(settings)
    }

    /// The same run, with other settings.
    pub fn with_settings(mut self, settings: BTreeMap<String, String>) -> Self {
        self.settings = settings;
        self.checksum = self.sum();
        self
    }

    /// The same run, begun with a checkpoint of another.
    pub fn with_origin(mut self, origin: Option<Origin>) -> Self {
        self.origin = origin.map(Box::new);
        self.checksum = self.sum();
        self
    }

    /// The run's number.
    pub fn run(&self) -> u128 {
        u128::from_str_radix(&self.run, 16).unwrap_or(0)
    }

    fn sum(&self) -> String {
        let Self { format, run, identity, settings, origin, .. } = self;
        // Without settings or origin as if there were no such thing: the first files had none.
        let rest = match (settings.is_empty(), origin) {
            (true, None) => serde_json::to_vec(&(format, run, identity)),
            (false, None) => serde_json::to_vec(&(format, run, identity, settings)),
            (_, Some(origin)) => serde_json::to_vec(&(format, run, identity, settings, origin)),
        };
        format!("{:016x}", hash_bytes(&rest.unwrap_or_default()))
    }

    /// The version of the scenario that an identity is of. The first files did not say it.
    pub fn version(identity: &BTreeMap<String, String>) -> u32 {
        identity.get("version").and_then(|version| version.parse().ok()).unwrap_or(1)
    }

    /// The first thing, beside the version, by which this run differs from one of that identity: name, what it is here,
    /// what it is there. Another version may have other parameters: of those that both have, the values count.
    pub fn difference(&self, other: &BTreeMap<String, String>) -> Option<(String, String, String)> {
        let is_same_version = Self::version(&self.identity) == Self::version(other);
        let is_there = |name: &&String| self.identity.contains_key(*name) && other.contains_key(*name);
        let names = self.identity.keys().chain(other.keys());
        let names = names.filter(|name| *name != "version").filter(|name| is_same_version || is_there(name));
        let value = |of: &BTreeMap<String, String>, name: &String| of.get(name).cloned().unwrap_or_default();
        let differs = |name: &&String| value(&self.identity, name) != value(other, name);
        names.filter(differs).min().map(|name| (name.clone(), value(&self.identity, name), value(other, name)))
    }

    /// Where it is.
    pub fn path(folder: &Path) -> PathBuf {
        folder.join("RUN")
    }

    /// Writes it.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, backend: &dyn Backend, folder: &Path) -> Result<(), StoreError> {
        let path = Self::path(folder);
        let mut bytes = serde_json::to_vec_pretty(self).unwrap_or_default();
        bytes.push(b'\n');
        backend.publish(&path, &bytes).map_err(StoreError::io("write", &path))
    }

    /// Reads the one of a folder, if there is one.
    ///
    /// # Errors
    /// Where it is damaged, or of another version.
    pub fn read(backend: &dyn Backend, folder: &Path) -> Result<Option<Self>, StoreError> {
        let path = Self::path(folder);
        let bytes = match read_short(backend, &path) {
            Err(StoreError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes?,
        };
        let file: Self = serde_json::from_slice(&bytes)
            .map_err(|error| StoreError::damaged(&path, 0, "the file", error.to_string()))?;
        if file.format != FORMAT {
            let why = format!("has format {}; this build reads format {FORMAT}", file.format);
            return Err(StoreError::Foreign { path, why });
        }
        if file.checksum != file.sum() {
            return Err(StoreError::damaged(&path, 0, "the file", "checksum mismatch"));
        }
        Ok(Some(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Mem;

    fn identity(seed: u64) -> BTreeMap<String, String> {
        [("seed".to_owned(), seed.to_string()), ("scenario".to_owned(), "city \"x\"\n".to_owned())].into()
    }

    #[test]
    fn reads_what_was_written_and_says_what_differs() {
        let (mem, folder) = (Mem::default(), Path::new("run"));
        mem.create_folder(folder).unwrap();
        assert_eq!(RunFile::read(&mem, folder).unwrap(), None);
        let file = RunFile::new(7 << 100, identity(3), identity(9));
        file.write(&mem, folder).unwrap();
        let read = RunFile::read(&mem, folder).unwrap().unwrap();
        assert_eq!((read.run(), &read), (7 << 100, &file));
        assert_eq!(read.difference(&identity(3)), None);
        assert_eq!(read.difference(&identity(4)), Some(("seed".into(), "3".into(), "4".into())));
    }

    #[test]
    fn where_it_came_from_is_read_and_cannot_be_changed() {
        let (mem, folder) = (Mem::default(), Path::new(""));
        let origin = Origin {
            path: "a/ckpt/MANIFEST-00000003".into(),
            run: "5".into(),
            generation: 3,
            tick: 70,
            digest: "f".into(),
        };
        let file = RunFile::new(7, identity(3), identity(8)).with_origin(Some(origin.clone()));
        file.write(&mem, folder).unwrap();
        assert_eq!(RunFile::read(&mem, folder).unwrap().unwrap().origin, Some(Box::new(origin)));
        let text = mem.read_text(Path::new("RUN")).unwrap().replace("MANIFEST-00000003", "MANIFEST-00000004");
        mem.publish(Path::new("RUN"), text.as_bytes()).unwrap();
        assert!(RunFile::read(&mem, folder).unwrap_err().to_string().contains("checksum mismatch"));
    }

    #[test]
    fn a_file_without_settings_is_read() {
        let (mem, folder) = (Mem::default(), Path::new(""));
        let (identity, checksum) = (r#"{"scenario": "city", "seed": "3"}"#, "742c6eb3112a4c56");
        let text = format!(r#"{{"format": 1, "run": "{:032x}", "identity": {identity}, "checksum": "{checksum}"}}"#, 7);
        mem.publish(Path::new("RUN"), text.as_bytes()).unwrap();
        let read = RunFile::read(&mem, folder).unwrap().unwrap();
        assert_eq!((read.identity["seed"].as_str(), read.settings.len()), ("3", 0));
    }

    #[test]
    fn a_changed_byte_never_makes_another_run() {
        let (mem, folder) = (Mem::default(), Path::new(""));
        let file = RunFile::new(7, identity(3), identity(8));
        file.write(&mem, folder).unwrap();
        let bytes = mem.read(Path::new("RUN")).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            mem.publish(Path::new("RUN"), &changed).unwrap();
            // White space may change without effect.
            match RunFile::read(&mem, folder) {
                Ok(read) => assert_eq!(read.as_ref(), Some(&file), "byte {at}"),
                Err(error) => assert!(error.to_string().contains("RUN"), "{error}"),
            }
        }
    }
}
