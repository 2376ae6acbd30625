//! The folder of `--out`: report.json and series.csv. That it can be written is found out before the run.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::error::Error;
use crate::base::mix;
use crate::sim::{RunReport, Series};
use crate::store::{Backend, Fs, StoreError};

/// A folder that could be written to when it was asked for.
#[derive(Debug)]
pub struct Folder(PathBuf);

/// A number that tells a run from all others.
pub fn run_number() -> u128 {
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u128::from(mix(u64::from(std::process::id()))) << 64 ^ time.as_nanos()
}

/// Makes the folder and tries to write in it.
pub fn prepare(path: &Path) -> Result<Folder, Error> {
    let refused = |act: &'static str| {
        move |error| {
            let told = format!("cannot {act} the folder `{}`, in --out: {error}", path.display());
            // To name another one is of no use to whoever has filled the disk.
            match StoreError::io(act, path)(error).is_disk_full() {
                true => Error::Failed(format!("{told}; make room, and go on with --resume if there is a run in it")),
                false => Error::Usage(format!("{told}; name one that can be written")),
            }
        }
    };
    Fs.create_folder(path).map_err(refused("make"))?;
    let probe = path.join(format!(".myriad-probe-{}", std::process::id()));
    let tried = Fs.publish(&probe, b"probe").and_then(|()| Fs.remove(&probe));
    tried.inspect_err(|_| drop(Fs.remove(&probe))).map_err(refused("write in"))?;
    Ok(Folder(path.to_owned()))
}

impl Folder {
    /// Writes both files; each is either whole or as it was before.
    pub fn write(&self, report: &RunReport) -> Result<(), Error> {
        self.put("report.json", |file| {
            serde_json::to_writer_pretty(&mut *file, report)?;
            file.write_all(b"\n")
        })?;
        self.put("series.csv", |file| write_series(file, &report.series))
    }

    /// Writes one file; it is either whole or as it was before.
    pub fn put(&self, name: &str, write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> Result<(), Error> {
        let (path, mut bytes) = (self.0.join(name), Vec::new());
        let put = write(&mut bytes).and_then(|()| Fs.publish(&path, &bytes));
        put.map_err(|error| Error::Failed(format!("cannot write `{}`: {error}", path.display())))
    }
}

/// One line a sample, so that series taken at different ticks stand in one file.
fn write_series(to: &mut dyn Write, series: &[Series]) -> std::io::Result<()> {
    let mut csv = csv::Writer::from_writer(to);
    csv.write_record(["series", "tick", "value"])?;
    for one in series {
        for (tick, value) in one.ticks.iter().zip(&one.values) {
            csv.write_record([one.name.as_str(), &tick.to_string(), &value.to_string()])?;
        }
    }
    csv.flush()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::app::fake;

    #[test]
    fn both_files_are_written_and_nothing_else() {
        let folder = fake::folder("out");
        let nested = folder.join("a/b");
        prepare(&nested).unwrap().write(&fake::report(5, 1)).unwrap();
        let mut names: Vec<_> =
            fs::read_dir(&nested).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["report.json", "series.csv"]);
        let object: serde_json::Value = serde_json::from_slice(&fs::read(nested.join("report.json")).unwrap()).unwrap();
        assert_eq!(object["digest"], "0123456789abcdef");
        assert_eq!(
            fs::read_to_string(nested.join("series.csv")).unwrap(),
            "series,tick,value\n\"gini, \"\"all\"\"\",0,0\n\"gini, \"\"all\"\"\",50,0.25\n"
        );
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_is_refused_before_the_run() {
        let folder = fake::folder("refused");
        let file = folder.join("file");
        fs::write(&file, "x").unwrap();
        let error = prepare(&file.join("below")).unwrap_err();
        assert!(matches!(&error, Error::Usage(text) if text.starts_with("cannot make the folder")), "{error}");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_folder_that_is_gone_is_a_failure() {
        let folder = fake::folder("gone");
        let prepared = prepare(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        let error = prepared.write(&fake::report(5, 1)).unwrap_err();
        assert!(matches!(&error, Error::Failed(text) if text.contains("report.json")), "{error}");
    }
}
