//! The city's parameters: every number of the model stands in `assets/city/preset.toml`, with unit, doc and source.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::sim::{ParamSpec, Params, Value};

const PRESET: &str = include_str!("../../../assets/city/preset.toml");

/// An entry of the preset: a table that has a `value`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    value: toml::Value,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    range: Option<[f64; 2]>,
    doc: String,
    source: String,
}

/// The entries, sorted by name.
fn entries() -> &'static [ParamSpec] {
    static ENTRIES: OnceLock<Vec<ParamSpec>> = OnceLock::new();
    ENTRIES.get_or_init(|| {
        // The preset is part of the program: an error in it is a bug.
        let table: toml::Table = PRESET.parse().unwrap_or_else(|error| panic!("assets/city/preset.toml: {error}"));
        let mut specs = Vec::new();
        gather("", &table, &mut specs);
        specs.sort_by(|a, b| a.name.cmp(&b.name));
        specs
    })
}

fn gather(path: &str, table: &toml::Table, specs: &mut Vec<ParamSpec>) {
    for (key, value) in table {
        let name = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let toml::Value::Table(inner) = value else {
            panic!("assets/city/preset.toml: `{name}` needs value, doc and source");
        };
        if !inner.contains_key("value") {
            gather(&name, inner, specs);
            continue;
        }
        let entry: Entry =
            value.clone().try_into().unwrap_or_else(|error| panic!("assets/city/preset.toml: `{name}`: {error}"));
        let default = match entry.value {
            toml::Value::Integer(whole) => Value::Int(whole),
            toml::Value::Float(fraction) => Value::Float(fraction),
            toml::Value::Boolean(truth) => Value::Bool(truth),
            toml::Value::String(text) => Value::Text(text),
            other => panic!("assets/city/preset.toml: `{name}` is a {}", other.type_str()),
        };
        specs.push(ParamSpec {
            name,
            doc: entry.doc,
            default,
            range: entry.range.map(|[low, high]| (low, high)),
            unit: entry.unit,
            source: entry.source,
        });
    }
}

fn index(name: &str) -> usize {
    entries()
        .binary_search_by(|spec| spec.name.as_str().cmp(name))
        .unwrap_or_else(|_| panic!("assets/city/preset.toml has no `{name}`"))
}

/// The values of the city's parameters.
#[derive(Clone, Debug)]
pub struct CityParams {
    values: Vec<Value>,
}

impl Params for CityParams {
    fn specs() -> Vec<ParamSpec> {
        entries().to_vec()
    }
    fn defaults() -> Self {
        Self { values: entries().iter().map(|spec| spec.default.clone()).collect() }
    }
    fn set(&mut self, name: &str, value: Value) {
        self.values[index(name)] = value;
    }
    fn get(&self, name: &str) -> Value {
        self.values[index(name)].clone()
    }
}

impl CityParams {
    /// A number, whole or not. Panics where the preset has no number of that name.
    pub fn number(&self, name: &str) -> f64 {
        match &self.values[index(name)] {
            Value::Int(whole) => *whole as f64,
            Value::Float(fraction) => *fraction,
            other => panic!("assets/city/preset.toml: `{name}` is {}, not a number", other.type_name()),
        }
    }

    /// A whole number. Panics where the preset has none of that name.
    pub fn whole(&self, name: &str) -> i64 {
        match &self.values[index(name)] {
            Value::Int(whole) => *whole,
            other => panic!("assets/city/preset.toml: `{name}` is {}, not a whole number", other.type_name()),
        }
    }

    /// A text. Panics where the preset has none of that name.
    pub fn text(&self, name: &str) -> &str {
        match &self.values[index(name)] {
            Value::Text(text) => text,
            other => panic!("assets/city/preset.toml: `{name}` is {}, not a text", other.type_name()),
        }
    }

    /// True or false. Panics where the preset has neither under that name.
    pub fn truth(&self, name: &str) -> bool {
        match &self.values[index(name)] {
            Value::Bool(truth) => *truth,
            other => panic!("assets/city/preset.toml: `{name}` is {}, not true or false", other.type_name()),
        }
    }

    /// Whether the preset has an entry of that name.
    pub fn has(name: &str) -> bool {
        entries().binary_search_by(|spec| spec.name.as_str().cmp(name)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_complete_and_inside_its_range() {
        let specs = CityParams::specs();
        assert!(specs.len() > 100);
        for spec in &specs {
            assert!(!spec.doc.is_empty() && !spec.source.is_empty(), "{}", spec.name);
            assert!(spec.check(spec.default.clone()).is_ok(), "{}", spec.name);
            let number = matches!(spec.default, Value::Int(_) | Value::Float(_));
            assert_eq!(number, spec.range.is_some(), "{}: numbers have a range", spec.name);
        }
    }

    #[test]
    fn values_are_set_by_name_and_checked() {
        let mut params = CityParams::defaults();
        params.try_set("needs.hunger.decay_awake", Value::Int(20)).unwrap();
        assert_eq!(params.number("needs.hunger.decay_awake"), 20.0);
        assert_eq!(params.get("needs.hunger.decay_awake"), Value::Float(20.0));
        let error = params.try_set("needs.hunger.decay_awake", Value::Int(-1)).unwrap_err().to_string();
        assert!(error.contains("must be from"), "{error}");
        let error = params.try_set("needs.hunger.decay_awak", Value::Int(20)).unwrap_err().to_string();
        assert!(error.contains("did you mean `needs.hunger.decay_awake`"), "{error}");
    }
}
