//! Which machine it is: figures without it mean nothing.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::app::probe::Probe;
use crate::app::style::bytes;
use crate::exec::cores;

/// The machine, and what was measured on it.
#[derive(Clone, Debug, Serialize)]
pub struct Machine {
    /// The processor's name.
    pub processor: String,
    /// Cores that the process may use.
    pub cores: usize,
    /// Main memory; 0 if it is not known.
    pub memory_bytes: u64,
    /// Free memory at the start, as far as the process may have it.
    #[serde(skip)]
    pub available_bytes: Option<u64>,
    /// The system's kernel and its version.
    pub kernel: String,
    /// The version of this program.
    pub myriad: &'static str,
}

impl Machine {
    /// This one.
    pub fn here(env: &BTreeMap<String, String>) -> Self {
        let probe = Probe { root: Path::new("/"), env };
        let memory = probe.memory();
        Self {
            processor: probe.processor().unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cores: cores::count(),
            memory_bytes: memory.map_or(0, |memory| memory.total),
            available_bytes: memory.map(|memory| memory.usable()),
            kernel: probe.kernel().unwrap_or_else(|| std::env::consts::OS.to_owned()),
            myriad: env!("CARGO_PKG_VERSION"),
        }
    }

    /// The machine in a line.
    pub fn line(&self) -> String {
        let noun = if self.cores == 1 { "core" } else { "cores" };
        let memory =
            if self.memory_bytes == 0 { String::new() } else { format!("{} of memory, ", bytes(self.memory_bytes)) };
        format!("{} · {} {noun}, {memory}{} · myriad {}", self.processor, self.cores, self.kernel, self.myriad)
    }

    /// The name of its files, without an ending: `bench-xeon-2-cores`.
    pub fn file(&self) -> String {
        format!("bench-{}-{}-cores", slug(&self.processor), self.cores)
    }
}

/// A processor's name as a part of a file's: what distinguishes it, in small letters.
fn slug(processor: &str) -> String {
    let name = processor.to_lowercase().replace("(r)", " ").replace("(tm)", " ");
    let name = name.split('@').next().unwrap_or_default();
    let says_nothing = |word: &str| ["intel", "amd", "cpu", "processor"].contains(&word) || word.ends_with("-core");
    let words: Vec<&str> =
        name.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).filter(|word| !word.is_empty()).collect();
    let telling: Vec<&str> = words.iter().copied().filter(|word| !says_nothing(word)).collect();
    match (telling.is_empty(), words.is_empty()) {
        (false, _) => telling.join("-"),
        (true, false) => words.join("-"),
        (true, true) => "cpu".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_gives_a_files_name() {
        let cases = [
            ("Intel(R) Xeon(R) Processor @ 2.80GHz", "xeon"),
            ("Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz", "xeon-e5-2680-v4"),
            ("AMD Ryzen 9 5950X 16-Core Processor", "ryzen-9-5950x"),
            ("AMD EPYC 7B13", "epyc-7b13"),
            ("AMD Processor", "amd-processor"),
            ("x86_64", "x86-64"),
            ("../ /", "cpu"),
        ];
        for (processor, expected) in cases {
            assert_eq!(slug(processor), expected, "{processor}");
        }
    }

    #[test]
    fn this_machine_has_a_line() {
        let machine = Machine::here(&BTreeMap::new());
        assert!(machine.cores >= 1 && machine.line().contains("myriad "), "{}", machine.line());
        assert!(machine.file().starts_with("bench-") && machine.file().ends_with("-cores"));
    }
}
