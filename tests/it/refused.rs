//! A folder that is not what is asked for: said how, each with its own words and code, and nothing in it is touched.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use myriad::store::{Backend, Fs, RunFile};

use crate::command::{done, say};
use crate::scratch::Scratch;

/// All files in a folder and below it, but for the lock, which says who looked last.
pub fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(content(&path));
        } else if entry.file_name() != "LOCK" {
            found.insert(path.clone(), fs::read(path).unwrap());
        }
    }
    found
}

#[test]
fn a_folder_of_something_else_is_refused_and_left_as_it_is() {
    let scratch = Scratch::new("something-else");
    let folder = scratch.path("run");
    let city = "run city --agents 60 --json --progress none";
    let words = format!("{city} --hours 1 --out {folder}");
    let path = Path::new(&folder);
    done(&format!("{city} --ticks 6000 --snapshot-every 10m --out {folder}"));
    let own = RunFile::read(&Fs, path).unwrap().unwrap();
    // As another scenario, version, or format would have left it.
    let other = |name: &str, value: &str| {
        let mut file = RunFile::new(own.run(), own.identity.clone(), own.settings.clone());
        file.identity.insert(name.to_owned(), value.to_owned());
        file.with_settings(own.settings.clone()).write(&Fs, path).unwrap();
    };
    let rewrite = |from: &str, to: &str| {
        let text = fs::read_to_string(path.join("RUN")).unwrap().replacen(from, to, 1);
        fs::write(path.join("RUN"), text).unwrap();
    };
    type Make<'a> = &'a dyn Fn();
    let cases: [(Make<'_>, i32, &str); 8] = [
        (&|| other("seed", "8"), 2, "holds another run: its seed is `8`, not `1999`"),
        (&|| other("scenario", "village"), 2, "holds another run: its scenario is `village`, not `city`"),
        (&|| other("engine", "0.0.9"), 2, "holds another run: its engine is `0.0.9`, not `"),
        (&|| other("agents", "61"), 2, "holds another run: its agents is `61`, not `60`"),
        (&|| rewrite("\"format\": 1", "\"format\": 2"), 1, "RUN` has format 2; this build reads format 1"),
        (&|| rewrite("\"seed\": \"1999\"", "\"seed\": \"1998\""), 1, "RUN` is damaged: the file at byte 0"),
        (&|| rewrite("{", "["), 1, "RUN` is damaged: the file at byte 0"),
        (&|| fs::remove_file(path.join("RUN")).unwrap(), 2, "but no file `RUN` that says of what"),
    ];
    for (make, code, told) in cases {
        make();
        let before = content(path);
        let said = say(&format!("{words} --resume"));
        assert_eq!((said.code, said.out.as_str()), (Some(code), ""), "{told}: {}", said.err);
        assert!(said.err.starts_with("error: `") && said.err.contains(told), "`{told}` is missing from {}", said.err);
        assert!(said.err.contains(&folder), "{}", said.err);
        assert!(content(path) == before, "{told}: a file was changed");
        own.clone().write(&Fs, path).unwrap();
    }
    // Another process is at work.
    let before = content(path);
    let held = Fs.lock(&path.join("LOCK"), "process 5").unwrap().ok().unwrap();
    let said = say(&format!("{words} --resume"));
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("LOCK` is held by process 5: a run has one process at a time"), "{}", said.err);
    assert!(content(path) == before);
    drop(held);
    // And now as if nothing had been.
    let straight = done(&format!("{city} --hours 1")).digest();
    assert_eq!(done(&format!("{words} --resume")).digest(), straight);
}
