//! What has become of a run: who ran it, and which checkpoints there were.

use serde::Serialize;

use super::facts::{Facts, label, tick};
use crate::app::style::{Style, bytes, grid, thousands};
use crate::store::catalog::{Contents, Ending, Listed, Seen, Start};
use crate::store::{RunView, StoreError};

/// Checkpoints that people are shown; the object has all.
const CHECKPOINTS_SHOWN: usize = 12;

/// What has become of a run.
#[derive(Serialize)]
pub struct History {
    /// Processes, in order.
    starts: Vec<StartFacts>,
    /// Checkpoints, those included that are gone.
    checkpoints: Vec<ListedFacts>,
    /// "current"; "behind", which it is after a crash; "missing" or "broken": what was measured is not known then.
    catalog: &'static str,
    /// Why the catalog cannot be read.
    why: Option<String>,
}

/// A process.
#[derive(Serialize)]
struct StartFacts {
    tick: u64,
    resumed_from: Option<u64>,
    engine: String,
    workers: Option<u64>,
    /// "ended", "interrupted" or "crashed"; none while it is at work.
    ending: Option<Ending>,
    last_tick: Option<u64>,
    #[serde(skip)]
    last_time: Option<String>,
}

/// A checkpoint.
#[derive(Serialize)]
struct ListedFacts {
    generation: u64,
    tick: u64,
    time: Option<String>,
    digest: String,
    kept: bool,
    agents_of_all_kinds: Option<u64>,
    bytes: Option<u64>,
    own_bytes: Option<u64>,
    seconds: Option<f64>,
}

impl History {
    /// Of a run.
    pub fn of(view: &RunView, facts: &Facts) -> Result<Self, StoreError> {
        let (Contents { starts, checkpoints, .. }, seen) = view.history()?;
        let (catalog, why) = match seen {
            Seen::Current => ("current", None),
            Seen::Behind => ("behind", None),
            Seen::Missing => ("missing", None),
            Seen::Broken(why) => ("broken", Some(why)),
        };
        let start = |start: Start| StartFacts {
            tick: start.tick,
            resumed_from: start.resumed_from,
            engine: start.engine,
            workers: start.workers,
            ending: start.ending,
            last_tick: start.last_tick,
            last_time: start.last_tick.and_then(|tick| facts.civil(tick)),
        };
        let listed = |(generation, one): (u64, Listed)| ListedFacts {
            generation,
            tick: one.tick,
            time: facts.civil(one.tick),
            digest: one.digest.to_string(),
            kept: one.kept,
            agents_of_all_kinds: one.sizes.map(|sizes| sizes.agents),
            bytes: one.sizes.map(|sizes| sizes.bytes),
            own_bytes: one.sizes.map(|sizes| sizes.own_bytes),
            seconds: one.micros.map(|micros| micros as f64 / 1e6),
        };
        let starts = starts.into_values().map(start).collect();
        Ok(Self { starts, checkpoints: checkpoints.into_iter().map(listed).collect(), catalog, why })
    }

    /// Two tables: who, and what.
    pub fn render(&self, style: Style) -> String {
        let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
        let known = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let mut who = vec![row(&["began", "at the world of", "version", "workers", "how it ended"])];
        for one in &self.starts {
            let ending = match (one.ending, one.last_tick) {
                (Some(ending), Some(last)) => {
                    let word = match ending {
                        Ending::Ended => "ended at",
                        Ending::Interrupted => "interrupted at",
                        Ending::Crashed => "crashed after",
                    };
                    format!("{word} {}", tick(last, one.last_time.clone()))
                }
                _ => "at work".to_owned(),
            };
            let from = one.resumed_from.map_or_else(|| "its beginning".to_owned(), |from| tick(from, None));
            let workers = known(one.workers.map(thousands));
            who.push(vec![format!("tick {}", thousands(one.tick)), from, one.engine.clone(), workers, ending]);
        }
        let mut what = vec![row(&["checkpoint", "tick", "digest", "bytes", "written for it", "seconds", "kept"])];
        let hidden = self.checkpoints.len().saturating_sub(CHECKPOINTS_SHOWN);
        for one in &self.checkpoints[hidden..] {
            let seconds = known(one.seconds.map(|seconds| format!("{seconds:.2}")));
            let (all, own) = (known(one.bytes.map(bytes)), known(one.own_bytes.map(bytes)));
            let kept = if one.kept { "yes" } else { "no" }.to_owned();
            let number = one.generation.to_string();
            what.push(vec![number, thousands(one.tick), one.digest.clone(), all, own, seconds, kept]);
        }
        let mut text = format!("\n{}\n{}", style.bold("History"), grid(&who, style));
        if !self.checkpoints.is_empty() {
            text.push_str(&format!("\n{}", grid(&what, style)));
        }
        if hidden > 0 {
            text.push_str(&format!("  and {} before these\n", thousands(hidden as u64)));
        }
        let said = match (self.catalog, &self.why) {
            ("missing", _) => "there is none: what was measured is not known; the next resume makes one".to_owned(),
            (_, Some(why)) => format!("cannot be read ({why}); the next resume makes it anew"),
            _ => return text,
        };
        text + &format!("{}{said}\n", style.dim(&label("catalog")))
    }
}
