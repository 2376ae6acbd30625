//! A run that has nothing but a journal, checkpoints and a catalog.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::Digest;
use crate::store::catalog::{Book, Contents, Process, look};
use crate::store::journal::{self, Journal, Known, Options, Record};
use crate::store::{Backend, Checkpoints, Piece, PieceId, PieceInfo, StoreError, Table};

pub const RUN: u128 = 0xca7a_1096;
/// Checkpoints that a process makes.
pub const STEPS: u64 = 4;
const KEEP: usize = 2;
const SCHEMA: &str = "snapshot 1\nagents: Word 4\n";

pub fn folder() -> PathBuf {
    PathBuf::from("run")
}

pub fn path() -> PathBuf {
    super::super::path(&folder())
}

/// The pieces of the world at a tick: in each, some zones have changed, and every third tick one is divided.
fn pieces(tick: u64, zones: u32, all: bool) -> (Vec<(PieceInfo, Piece)>, Vec<PieceId>) {
    let parts = |zone: u32, tick: u64| 1 + u32::from(zone.is_multiple_of(10) && tick.is_multiple_of(3));
    let (mut written, mut kept) = (Vec::new(), Vec::new());
    for zone in 0..zones {
        let divided = parts(zone, tick);
        let is_touched = all || u64::from(zone) % 11 == tick % 11 || zone.is_multiple_of(10);
        for part in 0..divided {
            let id = PieceId::Zone { zone, part };
            match is_touched {
                true => written.push(id),
                false => kept.push(id),
            }
        }
    }
    let piece = |id: PieceId| {
        let table = Table { rows: 1, spare: 0, columns: vec![tick.to_le_bytes().to_vec()] };
        let info = PieceInfo { id, rows: 1, digest: Digest(tick * 0x9e37_79b9) };
        (info, Piece { text: Vec::new(), tables: vec![table] })
    };
    let world = (PieceInfo { id: PieceId::World, rows: 0, digest: Digest::EMPTY }, Piece::default());
    (std::iter::once(world).chain(written.into_iter().map(piece)).collect(), kept)
}

/// How a process ends.
#[derive(Clone, Copy, PartialEq)]
pub enum How {
    Ends,
    IsStopped,
    Crashes,
}

/// What is told of the catalog.
pub type Told = Vec<String>;

/// A process: goes on with the run in the folder, or begins it, makes some checkpoints, and ends.
pub fn process(backend: Arc<dyn Backend>, zones: u32, how: How) -> Result<Told, StoreError> {
    let options = Options { grow_bytes: 4_096 };
    backend.create_folder(&folder()).map_err(StoreError::io("make", &folder()))?;
    let (mut checkpoints, _) = Checkpoints::open(backend.clone(), &folder(), RUN, KEEP)?;
    let newest = checkpoints.manifests().last().map(|last| (last.generation, last.tick));
    let known = Known { from: newest.map_or(0, |(_, tick)| tick), durable_tick: newest.map(|(_, tick)| tick) };
    let recovered = journal::read(&*backend, &folder(), RUN, known)?;
    let mut tick = known.from.max(recovered.last_tick.unwrap_or(0));
    let resumed_from = newest.map(|(_, tick)| tick);
    let mut journal = Journal::resume(backend.clone(), &recovered, tick, options)?;
    journal.append(tick, &Record::Start { engine: env!("CARGO_PKG_VERSION").to_owned(), resumed_from })?;
    journal.commit()?;
    let sequence = recovered.record_count();
    let process = Process { sequence, tick, resumed_from, workers: 2, clock: Arc::new(|| 0) };
    let mut book = Book::open(backend.clone(), &folder(), RUN, process);
    let mut told: Told = book.take_fault().into_iter().collect();
    for nth in 0..STEPS {
        tick += 1;
        journal.append(tick, &Record::Sealed)?;
        journal.commit()?;
        let (written, kept) = pieces(tick, zones, nth == 0);
        let writing = checkpoints.begin(tick)?;
        written.iter().for_each(|(info, piece)| writing.write(*info, piece));
        let manifest = checkpoints.publish(writing, &kept, SCHEMA)?;
        let record = Record::Checkpoint { generation: manifest.generation, tick, digest: manifest.digest };
        book.published(checkpoints.manifests(), 0);
        told.extend(book.take_fault());
        journal.append(tick, &record)?;
        journal.commit()?;
    }
    match how {
        How::Crashes => return Ok(told),
        How::Ends => journal.append(tick, &Record::End(Digest(1)))?,
        How::IsStopped => journal.append(tick, &Record::Sealed)?,
    }
    journal.commit()?;
    book.end();
    told.extend(book.take_fault());
    Ok(told)
}

/// What the catalog has to say: what follows from a folder in which there is none.
pub fn truth(backend: &dyn Backend) -> Contents {
    let truth = super::super::truth::Truth::read(backend, &folder(), RUN, None).unwrap();
    Contents::of(&truth).derived()
}

/// What the catalog's file says, if it can be read.
pub fn said(backend: &dyn Backend) -> Option<Contents> {
    super::super::view::read(backend, &folder(), RUN).ok().flatten()
}

/// What a reader sees, which is the truth whatever has become of the file.
pub fn seen(backend: &dyn Backend) -> Contents {
    look(backend, &folder(), RUN).unwrap().0.derived()
}

/// The name of a file.
pub fn name(path: &Path) -> &str {
    path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
}
