//! Every way in which the command ends, and the exit code of each: the one place that decides.

use std::fmt;
use std::io;

use crate::sim::{ParamError, RunError};
use crate::store::StoreError;

/// How a command ended when nothing was wrong with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Done.
    Done,
    /// Stopped by a person, with a report.
    Interrupted,
    /// Ran to its end, but a stated threshold or invariant was missed: these.
    Missed {
        /// What kind of thing was missed: "invariant", "target".
        what: &'static str,
        /// Their names.
        names: Vec<String>,
    },
    /// What was compared is not the same, as was told.
    Differs,
}

/// Why a command could not do what it was asked. Each message says what, where, and what would be right.
#[derive(Debug)]
pub enum Error {
    /// What was typed or read is wrong.
    Usage(String),
    /// Clap's own verdict: an error of usage, or a page of help that was asked for.
    Clap(Box<clap::Error>),
    /// The engine refused or failed.
    Run(RunError),
    /// The surroundings failed: a file that could not be written.
    Failed(String),
    /// Whoever reads our output has gone away, as `| head` does: no error at all.
    Gone,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Failed(text) => f.write_str(text),
            Self::Clap(error) => write!(f, "{error}"),
            Self::Run(error) => write!(f, "{error}"),
            Self::Gone => f.write_str("the reader of the output has gone"),
        }
    }
}

impl From<RunError> for Error {
    fn from(error: RunError) -> Self {
        Self::Run(error)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Run(error.into())
    }
}

impl From<ParamError> for Error {
    fn from(error: ParamError) -> Self {
        Self::Run(error.into())
    }
}

impl From<clap::Error> for Error {
    fn from(error: clap::Error) -> Self {
        Self::Clap(Box::new(error))
    }
}

/// What becomes of an error while writing to stdout.
impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Gone,
            _ => Self::Failed(format!("cannot write to the standard output: {error}")),
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        match error.io_error_kind() {
            Some(kind) => io::Error::from(kind).into(),
            None => Self::Failed(format!("cannot write JSON: {error}")),
        }
    }
}

/// The exit code: 0 done, 1 failed, 2 bad usage or input, 3 missed a threshold or invariant, or differs, 130
/// interrupted.
pub fn exit_code(ending: &Result<Outcome, Error>) -> u8 {
    match ending {
        Ok(Outcome::Done) | Err(Error::Gone) => 0,
        Ok(Outcome::Interrupted) => 130,
        Ok(Outcome::Missed { .. } | Outcome::Differs) => 3,
        Err(Error::Clap(error)) if !error.use_stderr() => 0,
        Err(Error::Usage(_) | Error::Clap(_) | Error::Run(RunError::Param(_) | RunError::Input(_))) => 2,
        Err(Error::Run(RunError::Panic(_) | RunError::Replay(_) | RunError::Store(_)) | Error::Failed(_)) => 1,
    }
}

/// The message on stderr, line break included; "" if there is nothing to say.
pub fn message(ending: &Result<Outcome, Error>) -> String {
    match ending {
        Ok(Outcome::Missed { what, names }) => {
            let plural = if names.len() == 1 { "" } else { "s" };
            format!("error: {what}{plural} missed: {}\n", names.join(", "))
        }
        Ok(_) | Err(Error::Gone | Error::Clap(_)) => String::new(),
        Err(error) => format!("error: {error}\n"),
    }
}

/// The name among `known` that `given` was probably meant to be.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(name, given), name))
        .filter(|&(likeness, _)| likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// "; did you mean `x`?", or "; `lead` a, b, c" where no name is near.
pub fn suggestion<'a>(given: &str, known: impl IntoIterator<Item = &'a str> + Clone, lead: &str) -> String {
    match nearest(given, known.clone()) {
        Some(name) => format!("; did you mean `{name}`?"),
        None => format!("; {lead} {}", known.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ending_has_its_code() {
        let cases: [(Result<Outcome, Error>, u8); 10] = [
            (Ok(Outcome::Differs), 3),
            (Ok(Outcome::Done), 0),
            (Ok(Outcome::Interrupted), 130),
            (Ok(Outcome::Missed { what: "invariant", names: vec!["money".into()] }), 3),
            (Err(Error::Gone), 0),
            (Err(Error::Usage("x".into())), 2),
            (Err(RunError::Input("x".into()).into()), 2),
            (Err(ParamError::Unknown { name: "x".into(), nearest: None }.into()), 2),
            (Err(RunError::Panic("x".into()).into()), 1),
            (Err(Error::Failed("x".into())), 1),
        ];
        for (ending, code) in cases {
            assert_eq!(exit_code(&ending), code, "{ending:?}");
        }
    }

    #[test]
    fn what_was_missed_is_named() {
        let two = Ok(Outcome::Missed { what: "invariant", names: vec!["a".into(), "b".into()] });
        assert_eq!(message(&two), "error: invariants missed: a, b\n");
        assert_eq!(message(&Ok(Outcome::Interrupted)), "");
    }

    #[test]
    fn the_nearest_name_is_proposed_or_all_are_listed() {
        let known = ["city", "wealth", "schelling"];
        assert_eq!(suggestion("welth", known, "there are"), "; did you mean `wealth`?");
        assert_eq!(suggestion("zzz", known, "there are"), "; there are city, wealth, schelling");
    }

    #[test]
    fn a_closed_pipe_is_no_failure() {
        let ending = Err(io::Error::from(io::ErrorKind::BrokenPipe).into());
        assert_eq!((exit_code(&ending), message(&ending).as_str()), (0, ""));
    }
}
