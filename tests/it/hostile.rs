//! What is brought back may have been made to do harm by one who knows every checksum: it is refused by name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use myriad::prelude::*;
use myriad::scenarios::City;
use myriad::store::{
    AlignedVec, Backend, Entry, Manifest, Mem, Piece, PieceId, PieceInfo, PieceView, Saved, StoreError, Table,
};
use xxhash_rust::xxh3::xxh3_128;

use crate::command::{done, say};
use crate::law::{Law, NoParams};
use crate::scratch::Scratch;

/// A piece that can be changed.
fn owned(archive: &[u8]) -> Piece {
    let mut aligned = AlignedVec::<16>::new();
    aligned.extend_from_slice(archive);
    let view = PieceView::of(&aligned).unwrap();
    let columns = |columns: &[&[u8]]| columns.iter().map(|column| column.to_vec()).collect();
    let table = |table: &myriad::store::TableView<'_>| Table {
        rows: table.rows as u32,
        spare: table.spare as u32,
        columns: columns(&table.columns),
    };
    Piece { text: view.text.to_vec(), tables: view.tables.iter().map(table).collect() }
}

fn archive(piece: &Piece) -> AlignedVec {
    let mut archive = AlignedVec::<16>::new();
    piece.archive(&mut archive);
    archive
}

/// A world in memory that can be changed.
struct World {
    tick: u64,
    digest: Digest,
    schema: String,
    infos: Vec<PieceInfo>,
    pieces: Vec<Piece>,
    /// What is claimed of the length of one.
    bytes: Option<(usize, u64)>,
}

impl World {
    fn of(saved: &dyn Saved) -> Self {
        let infos = saved.pieces().to_vec();
        let pieces = (0..infos.len()).map(|index| owned(&saved.read(index).unwrap())).collect();
        let (tick, digest, schema) = (saved.tick(), saved.digest(), saved.schema().to_owned());
        Self { tick, digest, schema, infos, pieces, bytes: None }
    }
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
        match self.bytes {
            Some((of, bytes)) if of == index => bytes,
            _ => archive(&self.pieces[index]).len() as u64,
        }
    }
    fn read(&self, index: usize) -> Result<AlignedVec, StoreError> {
        Ok(archive(&self.pieces[index]))
    }
    fn senseless(&self, index: usize, why: String) -> StoreError {
        let what = self.infos.get(index).map_or("the world".to_owned(), |info| info.id.to_string());
        StoreError::damaged(Path::new("world"), 0, what, why)
    }
}

fn law() -> Experiment<Law> {
    Simulation::of::<Law>(NoParams::defaults()).agents(60).workers(1).shards(3)
}

fn zone_with_agents(world: &World, count: u64) -> usize {
    let has = |info: &PieceInfo| matches!(info.id, PieceId::Zone { .. }) && info.rows > count;
    world.infos.iter().position(has).unwrap()
}

