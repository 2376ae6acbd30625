//! `new`: a crate with a model of one's own, ready to be built.

use std::path::Path;

use super::args::NewArgs;
use super::cli::Console;
use super::error::{Error, Outcome};
use crate::store::{Access, Backend, Fs};

/// The model with which one begins: an example that is run by the tests.
const MODEL: &str = include_str!("../../examples/rumour.rs");

/// What `cargo clippy` is to say of what makes a run another one each time.
const CLIPPY: &str = r#"
# A run is the same each time if nothing in it depends on the order of a hash map, on the time of day, or on
# the machine.
disallowed-types = [
    { path = "std::collections::HashMap", reason = "its order differs from run to run: BTreeMap or a Vec" },
    { path = "std::collections::HashSet", reason = "its order differs from run to run: BTreeSet or a Vec" },
    { path = "std::time::Instant", reason = "what is simulated knows simulated time only: Clock" },
    { path = "std::time::SystemTime", reason = "what is simulated knows simulated time only: Clock" },
]
disallowed-methods = [
    { path = "f64::sin", reason = "differs from machine to machine in the last bit: libm::sin" },
    { path = "f64::cos", reason = "differs from machine to machine in the last bit: libm::cos" },
    { path = "f64::exp", reason = "differs from machine to machine in the last bit: libm::exp" },
    { path = "f64::ln", reason = "differs from machine to machine in the last bit: libm::log" },
    { path = "f64::powf", reason = "differs from machine to machine in the last bit: libm::pow" },
]
"#;

/// Writes the crate.
pub fn new(args: &NewArgs, console: &mut Console<'_>) -> Result<Outcome, Error> {
    let folder = Path::new(&args.path);
    let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_name = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || "-_".contains(letter);
    if !name.starts_with(|letter: char| letter.is_ascii_lowercase()) || !name.chars().all(is_name) {
        let text = format!("`{name}` is no name of a crate: small letters, digits, - and _, a letter first");
        return Err(Error::Usage(text));
    }
    if !Fs.list(folder).map_or(true, |files| files.is_empty()) || Fs.folders(folder).is_ok_and(|all| !all.is_empty()) {
        return Err(Error::Usage(format!("there is something in `{}` already: name a new folder", folder.display())));
    }
    let engine = match &args.engine {
        Some(engine) => format!("{{ path = {engine:?} }}"),
        // Where this command was built from, if that is still there.
        None if Fs.is_file(&Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")) => {
            format!("{{ path = {:?} }}", env!("CARGO_MANIFEST_DIR"))
        }
        None => format!("{:?}", env!("CARGO_PKG_VERSION")),
    };
    for (path, text) in files(name, &engine) {
        let path = folder.join(path);
        let written = Fs
            .create_folder(path.parent().unwrap_or(folder))
            .and_then(|()| Fs.create(&path))
            .and_then(|_| Fs.open(&path, Access::Write))
            .and_then(|file| file.write_at(0, text.as_bytes()));
        written.map_err(|error| Error::Failed(format!("cannot write `{}`: {error}", path.display())))?;
    }
    let shown = folder.display();
    writeln!(console.out, "{shown} is ready. What next:\n")?;
    writeln!(console.out, "  cd {shown}")?;
    writeln!(console.out, "  cargo run --release -- --agents 100k    run it")?;
    writeln!(console.out, "  cargo run --release -- describe         its parameters")?;
    writeln!(console.out, "  cargo test                              its tests")?;
    Ok(Outcome::Done)
}

/// The files of a crate: where, and what.
fn files(name: &str, engine: &str) -> [(&'static str, String); 5] {
    let manifest = format!(
        r#"[package]
name = "{name}"
version = "0.1.0"
edition = "2024"

# Not part of any workspace around it.
[workspace]

[dependencies]
myriad = {engine}
# Rows are plain old data.
bytemuck = {{ version = "1.25", features = ["derive", "min_const_generics"] }}

# Models are slow without optimisation, also while they are tested.
[profile.dev]
opt-level = 2
"#
    );
    let own = |line: &str| {
        line.replace("`cargo run --release --example rumour -- --agents 10k`", "`cargo run --release -- --agents 10k`")
    };
    let mut model: String = MODEL.lines().map(|line| own(line) + "\n").collect();
    model.push_str(TESTS);
    let readme = format!(
        "# {name}\n\nA model on Myriad. `cargo run --release -- --agents 100k` runs it, \
         `cargo run --release -- describe` lists its parameters, `cargo test` tests it, \
         `cargo clippy` warns of what would make a run another one each \
         time.\n"
    );
    [
        ("Cargo.toml", manifest),
        ("src/main.rs", model),
        ("clippy.toml", CLIPPY.to_owned()),
        ("README.md", readme),
        (".gitignore", "/target\n/runs\n".to_owned()),
    ]
}

/// The tests of the model with which one begins.
const TESTS: &str = r#"
#[cfg(test)]
mod tests {
    use super::*;

    fn digest(workers: usize, shards: usize) -> Digest {
        let new = Simulation::of::<Rumour>(Settings::defaults()).workers(workers).shards(shards);
        let mut engine = new.build().unwrap();
        while engine.now() < Tick(50) {
            engine.advance(Tick(50)).unwrap();
        }
        engine.digest()
    }

    #[test]
    fn it_is_the_same_however_it_is_run() {
        assert_eq!(digest(1, 1), digest(2, 24));
    }

    #[test]
    fn the_rumour_goes_around() {
        let report = Simulation::of::<Rumour>(Settings::defaults()).seed(1).run(200).unwrap();
        let share = &report.series[0].values;
        assert!(share[0] < 0.01 && share.last().unwrap() > &0.9, "{share:?}");
    }
}
"#;
