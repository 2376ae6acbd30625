//! The configuration file: run settings at the top level, and a table for each scenario's parameters.
//!
//! ```toml
//! agents = "1M"
//! seed = 7
//!
//! [city.needs.hunger]
//! decay_awake = 5
//! ```
//!
//! The whole file is checked, parameters of scenarios that are not run included: a typing mistake is never passed over.

use std::collections::BTreeMap;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::args::{ModelFlags, OutputFlags, SETTINGS};
use super::error::{Error, suggestion};
use super::layers::{Given, Layer, Origin, Position};
use super::meta::Scenarios;
use super::settings::{Typed, resolve_with};
use crate::sim::{AnyScenario, ParamError, ParamSpec, Value, find};
use crate::store::{Backend, Fs};

/// A parameter that a file sets.
#[derive(Clone, PartialEq, Debug)]
pub struct FileParam {
    /// The scenario.
    pub scenario: &'static str,
    /// The parameter's name.
    pub name: String,
    /// Its checked value.
    pub value: Value,
    /// Where it stands.
    pub position: Position,
}

/// What a file says.
#[derive(Clone, Default, Debug)]
pub struct ConfigFile {
    /// Settings of the run.
    pub settings: Layer,
    /// Parameters.
    pub params: Vec<FileParam>,
}

/// Reads a file.
pub fn read(path: &Path, scenarios: Scenarios) -> Result<ConfigFile, Error> {
    let name = path.display().to_string();
    let text = Fs.read_text(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => Error::Usage(format!(
            "there is no configuration file `{name}`; `describe --template` prints one to start from"
        )),
        std::io::ErrorKind::InvalidData => {
            Error::Usage(format!("the configuration file `{name}` is not text in UTF-8; it should be TOML"))
        }
        _ => Error::Usage(format!("cannot read the configuration file `{name}`: {error}")),
    })?;
    parse(&name, &text, scenarios)
}

/// Reads a file's text.
pub fn parse(file: &str, text: &str, scenarios: Scenarios) -> Result<ConfigFile, Error> {
    if text.trim().is_empty() {
        return Err(Error::Usage(format!(
            "the configuration file `{file}` is empty; `describe --template` prints one to start from"
        )));
    }
    let reader = Reader { file, text, scenarios };
    let root = DeTable::parse(text).map_err(|error| {
        let at = reader.at(error.span().map_or(text.len(), |span| span.start));
        Error::Usage(format!("{at}: this is not TOML: {}", error.message().trim().replace('\n', ", ")))
    })?;
    let mut config = ConfigFile::default();
    for (key, value) in in_file_order(root.get_ref()) {
        reader.top(key, value, &mut config)?;
    }
    Ok(config)
}

