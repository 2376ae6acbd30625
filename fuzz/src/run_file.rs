//! `RUN`: what a folder's run is a run of.

use std::path::Path;

use myriad::base::hash_bytes;
use myriad::store::{Backend, Mem, RunFile};
use serde_json::Value;

/// Whatever the file says: an answer, and what is read is what would be written.
pub fn read(input: &[u8]) {
    let mem = Mem::default();
    let folder = Path::new("run");
    mem.create_folder(folder).expect("memory");
    let text = signed(input).unwrap_or_else(|| input.to_vec());
    mem.publish(&RunFile::path(folder), &text).expect("memory");
    if let Ok(Some(file)) = RunFile::read(&mem, folder) {
        let _ = (file.run(), file.difference(&Default::default()));
        file.write(&mem, folder).expect("memory");
        assert_eq!(RunFile::read(&mem, folder).ok().flatten().as_ref(), Some(&file));
    }
}

/// The file with its right checksum, if it has the form of one.
fn signed(input: &[u8]) -> Option<Vec<u8>> {
    let mut file: Value = serde_json::from_slice(input).ok()?;
    let part = |name: &str| file.get(name).cloned().unwrap_or_default();
    let (format, run, identity, settings) = (part("format"), part("run"), part("identity"), part("settings"));
    let rest = match settings.as_object().is_none_or(|settings| settings.is_empty()) {
        true => serde_json::to_vec(&(format, run, identity)),
        false => serde_json::to_vec(&(format, run, identity, settings)),
    };
    *file.get_mut("checksum")? = format!("{:016x}", hash_bytes(&rest.ok()?)).into();
    serde_json::to_vec(&file).ok()
}

pub fn seeds() -> Vec<Vec<u8>> {
    let words = |words: &[(&str, &str)]| words.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
    let identity = words(&[("scenario", "city"), ("seed", "7"), ("parameter a", "0.5")]);
    let one = RunFile::new(7, identity, words(&[("hours", "1")]));
    let two = RunFile::new(u128::MAX, words(&[]), words(&[]));
    [one, two].iter().map(|file| serde_json::to_vec(file).expect("JSON")).collect()
}
