//! Scenarios for the tests of this floor: they compute nothing, and report what they were told.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::base::{DateTime, Tick};
use crate::sim::{
    AnyScenario, Control, ParamError, ParamSpec, Progress, RunError, RunOptions, RunReport, Section, Series, Span,
    TickTime, Timing, Validation, Value, Watch,
};

/// A scenario that behaves as it is told to.
pub struct Fake {
    name: &'static str,
    params: bool,
    act: Act,
}

enum Act {
    Run,
    Panic,
    MissInvariant,
}

/// With parameters; without; one that panics; one whose invariant fails.
pub const FAKES: &[&dyn AnyScenario] = &[
    &Fake { name: "toy", params: true, act: Act::Run },
    &Fake { name: "plain", params: false, act: Act::Run },
    &Fake { name: "broken", params: false, act: Act::Panic },
    &Fake { name: "wrong", params: false, act: Act::MissInvariant },
];

fn spec(name: &str, doc: &str, default: Value, range: Option<(f64, f64)>, unit: &str, source: &str) -> ParamSpec {
    let [name, doc, unit, source] = [name, doc, unit, source].map(str::to_owned);
    ParamSpec { name, doc, default, range, unit, source }
}

impl AnyScenario for Fake {
    fn name(&self) -> &'static str {
        self.name
    }
    fn about(&self) -> &'static str {
        "Nothing happens, on purpose."
    }
    fn specs(&self) -> Vec<ParamSpec> {
        if !self.params {
            return Vec::new();
        }
        vec![
            spec(
                "coins",
                "Coins that each agent starts with.",
                Value::Int(1),
                Some((0.0, 1_000.0)),
                "coins",
                "assumed",
            ),
            spec("mercy", "Whether the poor are spared.", Value::Bool(false), None, "", ""),
            spec("population", "File of the \"population\".", Value::Text("built \"in\"".into()), None, "", ""),
            spec(
                "needs.hunger.decay",
                "What an hour awake takes.",
                Value::Float(4.5),
                Some((0.0, 100.0)),
                "% per hour",
                "Maslow 1943",
            ),
            spec("needs.energy.decay", "What an hour awake takes.", Value::Float(6.0), None, "% per hour", ""),
        ]
    }
    fn timing(&self) -> Timing {
        Timing {
            tick_ms: 100,
            exchange_ticks: 100,
            start: DateTime::date(1999, 5, 4),
            span: Span::Seconds(86_400.0),
            agents: 1_000,
        }
    }
    fn run(
        &self,
        values: &[(String, Value)],
        options: &RunOptions,
        watch: &mut dyn Watch,
    ) -> Result<RunReport, RunError> {
        for (name, _) in values {
            if !self.specs().iter().any(|spec| spec.name == *name) {
                return Err(ParamError::Unknown { name: name.clone(), nearest: None }.into());
            }
        }
        if matches!(self.act, Act::Panic) {
            return Err(RunError::Panic("zone 3, agent 17, tick 41: division by zero".to_owned()));
        }
        let agents = options.agents.unwrap_or(1_000);
        watch.setup(&format!("settling {agents} agents"));
        let mut report = report(agents, options.seed);
        report.scenario = self.name.to_owned();
        let ticks_total = match options.span {
            Some(Span::Ticks(ticks)) => ticks,
            _ => 864_000,
        };
        report.ticks = ticks_total;
        for part in 1..=4 {
            let progress = Progress {
                tick: Tick(ticks_total * part / 4),
                ticks_total,
                began_at: Tick(0),
                civil: "1999-05-04 06:00".to_owned(),
                agents,
                transitions: 10 * part,
                wall: Duration::from_secs(part),
                sim_seconds: 21_600.0 * part as f64,
            };
            if watch.progress(&progress) == Control::Stop && part < 4 {
                report.ticks = progress.tick.0;
                report.interrupted = true;
                break;
            }
        }
        if matches!(self.act, Act::MissInvariant) {
            report.invariants.insert("money_conserved".to_owned(), false);
        }
        let values = values.iter().map(|(name, value)| (name.clone(), value.to_string().into()));
        report.extra.insert("values".to_owned(), serde_json::Value::Object(values.collect()));
        Ok(report)
    }
    fn validate(
        &self,
        _: &[(String, Value)],
        options: &RunOptions,
        watch: &mut dyn Watch,
    ) -> Option<Result<Validation, RunError>> {
        watch.setup("comparing");
        let mut validation = Validation::default();
        validation.row("sleep", "h", options.seed as f64, 8.0, (7.0, 9.0), "ATUS 2003");
        (self.name == "toy").then_some(Ok(validation))
    }
}

/// A report with a figure in each field.
pub fn report(agents: u64, seed: u64) -> RunReport {
    let map = |pairs: &[(&str, f64)]| pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
    let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
    RunReport {
        worker_seconds: vec![1.5, 1.5],
        cells_moved: 0,
        zones_divided: 0,
        scenario: "toy".to_owned(),
        seed,
        agents,
        zones: 2_400,
        shards: 24,
        workers: 2,
        stepping: "event".to_owned(),
        backend: "cpu".to_owned(),
        ticks: 864_000,
        sim_seconds: 86_400.0,
        start: "1999-05-04 00:00".to_owned(),
        end: "1999-05-05 00:00".to_owned(),
        interrupted: false,
        wall_seconds: 26.1,
        setup_seconds: 1.9,
        agent_ticks_per_second: 3.31e10,
        realtime_factor: 3310.3,
        transitions: 23_512_345,
        messages: 11_812_345,
        messages_spilled: 12,
        handoffs: 7_400_000,
        tick_ns: TickTime { p50: 12_000, p99: 310_000, max: 5_200_000 },
        phase_seconds: map(&[("run", 20.0), ("deliver", 5.0), ("exchange", 1.0), ("collect", 0.0)]),
        zone_visits: BTreeMap::from([("active".to_owned(), 5), ("dormant".to_owned(), 1_500)]),
        peak_rss_bytes: 1_288_490_188,
        digest: "0123456789abcdef".to_owned(),
        kept: None,
        tiers: None,
        invariants: BTreeMap::from([("agents_conserved".to_owned(), true)]),
        series: vec![Series { name: "gini, \"all\"".to_owned(), ticks: vec![0, 50], values: vec![0.0, 0.25] }],
        extra: BTreeMap::new(),
        notes: vec!["weather is made of monthly normals".to_owned()],
        sections: vec![
            Section {
                title: "Boroughs".to_owned(),
                rows: vec![row(&["borough", "residents"]), row(&["Bronx", "1,332"]), row(&["Queens", "12"])],
                grid: true,
            },
            Section { title: "Day".to_owned(), rows: vec![row(&["sleep  ####"]), row(&["work   ##"])], grid: false },
        ],
    }
}

/// A new, empty folder for one test.
pub fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("myriad-app-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
