//! Worlds that are brought back: a saved one, edited as somebody might who knows all checksums.

use std::path::Path;
use std::sync::OnceLock;

use myriad::base::Digest;
use myriad::prelude::*;
use myriad::store::{AlignedVec, Piece, PieceId, PieceInfo, PieceView, Saved, StoreError, Table};

use crate::bytes::Bytes;
use crate::model::{INTERVAL, Walk, WalkParams};

/// A world as it was saved, and as it is edited.
#[derive(Clone)]
struct World {
    tick: u64,
    digest: Digest,
    schema: String,
    infos: Vec<PieceInfo>,
    pieces: Vec<Piece>,
}

impl Saved for World {
    fn tick(&self) -> u64 {
        self.tick
    }
    fn digest(&self) -> Digest {
        self.digest
    }
    fn schema(&self) -> &str {
        &self.schema
    }
    fn pieces(&self) -> &[PieceInfo] {
        &self.infos
    }
    fn bytes(&self, index: usize) -> u64 {
        self.read(index).map_or(0, |archive| archive.len() as u64)
    }
    fn read(&self, index: usize) -> Result<AlignedVec, StoreError> {
        let mut archive = AlignedVec::new();
        self.pieces[index].archive(&mut archive);
        Ok(archive)
    }
    fn senseless(&self, _: usize, why: String) -> StoreError {
        StoreError::damaged(Path::new("world"), 0, "a piece", why)
    }
}

fn walk() -> Experiment<Walk> {
    Simulation::of::<Walk>(WalkParams::defaults()).workers(1).shards(2)
}

/// A world in the middle of things: letters and walkers on their way.
fn saved() -> &'static World {
    static SAVED: OnceLock<World> = OnceLock::new();
    SAVED.get_or_init(|| {
        let mut engine = walk().build().expect("it can be built");
        while engine.now() < Tick(23) {
            engine.advance(Tick(23)).expect("it runs");
        }
        let memory = engine.save().expect("it can be saved");
        let owned = |index: usize| {
            let archive = memory.read(index).expect("memory");
            let view = PieceView::of(&archive).expect("just saved");
            let table = |table: &myriad::store::TableView<'_>| Table {
                rows: table.rows as u32,
                spare: table.spare as u32,
                columns: table.columns.iter().map(|column| column.to_vec()).collect(),
            };
            Piece { text: view.text.to_vec(), tables: view.tables.iter().map(table).collect() }
        };
        let pieces = (0..memory.pieces().len()).map(owned).collect();
        let (tick, digest, schema) = (memory.tick(), memory.digest(), memory.schema().to_owned());
        World { tick, digest, schema, infos: memory.pieces().to_vec(), pieces }
    })
}

/// Changes a world by what an input says.
fn edit(world: &mut World, input: &mut Bytes<'_>) {
    let (act, which) = (input.u8(), input.u8() as usize % world.pieces.len());
    let piece = &mut world.pieces[which];
    let place = input.u8() as usize;
    let Some(table) = place.checked_rem(piece.tables.len()) else {
        // What belongs to nobody: a text.
        let (at, bytes) = (input.u16() as usize, input.chunk());
        let at = at.min(piece.text.len());
        let end = if act % 2 == 0 { at } else { (at + bytes.len()).min(piece.text.len()) };
        piece.text.splice(at..end, bytes.iter().copied());
        return;
    };
    let table = &mut piece.tables[table];
    let rows = table.rows.max(1) as usize;
    let nth = input.u8() as usize % rows;
    match act % 6 {
        // A number in a row.
        0 | 1 => {
            let value = input.array::<8>();
            let column = input.u8() as usize % table.columns.len().max(1);
            let Some(column) = table.columns.get_mut(column) else { return };
            let width = column.len() / rows;
            let at = nth * width + (input.u8() as usize * 4).checked_rem(width).unwrap_or(0);
            let len = if act % 6 == 0 { 4 } else { 1 };
            let end = (at + len).min(column.len());
            column[at..end].copy_from_slice(&value[..end - at]);
        }
        // A row less, or twice.
        2 | 3 if table.rows > 0 => {
            for column in &mut table.columns {
                let width = column.len() / rows;
                let row = nth * width..(nth + 1) * width;
                if act % 6 == 2 {
                    column.drain(row);
                } else {
                    column.extend_from_within(row);
                }
            }
            table.rows = if act % 6 == 2 { table.rows - 1 } else { table.rows + 1 };
        }
        4 => (table.rows, table.spare) = (table.rows ^ input.u8() as u32, input.u16() as u32 * input.u16() as u32),
        _ => world.tick = input.u64() & 0xffff_ffff,
    }
}

/// Whatever a saved world holds: it is refused, or it lives.
pub fn read(input: &[u8]) {
    let mut input = Bytes(input);
    let mut world = saved().clone();
    let is_counted = input.u8() % 8 > 0;
    for _ in 0..24 {
        if input.is_empty() {
            break;
        }
        edit(&mut world, &mut input);
    }
    if is_counted {
        for (info, piece) in world.infos.iter_mut().zip(&world.pieces) {
            info.rows = piece.tables.iter().map(|table| table.rows as u64).sum();
        }
    }
    let mut engine = match walk().revive(&world) {
        Ok(engine) => engine,
        // Who knows all else knows the digest, too.
        Err(error) => {
            let text = error.to_string();
            let Some((_, rest)) = text.split_once("its digest is ") else { return };
            world.digest = Digest(u64::from_str_radix(&rest[..16], 16).expect("16 digits"));
            walk().revive(&world).expect("only the digest was wrong")
        }
    };
    let end = Tick((engine.now().0 + 6 * INTERVAL as u64).min(u32::MAX as u64 - 1));
    while engine.now() < end {
        engine.advance(end).expect("what was let in can live");
    }
    let again = engine.save().expect("it can be saved");
    walk().revive(&again).expect("it can be brought back again");
    assert!(world.infos.iter().any(|info| info.id == PieceId::World));
}

pub fn seeds() -> Vec<Vec<u8>> {
    let pieces = saved().pieces.len() as u8;
    let mut seeds = vec![vec![1]];
    for act in 0..6 {
        for which in 0..pieces {
            seeds.push(vec![1, act, which, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        }
    }
    seeds.truncate(24);
    seeds
}
