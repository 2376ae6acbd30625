//! Files made to do harm: whatever they say, an answer, and no more memory than they have bytes.

use super::damage::seal_manifest;
use super::world::{Files, World, files, folder, of_files, open, read};
use crate::base::{AgentId, Seed, Stream, Tick};
use crate::store::checkpoint::finding::manifest_path;
use crate::store::{AlignedVec, Backend, Entry, Manifest, Mem, Piece, PieceId, PieceView, Saved, Table};

/// The files of a run, its newest manifest, and the world.
fn run() -> (Files, Manifest, World) {
    let mem = Mem::default();
    let (mut checkpoints, _) = open(&mem, 2).unwrap();
    let mut world = World::new(11);
    for nth in 0..4 {
        world.step();
        world.save(&mut checkpoints, nth == 0).unwrap();
    }
    (files(&mem), checkpoints.manifests().last().unwrap().clone(), world)
}

/// Opens a run whose newest manifest has these bytes, reads what can be read, and goes on.
fn live_with(files: &Files, newest: &Manifest, bytes: &[u8], world: &World) {
    let path = manifest_path(&folder(), newest.generation);
    let decoded = Manifest::decode(bytes, &path);
    let Ok(decoded) = decoded else { return };
    assert!(decoded.encode() == bytes, "what is read is what would be written");
    let mut files = files.clone();
    files.insert(path, bytes.to_vec());
    let mem = of_files(&files);
    let (mut checkpoints, _) = open(&mem, 2).unwrap();
    let last = checkpoints.manifests().last().unwrap().clone();
    if let Ok(checkpoint) = checkpoints.load(&last) {
        (0..checkpoint.pieces().len()).for_each(|index| drop(checkpoint.read(index)));
    }
    checkpoints.resume(last.generation);
    let mut world = world.clone();
    world.step();
    if world.save(&mut checkpoints, false).is_err() {
        world.save(&mut checkpoints, true).unwrap();
        read(&checkpoints, checkpoints.manifests().last().unwrap()).unwrap();
    }
}

#[test]
fn a_manifest_whose_numbers_lie_is_refused_or_harmless() {
    let (files, newest, world) = run();
    let bytes = newest.encode();
    let body = bytes.len() - 32;
    let mut tries = 0;
    let mut attempt = |at: usize, value: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + value.len()].copy_from_slice(value);
        seal_manifest(&mut bytes);
        live_with(&files, &newest, &bytes, &world);
        tries += 1;
    };
    for at in (0..body).step_by(8) {
        let len = bytes.len() as u64;
        let wide = [u64::MAX, u64::MAX - 4095, 1 << 63, 1 << 40, 1 << 32, 4096, len, 1, 0];
        wide.iter().for_each(|value| attempt(at, &value.to_le_bytes()));
        for (at, value) in [(at, u32::MAX), (at + 4, u32::MAX), (at, 0), (at + 4, 1 << 31), (at, 3), (at + 4, 3)] {
            attempt(at, &u32::to_le_bytes(value));
        }
    }
    assert!(tries > 1_000, "{tries}");
}

#[test]
fn a_manifest_of_any_bytes_gets_an_answer() {
    let (files, newest, world) = run();
    let bytes = newest.encode();
    for nth in 0..10_000 {
        let mut draws = Seed(nth).draws(Stream::named("store/checkpoint/hostile"), AgentId(0), Tick(0));
        let mut bytes = bytes.clone();
        for _ in 0..1 + draws.below(4) {
            let at = draws.below(bytes.len() as u32) as usize;
            match draws.below(4) {
                0 => bytes[at] = draws.u32() as u8,
                1 => bytes[at] = 0xff,
                2 if bytes.len() > 300 => {
                    let end = (at + 72).min(bytes.len());
                    bytes.drain(at..end);
                }
                _ => bytes.insert(at, 0),
            }
        }
        if bytes.len() > 40 && draws.below(8) > 0 {
            let total = bytes.len() as u64;
            let body = bytes.len() - 32;
            bytes[body..body + 8].copy_from_slice(&total.to_le_bytes());
            bytes[body + 24..].copy_from_slice(b"MYRIAD.E");
            seal_manifest(&mut bytes);
        }
        live_with(&files, &newest, &bytes, &world);
    }
}

#[test]
fn entries_twice_out_of_order_or_nowhere_are_refused() {
    let (_, newest, _) = run();
    let refused = |change: &dyn Fn(&mut Vec<Entry>)| {
        let mut manifest = newest.clone();
        change(&mut manifest.entries);
        let error = Manifest::decode(&manifest.encode(), &folder()).unwrap_err().to_string();
        assert!(error.contains("the table"), "{error}");
    };
    refused(&|entries| entries.push(*entries.last().unwrap()));
    refused(&|entries| entries.swap(0, 1));
    refused(&|entries| entries[2].offset += 1);
    refused(&|entries| entries[2].offset = 0);
    refused(&|entries| entries[2].file = u64::MAX);
    refused(&|entries| entries[2].bytes = u64::MAX);
    assert_eq!(Manifest::decode(&newest.encode(), &folder()).unwrap(), newest);
}

