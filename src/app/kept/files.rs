//! Single files: one with pieces of checkpoints, one of a journal.

use std::path::Path;

use serde::Serialize;

use super::checkpoints;
use super::facts::{Damaged, Facts, render_damage, tick};
use super::inspect::put;
use super::journal::line;
use super::target;
use crate::app::args::InspectArgs;
use crate::app::cli::Console;
use crate::app::error::Error;
use crate::app::meta::Scenarios;
use crate::app::style::{Style, bytes, grid, thousands};
use crate::store::journal::look_at_file;
use crate::store::{Access, Backend, Fs, Manifest, SegmentSeen, StoreError, find};

/// A file with pieces of checkpoints.
#[derive(Serialize)]
struct SegmentFacts {
    run: String,
    generation: u64,
    tick: u64,
    time: Option<String>,
    bytes: u64,
    /// What each checkpoint needs of it.
    needed_by: Vec<Needed>,
    damage: Vec<Damaged>,
}

#[derive(Serialize)]
struct Needed {
    generation: u64,
    tick: u64,
    pieces: u64,
    bytes: u64,
    damaged_pieces: u64,
}

/// Shows a file with pieces: who needs which of them, and whether these can be read.
pub fn segment(
    args: &InspectArgs,
    path: &Path,
    scenarios: Scenarios,
    console: &mut Console<'_>,
) -> Result<Vec<Damaged>, Error> {
    let file = Fs.open(path, Access::Read).map_err(StoreError::io("open", path))?;
    let (seen, len) = SegmentSeen::read(&*file, path)?;
    let view = target::run_around(path, seen.run);
    let facts = view.as_ref().map(|view| Facts::of(&view.file, scenarios));
    let folder = path.parent().unwrap_or(Path::new(""));
    // Which pieces lie where, only manifests say.
    let manifests = match &view {
        Some(view) => find(&Fs, view.folder(), seen.run)?.manifests,
        None => Vec::new(),
    };
    let of_file = |manifest: &Manifest| Manifest {
        entries: manifest.entries.iter().filter(|entry| entry.file == seen.generation).copied().collect(),
        ..manifest.clone()
    };
    let parts: Vec<Manifest> = manifests.iter().map(of_file).filter(|part| !part.entries.is_empty()).collect();
    let (checked, damage) = checkpoints::check(&Fs, folder, &parts, None);
    let needed = checked.into_iter().map(|one| Needed {
        generation: one.generation,
        tick: one.tick,
        pieces: one.pieces,
        bytes: one.bytes,
        damaged_pieces: one.damaged_pieces,
    });
    let found = SegmentFacts {
        run: format!("{:032x}", seen.run),
        generation: seen.generation,
        tick: seen.tick,
        time: facts.and_then(|facts| facts.civil(seen.tick)),
        bytes: len,
        needed_by: needed.collect(),
        damage,
    };
    let style = console.style();
    put(args.json, &found, || render_segment(&found, style), console)?;
    Ok(found.damage)
}

fn render_segment(found: &SegmentFacts, style: Style) -> String {
    let title = style.bold(&format!("Pieces written for checkpoint {}", found.generation));
    let mut text =
        format!("{title} of run {}\n\n  {}, {}\n", found.run, tick(found.tick, found.time.clone()), bytes(found.bytes));
    if found.needed_by.is_empty() {
        text.push_str("  no manifest needs any of them\n");
    } else {
        let mut rows = vec![["checkpoint", "tick", "pieces", "bytes", "cannot be read"].map(str::to_owned).to_vec()];
        for one in &found.needed_by {
            let counts = [one.tick, one.pieces].map(thousands);
            let [tick, pieces] = counts;
            rows.push(vec![one.generation.to_string(), tick, pieces, bytes(one.bytes), thousands(one.damaged_pieces)]);
        }
        text.push_str(&format!("\n{}\n{}", style.bold("What checkpoints need of it"), grid(&rows, style)));
    }
    text + &render_damage(&found.damage, style)
}

/// A file of a journal.
#[derive(Serialize)]
struct JournalFileFacts {
    run: String,
    epoch: u32,
    from_tick: u64,
    records_before: u64,
    records: u64,
    last_tick: Option<u64>,
    end: u64,
    /// What is wrong with the bytes behind the last record, if they are more than zeros.
    rest: Option<&'static str>,
}

/// Shows a file of a journal.
pub fn journal(
    args: &InspectArgs,
    path: &Path,
    scenarios: Scenarios,
    console: &mut Console<'_>,
) -> Result<Vec<Damaged>, Error> {
    let seen = look_at_file(&Fs, path)?;
    let facts = target::run_around(path, seen.run).map(|view| Facts::of(&view.file, scenarios));
    let found = JournalFileFacts {
        run: format!("{:032x}", seen.run),
        epoch: seen.epoch,
        from_tick: seen.first_tick,
        records_before: seen.before,
        records: seen.records.len() as u64,
        last_tick: seen.records.last().map(|(tick, _)| *tick),
        end: seen.end,
        rest: seen.rest,
    };
    let style = console.style();
    let text = || {
        let title = style.bold(&format!("Journal from tick {} on", thousands(found.from_tick)));
        let mut text = format!("{title} of run {}, written by its process {}\n\n", found.run, found.epoch);
        let civil = |tick| facts.as_ref().and_then(|facts| facts.civil(tick));
        for (tick, record) in &seen.records {
            text.push_str(&line(*tick, civil(*tick), record, &[], style));
        }
        text.push_str(&format!(
            "\n  {} records, after {} in earlier files; they end at byte {}\n",
            thousands(found.records),
            thousands(found.records_before),
            thousands(found.end)
        ));
        if let Some(rest) = found.rest {
            text.push_str(&format!("  what follows is no record: {rest}; `inspect` of the run says what that means\n"));
        }
        text
    };
    put(args.json, &found, text, console)?;
    Ok(Vec::new())
}
