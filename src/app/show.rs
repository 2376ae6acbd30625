//! `--show-config`: each value with its origin.

use serde_json::{Map, json};

use super::settings::{Settings, Shown};
use super::style::Style;

/// As tables.
pub fn render(settings: &Settings, style: Style) -> String {
    let mut text = format!("{}\n{}", style.bold("Run"), table(&settings.shown_settings, style));
    if !settings.shown_params.is_empty() {
        text.push_str(&format!("\n{}\n{}", style.bold(settings.scenario.name()), table(&settings.shown_params, style)));
    }
    text
}

/// Columns that never wrap: an origin may be a long path, which people copy.
fn table(shown: &[Shown], style: Style) -> String {
    let width = |of: fn(&Shown) -> &String| shown.iter().map(|shown| of(shown).chars().count()).max().unwrap_or(0);
    let (name, value) = (width(|shown| &shown.name).max(4), width(|shown| &shown.value).clamp(5, 40));
    let mut text = style.dim(&format!("  {:<name$}  {:<value$}  origin", "name", "value")) + "\n";
    for shown in shown {
        text.push_str(&format!("  {:<name$}  {:<value$}  {}\n", shown.name, shown.value, shown.origin));
    }
    text
}

/// As an object.
pub fn object(settings: &Settings) -> serde_json::Value {
    let map = |shown: &[Shown]| -> Map<String, serde_json::Value> {
        let entry =
            |shown: &Shown| (shown.name.clone(), json!({ "value": shown.value, "origin": shown.origin.to_string() }));
        shown.iter().map(entry).collect()
    };
    json!({
        "scenario": settings.scenario.name(),
        "settings": map(&settings.shown_settings),
        "parameters": map(&settings.shown_params),
    })
}
