//! Keeps a run in its folder: the journal and checkpoints as it goes, and the way back to where it was.
//!
//! The journal is the truth: state is a function of what the run is a run of (`RUN`) and of what was said from outside,
//! and the journal holds that, sealed tick by tick. Checkpoints only save the time to run it all again. So a run goes
//! on from the newest checkpoint that can be read, hears again what the journal holds from there on, and is then where
//! it was, to the bit; where the journal has the digest of a tick that is passed again, it must be the same.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::branch::Source;
use super::engine::Engine;
use super::input::{Input, Voice};
use super::keep::{Begin, Every, Keep};
use super::report::{Kept, Watch};
use super::scenario::RunError;
use super::snapshot::Snapshot;
use super::versions::{self, MIGRATED};
use crate::base::Digest;
use crate::exec::Elapsed;
use crate::store::catalog::{self, Process};
use crate::store::journal::{self, Committer, Journal, Known, Options, Record, Recovered};
use crate::store::{
    Backend, Checkpoints, Finished, Imported, Lock, Outcome, Published, RunFile, Saved, StoreError, Writer,
};

/// Exchanges at which nothing was said, after which the journal says so.
const SEALED_EXCHANGES: u64 = 64;

/// How long a record may wait for others before the journal is written.
const GROUP: Duration = Duration::from_millis(50);

/// How long a run whose disk is full waits before it tries again: at first, and at most, twice as long each time.
const DISK_FULL_WAIT_SECONDS: [f64; 2] = [0.01, 1.0];

/// What the journal holds of ticks that are to be run again.
#[derive(Default)]
struct Replay {
    /// In order of tick.
    inputs: VecDeque<(u64, Vec<Input>)>,
    digests: BTreeMap<u64, Digest>,
    /// The tick of the last record: all that was said before it is known.
    end: u64,
}

impl Replay {
    /// Whether what was said from outside at a tick is known.
    fn knows(&self, tick: u64) -> bool {
        tick < self.end || self.inputs.iter().any(|(at, _)| *at == tick)
    }
}

/// See the module.
pub(crate) struct Keeper {
    keep: Keep,
    journal: Committer,
    writer: Option<Writer>,
    replay: Replay,
    exchanges: u64,
    /// Records since the journal's file was begun, and the tick of the last one.
    records: u64,
    recorded: u64,
    /// What is being saved, and since when.
    saving: Option<(Snapshot, Elapsed)>,
    /// Checkpoints that are being written: since when, and whether with all pieces.
    written: VecDeque<(Elapsed, bool)>,
    /// What the last one with some pieces took, and the last one with all; 0 if there was none.
    taken_bytes: [u64; 2],
    /// Whether it was said that there is no room for one.
    told_full: bool,
    /// Whether the next checkpoint must have all pieces.
    all: bool,
    saved_at: u64,
    since_saved: Elapsed,
    kept: Kept,
    /// The last to go: others may come once the threads have ended.
    _lock: Box<dyn Lock>,
}

/// What comes of opening a folder.
pub(crate) struct Opened {
    pub keeper: Keeper,
    pub engine: Engine,
}

type Build<'a> = dyn FnMut(Option<&dyn Saved>, &mut dyn Watch) -> Result<Engine, RunError> + 'a;