#[test]
fn a_world_that_lies_is_refused_by_name() {
    let mut engine = law().build().unwrap();
    while engine.now() < Tick(50) {
        engine.advance(Tick(50)).unwrap();
    }
    let saved = engine.save().unwrap();
    let refused = |what: &str, change: &dyn Fn(&mut World)| {
        let mut world = World::of(&saved);
        change(&mut world);
        match law().revive(&world).map(|_| ()) {
            Err(RunError::Store(error)) => {
                assert!(error.to_string().contains(what), "`{what}` is missing from: {error}");
            }
            other => panic!("{what}: {other:?}"),
        }
    };
    law().revive(&World::of(&saved)).unwrap();
    let first = |piece: &mut Piece, table: usize, column: usize, at: usize, value: u32| {
        piece.tables[table].columns[column][at..at + 4].copy_from_slice(&value.to_le_bytes());
    };
    let zone = zone_with_agents(&World::of(&saved), 1);
    let mail = saved.pieces().iter().position(|info| matches!(info.id, PieceId::Mail(_)) && info.rows > 0).unwrap();
    let counts = saved.pieces().iter().position(|info| info.id == PieceId::World).unwrap();

    refused("there is no such agent 60", &|world| first(&mut world.pieces[zone], 0, 0, 0, 60));
    refused("there is no such agent 4294967295", &|world| first(&mut world.pieces[zone], 0, 0, 0, u32::MAX));
    // An agent twice, and another nowhere.
    refused("is in no zone", &|world| {
        let id: [u8; 4] = world.pieces[zone].tables[0].columns[0][12..16].try_into().unwrap();
        first(&mut world.pieces[zone], 0, 0, 0, u32::from_le_bytes(id));
    });
    refused("is woken at tick", &|world| first(&mut world.pieces[zone], 0, 0, 4, 3));
    refused("arrives at tick", &|world| first(&mut world.pieces[zone], 0, 0, 8, 5_000));
    refused("bytes where", &|world| {
        world.pieces[zone].tables[0].rows -= 1;
        world.pieces[zone].tables[1].rows += 1;
    });
    refused("rows where", &|world| {
        let other = world.infos.iter().rposition(|info| info.rows > 0).unwrap();
        world.infos[zone].rows += 1;
        world.infos[other].rows -= 1;
    });
    refused("agents where", &|world| world.infos[zone].rows = u64::MAX / 2);
    refused("bytes for", &|world| world.bytes = Some((zone, 1 << 40)));
    refused("bytes for", &|world| world.bytes = Some((counts, 1 << 40)));
    refused("tables where", &|world| world.pieces[zone].tables.push(Table::default()));
    refused("where there are 13", &|world| world.infos[zone].id = PieceId::Zone { zone: 99, part: 0 });
    refused("which never comes", &|world| world.tick = u32::MAX as u64);
    refused("its digest is", &|world| world.digest.add(1));
    let letters = |world: &mut World, at: usize, value: u32| {
        let table = world.pieces[mail].tables.iter().position(|table| table.rows > 0).unwrap();
        first(&mut world.pieces[mail], table, 0, at, value);
    };
    refused("a letter to agent 0 that is applied at tick 9000", &|world| {
        letters(world, 4, 0);
        letters(world, 0, 9_000);
    });
    refused("to agent 7000", &|world| letters(world, 4, 7_000));
    refused("a letter from agent 8000", &|world| letters(world, 8, 8_000));
    let text = |world: &mut World, from: &str, to: &str| {
        let text = String::from_utf8(world.pieces[counts].text.clone()).unwrap();
        assert!(text.contains(from), "{text}");
        world.pieces[counts].text = text.replacen(from, to, 1).into_bytes();
    };
    refused("cannot be", &|world| text(world, "\"exchanges\":", "\"exchanges\":900000000000000000"));
    refused("cannot be", &|world| text(world, "\"ticks\":[", "\"ticks\":[9"));
    refused("cannot be", &|world| text(world, "\"kinds\":[[", "\"kinds\":[[9"));
    refused("some were born or died where nobody is", &|world| text(world, "\"lives\":[[", "\"lives\":[[9"));
    refused("its counts are of another model", &|world| text(world, "\"kinds\":[", "\"kinds\":[[0,0,0],"));
    refused("line 1", &|world| text(world, "{", "["));
}

/// The manifests of a run, oldest first.
fn manifests(folder: &str) -> Vec<PathBuf> {
    let names = std::fs::read_dir(format!("{folder}/ckpt")).unwrap().map(|entry| entry.unwrap().path());
    let mut manifests: Vec<PathBuf> = names.filter(|path| path.to_str().unwrap().contains("MANIFEST-")).collect();
    manifests.sort();
    manifests
}

/// Copies a run.
fn copy(from: &str, to: &str) {
    for part in ["", "/ckpt", "/wal"] {
        std::fs::create_dir_all(format!("{to}{part}")).unwrap();
        for entry in std::fs::read_dir(format!("{from}{part}")).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() {
                std::fs::copy(entry.path(), format!("{to}{part}/{}", entry.file_name().to_str().unwrap())).unwrap();
            }
        }
    }
}

