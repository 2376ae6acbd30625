//! A scenario: a named model with its parameters, and how the engine builds a world of it.

use super::{
    Builder, Migration, ParamError, ParamSpec, Params, RunOptions, RunReport, Simulation, Span, Validation, Value,
    Watch,
};
use crate::base::DateTime;
use crate::store::StoreError;

/// What a scenario fixes, and what it proposes.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Milliseconds of simulated time in a tick.
    pub tick_ms: u32,
    /// Ticks between two exchanges: what is sent in one interval takes effect in the next.
    pub exchange_ticks: u32,
    /// Civil time of tick 0, by default.
    pub start: DateTime,
    /// How long to simulate, by default.
    pub span: Span,
    /// Agents, by default.
    pub agents: u64,
}

impl Default for Timing {
    /// 1,000 agents, 1,000 ticks of a second each from the start of 1999, an exchange at every tick.
    fn default() -> Self {
        let start = DateTime::date(1999, 1, 1);
        Self { tick_ms: 1_000, exchange_ticks: 1, start, span: Span::Ticks(1_000), agents: 1_000 }
    }
}

/// Why a world could not be built or run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A parameter has a value that it cannot have.
    #[error(transparent)]
    Param(#[from] ParamError),
    /// An input file or a combination of settings is wrong: what, where, and what would be right.
    #[error("{0}")]
    Input(String),
    /// A system panicked: the run ended at the last exchange.
    #[error("{0}")]
    Panic(String),
    /// What was run again is not what it was.
    #[error("{0}")]
    Replay(String),
    /// What was saved could not be read, or could not be saved.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A model.
pub trait Scenario: Sized + 'static {
    /// What can be varied.
    type Params: Params;
    /// The name by which it is run.
    const NAME: &'static str;
    /// What it is, in one line.
    const ABOUT: &'static str;
    /// The version of its rows and messages, from 1 on: another one whenever they mean something else.
    const VERSION: u32 = 1;

    /// How worlds that older versions saved become worlds of this one, version by version: a run of version 1 is
    /// brought to version 2, then to version 3. It is enough to say what becomes of kinds of agents and types of
    /// messages that have changed. There must be as many of each as before, of the same agents, and rows and messages
    /// are called as they were when they were saved: the old ones live on in a module of their own, under their
    /// names.
    ///
    /// A run that is resumed, or that begins with a checkpoint, is brought to the present version at once, and says so;
    /// its next checkpoint is in that version. While it is brought there, the world is in memory twice more. Letters
    /// from outside that an older version heard after its last checkpoint are not: a run whose journal has such is not
    /// resumed, and a branch begins without them.
    ///
    /// ```
    /// use myriad::prelude::*;
    ///
    /// mod v1 {
    ///     /// Whole coins, as version 1 counted them.
    ///     #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
    ///     #[repr(C)]
    ///     pub struct Purse(pub u32);
    ///     #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
    ///     #[repr(C)]
    ///     pub struct Gift(pub u32);
    /// }
    ///
    /// #[derive(Clone, Copy, Pod, Zeroable)]
    /// #[repr(C)]
    /// struct Purse {
    ///     cents: i64,
    /// }
    /// #[derive(Clone, Copy, Pod, Zeroable)]
    /// #[repr(C)]
    /// struct Gift {
    ///     cents: i64,
    /// }
    ///
    /// myriad::params! {
    ///     /// None.
    ///     struct NoParams {}
    /// }
    ///
    /// struct Gifts;
    ///
    /// impl Scenario for Gifts {
    ///     type Params = NoParams;
    ///     const NAME: &'static str = "gifts";
    ///     const ABOUT: &'static str = "people who give each other money";
    ///     const VERSION: u32 = 2;
    ///
    ///     fn migrations() -> Vec<Migration> {
    ///         let to_cents = Migration::from(1)
    ///             .agents(|(v1::Purse(coins),): (v1::Purse,)| (Purse { cents: coins as i64 * 100 },))
    ///             .messages(|v1::Gift(coins): v1::Gift| Gift { cents: coins as i64 * 100 });
    ///         vec![to_cents]
    ///     }
    ///
    ///     fn build(_: &NoParams, sim: &mut Builder) -> Result<(), RunError> {
    ///         sim.messages::<Gift>();
    ///         sim.settle::<(Purse,)>(1, |zone, settlement| {
    ///             if zone.0 == 0 {
    ///                 settlement.add(AgentId(0), (Purse { cents: 500 },), None);
    ///             }
    ///         });
    ///         Ok(())
    ///     }
    /// }
    /// # Simulation::of::<Gifts>(NoParams::defaults()).agents(1).run(3).unwrap();
    /// ```
    fn migrations() -> Vec<Migration> {
        Vec::new()
    }

    /// Its tick, its exchange interval and its defaults.
    fn timing(params: &Self::Params) -> Timing {
        let _ = params;
        Timing::default()
    }

    /// The paths of files that `build` reads: a run that is resumed must find the same in them.
    fn files(params: &Self::Params) -> Vec<String> {
        let _ = params;
        Vec::new()
    }

    /// Declares agents, systems and collectors, and settles the population.
    fn build(params: &Self::Params, sim: &mut Builder) -> Result<(), RunError>;

    /// Simulates and compares with measured figures; `None` if the scenario has none.
    fn validate(
        params: &Self::Params,
        options: &RunOptions,
        watch: &mut dyn Watch,
    ) -> Option<Result<Validation, RunError>> {
        let _ = (params, options, watch);
        None
    }
}

