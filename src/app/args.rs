//! What can be typed. Quantities stay text here: [`super::settings`] reads them with the same words whether they come
//! from a flag, the environment or a file. Help, the man page and completions are all made from these lines.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Simulates worlds of agents, reproducible to the bit.
#[derive(Parser, Debug)]
#[command(
    name = "myriad",
    version,
    about,
    args_conflicts_with_subcommands = true,
    subcommand_help_heading = "Commands",
    override_usage = "myriad [FLAGS OF RUN]\n       myriad <COMMAND>",
    after_help = "\
Without a command, the first scenario of `list` runs: `--agents 1M` alone runs it with a million agents.\n\n\
Numbers may be written 8M, 2.5k or 1_000_000. A flag outranks MYRIAD_* in the environment (MYRIAD_AGENTS=1M), which \
outranks the file of --config, which outranks the default; --show-config tells where each value comes from.\n\n\
Progress and logs go to stderr, results to stdout.\n\n\
Exit codes: 0 done, 1 failed, 2 bad usage or input, 3 a threshold or invariant was missed, \
or two runs differ, 130 interrupted."
)]
pub struct Cli {
    /// What to do; `run` of the first scenario if nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The flags of `run`.
    #[command(flatten)]
    pub run: RunFlags,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run a scenario and report what came of it
    Run(RunArgs),
    /// Go on with a run that is kept in a folder
    Resume(ResumeArgs),
    /// Show what a run's folder holds, and whether all of it can be read
    Inspect(InspectArgs),
    /// Compare two runs, or two of their checkpoints; exit code 3 if they differ
    Diff(DiffArgs),
    /// Show a run's journal, record by record
    Journal(JournalArgs),
    /// List the scenarios
    List(ListArgs),
    /// Describe a scenario and each of its parameters
    Describe(DescribeArgs),
    /// Compare a scenario with figures measured in the real world; exit code 3 if one is missed
    Validate(ValidateArgs),
    /// Begin a crate with a model of one's own, ready to be built
    New(NewArgs),
    /// Say what this machine offers to a simulation, and what is missing
    Doctor(DoctorArgs),
    /// Measure the engine beside what this machine can do
    Bench(BenchArgs),
    /// Print a shell's completions
    Completions(CompletionsArgs),
    /// Print the manual page
    Man,
}

/// `new`.
#[derive(Args, Debug)]
pub struct NewArgs {
    /// The folder to make; its name becomes the crate's
    #[arg(value_name = "PATH")]
    pub path: String,
    /// The folder with Myriad's sources, on which the crate is to depend; by default the one this command was built
    /// from
    #[arg(long, value_name = "DIR")]
    pub engine: Option<String>,
}

/// `run`.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// The scenario; `list` shows them
    #[arg(value_name = "SCENARIO")]
    pub scenario: Option<String>,
    /// The flags.
    #[command(flatten)]
    pub flags: RunFlags,
}

/// The flags of `run`.
#[derive(Args, Debug, Default)]
pub struct RunFlags {
    /// What is simulated and how.
    #[command(flatten)]
    pub model: ModelFlags,
    /// What is shown of it.
    #[command(flatten)]
    pub output: OutputFlags,
    /// Where the run is kept.
    #[command(flatten)]
    pub folder: FolderFlags,
}

