//! `doctor`: what this machine offers to a simulation, what is missing, and what that would give.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde::Serialize;

use super::probe::{Probe, can_pin, disk_free};
use super::style::{Style, WIDTH, bytes, wrap};

/// How a check came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As a simulation likes it.
    Good,
    /// It works, and more is possible.
    Limited,
    /// It is not there.
    Missing,
    /// This system does not tell.
    Unknown,
}

/// A check.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: &'static str,
    /// How it came out.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What could be done, and what it would give; "" if nothing.
    pub advice: String,
}

fn check(name: &'static str, state: State, found: impl Into<String>, advice: impl Into<String>) -> Check {
    Check { name, state, found: found.into(), advice: advice.into() }
}

/// Looks at this machine.
pub fn checks(env: &BTreeMap<String, String>) -> Vec<Check> {
    let probe = Probe { root: Path::new("/"), env };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut checks = vec![
        check_cores(cores, probe.processor()),
        check_pinning(can_pin()),
        check_memory(&probe),
        check_huge_pages(probe.huge_pages().as_deref()),
        check_disk(disk_free()),
    ];
    checks.extend(check_gpu(&probe));
    checks
}

fn check_cores(cores: usize, processor: Option<String>) -> Check {
    let of = processor.map(|name| format!(" of {name}")).unwrap_or_default();
    let noun = if cores == 1 { "core" } else { "cores" };
    let (state, advice) = match cores {
        1 => (State::Limited, "Zones run in parallel: each further core adds a worker."),
        _ => (State::Good, ""),
    };
    check("cores", state, format!("{cores} {noun}{of}"), advice)
}

fn check_pinning(works: bool) -> Check {
    match works {
        true => check("pinning", State::Good, "workers can be pinned to cores", ""),
        false => check(
            "pinning",
            State::Limited,
            "workers cannot be pinned to cores",
            "Runs work without it; where the system allows it (sched_setaffinity), a worker keeps its caches warm.",
        ),
    }
}

fn check_memory(probe: &Probe<'_>) -> Check {
    let Some(memory) = probe.memory() else {
        return check("memory", State::Unknown, "this system does not tell", "");
    };
    let mut found = format!("{} available of {}", bytes(memory.available), bytes(memory.total));
    if let Some(limit) = memory.limit.filter(|limit| *limit < memory.total) {
        let _ = write!(found, ", {} allowed to this process", bytes(limit));
    }
    match memory.usable() {
        usable if usable < 1 << 30 => {
            let advice = "Close other programs or run fewer agents: the summary of a run says what an agent takes.";
            check("memory", State::Limited, found, advice)
        }
        _ => check("memory", State::Good, found, ""),
    }
}

fn check_huge_pages(setting: Option<&str>) -> Check {
    match setting {
        Some("never") => check(
            "huge pages",
            State::Limited,
            "transparent huge pages are off (never)",
            "`echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled` lets large tables stand in pages of \
             2 MiB, so that random access to millions of agents misses the address cache less often.",
        ),
        Some(setting) => check("huge pages", State::Good, format!("transparent huge pages: {setting}"), ""),
        None => check("huge pages", State::Unknown, "this system does not tell", ""),
    }
}

fn check_disk(free: Option<u64>) -> Check {
    match free {
        Some(free) if free < 1 << 30 => check(
            "disk",
            State::Limited,
            format!("{} free in the current folder", bytes(free)),
            "A report with long series may not fit: give --out a folder on another disk.",
        ),
        Some(free) => check("disk", State::Good, format!("{} free in the current folder", bytes(free)), ""),
        None => check("disk", State::Unknown, "this system does not tell", ""),
    }
}

/// What there is of a GPU. This build computes on the CPU, so nothing of it is needed; it is told for what it is.
fn check_gpu(probe: &Probe<'_>) -> Vec<Check> {
    const UNUSED: &str = "This build computes on the CPU only and does not need it.";
    let adapters = probe.adapters();
    let drivers: Vec<_> = probe
        .vulkan_drivers()
        .iter()
        .filter_map(|path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()))
        .collect();
    vec![
        match adapters.is_empty() {
            true => check("GPU", State::Missing, "no adapter found", UNUSED),
            false => check("GPU", State::Good, adapters.join(", "), UNUSED),
        },
        match drivers.is_empty() {
            true => check("Vulkan drivers", State::Missing, "none announced", UNUSED),
            false => check("Vulkan drivers", State::Good, drivers.join(", "), ""),
        },
        match probe.vulkan_loader() {
            None => check("Vulkan loader", State::Missing, "libvulkan.so.1 not found", UNUSED),
            Some(path) => check("Vulkan loader", State::Good, path.display().to_string(), ""),
        },
    ]
}

/// The checks as a table.
pub fn render(checks: &[Check], style: Style) -> String {
    let mut text = String::new();
    for check in checks {
        let mark = match check.state {
            State::Good => style.good("✓"),
            State::Limited => style.bad("!"),
            State::Missing | State::Unknown => style.dim("-"),
        };
        for (index, line) in wrap(&check.found, WIDTH - 20).iter().enumerate() {
            let _ = match index {
                0 => writeln!(text, "  {mark} {:<16}{line}", check.name),
                _ => writeln!(text, "{:20}{line}", ""),
            };
        }
        for line in wrap(&check.advice, WIDTH - 20).iter().filter(|line| !line.is_empty()) {
            let _ = writeln!(text, "{:20}{}", "", style.dim(line));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_limits_a_machine_comes_with_advice() {
        let limited =
            [check_cores(1, None), check_pinning(false), check_huge_pages(Some("never")), check_disk(Some(5))];
        for check in limited {
            assert!(check.state == State::Limited && !check.advice.is_empty(), "{check:?}");
        }
        let good =
            [check_cores(2, None), check_pinning(true), check_huge_pages(Some("always")), check_disk(Some(1 << 40))];
        for check in good {
            assert!(check.state == State::Good && check.advice.is_empty(), "{check:?}");
        }
        assert_eq!(check_disk(None).state, State::Unknown);
    }

    #[test]
    fn this_machine_can_be_looked_at() {
        let checks = checks(&BTreeMap::new());
        let names: Vec<_> = checks.iter().map(|check| check.name).collect();
        assert_eq!(
            names,
            ["cores", "pinning", "memory", "huge pages", "disk", "GPU", "Vulkan drivers", "Vulkan loader"]
        );
        let text = render(&checks, Style::Plain);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.contains("cores"));
    }
}
