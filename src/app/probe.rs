//! Facts about the machine, read from files of the system; no GPU library is opened.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::store::{Backend, Fs};

/// The machine, seen through its files.
pub struct Probe<'a> {
    /// Where the file system begins; "/" but in tests.
    pub root: &'a Path,
    /// The environment.
    pub env: &'a BTreeMap<String, String>,
}

/// Main memory, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Memory {
    /// In the machine.
    pub total: u64,
    /// Free, or freed when needed.
    pub available: u64,
    /// What this process may use, if it is limited.
    pub limit: Option<u64>,
    /// Free on disk, for what is not used for a while.
    pub swap: u64,
}

impl Memory {
    /// What this process can have.
    pub fn usable(&self) -> u64 {
        self.limit.map_or(self.available, |limit| limit.min(self.available))
    }
}

impl Probe<'_> {
    fn read(&self, path: &str) -> Option<String> {
        Fs.read_text(&self.root.join(path)).ok()
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let folder = self.root.join(folder);
        let mut names: Vec<_> = [Fs.list(&folder), Fs.folders(&folder)].into_iter().flatten().flatten().collect();
        names.sort();
        names
    }

    /// The processor's name.
    pub fn processor(&self) -> Option<String> {
        let text = self.read("proc/cpuinfo")?;
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    }

    /// Main memory.
    pub fn memory(&self) -> Option<Memory> {
        let text = self.read("proc/meminfo")?;
        let field = |name: &str| -> Option<u64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
            line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()?.checked_mul(1_024)
        };
        let limit = self.read("sys/fs/cgroup/memory.max").and_then(|text| text.trim().parse().ok());
        let swap = field("SwapFree").unwrap_or(0);
        Some(Memory { total: field("MemTotal")?, available: field("MemAvailable")?, limit, swap })
    }

    /// The kernel and its version.
    pub fn kernel(&self) -> Option<String> {
        let (name, version) = (self.read("proc/sys/kernel/ostype")?, self.read("proc/sys/kernel/osrelease")?);
        Some(format!("{} {}", name.trim(), version.trim()))
    }

    /// The setting of transparent huge pages: `always`, `madvise` or `never`.
    pub fn huge_pages(&self) -> Option<String> {
        let text = self.read("sys/kernel/mm/transparent_hugepage/enabled")?;
        let (_, rest) = text.split_once('[')?;
        Some(rest.split_once(']')?.0.to_owned())
    }

    /// Graphics adapters that the kernel knows.
    pub fn adapters(&self) -> Vec<String> {
        let cards = self.names("sys/class/drm").into_iter().filter(|name| {
            name.strip_prefix("card").is_some_and(|number| number.chars().all(|digit| digit.is_ascii_digit()))
        });
        let mut adapters: Vec<String> = cards
            .map(|card| {
                let id = self.read(&format!("sys/class/drm/{card}/device/vendor")).unwrap_or_default();
                let vendor = match id.trim() {
                    "0x10de" => "NVIDIA",
                    "0x1002" => "AMD",
                    "0x8086" => "Intel",
                    "" => "unknown vendor",
                    other => other,
                };
                format!("{card} ({vendor})")
            })
            .collect();
        // NVIDIA's driver lists cards that have no display, which the kernel's list may lack.
        for bus in self.names("proc/driver/nvidia/gpus") {
            let text = self.read(&format!("proc/driver/nvidia/gpus/{bus}/information")).unwrap_or_default();
            let model = text.lines().find_map(|line| line.strip_prefix("Model:"));
            adapters.extend(model.map(|model| model.trim().to_owned()));
        }
        adapters
    }

    /// Files that announce Vulkan drivers.
    pub fn vulkan_drivers(&self) -> Vec<PathBuf> {
        let told = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].into_iter().filter_map(|name| self.env.get(name));
        let mut files: Vec<PathBuf> = told.flat_map(std::env::split_paths).filter(|path| Fs.is_file(path)).collect();
        for folder in ["etc", "usr/local/etc", "usr/share", "usr/local/share"] {
            let folder = format!("{folder}/vulkan/icd.d");
            let names = self.names(&folder).into_iter().filter(|name| name.ends_with(".json"));
            files.extend(names.map(|name| self.root.join(&folder).join(name)));
        }
        files
    }

    /// The Vulkan loader, where the system's linker would look for it.
    pub fn vulkan_loader(&self) -> Option<PathBuf> {
        let told = self.env.get("LD_LIBRARY_PATH").into_iter().flat_map(std::env::split_paths);
        let machine = std::env::consts::ARCH;
        let usual = ["lib64", "usr/lib64", "lib", "usr/lib", "usr/local/lib"].map(|folder| self.root.join(folder));
        let multiarch = ["lib", "usr/lib"].map(|folder| self.root.join(format!("{folder}/{machine}-linux-gnu")));
        let mut folders = told.chain(usual).chain(multiarch);
        folders.find_map(|folder| Some(folder.join("libvulkan.so.1")).filter(|path| Fs.is_file(path)))
    }
}