impl Keeper {
    /// Opens the folder and brings the run in it back to its last checkpoint, or begins one: with a checkpoint of
    /// another run, if one is given.
    pub(crate) fn open(
        keep: &Keep,
        from: Option<&Source>,
        identity: BTreeMap<String, String>,
        build: &mut Build<'_>,
        watch: &mut dyn Watch,
    ) -> Result<Opened, RunError> {
        let clock = Elapsed::start();
        let Keep { backend, folder, .. } = keep;
        backend.create_folder(folder).map_err(StoreError::io("make", folder))?;
        let lock = lock(&**backend, keep)?;
        no_links(&**backend, folder)?;
        let shown = folder.display();
        let found = RunFile::read(&**backend, folder);
        if let Some(source) = from {
            return Self::branch(keep, source, found, identity, build, watch, lock);
        }
        // What is to be removed anyway may be damaged.
        let found = if keep.begin == Begin::Fresh { None } else { found? };
        let Some(mut run_file) = found else {
            if keep.begin != Begin::Fresh && holds_files(&**backend, keep)? {
                return Err(RunError::Input(format!(
                    "`{shown}` has checkpoints or a journal, but no file `RUN` that says of what: put it back, or \
                     begin anew with --fresh"
                )));
            }
            return Self::begin(keep, identity, None, build, watch, lock);
        };
        if let Some((name, there, here)) = run_file.difference(&identity) {
            if keep.begin == Begin::New && ended(&**backend, keep, &run_file)? {
                return Self::begin(keep, identity, None, build, watch, lock);
            }
            return Err(RunError::Input(format!(
                "`{shown}` holds another run: its {name} is `{there}`, not `{here}`; give the same, another --out, or \
                 begin anew with --fresh"
            )));
        }
        if keep.begin == Begin::New {
            if ended(&**backend, keep, &run_file)? {
                return Self::begin(keep, identity, None, build, watch, lock);
            }
            return Err(RunError::Input(format!(
                "`{shown}` holds this run, and it has not ended: --resume goes on with it, --fresh begins anew"
            )));
        }
        let [there, here] = [&run_file.identity, &identity].map(RunFile::version);
        versions::check(&format!("the run in `{shown}`"), there, here)?;
        let mut opened = Self::resume(keep, &run_file, here, build, watch, lock)?;
        let settings = if keep.settings.is_empty() { &run_file.settings } else { &keep.settings };
        if there != here || *settings != run_file.settings {
            let settings = settings.clone();
            run_file.identity = identity;
            run_file.with_settings(settings).write(&**backend, folder)?;
        }
        opened.keeper.kept.recovery_seconds = clock.seconds();
        Ok(opened)
    }

    /// Begins a run with a checkpoint of another one, in a folder in which nothing may be lost.
    fn branch(
        keep: &Keep,
        source: &Source,
        found: Result<Option<RunFile>, StoreError>,
        identity: BTreeMap<String, String>,
        build: &mut Build<'_>,
        watch: &mut dyn Watch,
        lock: Box<dyn Lock>,
    ) -> Result<Opened, RunError> {
        let shown = keep.folder.display();
        let imported = source.open(&identity, watch)?;
        let is_itself = found.as_ref().ok().and_then(Option::as_ref).is_some_and(|at| at.run() == imported.file.run());
        if is_itself {
            return Err(RunError::Input(format!(
                "`{shown}` holds the very run from whose checkpoint another one is to begin; name another folder"
            )));
        }
        if keep.begin != Begin::Fresh && (found?.is_some() || holds_files(&*keep.backend, keep)?) {
            return Err(RunError::Input(format!(
                "`{shown}` holds a run already, and from a checkpoint another one begins: name a new folder, or begin \
                 anew with --fresh"
            )));
        }
        Self::begin(keep, identity, Some(imported), build, watch, lock)
    }

    /// Begins a run, in place of one that may be in the folder; with a checkpoint of another one, or with tick 0.
    fn begin(
        keep: &Keep,
        identity: BTreeMap<String, String>,
        from: Option<Imported>,
        build: &mut Build<'_>,
        watch: &mut dyn Watch,
        lock: Box<dyn Lock>,
    ) -> Result<Opened, RunError> {
        let Keep { backend, folder, run, .. } = keep;
        // Before anything is removed or written: what is wrong with the input is known then.
        let engine = build(from.as_ref().map(|from| &from.checkpoint as &dyn Saved), watch)?;
        clear(&**backend, keep)?;
        let here = RunFile::version(&identity);
        let file = RunFile::new(*run, identity, keep.settings.clone());
        file.with_origin(from.as_ref().map(Imported::origin)).write(&**backend, folder)?;
        let options = Options { grow_bytes: keep.journal_grows };
        let tick = engine.now().0;
        let mut journal = Journal::create(backend.clone(), folder, *run, tick, 0, options)?;
        let resumed_from = from.as_ref().map(|_| tick);
        journal.append(tick, &start(resumed_from, None))?;
        journal.commit()?;
        let (mut checkpoints, _) = Checkpoints::open(backend.clone(), folder, *run, keep.keep)?;
        if let Some(from) = &from {
            // First of all: the run shall not need the other one's folder any more.
            checkpoints.import(&from.checkpoint)?;
        }
        let process = process(0, tick, resumed_from, &engine);
        let mut keeper = Self::new(keep, lock, journal, checkpoints, Replay::default(), process)?;
        keeper.all = from.is_none_or(|from| versions::version_of(from.checkpoint.schema()) != here);
        keeper.kept.resumed_from = resumed_from;
        Ok(Opened { keeper, engine })
    }

