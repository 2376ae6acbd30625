//! The entry: from `main` to an exit code.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use clap::builder::PossibleValuesParser;
use clap::error::{ContextKind, ContextValue};
use clap::{CommandFactory, FromArgMatches};

use super::args::{Cli, Command, RunFlags};
use super::error::{Error, Outcome, exit_code, message};
use super::meta::Scenarios;
use super::settings::Typed;
use super::style::Style;
use super::{bench, describe, doctor, interrupt, kept, new, run, template, validate};
use crate::sim::AnyScenario;

/// What was called: the words typed (the program's name first), and the environment.
#[derive(Clone, Debug, Default)]
pub struct Call {
    /// The words, the program's name first.
    pub args: Vec<OsString>,
    /// The environment.
    pub env: BTreeMap<String, String>,
}

/// Where a command speaks.
pub struct Console<'a> {
    /// Results.
    pub out: &'a mut dyn Write,
    /// Errors, logs, progress.
    pub err: &'a mut dyn Write,
    /// Whether a person sees `out` as it is written.
    pub out_is_terminal: bool,
    /// Whether a person sees `err` as it is written.
    pub err_is_terminal: bool,
    /// Whether colours are welcome on terminals.
    pub may_colour: bool,
    /// Starts listening for the wish to stop (silently if true is given), and returns the flag that tells of it.
    pub stop: fn(bool) -> &'static AtomicBool,
}

impl Console<'_> {
    /// How results look.
    pub(super) fn style(&self) -> Style {
        if self.out_is_terminal && self.may_colour { Style::Coloured } else { Style::Plain }
    }
}

/// A command line over scenarios.
pub struct App<'a> {
    scenarios: Scenarios<'a>,
}

