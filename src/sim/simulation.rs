//! [`Simulation`] and [`Experiment`]: a scenario with parameters, from start to report.

use std::marker::PhantomData;
use std::path::Path;

use std::collections::BTreeMap;

use super::Timing;
use super::builder::Builder;
use super::engine::Engine;
use super::input::Voice;
use super::keep::Keep;
use super::keeper::{Keeper, Opened};
use super::options::{RunOptions, Span, Stepping};
use super::params::Params as _;
use super::report::{Control, NoWatch, Progress, RunReport, Watch};
use super::scenario::{RunError, Scenario};
use super::versions::{migrate, version_of};
use crate::base::{Calendar, DateTime, Tick, hash_bytes};
use crate::exec::{Elapsed, HeldMemory, cores, peak_rss_bytes};
use crate::store::{Backend, Fs, RunFile, Saved, find};

/// Names the scenario of an experiment.
///
/// ```
/// # use myriad::prelude::*;
/// use myriad::scenarios::City;
/// # fn example() -> Result<(), RunError> {
/// let report = Simulation::of::<City>(Params::defaults()).agents(372).seed(42).run(6_000)?;
/// assert_eq!(report.sim_seconds, 600.0);
/// # Ok(()) }
/// # example().unwrap();
/// ```
pub struct Simulation;

impl Simulation {
    /// An experiment with scenario `S`.
    pub fn of<S: Scenario>(params: S::Params) -> Experiment<S> {
        Experiment { params, options: RunOptions::default(), scenario: PhantomData }
    }
}

/// A scenario with parameters and options, ready to be run.
pub struct Experiment<S: Scenario> {
    params: S::Params,
    options: RunOptions,
    scenario: PhantomData<S>,
}

impl<S: Scenario> Experiment<S> {
    /// Replaces all options.
    pub fn options(mut self, options: RunOptions) -> Self {
        self.options = options;
        self
    }
    /// How many agents.
    pub fn agents(mut self, agents: u64) -> Self {
        self.options.agents = Some(agents);
        self
    }
    /// The seed of every draw.
    pub fn seed(mut self, seed: u64) -> Self {
        self.options.seed = seed;
        self
    }
    /// Worker threads.
    pub fn workers(mut self, workers: usize) -> Self {
        self.options.workers = Some(workers);
        self
    }
    /// Shards.
    pub fn shards(mut self, shards: usize) -> Self {
        self.options.shards = Some(shards);
        self
    }
    /// Zones that a space is cut into.
    pub fn zones(mut self, zones: usize) -> Self {
        self.options.zones = Some(zones);
        self
    }
    /// How transitions are found.
    pub fn stepping(mut self, stepping: Stepping) -> Self {
        self.options.stepping = stepping;
        self
    }
    /// Civil time of tick 0.
    pub fn start(mut self, start: DateTime) -> Self {
        self.options.start = Some(start);
        self
    }

    /// Builds the world.
    ///
    /// # Errors
    /// What the scenario finds wrong with its inputs.
    pub fn build(&self) -> Result<Engine, RunError> {
        self.build_watched(&mut NoWatch, None)
    }

    /// Builds the world as it was saved: with the same parameters, seed and start; workers, shards and stepping may be
    /// others.
    ///
    /// # Errors
    /// As [`Experiment::build`], and what is wrong with the snapshot.
    pub fn revive(&self, saved: &dyn Saved) -> Result<Engine, RunError> {
        self.build_watched(&mut NoWatch, Some(saved))
    }

