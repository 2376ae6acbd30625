//! Parameters: each has a name, a type, a default, a range, a unit, a source and a sentence, stated once.
//!
//! Help, config files, `describe` and the errors of `--set` all come from that one statement. A model states its
//! parameters with [`params!`](crate::params); a scenario whose numbers stand in a preset file implements [`Params`].

use std::fmt;

/// A parameter's value.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// Text: a name, a path.
    Text(String),
}

impl Value {
    /// The name of the value's type, as messages use it.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Int(_) => "a whole number",
            Self::Float(_) => "a number",
            Self::Bool(_) => "true or false",
            Self::Text(_) => "text",
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
        }
    }
}

/// What a parameter is.
#[derive(Clone, Debug)]
pub struct ParamSpec {
    /// The name that `--set` and config files use; dots make sections (`needs.hunger.decay_awake`).
    pub name: String,
    /// What it does, in a sentence.
    pub doc: String,
    /// The value it has when nobody says otherwise; its type is the parameter's type.
    pub default: Value,
    /// The smallest and the largest value allowed, for numbers.
    pub range: Option<(f64, f64)>,
    /// The unit, or "".
    pub unit: String,
    /// Where the default comes from: a citation, "assumed", or "".
    pub source: String,
}

/// Why a value cannot be a parameter's.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum ParamError {
    /// No parameter has that name.
    #[error("there is no parameter `{name}`{}", did_you_mean(.nearest))]
    Unknown {
        /// The name that was given.
        name: String,
        /// The known name most like it.
        nearest: Option<String>,
    },
    /// The value has another type.
    #[error("`{name}` takes {expected}, not `{given}`")]
    Type {
        /// The parameter.
        name: String,
        /// Its type.
        expected: &'static str,
        /// What was given.
        given: String,
    },
    /// The value is outside the parameter's range.
    #[error("`{name}` must be from {low} to {high}, not {given}")]
    Range {
        /// The parameter.
        name: String,
        /// The smallest value allowed.
        low: f64,
        /// The largest value allowed.
        high: f64,
        /// What was given.
        given: String,
    },
}

fn did_you_mean(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

impl ParamSpec {
    /// Checks a value against type and range; a whole number is accepted where a fraction may stand.
    pub fn check(&self, value: Value) -> Result<Value, ParamError> {
        let value = match (&self.default, value) {
            (Value::Float(_), Value::Int(whole)) => Value::Float(whole as f64),
            (_, value) => value,
        };
        if std::mem::discriminant(&self.default) != std::mem::discriminant(&value) {
            return Err(ParamError::Type {
                name: self.name.clone(),
                expected: self.default.type_name(),
                given: value.to_string(),
            });
        }
        let number = match value {
            Value::Int(whole) => Some(whole as f64),
            Value::Float(fraction) => Some(fraction),
            _ => None,
        };
        match (number, self.range) {
            (Some(x), Some((low, high))) if !(low..=high).contains(&x) => {
                Err(ParamError::Range { name: self.name.clone(), low, high, given: value.to_string() })
            }
            _ => Ok(value),
        }
    }

    /// Reads a value of this parameter's type from text, as `--set name=text` gives it.
    pub fn parse(&self, text: &str) -> Result<Value, ParamError> {
        let plain = text.replace('_', "");
        let value = match self.default {
            Value::Int(_) => plain.parse().ok().map(Value::Int),
            Value::Float(_) => plain.parse().ok().filter(|x: &f64| x.is_finite()).map(Value::Float),
            Value::Bool(_) => text.parse().ok().map(Value::Bool),
            Value::Text(_) => Some(Value::Text(text.to_owned())),
        };
        let wrong =
            || ParamError::Type { name: self.name.clone(), expected: self.default.type_name(), given: text.to_owned() };
        self.check(value.ok_or_else(wrong)?)
    }
}

/// The parameters of a scenario.
pub trait Params: Clone + Send + Sync + Sized + 'static {
    /// What there is to set, in the order in which help shows it.
    fn specs() -> Vec<ParamSpec>;
    /// The values by default.
    fn defaults() -> Self;
    /// Sets one value. The engine has checked it against the spec of that name.
    fn set(&mut self, name: &str, value: Value);
    /// The value of a parameter that [`Params::specs`] lists.
    fn get(&self, name: &str) -> Value;

    /// Checks and sets one value.
    fn try_set(&mut self, name: &str, value: Value) -> Result<(), ParamError> {
        let specs = Self::specs();
        self.set(name, find(&specs, name)?.check(value)?);
        Ok(())
    }
}