/// Where a run is kept, and what is done with what the folder holds.
#[derive(Args, Debug, Default)]
pub struct FolderFlags {
    /// Keep the run in this folder: journal and snapshots as it goes, report.json and series.csv at the end
    #[arg(long, value_name = "DIR", help_heading = "Folder")]
    pub out: Option<String>,
    /// When the world is saved: 1h of simulated time, 1000 ticks, wall:10m (the default), or never, not even when
    /// interrupted
    #[arg(long, value_name = "WHEN", allow_negative_numbers = true, help_heading = "Folder")]
    pub snapshot_every: Option<String>,
    /// Snapshots that are kept, 2 at least
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true, help_heading = "Folder")]
    pub keep: Option<String>,
    /// Go on with the run in the folder, or begin one if there is none
    #[arg(long, conflicts_with = "fresh", help_heading = "Folder")]
    pub resume: bool,
    /// Begin with a snapshot of this or another run: its file ckpt/MANIFEST-*, or the run's folder for its newest; with
    /// --out in a folder of its own
    #[arg(long, value_name = "FILE", conflicts_with = "resume", help_heading = "Folder")]
    pub resume_from: Option<String>,
    /// Remove the run in the folder, and begin anew
    #[arg(long, help_heading = "Folder")]
    pub fresh: bool,
}

impl FolderFlags {
    /// What was typed, by setting.
    pub fn given(&self) -> Vec<(&'static str, String)> {
        let texts = [
            ("out", &self.out),
            ("snapshot-every", &self.snapshot_every),
            ("keep", &self.keep),
            ("resume-from", &self.resume_from),
        ];
        let mut given: Vec<_> = texts.into_iter().filter_map(|(name, text)| Some((name, text.clone()?))).collect();
        given.extend(self.resume.then(|| ("resume", "true".to_owned())));
        given.extend(self.fresh.then(|| ("fresh", "true".to_owned())));
        given
    }

    /// Whether the run is to begin with a checkpoint.
    pub fn is_branch(&self) -> bool {
        self.resume_from.is_some()
    }
}

/// What is simulated and how.
#[derive(Args, Debug, Default)]
pub struct ModelFlags {
    /// Agents: 30, 8M, 2.5k
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true, help_heading = "World")]
    pub agents: Option<String>,
    /// Seed of every random draw
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true, help_heading = "World")]
    pub seed: Option<String>,
    /// Civil time at which the simulation begins, as 1999-05-04T00:00
    #[arg(long, value_name = "TIME", help_heading = "World")]
    pub start: Option<String>,
    /// Simulated days to run
    #[arg(long, value_name = "DAYS", allow_negative_numbers = true, help_heading = "World")]
    pub days: Option<String>,
    /// Simulated hours to run
    #[arg(long, value_name = "HOURS", allow_negative_numbers = true, help_heading = "World")]
    pub hours: Option<String>,
    /// Ticks to run
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true, help_heading = "World")]
    pub ticks: Option<String>,
    /// Set one parameter of the scenario, as needs.hunger.decay_awake=5; may be repeated
    #[arg(long, value_name = "KEY=VALUE", help_heading = "World")]
    pub set: Vec<String>,
    /// The population's file; short for --set population=FILE
    #[arg(long, value_name = "FILE", help_heading = "World")]
    pub population: Option<String>,
    /// The weather's file; short for --set weather=FILE
    #[arg(long, value_name = "FILE", help_heading = "World")]
    pub weather: Option<String>,
    /// The map's file; short for --set map=FILE
    #[arg(long, value_name = "FILE", help_heading = "World")]
    pub map: Option<String>,
    /// Read settings and parameters from a TOML file; `describe --template` prints one
    #[arg(long, value_name = "FILE", help_heading = "World")]
    pub config: Option<PathBuf>,
    /// Print each value with its origin, and run nothing
    #[arg(long, help_heading = "World")]
    pub show_config: bool,

    /// Shards, one for each worker and up to four in large worlds if it is not given; never changes a result
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true, help_heading = "Machine")]
    pub shards: Option<String>,
    /// Worker threads, by default one a core; never changes a result
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true, help_heading = "Machine")]
    pub workers: Option<String>,
    /// Leave workers where the system puts them, not pinned to cores
    #[arg(long, help_heading = "Machine")]
    pub no_pin: bool,
    /// How transitions are found; never changes a result
    #[arg(long, value_name = "HOW", value_parser = ["event", "dense"], help_heading = "Machine")]
    pub stepping: Option<String>,
    /// What computes
    #[arg(long, value_name = "WHAT", value_parser = ["cpu", "gpu", "auto"], help_heading = "Machine")]
    pub backend: Option<String>,
    /// Memory that the run may take, as 4GiB, or 30% of what agents take; zones that sleep longest go to disk, in --out
    /// or the system's temporary folder; never changes a result
    #[arg(long, value_name = "BYTES", allow_negative_numbers = true, help_heading = "Machine")]
    pub memory_budget: Option<String>,
    /// Simulated seconds per wall second; by default as fast as it goes
    #[arg(long, value_name = "FACTOR", allow_negative_numbers = true, help_heading = "Machine")]
    pub time_scale: Option<String>,
    /// Level of detail; never changes a result
    #[arg(long, value_name = "LEVEL", value_parser = ["auto", "active", "abstracted"], help_heading = "Machine")]
    pub detail: Option<String>,
}

