//! `describe --template`: a configuration file that says what is so by default, each line with its reason.

use std::fmt::Write;

use clap::CommandFactory;

use super::args::{Cli, SETTINGS};
use super::describe::{facts, literal, sections};
use super::style::{WIDTH, wrap};
use crate::sim::{AnyScenario, Span};

/// The file. Settings of the run are commented out, parameters stand at their defaults.
pub fn template(scenario: &dyn AnyScenario) -> String {
    let mut text = String::new();
    let head = format!(
        "Configuration of `{0}`, for `run {0} --config FILE`. A flag or a MYRIAD_* variable overrides what \
         stands here.",
        scenario.name()
    );
    comment(&mut text, &head);
    text.push('\n');
    let cli = Cli::command();
    for setting in SETTINGS {
        let argument = cli.get_arguments().find(|argument| argument.get_long() == Some(setting));
        if let Some(help) = argument.and_then(|argument| argument.get_help()) {
            let _ = writeln!(text, "# {help}\n# {setting} = {}\n", example(setting, scenario));
        }
    }
    for (section, keys) in sections(&scenario.specs()) {
        let dot = if section.is_empty() { "" } else { "." };
        let _ = writeln!(text, "[{}{dot}{section}]", scenario.name());
        for (key, spec) in keys {
            comment(&mut text, &spec.doc);
            comment(&mut text, &facts(spec));
            let _ = writeln!(text, "{key} = {}\n", literal(&spec.default));
        }
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

fn comment(text: &mut String, words: &str) {
    for line in wrap(words, WIDTH - 2).iter().filter(|line| !line.is_empty()) {
        let _ = writeln!(text, "# {line}");
    }
}

/// A setting's value by default, or one that could stand there.
fn example(setting: &str, scenario: &dyn AnyScenario) -> String {
    let timing = scenario.timing();
    match setting {
        "agents" => timing.agents.to_string(),
        "seed" => "1999".to_owned(),
        "start" => format!("\"{}\"", timing.start),
        "days" => "1".to_owned(),
        "hours" => "2.5".to_owned(),
        "ticks" => match timing.span {
            Span::Ticks(ticks) => ticks.to_string(),
            Span::Seconds(_) => "1000".to_owned(),
        },
        "population" | "weather" => format!("\"{setting}.csv\""),
        "map" => "\"map.geojson\"".to_owned(),
        "shards" => "24".to_owned(),
        "workers" => "2".to_owned(),
        "stepping" => "\"event\"".to_owned(),
        "backend" | "detail" | "progress" => "\"auto\"".to_owned(),
        "memory-budget" => "\"4GiB\"".to_owned(),
        "time-scale" => "48".to_owned(),
        "out" => "\"runs/first\"".to_owned(),
        "snapshot-every" => "\"1h\"".to_owned(),
        "keep" => "5".to_owned(),
        "resume-from" => "\"runs/first/ckpt/MANIFEST-00000007\"".to_owned(),
        "log" => "\"warn\"".to_owned(),
        _ => "false".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::config;
    use crate::app::fake::FAKES;
    use crate::app::meta::Scenarios;

    #[test]
    fn the_template_says_what_is_so_by_default() {
        let text = template(FAKES[0]);
        let read = config::parse("template", &text, Scenarios(FAKES)).unwrap();
        assert!(read.settings.is_empty(), "settings of the run are commented out");
        let mut read: Vec<_> = read.params.into_iter().map(|param| (param.name, param.value)).collect();
        let mut defaults: Vec<_> = FAKES[0].specs().into_iter().map(|spec| (spec.name, spec.default)).collect();
        read.sort_by(|a, b| a.0.cmp(&b.0));
        defaults.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(read, defaults);
    }

    #[test]
    fn each_commented_setting_can_be_uncommented() {
        let text = template(FAKES[0]);
        for setting in SETTINGS {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix("# ").filter(|line| line.starts_with(&format!("{setting} = "))));
            let line = line.unwrap_or_else(|| panic!("{setting} is missing:\n{text}"));
            let read = config::parse("line", line, Scenarios(FAKES)).unwrap();
            assert_eq!(read.settings.keys().collect::<Vec<_>>(), [&setting]);
        }
    }

    #[test]
    fn a_scenario_without_parameters_has_a_template_too() {
        let text = template(FAKES[1]);
        assert!(config::parse("template", &text, Scenarios(FAKES)).unwrap().params.is_empty());
    }
}