    /// Goes on with the run in the folder.
    fn resume(
        keep: &Keep,
        run_file: &RunFile,
        here: u32,
        build: &mut Build<'_>,
        watch: &mut dyn Watch,
        lock: Box<dyn Lock>,
    ) -> Result<Opened, RunError> {
        let Keep { backend, folder, .. } = keep;
        let run = run_file.run();
        let there = RunFile::version(&run_file.identity);
        let (mut checkpoints, unreadable) = Checkpoints::open(backend.clone(), folder, run, keep.keep)?;
        for error in &unreadable {
            watch.warn(&format!("{error}; moved to quarantine"));
        }
        let (mut engine, mut all) = (None, true);
        while let Some(manifest) = checkpoints.manifests().last().cloned() {
            let revived = checkpoints.load(&manifest).map_err(RunError::Store);
            match revived.and_then(|checkpoint| build(Some(&checkpoint), watch)) {
                Ok(revived) => {
                    // What nothing happens to from here on is saved already.
                    all = !checkpoints.resume(manifest.generation) || versions::version_of(&manifest.schema) != here;
                    engine = Some(revived);
                    break;
                }
                Err(RunError::Store(error)) => {
                    watch.warn(&format!(
                        "checkpoint {} (tick {}) is not used: {error}; its manifest was moved to quarantine, and an \
                         older one is tried",
                        manifest.generation, manifest.tick
                    ));
                    checkpoints.give_up(manifest.generation)?;
                }
                Err(error) => return Err(error),
            }
        }
        let durable_tick = engine.as_ref().map(|engine: &Engine| engine.now().0);
        let engine = match (engine, &run_file.origin) {
            (Some(engine), _) => Some(engine),
            (None, None) => None,
            (None, Some(origin)) => {
                let source = Source { backend: backend.clone(), path: origin.path.clone().into() };
                let imported = source.reopen(origin, &run_file.identity)?;
                let engine = build(Some(&imported.checkpoint), watch)?;
                checkpoints.import(&imported.checkpoint)?;
                all = versions::version_of(imported.checkpoint.schema()) != here;
                Some(engine)
            }
        };
        let from = engine.as_ref().map_or(0, |engine| engine.now().0);
        let recovered = journal::read(&**backend, folder, run, Known { from, durable_tick })?;
        if let Some(tick) = recovered.last_tick.filter(|&tick| tick >= u32::MAX as u64) {
            let why = format!("it goes on to tick {tick}, and a run has {} at most", u32::MAX - 1);
            return Err(StoreError::damaged(&folder.join("wal"), 0, "the journal", why).into());
        }
        let own = versions::own_records(&recovered.records, there != here, from)?;
        let replay = replay(&recovered, from, own)?;
        let engine = match engine {
            Some(engine) => engine,
            None => build(None, watch)?,
        };
        // The journal goes on where it ends, not where the world is.
        let first_tick = recovered.last_tick.unwrap_or(0).max(engine.now().0);
        let options = Options { grow_bytes: keep.journal_grows };
        let mut journal = Journal::resume(backend.clone(), &recovered, first_tick, options)?;
        journal.append(first_tick, &start(Some(engine.now().0), (there != here).then_some(there)))?;
        journal.commit()?;
        let now = engine.now().0;
        let process = process(recovered.record_count(), first_tick, Some(now), &engine);
        let mut keeper = Self::new(keep, lock, journal, checkpoints, replay, process)?;
        keeper.all = all;
        (keeper.saved_at, keeper.recorded) = (now, now);
        keeper.kept.resumed_from = Some(now);
        keeper.kept.replayed_ticks = keeper.replay.end.saturating_sub(now);
        Ok(Opened { keeper, engine })
    }