/// What is shown of it.
#[derive(Args, Debug, Default)]
pub struct OutputFlags {
    /// Print one JSON object instead of tables
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Print errors only (and the JSON object, if asked for)
    #[arg(long, help_heading = "Output")]
    pub quiet: bool,
    /// How progress is shown on stderr
    #[arg(long, value_name = "HOW", value_parser = ["auto", "plain", "none"], help_heading = "Output")]
    pub progress: Option<String>,
    /// Which log messages reach stderr
    #[arg(long, value_name = "LEVEL", value_parser = ["error", "warn", "info", "debug"], help_heading = "Output")]
    pub log: Option<String>,
}

/// `resume`.
#[derive(Args, Debug)]
#[command(after_help = "\
The run goes on with what it was begun with: scenario, agents, seed, start, parameters, how long it was to last, and \
when it is saved. Another length may be given, so that a run goes on beyond its end, and all that never changes a \
result: shards, workers, stepping, detail. A flag that would make it another run is refused.")]
pub struct ResumeArgs {
    /// The run's folder
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// The flags.
    #[command(flatten)]
    pub flags: RunFlags,
}

/// `inspect`.
#[derive(Args, Debug)]
#[command(after_help = "\
A run's folder is shown whole: what it is a run of, whether it ended, its checkpoints, its journal, and its history: \
who ran it, and which checkpoints there were, also those that are gone; all of it is read and checked. Of its files, \
ckpt/MANIFEST-* is one checkpoint, ckpt/seg-* and wal/wal-* hold parts of some. \
Nothing is written, and the run may be live.\n\n\
Exit codes: 0 all of it can be read, 1 there is damage, as listed, 2 bad usage.")]
pub struct InspectArgs {
    /// A run's folder, or one of its files
    #[arg(value_name = "RUN|FILE")]
    pub path: PathBuf,
    /// Show each zone of the checkpoint, of a run the newest one
    #[arg(long)]
    pub zones: bool,
    /// Show one zone
    #[arg(long, value_name = "NUMBER", conflicts_with = "zones")]
    pub zone: Option<u32>,
    /// Show one agent, with the bytes of its rows
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["zones", "zone"])]
    pub agent: Option<u32>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    pub json: bool,
}

/// `diff`.
#[derive(Args, Debug)]
#[command(after_help = "\
Compared are what the runs are runs of; the digests of their state, tick by tick as far as their journals and \
checkpoints know them; and, at the first tick at which these differ and both have a checkpoint, zones and agents. It \
does not matter with how many shards and workers each was run, nor how long: a run that was stopped earlier agrees \
with one that went on.\n\n\
Exit codes: 0 they agree, 1 a file is damaged or there is nothing to compare, 2 bad usage, 3 they differ.")]
pub struct DiffArgs {
    /// A run's folder, or the manifest of a checkpoint
    #[arg(value_name = "A")]
    pub a: PathBuf,
    /// Another one
    #[arg(value_name = "B")]
    pub b: PathBuf,
    /// Print one JSON object instead of tables
    #[arg(long)]
    pub json: bool,
}