/// Changes a zone in every checkpoint of a run, and all checksums with it.
fn forge(folder: &str, change: impl Fn(&mut Piece)) {
    manifests(folder).iter().for_each(|path| forge_one(folder, path, &change));
}

fn forge_one(folder: &str, path: &Path, change: impl Fn(&mut Piece)) {
    let mut manifest = Manifest::decode(&std::fs::read(path).unwrap(), path).unwrap();
    // One that no other checkpoint has, if there is one.
    let mut zones: Vec<usize> = (0..manifest.entries.len()).collect();
    zones.retain(|&nth| matches!(manifest.entries[nth].info.id, PieceId::Zone { .. }));
    zones.sort_by_key(|&nth| manifest.entries[nth].file != manifest.generation);
    let read = |nth: usize| {
        let Entry { file, offset, bytes, .. } = manifest.entries[nth];
        let segment = format!("{folder}/ckpt/seg-{file:08}");
        let all = std::fs::read(&segment).unwrap();
        let place = offset as usize..(offset + bytes) as usize;
        (nth, owned(&all[place.clone()]), segment, all, place)
    };
    let mut pieces = zones.into_iter().map(read);
    let (nth, mut piece, segment, mut bytes, place) = pieces.find(|piece| piece.1.tables[0].rows > 0).unwrap();
    change(&mut piece);
    let forged = archive(&piece);
    assert_eq!(forged.len(), place.len());
    manifest.entries[nth].checksum = xxh3_128(&forged);
    bytes[place].copy_from_slice(&forged);
    std::fs::write(&segment, bytes).unwrap();
    std::fs::write(path, manifest.encode()).unwrap();
}