    fn new(
        keep: &Keep,
        lock: Box<dyn Lock>,
        journal: Journal,
        checkpoints: Checkpoints,
        replay: Replay,
        process: Process,
    ) -> Result<Self, RunError> {
        let now = process.tick;
        let path = journal.path().to_owned();
        let journal = Committer::start(journal, GROUP).map_err(StoreError::io("start a thread for", &path))?;
        Ok(Self {
            keep: keep.clone(),
            _lock: lock,
            journal,
            writer: Some(Writer::start(checkpoints, Some(process))),
            replay,
            exchanges: 0,
            records: 0,
            recorded: now,
            saving: None,
            written: VecDeque::new(),
            taken_bytes: [0; 2],
            told_full: false,
            all: true,
            saved_at: now,
            since_saved: Elapsed::start(),
            kept: Kept::default(),
        })
    }

    /// At an exchange, before the next interval: saves the world if it is time to, and lets it hear what is said.
    pub(crate) fn before(&mut self, engine: &mut Engine, watch: &mut dyn Watch) -> Result<(), RunError> {
        let tick = engine.now().0;
        if self.replay.digests.get(&tick).is_some_and(|&digest| digest != engine.digest()) {
            return Err(RunError::Replay(format!(
                "the run is not what it was: at tick {tick} its digest is {}, and the journal says {}; was it run by \
                 another version, or with other files?",
                engine.digest(),
                self.replay.digests[&tick]
            )));
        }
        if self.is_due(tick) {
            self.save(engine, watch)?;
        }
        self.exchanges += 1;
        let said = if self.replay.knows(tick) {
            let now = |(at, _): &mut (u64, Vec<Input>)| *at == tick;
            let mut said = Vec::new();
            while let Some((_, inputs)) = self.replay.inputs.pop_front_if(now) {
                said.extend(inputs);
            }
            said
        } else {
            let mut voice = Voice { engine, said: Vec::new() };
            watch.speak(&mut voice);
            let said = voice.said;
            if !said.is_empty() {
                let record = Record::Inputs(said.iter().map(|input| input.0.clone()).collect());
                self.append(tick, record, watch)?;
            } else if self.exchanges.is_multiple_of(SEALED_EXCHANGES) {
                self.append(tick, Record::Sealed, watch)?;
            }
            said
        };
        for input in &said {
            engine.hear(input).map_err(RunError::Replay)?;
        }
        Ok(())
    }

    /// After an interval: hands over what is saved, and hears what became of what was handed over.
    pub(crate) fn after(&mut self, engine: &mut Engine, watch: &mut dyn Watch) -> Result<(), RunError> {
        if self.saving.is_some() && !engine.is_saving() {
            self.publish();
        }
        self.heed(engine.now().0, watch)
    }

    fn is_due(&self, tick: u64) -> bool {
        match self.keep.every {
            Every::End => false,
            Every::Ticks(ticks) => tick / ticks.max(1) > self.saved_at / ticks.max(1),
            Every::Wall(time) => tick > self.saved_at && self.since_saved.duration() >= time,
        }
    }