/// Whether a thread can be pinned to a core.
pub fn can_pin() -> bool {
    let pin = || {
        let cores = core_affinity::get_core_ids().unwrap_or_default();
        cores.first().is_some_and(|core| core_affinity::set_for_current(*core))
    };
    // On a thread of its own: pinning this one would confine the rest of the process.
    std::thread::spawn(pin).join().unwrap_or(false)
}

/// Free bytes on the disk of the current folder, if the system tells.
pub fn disk_free() -> Option<u64> {
    Fs.free_bytes(Path::new("")).ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::app::fake;

    fn put(root: &Path, path: &str, text: &str) {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn facts_are_read_from_the_systems_files() {
        let root = fake::folder("probe");
        put(&root, "proc/cpuinfo", "processor : 0\nmodel name\t: A Fine Processor\n");
        put(&root, "proc/meminfo", "MemTotal:  1024 kB\nMemFree: 1 kB\nMemAvailable:   512 kB\nSwapFree: 2 kB\n");
        put(&root, "proc/sys/kernel/ostype", "Linux\n");
        put(&root, "proc/sys/kernel/osrelease", "6.1.0\n");
        put(&root, "sys/fs/cgroup/memory.max", "262144\n");
        put(&root, "sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
        put(&root, "sys/class/drm/card0/device/vendor", "0x1002\n");
        put(&root, "sys/class/drm/card0-HDMI-A-1/status", "connected\n");
        put(&root, "proc/driver/nvidia/gpus/0000:01/information", "Model: \t\t NVIDIA H200\nIRQ: 5\n");
        put(&root, "usr/share/vulkan/icd.d/radeon.json", "{}");
        put(&root, "usr/share/vulkan/icd.d/README", "");
        put(&root, "usr/lib/libvulkan.so.1", "");
        let env = BTreeMap::new();
        let probe = Probe { root: &root, env: &env };
        assert_eq!(probe.processor().as_deref(), Some("A Fine Processor"));
        let memory = Memory { total: 1 << 20, available: 1 << 19, limit: Some(1 << 18), swap: 2_048 };
        assert_eq!((probe.memory(), memory.usable()), (Some(memory), 1 << 18));
        assert_eq!(probe.kernel().as_deref(), Some("Linux 6.1.0"));
        assert_eq!(probe.huge_pages().as_deref(), Some("madvise"));
        assert_eq!(probe.adapters(), ["card0 (AMD)", "NVIDIA H200"]);
        assert_eq!(probe.vulkan_drivers(), [root.join("usr/share/vulkan/icd.d/radeon.json")]);
        assert_eq!(probe.vulkan_loader(), Some(root.join("usr/lib/libvulkan.so.1")));
        fs::remove_dir_all(root).unwrap();
    }

    #[test]
    fn a_machine_without_those_files_has_no_such_facts() {
        let (root, env) = (fake::folder("bare"), BTreeMap::new());
        let probe = Probe { root: &root, env: &env };
        assert_eq!((probe.processor(), probe.memory(), probe.huge_pages()), (None, None, None));
        assert!(probe.adapters().is_empty() && probe.vulkan_drivers().is_empty() && probe.vulkan_loader().is_none());
        fs::remove_dir_all(root).unwrap();
    }
}