/// The spec of that name, or the error that names the nearest one.
pub fn find<'a>(specs: &'a [ParamSpec], name: &str) -> Result<&'a ParamSpec, ParamError> {
    specs.iter().find(|spec| spec.name == name).ok_or_else(|| {
        let nearest = specs
            .iter()
            .map(|spec| (strsim::normalized_damerau_levenshtein(&spec.name, name), &spec.name))
            .filter(|&(likeness, _)| likeness > 0.6)
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, name)| name.clone());
        ParamError::Unknown { name: name.to_owned(), nearest }
    })
}

/// A type that a parameter may have.
pub trait ParamType: Clone {
    /// As a value.
    fn to_value(&self) -> Value;
    /// From a value that was checked against the spec.
    fn from_value(value: Value) -> Self;
}

macro_rules! whole_numbers {
    ($($type:ty)*) => {$(
        impl ParamType for $type {
            fn to_value(&self) -> Value {
                Value::Int(*self as i64)
            }
            fn from_value(value: Value) -> Self {
                match value {
                    Value::Int(whole) => whole as $type,
                    other => unreachable!("checked value of another type: {other:?}"),
                }
            }
        }
    )*};
}
whole_numbers!(i64 i32 u32 u64);

macro_rules! other_types {
    ($($type:ty, $variant:ident;)*) => {$(
        impl ParamType for $type {
            fn to_value(&self) -> Value {
                Value::$variant(self.clone())
            }
            fn from_value(value: Value) -> Self {
                match value {
                    Value::$variant(inner) => inner,
                    other => unreachable!("checked value of another type: {other:?}"),
                }
            }
        }
    )*};
}
other_types!(f64, Float; bool, Bool; String, Text;);

/// States a model's parameters: each with its doc, type, default and (for numbers) range, once.
///
/// ```
/// myriad::params! {
///     /// What a wealth exchange can vary.
///     pub struct WealthParams {
///         /// Coins that each agent starts with.
///         coins: i64 = 1, 0..=1_000;
///         /// Whether the poor are spared.
///         mercy: bool = false;
///     }
/// }
/// use myriad::prelude::*;
/// let mut params = WealthParams::defaults();
/// params.try_set("coins", Value::Int(5)).unwrap();
/// assert_eq!(params.coins, 5);
/// assert_eq!(
///     params.try_set("coin", Value::Int(5)).unwrap_err().to_string(),
///     "there is no parameter `coin`; did you mean `coins`?"
/// );
/// ```
#[macro_export]
macro_rules! params {
    (
        $(#[$outer:meta])*
        $visibility:vis struct $name:ident {
            $(
                #[doc = $doc:literal]
                $field:ident : $type:ty = $default:expr $(, $low:literal ..= $high:literal)? ;
            )*
        }
    ) => {
        $(#[$outer])*
        #[derive(Clone, Debug)]
        $visibility struct $name {
            $(
                #[doc = $doc]
                pub $field: $type,
            )*
        }

        impl $crate::sim::Params for $name {
            fn specs() -> Vec<$crate::sim::ParamSpec> {
                vec![$(
                    $crate::sim::ParamSpec {
                        name: stringify!($field).to_owned(),
                        doc: $doc.trim().to_owned(),
                        default: {
                            let default: $type = $default;
                            <$type as $crate::sim::ParamType>::to_value(&default)
                        },
                        range: [$(($low as f64, $high as f64))?].first().copied(),
                        unit: String::new(),
                        source: String::new(),
                    },
                )*]
            }
            fn defaults() -> Self {
                Self { $($field: $default,)* }
            }
            #[allow(unused_variables)]
            fn set(&mut self, name: &str, value: $crate::sim::Value) {
                match name {
                    $(stringify!($field) => self.$field = $crate::sim::ParamType::from_value(value),)*
                    _ => unreachable!("the engine checks names against specs()"),
                }
            }
            fn get(&self, name: &str) -> $crate::sim::Value {
                match name {
                    $(stringify!($field) => $crate::sim::ParamType::to_value(&self.$field),)*
                    _ => unreachable!("the engine checks names against specs()"),
                }
            }
        }
    };
}