    /// Begins to save the world.
    fn save(&mut self, engine: &mut Engine, watch: &mut dyn Watch) -> Result<(), RunError> {
        let stall = Elapsed::start();
        if self.saving.is_some() {
            engine.finish_save()?;
            self.publish();
        }
        let tick = engine.now().0;
        (self.saved_at, self.since_saved) = (tick, Elapsed::start());
        if let Some((wanted, free)) = self.missing_room() {
            if !std::mem::replace(&mut self.told_full, true) {
                watch.warn(&format!(
                    "no checkpoint of tick {tick}: it may take {wanted} bytes, and the disk has {free}; the run goes \
                     on without until there is room"
                ));
            }
            return Ok(());
        }
        self.told_full = false;
        if !self.replay.knows(tick) {
            // What was said before is in the world that is saved, so it must be in the journal.
            if self.records >= self.keep.journal_rolls && self.recorded < tick {
                self.patiently(watch, |journal| journal.roll(tick))?;
                self.records = 0;
            }
            self.append(tick, Record::Sealed, watch)?;
            self.flush(watch)?;
        }
        let journaled = stall.seconds();
        let writer = self.writer.as_ref().expect("there until the end");
        let snapshot = engine.begin_save(&writer.begin(tick), self.all)?;
        self.all = false;
        self.saving = Some((snapshot, stall));
        let stalled = stall.seconds();
        self.kept.stall_seconds_max = self.kept.stall_seconds_max.max(stalled);
        tracing::debug!("tick {tick}: stood still for {stalled:.3} s, of these {journaled:.3} s for the journal");
        Ok(())
    }

    /// The bytes that a checkpoint may take, if fewer are free: with a quarter more than the last one took, and what
    /// the journal grows by next, which must not find the disk full.
    fn missing_room(&self) -> Option<(u64, u64)> {
        let taken = Some(self.taken_bytes[usize::from(self.all)]).filter(|taken| *taken > 0)?;
        let Keep { backend, folder, journal_grows, .. } = &self.keep;
        let wanted = taken.saturating_add(taken / 4).saturating_add(*journal_grows);
        // Some file systems do not know, and say 0.
        let free = backend.free_bytes(folder).ok().filter(|free| *free > 0)?;
        (free < wanted).then_some((wanted, free))
    }

    fn publish(&mut self) {
        if let Some((snapshot, begun)) = self.saving.take() {
            self.written.push_back((begun, snapshot.kept.is_empty()));
            self.writer.as_ref().expect("there until the end").publish(snapshot.kept, snapshot.schema);
        }
    }

    /// Hears how checkpoints ended.
    fn heed(&mut self, now: u64, watch: &mut dyn Watch) -> Result<(), RunError> {
        let outcomes = self.writer.as_ref().map(Writer::outcomes).unwrap_or_default();
        if let Some(fault) = self.writer.as_ref().and_then(Writer::fault) {
            watch.warn(&fault);
        }
        outcomes.into_iter().try_for_each(|outcome| self.heed_one(outcome, now, watch))
    }

