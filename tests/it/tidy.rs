//! Reads the source tree and keeps it as the house wants it: floors, determinism, words, sizes, docs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Every file under a folder of the crate, with its path from the crate's root.
fn files(folder: &str) -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { walk(&path, found) } else { found.push(path) }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(&root.join(folder), &mut found);
    found.sort();
    let name = |path: &PathBuf| path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
    let text = |path: &PathBuf| std::fs::read_to_string(path).unwrap_or_default();
    found.iter().map(|path| (name(path), text(path))).collect()
}

/// The code of a Rust file: without its unit tests and without comments.
fn code(text: &str) -> String {
    let before_tests = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    before_tests.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn sources() -> Vec<(String, String)> {
    let sources: Vec<_> = files("src").into_iter().filter(|(path, _)| path.ends_with(".rs")).collect();
    assert!(sources.len() > 80, "the tree was found: {} files", sources.len());
    sources
}

fn check(what: &str, complaints: Vec<String>) {
    assert!(complaints.is_empty(), "{what}:\n  {}", complaints.join("\n  "));
}

/// What each floor may import of the others.
const FLOORS: [(&str, &[&str]); 6] = [
    ("base", &["base"]),
    ("exec", &["base", "exec"]),
    ("store", &["base", "store"]),
    ("sim", &["base", "exec", "sim", "store"]),
    ("scenarios", &["base", "prelude", "scenarios", "sim", "store"]),
    ("app", &["app", "base", "exec", "prelude", "scenarios", "sim", "store"]),
];

#[test]
fn a_floor_imports_lower_floors_only() {
    let mut complaints = Vec::new();
    for (path, text) in sources() {
        let floor = path.split('/').nth(1).unwrap_or_default();
        let Some((_, allowed)) = FLOORS.iter().find(|(name, _)| *name == floor) else { continue };
        for part in code(&text).split("crate::").skip(1) {
            let name: String = part.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let is_floor = FLOORS.iter().any(|(known, _)| *known == name) || name == "prelude";
            if is_floor && !allowed.contains(&name.as_str()) {
                complaints.push(format!("{path} imports {name}"));
            }
        }
    }
    check("floors", complaints);
}

#[test]
fn base_knows_values_only() {
    let allowed: BTreeSet<&str> =
        ["std", "core", "crate", "super", "self", "bytemuck", "libm", "thiserror", "xxhash_rust"].into();
    let mut complaints = Vec::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| path.starts_with("src/base/")) {
        for line in code(&text).lines().filter_map(|line| line.trim().strip_prefix("use ")) {
            let root = line.split("::").next().unwrap_or_default();
            if !allowed.contains(root) {
                complaints.push(format!("{path}: use {line}"));
            }
        }
    }
    check("base imports std, libm, bytemuck, thiserror and xxhash-rust only", complaints);
}

/// Words that let time of day, hash order or the machine's mathematics into a result, and where each may stand.
const DETERMINISM: [(&str, &[&str]); 12] = [
    ("Instant", &["src/exec/", "src/app/"]),
    ("SystemTime", &["src/app/"]),
    ("HashMap", &["src/app/"]),
    ("HashSet", &["src/app/"]),
    ("thread_rng", &[]),
    (".powf(", &["src/app/"]),
    (".powi(", &["src/app/"]),
    (".exp()", &["src/app/"]),
    (".ln()", &["src/app/"]),
    (".sin()", &["src/app/"]),
    (".cos()", &["src/app/"]),
    ("std::fs", &["src/app/cli/tests.rs", "src/app/fake.rs", "src/app/settings/tests.rs", "src/store/fs"]),
];

#[test]
fn nothing_but_the_run_reaches_a_result() {
    let mut complaints = Vec::new();
    for (path, text) in sources() {
        for (word, allowed) in DETERMINISM {
            if code(&text).contains(word) && !allowed.iter().any(|place| path.starts_with(place)) {
                complaints.push(format!("{path} says `{word}`"));
            }
        }
    }
    check("determinism", complaints);
}

/// Files in which `unsafe` may stand.
const UNSAFE: [&str; 18] = [
    "src/app/bench/plain/prefetch.rs",
    "src/base/rng.rs",
    "src/exec/clock.rs",
    "src/exec/cores.rs",
    "src/exec/memory.rs",
    "src/exec/ring.rs",
    "src/exec/sync.rs",
    "src/exec/workers.rs",
    "src/scenarios/city/scan.rs",
    "src/sim/desk.rs",
    "src/sim/due.rs",
    "src/sim/hand.rs",
    "src/sim/hub.rs",
    "src/sim/mistake.rs",
    "src/sim/roll.rs",
    "src/sim/rows.rs",
    "src/sim/shown.rs",
    "src/store/fs/mapped.rs",
];

#[test]
fn unsafe_stands_where_it_is_known() {
    let says_unsafe = |text: &str| {
        let text = code(text);
        ["unsafe {", "unsafe impl", "unsafe fn"].iter().any(|word| text.contains(word))
    };
    let complaints = sources().into_iter().filter(|(path, text)| says_unsafe(text) && !UNSAFE.contains(&path.as_str()));
    check("unsafe outside the named files", complaints.map(|(path, _)| path).collect());
}

#[test]
fn files_are_rooms_and_maps_are_maps() {
    let mut complaints = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        if lines > 700 {
            complaints.push(format!("{path} has {lines} lines"));
        }
        if !text.starts_with("//!") && !path.ends_with("tests.rs") {
            complaints.push(format!("{path} does not begin by saying what it is"));
        }
        if path.ends_with("/mod.rs")
            && ["fn main", "\nfn ", "\nstruct ", "\nimpl "].iter().any(|word| code(&text).contains(word))
            && path != "src/scenarios/mod.rs"
        {
            complaints.push(format!("{path} is a map and holds code"));
        }
        if text.lines().any(|line| line.chars().count() > 120) {
            complaints.push(format!("{path} has a line of more than 120 columns"));
        }
    }
    check("rooms", complaints);
}

#[test]
fn assets_have_a_source() {
    let sources =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/city/SOURCES.md")).unwrap();
    let named = |path: &str| sources.contains(&format!("`{}`", path.rsplit('/').next().unwrap_or_default()));
    let nameless =
        files("assets").into_iter().map(|(path, _)| path).filter(|path| !path.ends_with(".md") && !named(path));
    check("assets without a line in SOURCES.md", nameless.collect());
}

#[test]
fn the_readme_shows_the_example_as_it_is() {
    let read = |path: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let (readme, example) = (read("README.md"), read("examples/wealth.rs"));
    let shown = readme.split("```rust,no_run\n").nth(1).and_then(|rest| rest.split("```").next());
    let code: String = example
        .lines()
        .skip_while(|line| line.starts_with("//!") || line.is_empty())
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(shown, Some(code.as_str()));
    let lines = code.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("//"));
    assert!(lines.count() <= 45, "a model with its command line takes at most 45 lines");
}

#[test]
fn models_are_short() {
    let most = |name: &str| match name {
        "schelling.rs" => 40,
        "flocking.rs" => 60,
        _ => 100,
    };
    let complaints = files("src/scenarios/gallery").into_iter().filter_map(|(path, text)| {
        let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.trim_start().starts_with("//")).count();
        let most = most(path.rsplit('/').next().unwrap_or_default());
        (lines > most).then(|| format!("{path} has {lines} lines of code, and {most} are enough"))
    });
    check("short models", complaints.collect());
}