/// A scenario whose type is forgotten: what a command line needs of it.
pub trait AnyScenario: Sync {
    /// The name by which it is run.
    fn name(&self) -> &'static str;
    /// What it is, in one line.
    fn about(&self) -> &'static str;
    /// Its parameters.
    fn specs(&self) -> Vec<ParamSpec>;
    /// Its tick, interval and defaults, at default parameters.
    fn timing(&self) -> Timing;
    /// Builds a world and runs it.
    fn run(
        &self,
        values: &[(String, Value)],
        options: &RunOptions,
        watch: &mut dyn Watch,
    ) -> Result<RunReport, RunError>;
    /// Simulates and compares with measured figures; `None` if the scenario has none.
    fn validate(
        &self,
        values: &[(String, Value)],
        options: &RunOptions,
        watch: &mut dyn Watch,
    ) -> Option<Result<Validation, RunError>>;
}

/// [`AnyScenario`] of a [`Scenario`]: `Entry::<City>::NEW`.
pub struct Entry<S>(std::marker::PhantomData<fn() -> S>);

impl<S: Scenario> Entry<S> {
    /// The one value.
    pub const NEW: Self = Self(std::marker::PhantomData);
}

impl<S: Scenario> AnyScenario for Entry<S> {
    fn name(&self) -> &'static str {
        S::NAME
    }
    fn about(&self) -> &'static str {
        S::ABOUT
    }
    fn specs(&self) -> Vec<ParamSpec> {
        S::Params::specs()
    }
    fn timing(&self) -> Timing {
        S::timing(&S::Params::defaults())
    }
    fn run(
        &self,
        values: &[(String, Value)],
        options: &RunOptions,
        watch: &mut dyn Watch,
    ) -> Result<RunReport, RunError> {
        Simulation::of::<S>(params_of::<S>(values)?).options(options.clone()).watch(watch)
    }
    fn validate(
        &self,
        values: &[(String, Value)],
        options: &RunOptions,
        watch: &mut dyn Watch,
    ) -> Option<Result<Validation, RunError>> {
        match params_of::<S>(values) {
            Ok(params) => S::validate(&params, options, watch),
            Err(error) => Some(Err(error.into())),
        }
    }
}

fn params_of<S: Scenario>(values: &[(String, Value)]) -> Result<S::Params, ParamError> {
    let mut params = S::Params::defaults();
    for (name, value) in values {
        params.try_set(name, value.clone())?;
    }
    Ok(params)
}
