//! What a run says of itself: while it runs ([`Progress`]) and at its end ([`RunReport`]).

use std::collections::BTreeMap;
use std::time::Duration;

use super::input::Voice;
use crate::base::Tick;

/// Where a run stands, told at exchanges.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Ticks done.
    pub tick: Tick,
    /// Ticks in all.
    pub ticks_total: u64,
    /// The tick from which this process runs: other than 0 if the run was resumed.
    pub began_at: Tick,
    /// Civil time at `tick`, `1999-05-04 07:30`.
    pub civil: String,
    /// Agents in the world.
    pub agents: u64,
    /// Transitions so far.
    pub transitions: u64,
    /// Wall time since the first tick.
    pub wall: Duration,
    /// Simulated seconds since the first tick.
    pub sim_seconds: f64,
}

/// What a run does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Control {
    /// Goes on.
    Continue,
    /// Ends after this interval, with a report.
    Stop,
}

/// What a watcher of a run is told, and may say.
pub trait Watch {
    /// Setting up has begun: what is being done (`"settling 1,000,000 residents"`).
    fn setup(&mut self, what: &str) {
        let _ = what;
    }
    /// An exchange is about to be left: what is said from outside takes effect now.
    fn speak(&mut self, voice: &mut Voice<'_>) {
        let _ = voice;
    }
    /// Something went wrong that did not end the run.
    fn warn(&mut self, what: &str) {
        let _ = what;
    }
    /// The run waits for something that somebody has to do, or goes on after such a wait: to be told in any case.
    fn alarm(&mut self, what: &str) {
        self.warn(what);
    }
    /// Whether the run is to end, asked while it waits for something.
    fn is_stopped(&self) -> bool {
        false
    }
    /// An exchange is done.
    fn progress(&mut self, progress: &Progress) -> Control {
        let _ = progress;
        Control::Continue
    }
}

/// A watcher that looks away.
pub struct NoWatch;
impl Watch for NoWatch {}

/// A sample of a collector.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Series {
    /// The collector's name.
    pub name: String,
    /// The ticks at which it was taken.
    pub ticks: Vec<u64>,
    /// The values.
    pub values: Vec<f64>,
}

/// The distribution of a tick's wall time.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct TickTime {
    /// The median, in nanoseconds.
    pub p50: u64,
    /// The 99th percentile, in nanoseconds.
    pub p99: u64,
    /// The longest, in nanoseconds.
    pub max: u64,
}

/// A table of the scenario's own, shown below the engine's.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Section {
    /// Its heading.
    pub title: String,
    /// Rows of cells, the first one the header; or preformatted lines of one cell each (a chart).
    pub rows: Vec<Vec<String>>,
    /// Whether `rows[0]` is a header and the rest a grid; otherwise each row is a line of text.
    pub grid: bool,
}

/// How a run was kept in its folder, by this process.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Kept {
    /// The tick from which it went on; none for a run that began.
    pub resumed_from: Option<u64>,
    /// Ticks that were run again to come to where the journal ends.
    pub replayed_ticks: u64,
    /// Checkpoints that were written.
    pub checkpoints: u64,
    /// Bytes of agents and letters that were written for them.
    pub checkpoint_bytes: u64,
    /// Bytes of records that were made durable in the journal.
    pub journal_bytes: u64,
    /// How often some were.
    pub journal_commits: u64,
    /// The longest that the run stood still to begin one, in wall seconds.
    pub stall_seconds_max: f64,
    /// The longest that it took from the beginning of one until it was on disk, in wall seconds.
    pub checkpoint_seconds_max: f64,
    /// Wall seconds from the start to the world of the checkpoint, and as far as the journal goes.
    pub recovery_seconds: f64,
}

/// What became of zones, and parts of zones, where there was a memory budget.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Tiers {
    /// Zones and parts of zones.
    pub cells: u64,
    /// Of these, how many were out of memory at the end.
    pub asleep: u64,
    /// Bytes that those in memory could take at the end.
    pub limit_bytes: u64,
    /// Bytes that they took.
    pub awake_bytes: u64,
    /// Bytes that all would take.
    pub all_bytes: u64,
    /// Bytes of the disk.
    pub disk_bytes: u64,
    /// How many left memory.
    pub frozen: u64,
    /// Bytes that were written for them.
    pub frozen_bytes: u64,
    /// How many came back.
    pub thawed: u64,
    /// Of these, how many were asked for ahead of time.
    pub foreseen: u64,
    /// The distribution of the wall time that it took to bring one back.
    pub thaw_ns: TickTime,
}

/// The outcome of a run. Serialised, it is the one object that `--json` prints.
#[derive(Clone, Debug, serde::Serialize)]
pub struct RunReport {
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// Agents at the end, of the kind that the scenario declared first.
    pub agents: u64,
    /// Zones.
    pub zones: u64,
    /// Shards.
    pub shards: u64,
    /// Worker threads.
    pub workers: u64,
    /// `event` or `dense`.
    pub stepping: String,
    /// `cpu` or `gpu`.
    pub backend: String,
    /// Ticks done.
    pub ticks: u64,
    /// Simulated seconds.
    pub sim_seconds: f64,
    /// Civil time of the first tick.
    pub start: String,
    /// Civil time of the last tick.
    pub end: String,
    /// Whether the run was stopped before its end.
    pub interrupted: bool,
    /// Wall seconds of running, set-up excluded.
    pub wall_seconds: f64,
    /// Wall seconds of setting up.
    pub setup_seconds: f64,
    /// Agents times ticks over `wall_seconds`: what was simulated, whether or not an agent was touched.
    pub agent_ticks_per_second: f64,
    /// Simulated over wall seconds.
    pub realtime_factor: f64,
    /// State changes of agents.
    pub transitions: u64,
    /// Messages sent.
    pub messages: u64,
    /// Messages that found a ring full and took the spill buffer.
    pub messages_spilled: u64,
    /// Agents that crossed a zone's border.
    pub handoffs: u64,
    /// Wall time of a tick.
    pub tick_ns: TickTime,
    /// Wall seconds by phase, averaged over the workers: `order` (letters and agenda put in order), `zones` (run),
    /// `handoffs` (leavers sent), `saving` (agents copied for a checkpoint), `messages` (routed), `arrivals` (placed),
    /// `barriers` (workers waiting for each other), `checks` (collectors and invariants).
    pub phase_seconds: BTreeMap<String, f64>,
    /// Seconds that each worker was at work in phases: the more alike, the better the balance.
    pub worker_seconds: Vec<f64>,
    /// Cells that were moved to another shard to balance the load.
    pub cells_moved: u64,
    /// Zones that were split, or joined again.
    pub zones_divided: u64,
    /// Zone visits by level of detail: active, abstracted, dormant (passed over).
    pub zone_visits: BTreeMap<String, u64>,
    /// The largest resident set, in bytes.
    pub peak_rss_bytes: u64,
    /// The digest of all state, 16 hex digits.
    pub digest: String,
    /// How the run was kept in its folder, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
    /// What became of zones, where there was a memory budget.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tiers: Option<Tiers>,
    /// Each invariant, and whether it held throughout.
    pub invariants: BTreeMap<String, bool>,
    /// Samples of the collectors.
    pub series: Vec<Series>,
    /// What the scenario adds to the object, by key.
    #[serde(flatten)]
    pub extra: BTreeMap<String, serde_json::Value>,
    /// Notes on the inputs (what was approximated) that a reader of the figures needs.
    pub notes: Vec<String>,
    /// What the scenario adds to the table that people see.
    #[serde(skip)]
    pub sections: Vec<Section>,
}
