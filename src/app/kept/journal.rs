//! `journal`: a run's records, one a line.

use serde_json::{Value, json};

use super::facts::{Damaged, Facts, ending, render_damage};
use super::inspect::Torn;
use super::target;
use crate::app::args::JournalArgs;
use crate::app::cli::Console;
use crate::app::error::{Error, Outcome};
use crate::app::meta::Scenarios;
use crate::app::style::{Style, thousands};
use crate::sim::{SavedSchema, input_parts};
use crate::store::journal::Record;

/// Shows a run's journal.
pub fn journal(args: &JournalArgs, scenarios: Scenarios, console: &mut Console<'_>) -> Result<Outcome, Error> {
    let view = target::run(&args.folder)?;
    let facts = Facts::of(&view.file, scenarios);
    let found = view.checkpoints()?;
    let newest = found.manifests.last();
    // What types of messages are called; without a checkpoint they have numbers only.
    let schema = newest.and_then(|manifest| SavedSchema::parse(&manifest.schema).ok()).unwrap_or_default();
    let types: Vec<String> = schema.letters.into_iter().map(|column| column.name).collect();
    let seen = view.journal(newest.map(|manifest| manifest.tick));
    let style = console.style();
    for (tick, record) in &seen.records {
        let time = facts.civil(*tick);
        match args.json {
            true => writeln!(console.out, "{}", object(*tick, time, record, &types))?,
            false => write!(console.out, "{}", line(*tick, time, record, &types, style))?,
        }
    }
    if let Some(torn) = Torn::of(&seen) {
        match args.json {
            true => writeln!(console.out, "{}", json!({ "torn": torn }))?,
            false => writeln!(
                console.out,
                "  `{}` from byte {} on: the end of a write that was cut short, or is going on",
                torn.file.display(),
                torn.offset
            )?,
        }
    }
    let damage: Vec<_> = seen.ending.as_ref().err().map(|error| Damaged::of(error, Vec::new())).into_iter().collect();
    if !damage.is_empty() {
        match args.json {
            true => writeln!(console.out, "{}", json!({ "damage": damage }))?,
            false => write!(console.out, "{}", render_damage(&damage, style))?,
        }
    }
    console.out.flush()?;
    ending(&damage, &args.folder)?;
    Ok(Outcome::Done)
}

fn name(record: &Record) -> &'static str {
    match record {
        Record::Start { .. } => "start",
        Record::Inputs(_) => "inputs",
        Record::Sealed => "sealed",
        Record::Digest(_) => "digest",
        Record::Checkpoint { .. } => "checkpoint",
        Record::End(_) => "end",
    }
}

/// A record as a line of text; of inputs, a line for each.
pub fn line(tick: u64, time: Option<String>, record: &Record, types: &[String], style: Style) -> String {
    let what = match record {
        Record::Start { engine, resumed_from: None } => format!("a process of version {engine} begins"),
        Record::Start { engine, resumed_from: Some(from) } => {
            format!("a process of version {engine} goes on from tick {}", thousands(*from))
        }
        Record::Inputs(inputs) => {
            let inputs: Vec<String> = inputs.iter().map(|input| shown(input, types)).collect();
            inputs.join(&format!("\n{:48}", ""))
        }
        Record::Sealed => "nothing from outside until here".to_owned(),
        Record::Digest(digest) | Record::End(digest) => digest.to_string(),
        Record::Checkpoint { generation, tick, digest } => {
            format!("{generation} of tick {}: {digest}", thousands(*tick))
        }
    };
    let time = style.dim(&format!("{:<19}", time.unwrap_or_default()));
    format!("  {:>13}  {time}  {:<10}  {what}\n", thousands(tick), name(record))
}

fn shown(input: &[u8], types: &[String]) -> String {
    match input_parts(input) {
        Some((message, to, text)) => {
            let message = types.get(message as usize).cloned().unwrap_or_else(|| format!("message type {message}"));
            format!("{message} to agent {}: {}", to.0, hex(text))
        }
        None => hex(input),
    }
}

fn object(tick: u64, time: Option<String>, record: &Record, types: &[String]) -> Value {
    let mut object = json!({ "tick": tick, "time": time, "record": name(record) });
    match record {
        Record::Start { engine, resumed_from } => {
            object["engine"] = json!(engine);
            object["resumed_from"] = json!(resumed_from);
        }
        Record::Inputs(inputs) => {
            let parts = |input: &Vec<u8>| match input_parts(input) {
                Some((message, to, text)) => json!({
                    "type": message, "name": types.get(message as usize), "to": to.0, "bytes": hex(text),
                }),
                None => json!({ "bytes": hex(input) }),
            };
            object["inputs"] = inputs.iter().map(parts).collect();
        }
        Record::Sealed => {}
        Record::Digest(digest) | Record::End(digest) => object["digest"] = json!(digest.to_string()),
        Record::Checkpoint { generation, tick, digest } => {
            object["generation"] = json!(generation);
            object["of_tick"] = json!(tick);
            object["digest"] = json!(digest.to_string());
        }
    }
    object
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Digest;

    #[test]
    fn inputs_are_shown_with_type_addressee_and_text() {
        let input = [&1_u32.to_le_bytes()[..], &70_u32.to_le_bytes(), &[0xab, 1]].concat();
        let record = Record::Inputs(vec![input, vec![7]]);
        let types = ["Note".to_owned(), "Call".to_owned()];
        let text = line(1_200, Some("1999-05-04 00:02".into()), &record, &types, Style::Plain);
        let lines: Vec<_> = text.lines().map(str::trim_start).collect();
        assert_eq!(lines, ["1,200  1999-05-04 00:02     inputs      Call to agent 70: ab01", "07"]);
        let both = json!([{ "type": 1, "name": "Call", "to": 70, "bytes": "ab01" }, { "bytes": "07" }]);
        assert_eq!(object(1_200, None, &record, &types)["inputs"], both);
        let end = object(5, None, &Record::End(Digest(7)), &[]);
        assert_eq!(end, json!({ "tick": 5, "time": null, "record": "end", "digest": "0000000000000007" }));
    }
}