    fn build_watched(&self, watch: &mut dyn Watch, saved: Option<&dyn Saved>) -> Result<Engine, RunError> {
        // Where memory is short, what is freed has to go back.
        let _held = self.options.memory.is_none().then(HeldMemory::hold);
        let timing = S::timing(&self.params);
        let calendar = Calendar::new(self.options.start.unwrap_or(timing.start), timing.tick_ms);
        let agents = self.options.agents.unwrap_or(timing.agents);
        let mut builder = Builder::new(agents, self.options.clone(), calendar);
        watch.setup(&format!("building {}", S::NAME));
        S::build(&self.params, &mut builder)?;
        for what in std::mem::take(&mut builder.setup) {
            watch.setup(&what);
        }
        builder.version = S::VERSION;
        let in_space: Vec<bool> = builder.kinds.iter().map(|kind| kind.is_in_space()).collect();
        let migrated =
            saved.map(|saved| migrate(saved, S::VERSION, &S::migrations(), &in_space)).transpose()?.flatten();
        if let (Some(saved), Some(_)) = (saved, &migrated) {
            watch.warn(&format!(
                "what was saved at tick {} is of version {} of `{}`: it was brought to version {}",
                saved.tick(),
                version_of(saved.schema()),
                S::NAME,
                S::VERSION
            ));
        }
        Engine::new(builder, timing.exchange_ticks, migrated.as_ref().map(|world| world as &dyn Saved).or(saved))
    }