#[test]
fn a_resident_who_cannot_be_is_named() {
    let scratch = Scratch::new("hostile-rows");
    let folder = scratch.path("run");
    // Column (whose it is, body, person, contacts), byte, what it is made, what is said then.
    let lies: [(usize, usize, &[u8], &str); 9] = [
        (1, 24, &[200], "there is no activity 200"),
        (1, 25, &[77], "there is no activity 77 to follow"),
        (1, 20, &[0xff, 0xff, 0, 0], "65535 is no place to be at"),
        (1, 0, &[0xff, 0xff, 0xff, 0x7f], "at tick"),
        (2, 7, &[0x7f], "no purse has"),
        (2, 20, &[0xff, 0xff], "a home in zone 65535"),
        (2, 37, &[9], "there is no role 9"),
        (2, 34, &[0], "a household of 0"),
        (3, 0, &[0xfe, 0xff, 0xff, 0xff], "is nobody to know"),
    ];
    // Of two processes, and what the first one wrote in the journal is gone: checkpoints are all that is left of it.
    let begun = scratch.path("begun");
    let words = "--snapshot-every 10m --keep 2 --json --progress none";
    done(&format!("run city --agents 400 --hours 1 {words} --out {begun}"));
    let straight = done(&format!("resume {begun} --hours 2 {words}")).digest();
    let other = scratch.path("other");
    done(&format!("run city --agents 400 --resume-from {begun} --hours 3 --progress none --out {other}"));
    std::fs::remove_dir_all(&other).unwrap();
    for (column, at, bytes, what) in lies {
        let folder = scratch.path("run");
        copy(&begun, &folder);
        forge(&folder, |piece| piece.tables[0].columns[column][at..at + bytes.len()].copy_from_slice(bytes));
        // No other run begins with it.
        let said = say(&format!("run city --agents 400 --resume-from {folder} --hours 3 --out {other}"));
        assert!(said.code == Some(1) && said.err.contains(what), "{what}: {}", said.err);
        let said = say(&format!("resume {folder} --hours 2 --json --progress none"));
        assert_eq!(said.code, Some(1), "{what}: {}", said.err);
        for part in [what, "is damaged: zone ", ": agent ", "ckpt/seg-", "the file before this one"] {
            assert!(said.err.contains(part), "`{part}` is missing from {}", said.err);
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
    // As long as one checkpoint can be believed nothing is lost.
    copy(&begun, &folder);
    let newest = manifests(&folder).pop().unwrap();
    forge_one(&folder, &newest, |piece| piece.tables[0].columns[1][24] = 200);
    let said = say(&format!("resume {folder} --hours 2 --json --progress none"));
    assert!(
        said.err.contains("there is no activity 200") && said.err.contains("an older one is tried"),
        "{}",
        said.err
    );
    assert_eq!(said.digest(), straight);
}

/// A city's places and notes are asked, too.
#[test]
fn places_and_notes_that_cannot_be_are_named() {
    let city = || {
        let start = DateTime::new_const(1999, 5, 4, 8, 0, 0);
        Simulation::of::<City>(Params::defaults()).agents(1_500).workers(1).start(start)
    };
    let mut engine = city().build().unwrap();
    while engine.now() < Tick(12_000) {
        engine.advance(Tick(12_000)).unwrap();
    }
    let saved = engine.save().unwrap();
    let refused = |what: &str, is_it: &dyn Fn(&PieceInfo, &Piece) -> bool, change: &dyn Fn(&mut Piece)| {
        let mut world = World::of(&saved);
        let index = (0..world.infos.len()).find(|&index| is_it(&world.infos[index], &world.pieces[index])).unwrap();
        change(&mut world.pieces[index]);
        let error = city().revive(&world).map(|_| ()).unwrap_err();
        let is_named = matches!(&error, RunError::Store(error) if error.to_string().contains(what));
        assert!(is_named, "`{what}` is missing from: {error}");
    };
    let has_places =
        |info: &PieceInfo, piece: &Piece| matches!(info.id, PieceId::Zone { .. }) && piece.tables[1].rows > 0;
    let place = |at: usize, bytes: &'static [u8]| {
        move |piece: &mut Piece| piece.tables[1].columns[1][at..at + bytes.len()].copy_from_slice(bytes)
    };
    refused("its kind is 77", &has_places, &place(64, &[77]));
    refused("it stands in zone 65535", &has_places, &place(60, &[0xff, 0xff]));
    refused("no till has", &has_places, &place(7, &[0x7f]));
    refused("nobody who could be there", &has_places, &place(8, &[0xfe, 0xff, 0, 0]));
    let has_notes = |info: &PieceInfo, piece: &Piece| {
        matches!(info.id, PieceId::Mail(_)) && piece.tables.iter().any(|table| table.rows > 0)
    };
    let note = |column: usize, at: usize, bytes: &'static [u8]| {
        move |piece: &mut Piece| {
            let table = piece.tables.iter_mut().find(|table| table.rows > 0).unwrap();
            table.columns[column][at..at + bytes.len()].copy_from_slice(bytes);
        }
    };
    refused("there is no note of kind 99", &has_notes, &note(1, 0, &[99]));
    refused("about agent", &has_notes, &note(1, 4, &[0xf0, 0, 0, 0]));
    refused("nobody writes such a note", &has_notes, &note(0, 8, &[0xff; 4]));
}

#[test]
fn a_run_whose_folders_lead_elsewhere_is_not_kept() {
    let mem = Mem::default();
    let backend: Arc<dyn Backend> = Arc::new(mem.clone());
    mem.create_folder(Path::new("run")).unwrap();
    // A link to a folder is listed as a file is.
    mem.publish(Path::new("run/ckpt"), b"").unwrap();
    let keep = Keep { backend, begin: Begin::Resume, ..Keep::new("run", 7) };
    let options = RunOptions { keep: Some(keep), ..RunOptions::default() };
    let error = law().options(options).watch(&mut NoWatch).unwrap_err();
    assert!(error.to_string().contains("`run/ckpt` is no folder"), "{error}");
}