/// The whole command line over these scenarios; the first one runs when none is named.
pub fn main_with(scenarios: &[&'static dyn AnyScenario]) -> ExitCode {
    App::new(scenarios).main()
}

impl<'a> App<'a> {
    /// Over these scenarios; the first one runs when none is named.
    pub fn new(scenarios: &'a [&'static dyn AnyScenario]) -> Self {
        Self { scenarios: Scenarios(scenarios) }
    }

    /// Does what the process was called for.
    pub fn main(self) -> ExitCode {
        // Variables that are no text cannot be ours.
        let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        let env: BTreeMap<_, _> = std::env::vars_os().filter_map(text).collect();
        let call = Call { args: std::env::args_os().collect(), env };
        let no_colour = call.env.get("NO_COLOR").is_some_and(|value| !value.is_empty());
        let (mut out, mut err) = (io::BufWriter::new(io::stdout()), io::stderr());
        let mut console = Console {
            out_is_terminal: io::stdout().is_terminal(),
            err_is_terminal: err.is_terminal(),
            may_colour: !no_colour && call.env.get("TERM").is_none_or(|term| term != "dumb"),
            out: &mut out,
            err: &mut err,
            stop: interrupt::listen,
        };
        // A panic is a bug, which its own message tells; the code is still the one of failures.
        let called = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.run_cli(&call, &mut console)));
        ExitCode::from(called.unwrap_or(1))
    }

    /// Does what was called for, and returns the exit code.
    pub fn run_cli(&self, call: &Call, console: &mut Console<'_>) -> u8 {
        let mut ending = self.call(call, console);
        if let Err(error) = console.out.flush()
            && ending.is_ok()
        {
            ending = Err(error.into());
        }
        if let Err(Error::Clap(error)) = &ending {
            show_clap(error, console);
        }
        let _ = console.err.write_all(message(&ending).as_bytes());
        exit_code(&ending)
    }

    fn call(&self, call: &Call, console: &mut Console<'_>) -> Result<Outcome, Error> {
        let cli = self.command(call).try_get_matches_from(&call.args).and_then(|found| Cli::from_arg_matches(&found));
        let cli = cli.map_err(|error| self.explain(error, call))?;
        let style = console.style();
        match cli.command {
            None => self.run(None, &cli.run, call, console),
            Some(Command::Run(args)) => self.run(args.scenario.as_deref(), &args.flags, call, console),
            Some(Command::Resume(args)) => kept::resume(&args, &call.env, self.scenarios, console),
            Some(Command::Inspect(args)) => kept::inspect(&args, self.scenarios, console),
            Some(Command::Diff(args)) => kept::diff(&args, self.scenarios, console),
            Some(Command::Journal(args)) => kept::journal(&args, self.scenarios, console),
            Some(Command::Validate(args)) => {
                let scenario = args.scenario.as_deref();
                let typed = Typed { scenario, model: &args.model, output: &args.output, folder: None, before: None };
                validate::validate(&typed, &call.env, self.scenarios, console)
            }
            Some(Command::List(args)) => {
                if args.json {
                    let all: Vec<_> = self.scenarios.iter().map(describe::described).collect();
                    writeln!(console.out, "{}", serde_json::to_string(&all)?)?;
                } else {
                    write!(console.out, "{}", describe::list(self.scenarios, style))?;
                }
                Ok(Outcome::Done)
            }
            Some(Command::Describe(args)) => {
                let scenario = self.scenarios.pick(args.scenario.as_deref())?;
                if args.template {
                    write!(console.out, "{}", template::template(scenario))?;
                } else if args.json {
                    writeln!(console.out, "{}", serde_json::to_string(&describe::described(scenario))?)?;
                } else {
                    write!(console.out, "{}", describe::describe(scenario, style))?;
                }
                Ok(Outcome::Done)
            }
            Some(Command::Doctor(args)) => {
                let checks = doctor::checks(&call.env);
                if args.json {
                    writeln!(console.out, "{}", serde_json::to_string(&checks)?)?;
                } else {
                    write!(console.out, "{}", doctor::render(&checks, style))?;
                }
                Ok(Outcome::Done)
            }
            Some(Command::New(args)) => new::new(&args, console),
            Some(Command::Bench(args)) => bench::bench(&args, &call.env, console),
            Some(Command::Completions(args)) => {
                // Written to memory first: clap_complete panics where the reader has gone.
                let mut text = Vec::new();
                clap_complete::generate(args.shell, &mut self.with_names(self.command(call)), program(call), &mut text);
                console.out.write_all(&text)?;
                Ok(Outcome::Done)
            }
            Some(Command::Man) => {
                clap_mangen::Man::new(self.command(call)).render(console.out)?;
                Ok(Outcome::Done)
            }
        }
    }

    fn run(
        &self,
        scenario: Option<&str>,
        flags: &RunFlags,
        call: &Call,
        console: &mut Console<'_>,
    ) -> Result<Outcome, Error> {
        let typed =
            Typed { scenario, model: &flags.model, output: &flags.output, folder: Some(&flags.folder), before: None };
        run::run(&typed, &call.env, self.scenarios, console)
    }

    /// Clap's definition, under the program's own name and with the scenarios' names for completions.
    fn command(&self, call: &Call) -> clap::Command {
        let program = program(call);
        let mut command = Cli::command();
        if program != "myriad" {
            // Clap keeps names for as long as the process lives.
            let leaked: &'static str = Box::leak(program.clone().into_boxed_str());
            command = command
                .name(leaked)
                .override_usage(Box::leak(
                    format!("{leaked} [FLAGS OF RUN]\n       {leaked} <COMMAND>").into_boxed_str(),
                ) as &str)
                .version(concat!("(myriad ", env!("CARGO_PKG_VERSION"), ")"));
        }
        command.bin_name(program)
    }

    /// Completions propose scenarios and workloads; parsing leaves unknown ones to our own message.
    fn with_names(&self, command: clap::Command) -> clap::Command {
        let command = command.mut_subcommand("bench", |sub| {
            sub.mut_arg("only", |argument| argument.value_parser(PossibleValuesParser::new(bench::names())))
        });
        ["run", "describe", "validate"].into_iter().fold(command, |command, name| {
            let names = PossibleValuesParser::new(self.scenarios.names());
            command.mut_subcommand(name, |sub| sub.mut_arg("scenario", |argument| argument.value_parser(names)))
        })
    }

    /// Clap's error, or a better one where a scenario was named as if it were a command.
    fn explain(&self, error: clap::Error, call: &Call) -> Error {
        let word = [ContextKind::InvalidSubcommand, ContextKind::InvalidArg].into_iter().find_map(|kind| {
            match error.get(kind) {
                Some(ContextValue::String(word)) => Some(word.clone()),
                _ => None,
            }
        });
        match word.filter(|word| self.scenarios.names().contains(&word.as_str())) {
            Some(word) => Error::Usage(format!(
                "`{word}` is a scenario, not a command; `{} run {word}` would be right",
                program(call)
            )),
            None => error.into(),
        }
    }
}

/// The program's name, as it was called.
fn program(call: &Call) -> String {
    let name = call.args.first().and_then(|word| Path::new(word).file_stem()).map(|stem| stem.to_string_lossy());
    name.filter(|name| !name.is_empty()).map_or_else(|| "myriad".to_owned(), |name| name.into_owned())
}

/// Shows clap's error, or the help that was asked for, on the stream where it belongs.
fn show_clap(error: &clap::Error, console: &mut Console<'_>) {
    let text = error.render();
    let (to, is_terminal) = match error.use_stderr() {
        true => (&mut *console.err, console.err_is_terminal),
        false => (&mut *console.out, console.out_is_terminal),
    };
    let text = if is_terminal && console.may_colour { text.ansi().to_string() } else { text.to_string() };
    let _ = to.write_all(text.as_bytes()).and_then(|()| to.flush());
}

#[cfg(test)]
mod tests;