#[test]
fn a_piece_beyond_its_file_is_refused_before_memory_is_taken() {
    let (files, newest, _) = run();
    let mem = of_files(&files);
    let (checkpoints, _) = open(&mem, 2).unwrap();
    for bytes in [1 << 20, 1 << 45, (1 << 62) - 1, i64::MAX as u64 - 4096] {
        let mut manifest = newest.clone();
        manifest.entries[1].bytes = bytes;
        let error = checkpoints.load(&manifest).err().expect("it cannot be there").to_string();
        assert!(error.contains(&newest.entries[1].info.id.to_string()), "{error}");
    }
}

#[test]
fn names_that_no_checkpoint_has_are_stood() {
    let (files, _, world) = run();
    let strange = [
        "MANIFEST-99999999",
        "MANIFEST-18446744073709551615",
        "MANIFEST-9223372036854775807",
        "MANIFEST-000000001",
        "MANIFEST-00000004.2",
        "MANIFEST--0000001",
        "MANIFEST-+0000001",
        "MANIFEST-",
        "MANIFEST-00000099.tmp",
        "seg-18446744073709551615",
        "seg-100000000",
        "seg-0000000000",
        "seg-x",
        "notes",
    ];
    for name in strange {
        let mut files = files.clone();
        files.insert(folder().join(name), b"MYRIADMF and so on".to_vec());
        let mem = of_files(&files);
        let mut world = world.clone();
        for nth in 0..3 {
            let (mut checkpoints, _) = open(&mem, 2).unwrap();
            assert_eq!(checkpoints.manifests().last().unwrap().tick, 4 + nth, "{name}");
            world.step();
            world.save(&mut checkpoints, true).unwrap();
            read(&checkpoints, checkpoints.manifests().last().unwrap()).unwrap();
        }
        // What a crash may have left is removed, what cannot be read is put away.
        let is_ours = ["MANIFEST-99999999", "MANIFEST-00000099.tmp", "seg-100000000"].contains(&name);
        assert_eq!(mem.is_file(&folder().join(name)), !is_ours, "{name}");
    }
}

#[test]
fn when_no_number_is_left_that_is_told() {
    let (mut files, _, mut world) = run();
    files.insert(folder().join("MANIFEST-9223372036854775806"), Vec::new());
    for told_count in [1, 0] {
        let mem = of_files(&files);
        let (mut checkpoints, told) = open(&mem, 2).unwrap();
        assert_eq!((told.len(), checkpoints.manifests().len()), (told_count, 2));
        let error = world.save(&mut checkpoints, true).unwrap_err().to_string();
        assert!(error.contains("the last number"), "{error}");
        files = super::world::files(&mem);
    }
}

/// Bytes that a view takes, beside those that it shows.
fn view_bytes(view: &PieceView) -> usize {
    let columns: usize = view.tables.iter().map(|table| table.columns.capacity()).sum();
    view.tables.capacity() * size_of_val(&view.tables[..]) / view.tables.len().max(1) + columns * size_of::<&[u8]>()
}

#[test]
fn an_archive_whose_lengths_and_places_lie_reaches_nowhere() {
    let table = |rows: u32| Table { rows, spare: 1, columns: vec![vec![1; 4 * rows as usize], vec![2; 8]] };
    let piece = Piece { text: b"text".to_vec(), tables: vec![table(3), table(4), Table::default(), table(5)] };
    let mut bytes = AlignedVec::<16>::new();
    piece.archive(&mut bytes);
    let len = bytes.len() as i32;
    let (mut believed, mut refused) = (0, 0);
    for at in (0..bytes.len()).step_by(4) {
        let was: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
        let near = (-len..len).map(|place| place as u32);
        for value in near.chain([u32::MAX / 2, u32::MAX / 2 + 1, 1 << 30, u32::MAX / 8, u32::MAX / 16 + 1]) {
            bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
            match PieceView::of(&bytes) {
                Err(_) => refused += 1,
                Ok(view) => {
                    let range = bytes.as_ptr_range();
                    let parts = view.tables.iter().flat_map(|table| &table.columns).chain([&view.text]);
                    for part in parts.filter(|part| !part.is_empty()) {
                        let part = part.as_ptr_range();
                        assert!(range.start <= part.start && part.end <= range.end);
                    }
                    assert!(view_bytes(&view) <= 8 * bytes.len(), "{} bytes", view_bytes(&view));
                    believed += 1;
                }
            }
        }
        bytes[at..at + 4].copy_from_slice(&was);
    }
    assert!(believed > 1_000 && refused > 1_000, "{believed} {refused}");
    assert_eq!(PieceView::of(&bytes).unwrap().text, b"text");
}

#[test]
fn an_archive_that_is_not_aligned_is_refused() {
    let mut bytes = AlignedVec::<16>::new();
    Piece { text: vec![1; 64], tables: vec![Table::default()] }.archive(&mut bytes);
    let mut shifted = AlignedVec::<16>::new();
    shifted.push(0);
    shifted.extend_from_slice(&bytes);
    assert!(PieceView::of(&shifted[1..]).is_err());
    assert!(PieceView::of(&[]).is_err());
    assert_eq!(PieceId::Mail(3).to_string(), "the letters of shard 3");
}