/// `journal`.
#[derive(Args, Debug)]
#[command(after_help = "\
Records of ticks before the oldest checkpoint may be gone. The end of a write that a crash cut short is told.\n\n\
Exit codes: 0 all of it can be read, 1 there is damage, 2 bad usage.")]
pub struct JournalArgs {
    /// The run's folder
    #[arg(value_name = "RUN")]
    pub folder: PathBuf,
    /// Print a JSON object for each record, one a line
    #[arg(long)]
    pub json: bool,
}

/// `list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `describe`.
#[derive(Args, Debug)]
pub struct DescribeArgs {
    /// The scenario; the first one if nothing is said
    #[arg(value_name = "SCENARIO")]
    pub scenario: Option<String>,
    /// Print a configuration file for --config, with a comment on each value
    #[arg(long, conflicts_with = "json")]
    pub template: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `validate`.
#[derive(Args, Debug)]
pub struct ValidateArgs {
    /// The scenario; the first one if nothing is said
    #[arg(value_name = "SCENARIO")]
    pub scenario: Option<String>,
    /// What is simulated and how.
    #[command(flatten)]
    pub model: ModelFlags,
    /// What is shown of it.
    #[command(flatten)]
    pub output: OutputFlags,
}

/// `doctor`.
#[derive(Args, Debug)]
pub struct DoctorArgs {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `bench`.
#[derive(Args, Debug, Default)]
#[command(after_help = "\
Workloads:\n  \
city-day    a weekday of the city, beside a plain loop over rows that does as much\n  \
city-dense  every resident at every tick, beside reading the memory\n  \
skewed-city one district at 50 times its density, beside the city as it was\n  \
messages    agents that only write to each other, beside plain vectors of letters\n  \
setup       building the city, beside touching its memory for the first time\n  \
kept-day    a weekday with a journal and hourly checkpoints, beside one that is not kept\n  \
checkpoint  the whole city saved while it runs on, and brought back, beside the disk\n  \
journal     a weekday to which somebody speaks, journaled, by turns with one that is not kept\n  \
cold-zones  zones that work in turns, nine in ten of them out of memory, beside the disk\n  \
bandwidth   the memory, read and updated in place\n\n\
The whole list goes to 8,008,278 residents (6 GB of memory) and takes a quarter of an hour on two cores. Each \
measurement runs in a process of its own; all of them take turns, and the table shows medians. Leave the machine \
alone meanwhile. Ctrl-C ends it with what was measured so far.")]
pub struct BenchArgs {
    /// Small sizes: less than a minute
    #[arg(long)]
    pub quick: bool,
    /// Measure only this workload; may be repeated
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// How often each is measured, by default 3
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true)]
    pub repeat: Option<String>,
    /// Worker threads, by default one a core
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true)]
    pub workers: Option<String>,
    /// Write the table and the JSON object into this folder, in files that name the machine
    #[arg(long, value_name = "DIR")]
    pub out: Option<String>,
    /// Print one JSON object instead of tables
    #[arg(long)]
    pub json: bool,
    /// How progress is shown on stderr
    #[arg(long, value_name = "HOW", value_parser = ["auto", "plain", "none"])]
    pub progress: Option<String>,
    /// Measure one part, in this process: what `bench` asks of itself
    #[arg(long, value_name = "ORDER", hide = true)]
    pub part: Option<String>,
}

/// `completions`.
#[derive(Args, Debug)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

/// Settings that a flag, MYRIAD_* or a configuration file can give, by the name of the flag.
pub const SETTINGS: [&str; 27] = [
    "agents",
    "seed",
    "start",
    "days",
    "hours",
    "ticks",
    "population",
    "weather",
    "map",
    "shards",
    "workers",
    "no-pin",
    "stepping",
    "backend",
    "memory-budget",
    "time-scale",
    "detail",
    "out",
    "snapshot-every",
    "keep",
    "resume",
    "resume-from",
    "fresh",
    "json",
    "quiet",
    "progress",
    "log",
];