/// Whether a file's text can be read and a run made of it. For those who throw bytes at it.
///
/// # Errors
/// What is wrong with it.
#[doc(hidden)]
pub fn try_config(text: &str, scenarios: &[&'static dyn AnyScenario]) -> Result<(), String> {
    let (model, output, scenarios) = (ModelFlags::default(), OutputFlags::default(), Scenarios(scenarios));
    let typed = Typed { scenario: None, model: &model, output: &output, folder: None, before: None };
    let settings =
        parse("file", text, scenarios).and_then(|file| resolve_with(file, &typed, &BTreeMap::new(), scenarios));
    settings.map(drop).map_err(|error| error.to_string())
}

/// TOML's map is sorted by name; errors should name the first mistake of the file.
fn in_file_order<'a, 'i>(
    table: &'a DeTable<'i>,
) -> Vec<(&'a Spanned<toml::de::DeString<'i>>, &'a Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    scenarios: Scenarios<'a>,
}

impl Reader<'_> {
    fn at(&self, byte: usize) -> Position {
        Position::of(self.file, self.text, byte)
    }

    fn top(
        &self,
        key: &Spanned<toml::de::DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
        config: &mut ConfigFile,
    ) -> Result<(), Error> {
        let name = key.get_ref().as_ref();
        let at = self.at(key.span().start);
        if let DeValue::Table(table) = value.get_ref() {
            let Some(scenario) = self.scenarios.iter().find(|scenario| scenario.name() == name) else {
                let known = self.scenarios.names();
                let hint = suggestion(name, known.iter().copied(), "the scenarios are");
                return Err(Error::Usage(format!("{at}: there is no scenario `{name}`{hint}")));
            };
            let specs = scenario.specs();
            return self.section(scenario.name(), &specs, "", table, &mut config.params);
        }
        // `time_scale` is as good as `time-scale`: TOML's own habit is the underscore.
        let Some(setting) = SETTINGS.into_iter().find(|setting| *setting == name.replace('_', "-")) else {
            let hint = suggestion(name, SETTINGS, "the settings are");
            return Err(Error::Usage(format!("{at}: there is no setting `{name}`{hint}")));
        };
        let at = self.at(value.span().start);
        let text = match value.get_ref() {
            DeValue::String(text) => text.as_ref().to_owned(),
            DeValue::Integer(whole) => self.whole(whole, &at)?.to_string(),
            DeValue::Float(number) => number.as_str().to_owned(),
            DeValue::Boolean(value) => value.to_string(),
            DeValue::Datetime(time) => time.to_string(),
            DeValue::Array(_) | DeValue::Table(_) => {
                return Err(Error::Usage(format!("{at}: `{name}` takes one value, not {}", kind(value.get_ref()))));
            }
        };
        config.settings.insert(setting, Given { text, origin: Origin::File(at) });
        Ok(())
    }

    fn section(
        &self,
        scenario: &'static str,
        specs: &[ParamSpec],
        prefix: &str,
        table: &DeTable<'_>,
        params: &mut Vec<FileParam>,
    ) -> Result<(), Error> {
        for (key, value) in in_file_order(table) {
            let name = format!("{prefix}{}", key.get_ref());
            let position = self.at(value.span().start);
            match value.get_ref() {
                DeValue::Table(inner) => {
                    self.check_section(scenario, specs, &name, key.span().start)?;
                    self.section(scenario, specs, &format!("{name}."), inner, params)?;
                }
                value => {
                    let key_at = self.at(key.span().start);
                    let wrong =
                        |at: &Position, error: ParamError| Error::Usage(format!("{at}: {error}, in `{scenario}`"));
                    let spec = find(specs, &name).map_err(|error| wrong(&key_at, error))?;
                    let value = self.scalar(spec, value, &position)?;
                    let value = spec.check(value).map_err(|error| wrong(&position, error))?;
                    params.push(FileParam { scenario, name, value, position });
                }
            }
        }
        Ok(())
    }

    fn check_section(&self, scenario: &str, specs: &[ParamSpec], name: &str, byte: usize) -> Result<(), Error> {
        if specs.iter().any(|spec| spec.name.starts_with(&format!("{name}."))) {
            return Ok(());
        }
        let at = self.at(byte);
        if let Some(spec) = specs.iter().find(|spec| spec.name == name) {
            return Err(Error::Usage(format!("{at}: `{name}` takes {}, not a table", spec.default.type_name())));
        }
        let mut sections: Vec<&str> =
            specs.iter().flat_map(|spec| spec.name.match_indices('.').map(|(dot, _)| &spec.name[..dot])).collect();
        sections.sort_unstable();
        sections.dedup();
        let hint = if sections.is_empty() {
            "; its parameters stand in no sections".to_owned()
        } else {
            suggestion(name, sections.iter().copied(), "its sections are")
        };
        Err(Error::Usage(format!("{at}: `{scenario}` has no section `{name}`{hint}")))
    }

    fn whole(&self, whole: &DeInteger<'_>, at: &Position) -> Result<i64, Error> {
        i64::from_str_radix(&whole.as_str().replace('_', ""), whole.radix()).map_err(|_| {
            Error::Usage(format!("{at}: the number {whole} is too large; at most {} would be right", i64::MAX))
        })
    }

    fn scalar(&self, spec: &ParamSpec, value: &DeValue<'_>, at: &Position) -> Result<Value, Error> {
        Ok(match value {
            DeValue::String(text) => Value::Text(text.as_ref().to_owned()),
            DeValue::Integer(whole) => Value::Int(self.whole(whole, at)?),
            DeValue::Boolean(value) => Value::Bool(*value),
            DeValue::Float(number) => {
                let parsed = number.as_str().replace('_', "").parse().ok().filter(|x: &f64| x.is_finite());
                Value::Float(parsed.ok_or_else(|| {
                    Error::Usage(format!("{at}: `{}` takes a finite number, not {number}", spec.name))
                })?)
            }
            DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                let (name, expected) = (&spec.name, spec.default.type_name());
                return Err(Error::Usage(format!("{at}: `{name}` takes {expected}, not {}", kind(value))));
            }
        })
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
        DeValue::Datetime(_) => "a date; put it in quotes",
        _ => "a value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fake::{self, FAKES};

    fn error(text: &str) -> String {
        parse("my.toml", text, Scenarios(FAKES)).unwrap_err().to_string()
    }

    #[test]
    fn settings_and_parameters_are_read_with_their_places() {
        let text = "agents = \"1M\"\nseed = 0x1F\ntime_scale = 1.5\nno-pin = true\nstart = 1999-05-04T00:00:00\n\n\
                    [toy]\ncoins = 3\n[toy.needs.hunger]\n  decay = 5\n";
        let config = parse("my.toml", text, Scenarios(FAKES)).unwrap();
        let texts: Vec<_> = config.settings.iter().map(|(name, given)| (*name, given.text.as_str())).collect();
        assert_eq!(
            texts,
            [
                ("agents", "1M"),
                ("no-pin", "true"),
                ("seed", "31"),
                ("start", "1999-05-04T00:00:00"),
                ("time-scale", "1.5")
            ]
        );
        assert_eq!(config.settings["agents"].origin.to_string(), "my.toml:1:10");
        let params: Vec<_> =
            config.params.iter().map(|p| format!("{} {}={} {}", p.scenario, p.name, p.value, p.position)).collect();
        // A whole number where a fraction may stand becomes one.
        assert_eq!(params, ["toy coins=3 my.toml:8:9", "toy needs.hunger.decay=5.0 my.toml:10:11"]);
    }

    #[test]
    fn mistakes_are_told_with_line_and_column() {
        let cases = [
            ("", "the configuration file `my.toml` is empty; `describe --template` prints one to start from"),
            (" \n", "the configuration file `my.toml` is empty; `describe --template` prints one to start from"),
            ("seed = 1\nagnets = 5", "my.toml:2:1: there is no setting `agnets`; did you mean `agents`?"),
            ("[tou]\ncoins = 1", "my.toml:1:2: there is no scenario `tou`; did you mean `toy`?"),
            ("[toy]\n  coin = 1", "my.toml:2:3: there is no parameter `coin`; did you mean `coins`?, in `toy`"),
            (
                "[toy.needs.hungr]\ndecay = 1",
                "my.toml:1:12: `toy` has no section `needs.hungr`; did you mean `needs.hunger`?",
            ),
            ("[toy]\ncoins = \"many\"", "my.toml:2:9: `coins` takes a whole number, not `many`, in `toy`"),
            ("[toy]\ncoins = 1001", "my.toml:2:9: `coins` must be from 0 to 1000, not 1001, in `toy`"),
            ("[toy]\ncoins = [1]", "my.toml:2:9: `coins` takes a whole number, not a list"),
            ("[toy.coins]\na = 1", "my.toml:1:6: `coins` takes a whole number, not a table"),
            ("[toy.needs.hunger]\ndecay = inf", "my.toml:2:9: `needs.hunger.decay` takes a finite number, not inf"),
            ("agents = [1, 2]", "my.toml:1:10: `agents` takes one value, not a list"),
            (
                "seed = 99999999999999999999",
                "my.toml:1:8: the number 99999999999999999999 is too large; at most 9223372036854775807 would be right",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(error(text), expected, "for {text:?}");
        }
    }

    #[test]
    fn truncated_and_broken_files_are_told_with_line_and_column() {
        for (text, place) in
            [("seed = 1\nagents = \"1M", "my.toml:2:"), ("[toy", "my.toml:1:"), ("seed = 1\nseed = 2", "my.toml:2:1: ")]
        {
            let error = error(text);
            assert!(error.starts_with(place) && error.contains("this is not TOML"), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_missing_or_no_text_is_told() {
        let missing = read(Path::new("/no/such.toml"), Scenarios(FAKES)).unwrap_err().to_string();
        assert_eq!(
            missing,
            "there is no configuration file `/no/such.toml`; `describe --template` prints one to start from"
        );
        let folder = fake::folder("config");
        let binary = folder.join("binary.toml");
        std::fs::write(&binary, [0xff, 0xfe, 0x00]).unwrap();
        let error = read(&binary, Scenarios(FAKES)).unwrap_err().to_string();
        assert!(error.ends_with("is not text in UTF-8; it should be TOML"), "{error}");
        std::fs::remove_dir_all(folder).unwrap();
    }
}