    /// All that decides what comes of a run, by name.
    fn identity(&self, timing: &Timing) -> BTreeMap<String, String> {
        let RunOptions { agents, seed, start, .. } = &self.options;
        let mut identity: BTreeMap<String, String> = [
            ("scenario", S::NAME.to_owned()),
            ("version", S::VERSION.to_string()),
            ("engine", env!("CARGO_PKG_VERSION").to_owned()),
            ("seed", seed.to_string()),
            ("agents", agents.unwrap_or(timing.agents).to_string()),
            ("start", start.unwrap_or(timing.start).to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        for spec in S::Params::specs() {
            let value = self.params.get(&spec.name).to_string();
            identity.insert(format!("parameter {}", spec.name), value);
        }
        for path in S::files(&self.params) {
            // What cannot be read is said by whoever needs it.
            let hash = Fs.read(Path::new(&path)).map(|bytes| format!("{:016x}", hash_bytes(&bytes)));
            identity.insert(format!("content of {path}"), hash.unwrap_or_default());
        }
        identity
    }

    /// Runs that many ticks.
    ///
    /// # Errors
    /// As [`Experiment::build`], and where a system panics.
    pub fn run(mut self, ticks: u64) -> Result<RunReport, RunError> {
        self.options.span = Some(Span::Ticks(ticks));
        self.watch(&mut NoWatch)
    }

    /// Runs the span of the options, told to a watcher, who may end it at an exchange.
    ///
    /// # Errors
    /// As [`Experiment::run`].
    pub fn watch(self, watch: &mut dyn Watch) -> Result<RunReport, RunError> {
        self.watch_to(watch, |_| Ok(()))
    }

    /// As [`Experiment::watch`], and lets `last` look at the world before it is gone.
    ///
    /// # Errors
    /// As [`Experiment::run`], and what `last` returns.
    pub fn watch_to(
        self,
        watch: &mut dyn Watch,
        last: impl FnOnce(&mut Engine) -> Result<(), RunError>,
    ) -> Result<RunReport, RunError> {
        let keep = self.options.keep.clone();
        self.carry_out(watch, last).map_err(|error| match (error, keep) {
            (RunError::Panic(what), Some(keep)) => RunError::Panic(what + &way_back(&keep)),
            (error, _) => error,
        })
    }

    fn carry_out(
        mut self,
        watch: &mut dyn Watch,
        last: impl FnOnce(&mut Engine) -> Result<(), RunError>,
    ) -> Result<RunReport, RunError> {
        // Pinning more workers than there are cores would stack them.
        self.options.pin &= self.options.workers.unwrap_or_else(cores::count) <= cores::count();
        let timing = S::timing(&self.params);
        let setup = Elapsed::start();
        let (mut engine, mut keeper) = match &self.options.keep {
            None => {
                let identity = self.identity(&timing);
                let from = self.options.from.as_ref().map(|source| source.open(&identity, watch)).transpose()?;
                (self.build_watched(watch, from.as_ref().map(|from| &from.checkpoint as &dyn Saved))?, None)
            }
            Some(keep) => {
                let mut build = |saved: Option<&dyn Saved>, watch: &mut dyn Watch| self.build_watched(watch, saved);
                let (from, identity) = (self.options.from.as_ref(), self.identity(&timing));
                let Opened { keeper, engine } = Keeper::open(keep, from, identity, &mut build, watch)?;
                (engine, Some(keeper))
            }
        };
        let setup_seconds = setup.seconds();
        let calendar = engine.calendar();
        let end = self.options.end(&timing, &calendar).0;
        if end >= u32::MAX as u64 {
            return Err(RunError::Input(format!(
                "{end} ticks are too many: at most {} ({:.0} days of this scenario)",
                u32::MAX - 1,
                calendar.seconds(u32::MAX as u64) / 86_400.0
            )));
        }
        let began_at = engine.now().0;
        if began_at == 0 {
            engine.collect_all()?;
        }
        let running = Elapsed::start();
        let mut interrupted = false;
        while engine.now().0 < end {
            match &mut keeper {
                None => speak(&mut engine, watch)?,
                Some(keeper) => keeper.before(&mut engine, watch)?,
            }
            engine.advance(Tick(end))?;
            if let Some(keeper) = &mut keeper {
                keeper.after(&mut engine, watch)?;
            }
            if let Some(scale) = self.options.time_scale {
                running.sleep_until(calendar.seconds(engine.now().0 - began_at) / scale);
            }
            engine.take_warnings().iter().for_each(|warning| watch.warn(warning));
            let progress = Progress {
                tick: engine.now(),
                ticks_total: end,
                began_at: Tick(began_at),
                civil: calendar.at(engine.now()).to_string(),
                agents: self.options.agents.unwrap_or(timing.agents),
                transitions: engine.transitions(),
                wall: running.duration(),
                sim_seconds: calendar.seconds(engine.now().0),
            };
            if watch.progress(&progress) == Control::Stop && engine.now().0 < end {
                interrupted = true;
                break;
            }
        }
        let wall_seconds = running.seconds();
        let kept = keeper.map(|keeper| keeper.finish(&mut engine, !interrupted, watch)).transpose()?;
        let mut report = engine.report()?;
        last(&mut engine)?;
        report.kept = kept;
        report.scenario = S::NAME.to_owned();
        report.interrupted = interrupted;
        report.setup_seconds = setup_seconds;
        report.wall_seconds = wall_seconds;
        let ran = report.ticks.saturating_sub(began_at);
        report.agent_ticks_per_second = report.agents as f64 * ran as f64 / wall_seconds.max(1e-9);
        report.realtime_factor = calendar.seconds(ran) / wall_seconds.max(1e-9);
        report.peak_rss_bytes = peak_rss_bytes();
        Ok(report)
    }
}

/// What to say of a run whose code panicked: what is kept of it, and how it goes on. "" if nothing is.
fn way_back(keep: &Keep) -> String {
    let found = RunFile::read(&*keep.backend, &keep.folder).ok().flatten();
    let found = found.and_then(|file| find(&*keep.backend, &keep.folder, file.run()).ok());
    let Some(found) = found else { return String::new() };
    let from = match found.manifests.last() {
        Some(newest) => format!("from its snapshot of tick {}", newest.tick),
        None => "from its beginning".to_owned(),
    };
    format!("; the run is kept in `{}`: once the cause is removed, --resume goes on {from}", keep.folder.display())
}

/// Lets the world hear what is said from outside.
fn speak(engine: &mut Engine, watch: &mut dyn Watch) -> Result<(), RunError> {
    let mut voice = Voice { engine, said: Vec::new() };
    watch.speak(&mut voice);
    let Voice { said, engine } = voice;
    said.iter().try_for_each(|input| engine.hear(input)).map_err(RunError::Input)
}