impl ModelFlags {
    /// What was typed, by setting.
    pub fn given(&self) -> Vec<(&'static str, String)> {
        let texts = [
            ("agents", &self.agents),
            ("seed", &self.seed),
            ("start", &self.start),
            ("days", &self.days),
            ("hours", &self.hours),
            ("ticks", &self.ticks),
            ("population", &self.population),
            ("weather", &self.weather),
            ("map", &self.map),
            ("shards", &self.shards),
            ("workers", &self.workers),
            ("stepping", &self.stepping),
            ("backend", &self.backend),
            ("memory-budget", &self.memory_budget),
            ("time-scale", &self.time_scale),
            ("detail", &self.detail),
        ];
        let mut given: Vec<_> = texts.into_iter().filter_map(|(name, text)| Some((name, text.clone()?))).collect();
        given.extend(self.no_pin.then(|| ("no-pin", "true".to_owned())));
        given
    }
}

impl OutputFlags {
    /// What was typed, by setting.
    pub fn given(&self) -> Vec<(&'static str, String)> {
        let mut given = Vec::new();
        given.extend(self.json.then(|| ("json", "true".to_owned())));
        given.extend(self.quiet.then(|| ("quiet", "true".to_owned())));
        given.extend(self.progress.clone().map(|text| ("progress", text)));
        given.extend(self.log.clone().map(|text| ("log", text)));
        given
    }
}

/// The help of `bench`, as it is shown.
#[cfg(test)]
pub fn bench_help() -> String {
    use clap::CommandFactory;
    let mut cli = Cli::command();
    cli.find_subcommand_mut("bench").map(|bench| bench.render_help().to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_setting_is_a_flag_of_run_and_every_flag_a_setting() {
        let mut cli = Cli::command();
        let run = cli.find_subcommand_mut("run").unwrap();
        let mut flags: Vec<_> = run.get_arguments().filter_map(|arg| arg.get_long()).collect();
        flags.retain(|flag| !["set", "config", "show-config", "help"].contains(flag));
        flags.sort_unstable();
        let mut settings = SETTINGS.to_vec();
        settings.sort_unstable();
        assert_eq!(flags, settings);
    }

    #[test]
    fn every_flag_typed_is_given() {
        let words = "myriad --agents 1 --seed 2 --start 3 --days 4 --hours 5 --ticks 6 --population 7 --weather 8 \
                     --map 9 --shards 10 --workers 11 --no-pin --stepping dense --backend cpu --memory-budget 16 \
                     --time-scale 12 --detail active --out 13 --snapshot-every 14 --keep 15 --resume --json --quiet \
                     --progress none --log info";
        let cli = Cli::try_parse_from(words.split_whitespace()).unwrap();
        let mut given: Vec<_> = cli.run.model.given().into_iter().chain(cli.run.output.given()).collect();
        given.extend(cli.run.folder.given());
        // The opposites of another one.
        given.extend([("fresh", String::new()), ("resume-from", String::new())]);
        let mut names: Vec<_> = given.iter().map(|(name, _)| *name).collect();
        let mut settings = SETTINGS.to_vec();
        names.sort_unstable();
        settings.sort_unstable();
        assert_eq!(names, settings);
        assert!(given.contains(&("time-scale", "12".to_owned())));
    }

    #[test]
    fn commands_that_are_not_built_are_not_listed() {
        let names: Vec<_> = Cli::command().get_subcommands().map(|c| c.get_name().to_owned()).collect();
        let built = "run resume inspect diff journal list describe validate new doctor bench completions man";
        assert_eq!(names, built.split(' ').collect::<Vec<_>>());
    }
}
