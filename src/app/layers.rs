//! The layers of settings: default < file < environment < what a resumed run was begun with < flag; each value
//! remembers where it was said.

use std::collections::BTreeMap;
use std::fmt;

use super::args::SETTINGS;
use super::error::{Error, nearest};

/// A place in a text file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Position {
    /// The file, as the person named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl Position {
    /// The position of a byte of `text`.
    pub fn of(file: &str, text: &str, byte: usize) -> Self {
        let mut end = byte.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &text[..end];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Where a value was said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Origin {
    /// Nowhere: it is the default.
    Default,
    /// In a configuration file.
    File(Position),
    /// In the environment, by this variable.
    Env(String),
    /// In what a run that goes on was begun with: its file `RUN`.
    Run(String),
    /// On the command line, by this flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(position) => write!(f, "{position}"),
            Self::Env(name) | Self::Run(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A setting's text, and where it was said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    /// As it was written.
    pub text: String,
    /// Where.
    pub origin: Origin,
}

/// Settings by name.
pub type Layer = BTreeMap<&'static str, Given>;

/// Settings of which only one can hold: how long to simulate.
const SPANS: [&str; 3] = ["days", "hours", "ticks"];

/// The variable that gives a setting: `MYRIAD_TIME_SCALE` gives `time-scale`.
pub fn variable(setting: &str) -> String {
    format!("MYRIAD_{}", setting.replace('-', "_").to_uppercase())
}

/// The layer of the command line.
pub fn flags(given: impl IntoIterator<Item = (&'static str, String)>) -> Layer {
    let origin = |name: &str| Origin::Flag(format!("--{name}"));
    given.into_iter().map(|(name, text)| (name, Given { text, origin: origin(name) })).collect()
}

/// The layer of the environment. A variable that is set to nothing counts as not set.
pub fn environment(env: &BTreeMap<String, String>) -> Layer {
    let said = |name: &'static str| {
        let variable = variable(name);
        let text = env.get(&variable).filter(|text| !text.is_empty())?.clone();
        Some((name, Given { text, origin: Origin::Env(variable) }))
    };
    SETTINGS.into_iter().filter_map(said).collect()
}

/// Warnings on variables that look like ours and are not: a typing mistake would otherwise pass in silence.
pub fn misspelt(env: &BTreeMap<String, String>) -> Vec<String> {
    let known: Vec<String> = SETTINGS.into_iter().chain(["config"]).map(variable).collect();
    env.keys()
        .filter(|name| name.starts_with("MYRIAD_") && !known.contains(name))
        .filter_map(|name| {
            let meant =
                nearest(name, known.iter().map(String::as_str)).filter(|meant| strsim::levenshtein(meant, name) < 3)?;
            Some(format!("the variable {name} sets nothing; did you mean {meant}?"))
        })
        .collect()
}

/// Lays the layers over each other, the lowest first.
///
/// A layer may say only once how long to simulate; saying it hides what lower layers said of it in other units.
pub fn merge(layers: impl IntoIterator<Item = Layer>) -> Result<Layer, Error> {
    let mut merged = Layer::new();
    for layer in layers {
        let spans: Vec<_> = SPANS.into_iter().filter_map(|name| layer.get(name)).collect();
        if let [first, second, ..] = spans[..] {
            return Err(Error::Usage(format!(
                "the length of the run is given twice, in {} and {}; give one of days, hours and ticks",
                first.origin, second.origin
            )));
        }
        if !spans.is_empty() {
            merged.retain(|name, _| !SPANS.contains(name));
        }
        merged.extend(layer);
    }
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, text)| (name.to_string(), text.to_string())).collect()
    }

    fn flag(name: &'static str, text: &str) -> Layer {
        flags([(name, text.to_owned())])
    }

    #[test]
    fn positions_count_characters_not_bytes() {
        let text = "a = 1\nré = \"é\" x";
        let at = |byte| {
            let Position { line, column, .. } = Position::of("f", text, byte);
            (line, column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(6), (2, 1));
        assert_eq!(at(text.find('x').unwrap()), (2, 10));
        assert_eq!(at(10_000), (2, 11));
    }

    #[test]
    fn a_higher_layer_wins_and_keeps_its_origin() {
        let merged =
            merge([environment(&env(&[("MYRIAD_AGENTS", "5"), ("MYRIAD_SEED", "7")])), flag("agents", "9")]).unwrap();
        assert_eq!(merged["agents"], Given { text: "9".into(), origin: Origin::Flag("--agents".into()) });
        assert_eq!(merged["seed"], Given { text: "7".into(), origin: Origin::Env("MYRIAD_SEED".into()) });
    }

    #[test]
    fn a_length_in_one_unit_hides_a_length_in_another() {
        let merged = merge([environment(&env(&[("MYRIAD_DAYS", "5")])), flag("ticks", "100")]).unwrap();
        assert_eq!(merged.keys().collect::<Vec<_>>(), [&"ticks"]);
    }

    #[test]
    fn one_layer_gives_one_length() {
        let both = flags([("days", "1".to_owned()), ("hours", "2".to_owned())]);
        assert_eq!(
            merge([both]).unwrap_err().to_string(),
            "the length of the run is given twice, in --days and --hours; give one of days, hours and ticks"
        );
    }

    #[test]
    fn empty_variables_are_unset_and_misspelt_ones_are_told() {
        assert!(environment(&env(&[("MYRIAD_AGENTS", "")])).is_empty());
        let env = env(&[("MYRIAD_AGENT", "1"), ("MYRIAD_AGENTS", "1"), ("MYRIAD_SOMETHING_ELSE", "x")]);
        assert_eq!(misspelt(&env), ["the variable MYRIAD_AGENT sets nothing; did you mean MYRIAD_AGENTS?"]);
    }
}
