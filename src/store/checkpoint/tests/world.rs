//! A small world that is saved, and files that are looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::{AgentId, Digest, Draws, RowHash, Seed, Stream, Tick};
use crate::store::checkpoint::finding;
use crate::store::{
    AlignedVec, Backend, Checkpoints, Manifest, Mem, Piece, PieceId, PieceInfo, Saved, StoreError, Table,
};

pub const RUN: u128 = 0x1357_9bdf_0246_8ace_1122_3344_5566_7788;
pub const SCHEMA: &str = "agents: place 4, mind 8\n";
const ZONES: u32 = 12;
const STEPS: Stream = Stream::named("store/checkpoint/steps");
const CONTENTS: Stream = Stream::named("store/checkpoint/contents");

pub fn run_folder() -> &'static Path {
    Path::new("run")
}

pub fn folder() -> PathBuf {
    finding::checkpoints(run_folder())
}

/// What can be read of a world.
pub type Contents = BTreeMap<PieceId, (PieceInfo, Vec<u8>)>;

/// Zones of which some change from one tick to the next, as a function of the seed.
#[derive(Clone)]
pub struct World {
    seed: u64,
    pub tick: u64,
    /// The tick at which each piece became what it is.
    versions: BTreeMap<PieceId, u64>,
    /// Pieces that are not as they were saved last.
    touched: BTreeSet<PieceId>,
}

impl World {
    pub fn new(seed: u64) -> Self {
        let zones = (0..ZONES).map(|zone| PieceId::Zone { zone, part: 0 });
        let ids: BTreeSet<PieceId> = [PieceId::World].into_iter().chain(zones).collect();
        Self { seed, tick: 0, versions: ids.iter().map(|id| (*id, 0)).collect(), touched: ids }
    }

    /// The same at another pace: nothing happens but to these.
    pub fn step_only(&mut self, ids: &[PieceId]) {
        self.tick += 1;
        ids.iter().for_each(|id| self.touch(*id));
    }

    /// Lets time pass. Some zones change, some gain a part or lose one, letters come and go; two zones sleep for long.
    pub fn step(&mut self) {
        self.tick += 1;
        self.touch(PieceId::World);
        for zone in 0..ZONES {
            let mut draws = Seed(self.seed).draws(STEPS, AgentId(zone), Tick(self.tick));
            let parts = self.versions.keys().filter(|id| matches!(id, PieceId::Zone { zone: of, .. } if *of == zone));
            let parts = parts.count() as u32;
            match draws.below(if zone < 2 { 80 } else { 20 }) {
                0 => self.touch(PieceId::Zone { zone, part: parts }),
                1 if parts > 1 => {
                    let id = PieceId::Zone { zone, part: parts - 1 };
                    self.versions.remove(&id);
                    self.touched.remove(&id);
                }
                2..6 => self.touch(PieceId::Zone { zone, part: draws.below(parts) }),
                _ => {}
            }
        }
        let mut draws = Seed(self.seed).draws(STEPS, AgentId(ZONES), Tick(self.tick));
        self.versions.retain(|id, _| !matches!(id, PieceId::Mail(_)));
        self.touched.retain(|id| !matches!(id, PieceId::Mail(_)));
        (0..draws.below(3)).for_each(|shard| self.touch(PieceId::Mail(shard)));
    }

    fn touch(&mut self, id: PieceId) {
        self.versions.insert(id, self.tick);
        self.touched.insert(id);
    }

    fn piece(&self, id: PieceId) -> (PieceInfo, Piece) {
        let number = match id {
            PieceId::World => 0,
            PieceId::Mail(shard) => 1 + shard,
            PieceId::Zone { zone, part } => 1000 + 100 * zone + part,
        };
        let mut draws: Draws = Seed(self.seed).draws(CONTENTS, AgentId(number), Tick(self.versions[&id]));
        // One page, or up to three.
        let rows = if draws.below(8) == 0 { 1 + draws.below(900) } else { 1 + draws.below(60) };
        let mut column =
            |bytes: u32| -> Vec<u8> { (0..rows * bytes / 4).flat_map(|_| draws.u32().to_le_bytes()).collect() };
        let columns = vec![column(4), column(8)];
        let digest = columns.iter().fold(RowHash::new(u64::from(number)), |hash, column| hash.bytes(column));
        let table = Table { rows, spare: number % 5, columns };
        let info = PieceInfo { id, rows: u64::from(rows), digest: [digest.finish()].into_iter().collect() };
        (info, Piece { text: format!("{id}").into_bytes(), tables: vec![table] })
    }

