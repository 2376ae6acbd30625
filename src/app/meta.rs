//! The scenarios that a command offers.

use super::error::{Error, suggestion};
use crate::sim::AnyScenario;

/// The scenarios that a command offers; the first one is what runs when nobody names one.
#[derive(Clone, Copy)]
pub struct Scenarios<'a>(pub &'a [&'static dyn AnyScenario]);

impl<'a> Scenarios<'a> {
    /// In order.
    pub fn iter(self) -> impl Iterator<Item = &'static dyn AnyScenario> + 'a {
        self.0.iter().copied()
    }

    /// Their names, in order.
    pub fn names(self) -> Vec<&'static str> {
        self.iter().map(|scenario| scenario.name()).collect()
    }

    /// The one that was named, or the first one.
    pub fn pick(self, name: Option<&str>) -> Result<&'static dyn AnyScenario, Error> {
        let Some(name) = name else {
            return self.iter().next().ok_or_else(|| Error::Failed("this program has no scenario to run".to_owned()));
        };
        self.iter().find(|scenario| scenario.name() == name).ok_or_else(|| {
            let hint = suggestion(name, self.names(), "there are");
            Error::Usage(format!("there is no scenario `{name}`{hint}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fake::FAKES;

    fn error(name: &str) -> String {
        Scenarios(FAKES).pick(Some(name)).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn a_scenario_is_picked_by_name_and_the_first_by_default() {
        assert_eq!(Scenarios(FAKES).pick(None).map(|s| s.name()).ok(), Some("toy"));
        assert_eq!(Scenarios(FAKES).pick(Some("plain")).map(|s| s.name()).ok(), Some("plain"));
        assert_eq!(error("plane"), "there is no scenario `plane`; did you mean `plain`?");
        assert_eq!(error("zz"), "there is no scenario `zz`; there are toy, plain, broken, wrong");
        assert!(Scenarios(&[]).pick(None).is_err());
    }
}