    fn heed_one(&mut self, outcome: Outcome, now: u64, watch: &mut dyn Watch) -> Result<(), RunError> {
        let begun = self.written.pop_front();
        if let Some(error) = outcome.leftover {
            watch.warn(&format!("{error}; it is tried again with the next checkpoint"));
        }
        match outcome.result {
            Ok(Published { generation, digest, oldest_tick, bytes }) => {
                self.kept.checkpoints += 1;
                self.kept.checkpoint_bytes += bytes;
                if let Some((begun, has_all)) = begun {
                    self.kept.checkpoint_seconds_max = self.kept.checkpoint_seconds_max.max(begun.seconds());
                    self.taken_bytes[usize::from(has_all)] = bytes;
                }
                if !self.replay.knows(now) {
                    self.append(now, Record::Checkpoint { generation, tick: outcome.tick, digest }, watch)?;
                }
                self.patiently(watch, |journal| journal.forget_before(oldest_tick))
            }
            Err(error) if error.is_disk_full() => {
                watch.warn(&format!("no checkpoint of tick {}: {error}; the run goes on", outcome.tick));
                self.all = true;
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Appends to the journal; waits while the disk is full.
    fn append(&mut self, tick: u64, record: Record, watch: &mut dyn Watch) -> Result<(), RunError> {
        self.records += 1;
        self.recorded = tick;
        self.patiently(watch, |journal| journal.append(tick, record.clone()))
    }

    fn flush(&mut self, watch: &mut dyn Watch) -> Result<(), RunError> {
        self.patiently(watch, |journal| journal.flush().map(|_| ()))
    }

    /// Has the journal do something; while the disk is full, waits until there is room, or nobody wants to wait.
    fn patiently(
        &mut self,
        watch: &mut dyn Watch,
        act: impl Fn(&Committer) -> Result<(), StoreError>,
    ) -> Result<(), RunError> {
        let [mut wait, longest] = DISK_FULL_WAIT_SECONDS;
        let mut is_waiting = false;
        loop {
            match act(&self.journal) {
                Err(error) if error.is_disk_full() => {
                    if watch.is_stopped() {
                        return Err(error.into());
                    }
                    if !std::mem::replace(&mut is_waiting, true) {
                        watch.alarm(&format!("{error}; the run waits until there is room"));
                    }
                    Elapsed::start().sleep_until(wait);
                    wait = longest.min(2.0 * wait);
                    // It takes nothing more before what it has is written. Whether it is, the next attempt tells.
                    let _ = self.journal.flush();
                }
                done => {
                    if is_waiting && done.is_ok() {
                        watch.alarm("there is room again: the run goes on");
                    }
                    return Ok(done?);
                }
            }
        }
    }

    /// Ends the keeping: saves the world as it is, and waits until all is on disk.
    pub(crate) fn finish(
        mut self,
        engine: &mut Engine,
        has_ended: bool,
        watch: &mut dyn Watch,
    ) -> Result<Kept, RunError> {
        let now = engine.now().0;
        // Who saves by wall time wants to lose no time: a run that has ended has none to lose.
        let wanted = !has_ended || !matches!(self.keep.every, Every::Wall(_));
        if wanted && (self.saved_at < now || self.kept.resumed_from.is_none() && self.kept.checkpoints == 0) {
            self.save(engine, watch)?;
        }
        engine.finish_save()?;
        self.publish();
        let writer = self.writer.take().expect("there until the end");
        let Finished { outcomes, book, fault, .. } = writer.finish();
        for outcome in outcomes {
            self.heed_one(outcome, now, watch)?;
        }
        if !self.replay.knows(now) {
            let record = if has_ended { Record::End(engine.digest()) } else { Record::Sealed };
            self.append(now, record, watch)?;
        }
        self.flush(watch)?;
        let written = self.journal.written();
        (self.kept.journal_bytes, self.kept.journal_commits) = (written.bytes, written.commits);
        self.journal.finish()?;
        let late = book.and_then(|mut book| {
            book.end();
            book.take_fault()
        });
        fault.into_iter().chain(late).for_each(|fault| watch.warn(&fault));
        Ok(self.kept)
    }
}

fn start(resumed_from: Option<u64>, migrated_from: Option<u32>) -> Record {
    let engine = env!("CARGO_PKG_VERSION");
    let engine = migrated_from.map_or_else(|| engine.to_owned(), |version| format!("{engine}{MIGRATED}{version}"));
    Record::Start { engine, resumed_from }
}

/// What the process says of itself that begins to write after so many records of the journal.
fn process(sequence: u64, tick: u64, resumed_from: Option<u64>, engine: &Engine) -> Process {
    let since = Elapsed::start();
    let clock = Arc::new(move || since.nanos() / 1_000);
    Process { sequence, tick, resumed_from, workers: engine.worker_count() as u64, clock }
}

/// What the journal holds from a tick on. Records before `own` are those of an older version of the scenario, whose
/// digests are of another world.
fn replay(recovered: &Recovered, from: u64, own: usize) -> Result<Replay, RunError> {
    let mut replay = Replay { end: recovered.last_tick.unwrap_or(0), ..Replay::default() };
    for (index, (tick, record)) in recovered.records.iter().enumerate() {
        match record {
            Record::Start { engine, .. } if engine.split(MIGRATED).next() != Some(env!("CARGO_PKG_VERSION")) => {
                return Err(RunError::Input(format!(
                    "the run was written by version {engine}, which another one cannot continue; this is version {}",
                    env!("CARGO_PKG_VERSION")
                )));
            }
            Record::Inputs(inputs) => {
                if *tick >= from {
                    replay.inputs.push_back((*tick, inputs.iter().cloned().map(Input).collect()));
                }
            }
            Record::Digest(_) | Record::End(_) | Record::Checkpoint { .. } if index < own => {}
            Record::Digest(digest) | Record::End(digest) => {
                replay.digests.insert(*tick, *digest);
            }
            Record::Checkpoint { tick, digest, .. } => {
                replay.digests.insert(*tick, *digest);
            }
            Record::Start { .. } | Record::Sealed => {}
        }
    }
    Ok(replay)
}

fn lock(backend: &dyn Backend, keep: &Keep) -> Result<Box<dyn Lock>, StoreError> {
    let path = keep.folder.join("LOCK");
    let holder = format!("process {}", std::process::id());
    backend
        .lock(&path, &holder)
        .map_err(StoreError::io("lock", &path))?
        .map_err(|holder| StoreError::Locked { path, holder })
}

/// Refuses a folder of a run that is a link: what is in it is written, moved and removed, wherever it leads.
fn no_links(backend: &dyn Backend, folder: &Path) -> Result<(), StoreError> {
    let names = backend.list(folder).map_err(StoreError::io("list", folder))?;
    let link = names.iter().find(|name| ["ckpt", "wal", "quarantine"].contains(&name.as_str()));
    link.map_or(Ok(()), |name| {
        let why = "is no folder; if it is a link to one, the run would be kept wherever that is".to_owned();
        Err(StoreError::Foreign { path: folder.join(name), why })
    })
}

/// The folders of a run, and what their files are called.
const PARTS: [(&str, &[&str]); 2] = [("wal", &["wal-", "mark-"]), ("ckpt", &["MANIFEST-", "seg-"])];

/// Files of a run, beside `RUN`.
fn files(backend: &dyn Backend, keep: &Keep) -> Result<Vec<std::path::PathBuf>, StoreError> {
    let mut files = Vec::new();
    for (part, prefixes) in PARTS {
        let folder = keep.folder.join(part);
        match backend.list(&folder) {
            Ok(names) => {
                let own = names.iter().filter(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)));
                files.extend(own.map(|name| folder.join(name)));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(StoreError::io("list", &folder)(error)),
        }
    }
    Ok(files)
}

fn holds_files(backend: &dyn Backend, keep: &Keep) -> Result<bool, StoreError> {
    Ok(!files(backend, keep)?.is_empty())
}

/// Removes a run from its folder; `RUN` last, so that what is left after a crash is known for what it is.
fn clear(backend: &dyn Backend, keep: &Keep) -> Result<(), StoreError> {
    for path in files(backend, keep)? {
        backend.remove(&path).map_err(StoreError::io("remove", &path))?;
    }
    for (part, _) in PARTS {
        let folder = keep.folder.join(part);
        match backend.sync_folder(&folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::io("make durable", &folder)(error));
            }
            _ => {}
        }
    }
    // What is derived from it is made anew in any case; that it cannot be removed does not matter.
    let _ = backend.remove(&catalog::path(&keep.folder));
    let path = RunFile::path(&keep.folder);
    match backend.remove(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::io("remove", &path)(error)),
        _ => backend.sync_folder(&keep.folder).map_err(StoreError::io("make durable", &keep.folder)),
    }
}

/// Whether the run in the folder has come to its end.
fn ended(backend: &dyn Backend, keep: &Keep, run_file: &RunFile) -> Result<bool, StoreError> {
    let newest =
        crate::store::find(backend, &keep.folder, run_file.run())?.manifests.last().map_or(0, |last| last.tick);
    let known = Known { from: newest, durable_tick: None };
    let recovered = journal::read(backend, &keep.folder, run_file.run(), known)?;
    Ok(matches!(recovered.records.last(), Some((_, Record::End(_)))))
}