    /// What is to be read of it once it was saved.
    pub fn contents(&self) -> Contents {
        let content = |id: &PieceId| {
            let (info, piece) = self.piece(*id);
            let mut archive = AlignedVec::<16>::new();
            piece.archive(&mut archive);
            (*id, (info, archive.to_vec()))
        };
        self.versions.keys().map(content).collect()
    }

    /// The pieces that are written and those that are kept. As in a real world, marks of what has changed are gone from
    /// then on, whatever comes of the checkpoint.
    pub fn take(&mut self, all: bool) -> (Vec<(PieceInfo, Piece)>, Vec<PieceId>) {
        let touched = std::mem::take(&mut self.touched);
        let (written, kept): (Vec<_>, Vec<_>) =
            self.versions.keys().copied().partition(|id| all || touched.contains(id));
        (written.into_iter().map(|id| self.piece(id)).collect(), kept)
    }

    /// Saves what has changed, or all of it.
    pub fn save(&mut self, checkpoints: &mut Checkpoints, all: bool) -> Result<u64, StoreError> {
        let (written, kept) = self.take(all);
        let writing = checkpoints.begin(self.tick)?;
        written.iter().for_each(|(info, piece)| writing.write(*info, piece));
        Ok(checkpoints.publish(writing, &kept, SCHEMA)?.generation)
    }
}

pub fn open(
    backend: &(impl Backend + Clone + 'static),
    keep: usize,
) -> Result<(Checkpoints, Vec<StoreError>), StoreError> {
    Checkpoints::open(Arc::new(backend.clone()), run_folder(), RUN, keep)
}

/// Reads all pieces of a checkpoint.
pub fn read(checkpoints: &Checkpoints, manifest: &Manifest) -> Result<Contents, StoreError> {
    let checkpoint = checkpoints.load(manifest)?;
    let mut digest = Digest::EMPTY;
    let mut contents = Contents::new();
    for (index, info) in checkpoint.pieces().iter().enumerate() {
        contents.insert(info.id, (*info, checkpoint.read(index)?.to_vec()));
        digest.merge(info.digest);
    }
    assert_eq!((checkpoint.tick(), checkpoint.digest(), checkpoint.schema()), (manifest.tick, digest, SCHEMA));
    Ok(contents)
}

/// What is wrong with a checkpoint that is to hold this.
pub fn compare(checkpoints: &Checkpoints, manifest: &Manifest, expected: Option<&Contents>) -> Result<(), String> {
    let found = read(checkpoints, manifest).map_err(|error| format!("{}: {error}", manifest.generation))?;
    if Some(&found) == expected { Ok(()) } else { Err(format!("{} holds another world", manifest.generation)) }
}

/// Whether the folder of checkpoints holds what these need, and what else it holds.
pub fn strays(backend: &dyn Backend, checkpoints: &Checkpoints) -> Vec<String> {
    let name = |path: PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut needed = BTreeSet::new();
    for manifest in checkpoints.manifests() {
        needed.insert(name(finding::manifest_path(&folder(), manifest.generation)));
        needed.extend(manifest.files().map(|file| name(finding::segment_path(&folder(), file))));
    }
    let there: BTreeSet<String> = backend.list(&folder()).unwrap().into_iter().collect();
    there.symmetric_difference(&needed).cloned().collect()
}

/// All files of the run, by path.
pub type Files = BTreeMap<PathBuf, Vec<u8>>;

pub fn files(backend: &dyn Backend) -> Files {
    let mut files = Files::new();
    for folder in [folder(), run_folder().join("quarantine")] {
        for name in backend.list(&folder).unwrap_or_default() {
            let path = folder.join(name);
            files.insert(path.clone(), backend.read(&path).unwrap());
        }
    }
    files
}

/// A file system of these files.
pub fn of_files(files: &Files) -> Mem {
    let mem = Mem::default();
    for (path, bytes) in files {
        mem.create_folder(path.parent().unwrap()).unwrap();
        mem.create(path).unwrap().write_at(0, bytes).unwrap();
    }
    mem
}
