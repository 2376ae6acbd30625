//! `--show-config`: each value with its origin.

use serde_json::{Map, json};

use super::settings::{Settings, Shown};
use super::style::{Style, grid};

/// As tables.
pub fn render(settings: &Settings, style: Style) -> String {
    let mut text = format!("{}\n{}", style.bold("Run"), table(&settings.shown_settings, style));
    if !settings.shown_params.is_empty() {
        text.push_str(&format!("\n{}\n{}", style.bold(settings.scenario.name()), table(&settings.shown_params, style)));
    }
    text
}

fn table(shown: &[Shown], style: Style) -> String {
    let mut rows = vec![["name", "value", "origin"].map(str::to_owned).to_vec()];
    rows.extend(shown.iter().map(|shown| vec![shown.name.clone(), shown.value.clone(), shown.origin.to_string()]));
    grid(&rows, style)
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
