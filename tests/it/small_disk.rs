//! A disk of a few megabytes that is really there: a tmpfs, which only the processes of one test see.
//!
//! Linux lets an ordinary user mount one in a namespace of his own, if the machine allows it; root needs no more than
//! `mount`. Where neither goes, tests say so and pass: with `MYRIAD_TMPFS=require` they fail.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use myriad::store::{Backend, Fs};

use crate::scratch::Scratch;

pub const PAGE: u64 = 4_096;

/// Tells the process in the namespace where its disk is to be.
const INSIDE: &str = "MYRIAD_SMALL_DISK";

/// Ways into a namespace in which a disk can be mounted.
const WAYS: [&[&str]; 2] = [&["--mount"], &["--user", "--map-root-user", "--mount"]];

/// A mounted disk.
pub struct SmallDisk(PathBuf);

/// Runs what a test does on a disk of so many bytes, in a process of its own. `test` is the test's name, with modules.
pub fn on_small_disk(test: &str, bytes: u64, act: impl FnOnce(&SmallDisk)) {
    if let Some(folder) = std::env::var_os(INSIDE) {
        return act(&SmallDisk::mount(Path::new(&folder), bytes));
    }
    let scratch = Scratch::new(&test.replace("::", "-"));
    let folder = scratch.path("disk");
    fs::create_dir(&folder).unwrap();
    let Some(way) = WAYS.iter().find(|way| can_mount(way, &folder)) else {
        let told = "no small disk can be mounted here, neither by `mount` nor in a namespace of one's own";
        assert!(std::env::var_os("MYRIAD_TMPFS").is_none_or(|wish| wish != "require"), "{told}");
        // Past the capture of what tests print: nobody is to think that this was tested.
        let _ = writeln!(std::io::stderr(), "\nNOT TESTED: {test}: {told}\n");
        return;
    };
    let status = Command::new("unshare")
        .args(*way)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads", "1"])
        .env(INSIDE, &folder)
        .status()
        .unwrap();
    assert!(status.success(), "on a small disk: {status}");
}

fn can_mount(way: &[&str], folder: &str) -> bool {
    let mut trial = Command::new("unshare");
    trial.args(way).args(["mount", "-t", "tmpfs", "tmpfs", folder]).stdin(Stdio::null());
    trial.output().is_ok_and(|output| output.status.success())
}

impl SmallDisk {
    fn mount(folder: &Path, bytes: u64) -> Self {
        let options = format!("size={bytes}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder).status();
        assert!(mounted.unwrap().success());
        Self(folder.to_owned())
    }

    /// A path on it.
    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("the target folder has a plain name").to_owned()
    }

    /// Pages that are free.
    pub fn free_pages(&self) -> u64 {
        Fs.free_bytes(&self.0).unwrap() / PAGE
    }

    /// Fills it but for so many pages, or as far as there are so many.
    pub fn leave(&self, pages: u64) {
        self.clear();
        let surplus = self.free_pages().saturating_sub(pages);
        fs::write(self.path("filler"), vec![1; (surplus * PAGE) as usize]).unwrap();
    }

    /// Makes room.
    pub fn clear(&self) {
        fs::write(self.path("filler"), "").unwrap();
    }

    /// Lets nobody write to it any more.
    pub fn set_read_only(&self) {
        let done = Command::new("mount").args(["-o", "remount,ro"]).arg(&self.0).status().unwrap();
        assert!(done.success());
    }
}
