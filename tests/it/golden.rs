//! Files of every version of the formats, as they were written once: they are read, and the run in them goes on.
//!
//! The model is here and nowhere else, so that nothing but a change of a format can touch them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use myriad::prelude::*;
use myriad::store::{Fs, RunView, visit};

use crate::scratch::Scratch;

const ZONES: u32 = 3;
const COURIERS: u64 = 9;
const STOPPED: u64 = 44;
const END: u64 = 100;

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Purse {
    coins: i64,
    given: u64,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Shop {
    till: i64,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Coins(i64);

#[derive(Default)]
struct Trips(u64);

impl Tallied for Trips {
    fn merge(&mut self, other: &Self) {
        self.0 += other.0;
    }
    fn numbers(&self) -> Vec<u64> {
        vec![self.0]
    }
    fn from_numbers(numbers: &[u64]) -> Option<Self> {
        let &[trips] = numbers else { return None };
        Some(Self(trips))
    }
}

myriad::params! {
    /// What can be varied of it.
    struct GoldenParams {
        /// Coins that a courier begins with.
        coins: i64 = 50, 0 ..= 1000;
    }
}

struct Golden;

const WHITHER: Stream = Stream::named("golden/whither");

impl Scenario for Golden {
    type Params = GoldenParams;
    const NAME: &'static str = "golden";
    const ABOUT: &'static str = "couriers who carry coins from shop to shop";

    fn timing(_: &GoldenParams) -> Timing {
        Timing { exchange_ticks: 4, agents: COURIERS, span: Span::Ticks(END), ..Timing::default() }
    }

    fn build(params: &GoldenParams, sim: &mut Builder) -> Result<(), RunError> {
        let coins = params.coins;
        sim.zones(ZONES as usize).messages::<Coins>().tally::<Trips>();
        sim.settle::<(Purse,)>(COURIERS, move |zone, settlement| {
            for id in (zone.0..COURIERS as u32).step_by(ZONES as usize) {
                settlement.add(AgentId(id), (Purse { coins, given: 0 },), Some(Tick(1 + id as u64)));
            }
        });
        sim.settle::<(Shop,)>(ZONES as u64, |zone, settlement| {
            settlement.add(AgentId(COURIERS as u32 + zone.0), (Shop { till: 10 },), None);
        });
        sim.on_due(carry).on_due(sell);
        sim.collect("tills", 20, |all: All<Shop>| all.iter().map(|(_, shop)| shop.till as f64).sum::<f64>());
        Ok(())
    }
}

fn carry(mut due: Due<(Purse,), Coins>, dice: Dice, mut mail: Mailbox<Coins>, mut trips: Tally<Trips>) {
    let mut due = due.open();
    while let Some(mut event) = due.next() {
        let (purse,) = &mut event.rows;
        match event.cause {
            Cause::Message { body, .. } => purse.coins += body.0,
            Cause::Wake => {
                let mut draws = dice.draws(WHITHER, event.id, event.tick);
                let (zone, coins) = (draws.below(ZONES), draws.below(5) as i64);
                purse.coins -= coins;
                purse.given += coins as u64;
                trips.0 += 1;
                mail.send(event.tick, event.id, AgentId(COURIERS as u32 + zone), Coins(coins));
                let next = event.tick.0 + 1 + draws.below(9) as u64;
                event.wake_at(Tick(next));
                event.travel(ZoneId(zone));
            }
        }
    }
}

fn sell(mut due: Due<(Shop,), Coins>, mut mail: Mailbox<Coins>) {
    let mut due = due.open();
    while let Some(mut event) = due.next() {
        if let Cause::Message { from, body } = event.cause {
            let (shop,) = &mut event.rows;
            shop.till += body.0;
            if from.is_some() && shop.till > 30 {
                shop.till -= 6;
                mail.send(event.tick, event.id, from, Coins(6));
            }
        }
    }
}

/// Says the same at every run, and ends it when told to.
struct Outside {
    stop: u64,
    warnings: Vec<String>,
}

impl Watch for Outside {
    fn speak(&mut self, voice: &mut Voice<'_>) {
        let now = voice.now().0;
        if now % 12 == 8 {
            voice.tell(AgentId(COURIERS as u32 + (now % 3) as u32), Coins(1 + now as i64));
        }
    }
    fn warn(&mut self, what: &str) {
        self.warnings.push(what.to_owned());
    }
    fn progress(&mut self, progress: &Progress) -> Control {
        if progress.tick.0 >= self.stop { Control::Stop } else { Control::Continue }
    }
}

fn experiment(keep: Option<Keep>) -> Experiment<Golden> {
    let options = RunOptions { workers: Some(1), shards: Some(2), keep, ..RunOptions::default() };
    Simulation::of::<Golden>(GoldenParams::defaults()).options(options)
}

fn run(keep: Option<Keep>, stop: u64) -> Result<RunReport, RunError> {
    let mut outside = Outside { stop, warnings: Vec::new() };
    let report = experiment(keep).watch(&mut outside);
    assert_eq!(outside.warnings, Vec::<String>::new());
    report
}

fn kept(folder: impl Into<PathBuf>, begin: Begin) -> Keep {
    Keep { begin, every: Every::Ticks(20), keep: 2, journal_grows: 4_096, ..Keep::new(folder, 0x6f_1d) }
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// A copy of a folder that may be written to.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn runs_of_every_version_go_on() {
    let expected: Vec<String> =
        fs::read_to_string(golden().join("DIGESTS")).unwrap().lines().map(str::to_owned).collect();
    let straight = run(None, END).unwrap().digest;
    let scratch = Scratch::new("golden");
    let mut versions = 0;
    for entry in fs::read_dir(golden()).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
        let version = entry.file_name().into_string().unwrap();
        let folder = PathBuf::from(scratch.path(&version));
        copy(&entry.path(), &folder);
        let recorded = expected.iter().find_map(|line| line.strip_prefix(&format!("{version} ")));
        let (at_stop, at_end) = recorded.and_then(|line| line.split_once(' ')).expect("a line in DIGESTS");

        // All of it can be read, and nothing is wrong with it.
        let view = RunView::open(Arc::new(Fs), &folder).unwrap().unwrap();
        let found = view.checkpoints().unwrap();
        assert!(found.unreadable.is_empty() && found.manifests.len() == 2, "{version}");
        for manifest in &found.manifests {
            let look = |_: usize, _: &myriad::store::PieceView<'_>| Ok(());
            let (_, faults) = visit(&Fs, &view.checkpoint_folder(), view.file.run(), &manifest.entries, &look);
            assert!(faults.is_empty(), "{version}: {faults:?}");
        }
        let newest = found.manifests.last().unwrap();
        assert_eq!((newest.tick, newest.digest.to_string().as_str()), (STOPPED, at_stop), "{version}");
        let seen = view.journal(Some(newest.tick));
        assert!(seen.ending.is_ok() && seen.records.len() > 4, "{version}: {:?}", seen.ending);

        // It goes on; or another version of the engine says that it must not.
        let resumed = run(Some(kept(&folder, Begin::Resume)), END);
        if view.file.identity["engine"] == env!("CARGO_PKG_VERSION") {
            assert_eq!(resumed.unwrap().digest, at_end, "{version}");
            assert_eq!(straight, at_end, "{version}: the model is another than it was");
        } else {
            assert!(resumed.unwrap_err().to_string().contains("its engine is"), "{version}");
        }
        versions += 1;
    }
    assert_eq!(versions, expected.len(), "each line of DIGESTS has its folder");
}

/// Writes the files of the present version, to be put beside the others: see `tests/golden/README.md`.
#[test]
#[ignore = "writes files"]
fn write_the_present_version() {
    let folder = PathBuf::from(std::env::var("GOLDEN").expect("GOLDEN names a new folder"));
    let at_stop = run(Some(kept(&folder, Begin::New)), STOPPED).unwrap();
    assert!(at_stop.interrupted && at_stop.ticks == STOPPED, "{}", at_stop.ticks);
    fs::remove_file(folder.join("LOCK")).unwrap();
    let name = folder.file_name().unwrap().to_str().unwrap();
    println!("{name} {} {}", at_stop.digest, run(None, END).unwrap().digest);
}
