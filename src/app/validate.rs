//! `validate`: a scenario against figures measured in the real world.

use std::collections::BTreeMap;

use serde::Serialize;

use super::cli::Console;
use super::error::{Error, Outcome};
use super::meta::Scenarios;
use super::run::{show_config, start_log, watched};
use super::settings::{Typed, resolve};
use super::style::{Style, digits, grid};
use super::summary::bullet;
use crate::sim::{Validation, ValidationRow};

#[derive(Serialize)]
struct Object<'a> {
    scenario: &'a str,
    ok: bool,
    #[serde(flatten)]
    validation: &'a Validation,
}

/// Validates a scenario.
pub fn validate(
    typed: &Typed<'_>,
    env: &BTreeMap<String, String>,
    scenarios: Scenarios,
    console: &mut Console<'_>,
) -> Result<Outcome, Error> {
    let settings = resolve(typed, env, scenarios)?;
    let _log = start_log(&settings, env, console, None);
    if typed.model.show_config {
        return show_config(&settings, console);
    }
    let name = settings.scenario.name();
    let outcome = watched(&settings, console, |watch| {
        settings.scenario.validate(&settings.values, &settings.options, watch).transpose()
    })?;
    let Some(validation) = outcome else {
        return Err(Error::Usage(format!("`{name}` has no measured figures to be compared with")));
    };
    let missed: Vec<_> = validation.rows.iter().filter(|row| !row.ok).map(|row| row.name.clone()).collect();
    if settings.json {
        let object = Object { scenario: name, ok: missed.is_empty(), validation: &validation };
        writeln!(console.out, "{}", serde_json::to_string(&object)?)?;
    } else if !settings.quiet {
        write!(console.out, "{}", render(name, &validation, console.style()))?;
    }
    console.out.flush()?;
    Ok(if missed.is_empty() { Outcome::Done } else { Outcome::Missed { what: "target", names: missed } })
}

/// How far a figure is from its target: relative, or absolute where the target is 0.
fn distance(row: &ValidationRow) -> String {
    let off = row.got - row.target;
    let (number, unit) = if row.target == 0.0 { (off, "") } else { (100.0 * off / row.target.abs(), "%") };
    let text = digits(number);
    let sign = if number > 0.0 && text != "0" { "+" } else { "" };
    format!("{sign}{text}{unit}")
}

fn render(name: &str, validation: &Validation, style: Style) -> String {
    let passed = validation.rows.iter().filter(|row| row.ok).count();
    let mut text = format!("{} · {passed} of {} targets met\n\n", style.bold(name), validation.rows.len());
    let mut rows =
        vec![["", "figure", "got", "target", "unit", "off by", "passes", "source"].map(str::to_owned).to_vec()];
    rows.extend(validation.rows.iter().map(|row| {
        vec![
            if row.ok { "✓" } else { "✗" }.to_owned(),
            row.name.clone(),
            digits(row.got),
            digits(row.target),
            row.unit.clone(),
            distance(row),
            format!("{} to {}", digits(row.low), digits(row.high)),
            row.source.clone(),
        ]
    }));
    text.push_str(&grid(&rows, style));
    if !validation.notes.is_empty() {
        text.push('\n');
        validation.notes.iter().for_each(|note| text.push_str(&bullet(note)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use snapbox::{assert_data_eq, str};

    fn row(name: &str, got: f64, target: f64, ok: bool) -> ValidationRow {
        let [name, unit, source] = [name, "min", "ATUS 2003"].map(str::to_owned);
        ValidationRow { name, got, target, unit, low: target - 30.0, high: target + 30.0, ok, source }
    }

    #[test]
    fn distances_are_relative_unless_the_target_is_zero() {
        let cases = [
            (110.0, 100.0, "+10%"),
            (95.0, 100.0, "-5%"),
            (100.0, 100.0, "0%"),
            (0.5, 0.0, "+0.5"),
            (-9.0, -10.0, "+10%"),
        ];
        for (got, target, text) in cases {
            assert_eq!(distance(&row("x", got, target, true)), text);
        }
    }

    #[test]
    fn the_table_shows_each_distance() {
        let validation = Validation {
            rows: vec![row("sleep a day", 512.4, 514.0, true), row("travel a day", 120.0, 74.0, false)],
            notes: vec!["Measured in 2003, simulated in 1999.".to_owned()],
        };
        assert_data_eq!(
            render("city", &validation, Style::Plain),
            str![[r#"
city · 1 of 2 targets met

     figure        got  target  unit  off by  passes      source
  ✓  sleep a day   512     514  min   -0.31%  484 to 544  ATUS 2003
  ✗  travel a day  120      74  min   +62.2%  44 to 104   ATUS 2003

  · Measured in 2003, simulated in 1999.

"#]]
        );
    }
}
