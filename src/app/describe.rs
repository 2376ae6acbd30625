//! `list` and `describe`: what can be run, and what can be set.

use std::fmt::Write;

use serde::Serialize;

use super::meta::Scenarios;
use super::style::{Style, WIDTH, duration, grid, thousands, wrap};
use crate::sim::{AnyScenario, ParamSpec, Span, Value};

/// A scenario, for `list --json` and `describe --json`.
#[derive(Serialize)]
pub struct Described {
    name: &'static str,
    about: &'static str,
    agents: u64,
    start: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticks: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seconds: Option<f64>,
    tick_ms: u32,
    exchange_ticks: u32,
    parameters: Vec<Parameter>,
}

#[derive(Serialize)]
struct Parameter {
    name: String,
    doc: String,
    r#type: &'static str,
    default: serde_json::Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<(f64, f64)>,
    unit: String,
    source: String,
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Int(whole) => (*whole).into(),
        Value::Float(number) => (*number).into(),
        Value::Bool(value) => (*value).into(),
        Value::Text(text) => text.as_str().into(),
    }
}

/// A scenario as an object.
pub fn described(scenario: &dyn AnyScenario) -> Described {
    let timing = scenario.timing();
    let (ticks, seconds) = match timing.span {
        Span::Ticks(ticks) => (Some(ticks), None),
        Span::Seconds(seconds) => (None, Some(seconds)),
    };
    let parameter = |spec: ParamSpec| Parameter {
        r#type: spec.default.type_name(),
        default: json(&spec.default),
        name: spec.name,
        doc: spec.doc,
        range: spec.range,
        unit: spec.unit,
        source: spec.source,
    };
    Described {
        name: scenario.name(),
        about: scenario.about(),
        agents: timing.agents,
        start: timing.start.to_string(),
        ticks,
        seconds,
        tick_ms: timing.tick_ms,
        exchange_ticks: timing.exchange_ticks,
        parameters: scenario.specs().into_iter().map(parameter).collect(),
    }
}

/// The scenarios, one line each.
pub fn list(scenarios: Scenarios, style: Style) -> String {
    let mut rows = vec![["scenario", "agents", "what it is"].map(str::to_owned).to_vec()];
    for scenario in scenarios.iter() {
        rows.push(vec![
            scenario.name().to_owned(),
            thousands(scenario.timing().agents),
            scenario.about().trim_end_matches('.').to_owned(),
        ]);
    }
    grid(&rows, style)
}

/// A scenario's parameters by section, each section under its dotted name.
pub fn sections(specs: &[ParamSpec]) -> Vec<(&str, Vec<(&str, &ParamSpec)>)> {
    let mut sections: Vec<(&str, Vec<(&str, &ParamSpec)>)> = Vec::new();
    for spec in specs {
        let (section, key) = spec.name.rsplit_once('.').unwrap_or(("", &spec.name));
        match sections.iter_mut().find(|(name, _)| *name == section) {
            Some((_, keys)) => keys.push((key, spec)),
            None => sections.push((section, vec![(key, spec)])),
        }
    }
    // Keys without a section come first: in TOML they would otherwise belong to the section before them.
    sections.sort_by_key(|(name, _)| !name.is_empty());
    sections
}

/// Unit, range and source of a parameter, "" if it has none of them.
pub fn facts(spec: &ParamSpec) -> String {
    let mut facts = Vec::new();
    if let Some((low, high)) = spec.range {
        facts.push(format!("{low} to {high}"));
    }
    if !spec.unit.is_empty() {
        facts.push(spec.unit.clone());
    }
    if !spec.source.is_empty() {
        facts.push(format!("source: {}", spec.source));
    }
    facts.join("; ")
}

/// A scenario as a page of text.
pub fn describe(scenario: &dyn AnyScenario, style: Style) -> String {
    let timing = scenario.timing();
    let span = match timing.span {
        Span::Ticks(ticks) => format!("{} ticks", thousands(ticks)),
        Span::Seconds(seconds) => duration(seconds),
    };
    let mut text = format!("{} · {}\n\n", style.bold(scenario.name()), scenario.about());
    let _ = writeln!(
        text,
        "  By default {} agents, from {}, for {span}.\n  A tick is {} ms; agents meet every {} {}.",
        thousands(timing.agents),
        timing.start,
        timing.tick_ms,
        timing.exchange_ticks,
        if timing.exchange_ticks == 1 { "tick" } else { "ticks" }
    );
    let specs = scenario.specs();
    if specs.is_empty() {
        text.push_str("\n  It has no parameters to set.\n");
    }
    for (section, keys) in sections(&specs) {
        let heading = if section.is_empty() { "Parameters" } else { section };
        let _ = writeln!(text, "\n{}", style.bold(heading));
        for (_, spec) in keys {
            let _ = writeln!(text, "  {} = {}", spec.name, literal(&spec.default));
            for line in wrap(&spec.doc, WIDTH - 6) {
                let _ = writeln!(text, "      {line}");
            }
            let facts = facts(spec);
            if !facts.is_empty() {
                for line in wrap(&facts, WIDTH - 6) {
                    let _ = writeln!(text, "      {}", style.dim(&line));
                }
            }
        }
    }
    if !specs.is_empty() {
        let _ = writeln!(
            text,
            "\n  Set one with --set {}=VALUE, or in a file for --config: see --template.",
            specs[0].name
        );
    }
    text
}

/// A value as TOML writes it.
pub fn literal(value: &Value) -> String {
    match value {
        Value::Text(text) => toml::Value::String(text.clone()).to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fake::FAKES;
    use snapbox::{assert_data_eq, str};

    #[test]
    fn scenarios_are_listed() {
        assert_data_eq!(
            list(Scenarios(FAKES), Style::Plain),
            str![[r#"
  scenario  agents  what it is
  toy        1,000  Nothing happens, on purpose
  plain      1,000  Nothing happens, on purpose
  broken     1,000  Nothing happens, on purpose
  wrong      1,000  Nothing happens, on purpose

"#]]
        );
    }

    #[test]
    fn parameters_are_described_by_section() {
        assert_data_eq!(
            describe(FAKES[0], Style::Plain),
            str![[r#"
toy · Nothing happens, on purpose.

  By default 1,000 agents, from 1999-05-04 00:00, for 1 d 00 h.
  A tick is 100 ms; agents meet every 100 ticks.

Parameters
  coins = 1
      Coins that each agent starts with.
      0 to 1000; coins; source: assumed
  mercy = false
      Whether the poor are spared.
  population = 'built "in"'
      File of the "population".

needs.hunger
  needs.hunger.decay = 4.5
      What an hour awake takes.
      0 to 100; % per hour; source: Maslow 1943

needs.energy
  needs.energy.decay = 6.0
      What an hour awake takes.
      % per hour

  Set one with --set coins=VALUE, or in a file for --config: see --template.

"#]]
        );
        assert!(describe(FAKES[1], Style::Plain).ends_with("It has no parameters to set.\n"));
    }

    #[test]
    fn the_object_has_each_parameter() {
        let object = serde_json::to_value(described(FAKES[0])).unwrap();
        assert_eq!(
            (&object["name"], &object["seconds"], &object["tick_ms"]),
            (&"toy".into(), &86_400.0.into(), &100.into())
        );
        assert_eq!(object["parameters"].as_array().unwrap().len(), 5);
        assert_eq!(object["parameters"][0]["default"], 1);
        assert_eq!(object["parameters"][0]["range"], serde_json::json!([0.0, 1000.0]));
        assert_eq!(object["parameters"][3]["source"], "Maslow 1943");
    }
}
