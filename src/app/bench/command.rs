//! From the words typed to the table, the files and the exit code.

use std::collections::BTreeMap;
use std::path::Path;

use super::conduct::conduct;
use super::machine::Machine;
use super::plan::Plan;
use super::process::obey;
use super::report::BenchReport;
use super::table::render;
use crate::app::args::BenchArgs;
use crate::app::cli::Console;
use crate::app::error::{Error, Outcome};
use crate::app::out;
use crate::app::progress::Reporter;
use crate::app::settings::ProgressMode;
use crate::app::style::Style;

/// Measures and tells.
pub fn bench(args: &BenchArgs, env: &BTreeMap<String, String>, console: &mut Console<'_>) -> Result<Outcome, Error> {
    if let Some(order) = &args.part {
        // No listening for signals here: the process that asked does, and ends this one.
        writeln!(console.out, "{}", serde_json::to_string(&obey(order)?)?)?;
        return Ok(Outcome::Done);
    }
    let machine = Machine::here(env);
    let plan = Plan::of(args, machine.available_bytes)?;
    let folder = args.out.as_deref().map(|path| out::prepare(Path::new(path))).transpose()?;
    let harvest = {
        let mode = match args.progress.as_deref() {
            Some("plain") => ProgressMode::Plain,
            Some("none") => ProgressMode::None,
            _ => ProgressMode::Auto,
        };
        // Silently: what a run would say of exchanges is not true here, and the end comes at once.
        let stop = (console.stop)(true);
        conduct(&plan, &mut Reporter::new(mode, &mut *console.err, console.err_is_terminal, stop))
    };
    let report = BenchReport::new(machine, plan, harvest);
    // What was measured is shown even if its files could not be written.
    let written = folder.map_or(Ok(()), |folder| {
        let name = report.machine.file();
        folder.put(&format!("{name}.json"), |file| {
            serde_json::to_writer_pretty(&mut *file, &report)?;
            std::io::Write::write_all(file, b"\n")
        })?;
        folder.put(&format!("{name}.txt"), |file| {
            std::io::Write::write_all(file, render(&report, Style::Plain).as_bytes())
        })
    });
    if args.json {
        writeln!(console.out, "{}", serde_json::to_string(&report)?)?;
    } else {
        write!(console.out, "{}", render(&report, console.style()))?;
    }
    console.out.flush()?;
    written?;
    match (report.failed.as_slice(), report.interrupted) {
        ([], false) => Ok(Outcome::Done),
        ([], true) => Ok(Outcome::Interrupted),
        (failed, _) => Err(Error::Failed(failed.join("; "))),
    }
}
