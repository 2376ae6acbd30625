//! Manifests of checkpoints.

use std::path::Path;

use myriad::base::Digest;
use myriad::store::{Entry, Manifest, PieceId, PieceInfo};
use xxhash_rust::xxh3::xxh3_128;

use crate::bytes::{put, u64_at};

const HEADER: usize = 72;
const ENTRY: usize = 72;

/// Whatever a manifest says: an answer, and what is read is what would be written.
pub fn read(input: &[u8]) {
    let Some((&fix, body)) = input.split_first() else { return };
    let mut file = body.to_vec();
    if fix & 1 != 0 && file.len() >= HEADER {
        put(&mut file, 0, b"MYRIADMF");
        put(&mut file, 8, &[1, 0, 0, 0, 0, 0, 0, 0]);
    }
    if fix & 2 != 0 && file.len() >= HEADER {
        let schema = u64_at(&file, 56) as usize % 64;
        let table = HEADER + schema.next_multiple_of(8);
        let entries = file.len().saturating_sub(table) / ENTRY;
        file.resize(table + entries * ENTRY, 0);
        file[HEADER + schema..table].fill(0);
        put(&mut file, 56, &(schema as u64).to_le_bytes());
        put(&mut file, 64, &(entries as u64).to_le_bytes());
        let digests = (0..entries).map(|nth| u64_at(&file, table + nth * ENTRY + 24));
        let digest = digests.fold(0_u64, u64::wrapping_add);
        put(&mut file, 48, &digest.to_le_bytes());
    }
    if fix & 4 != 0 {
        file.extend_from_slice(&(file.len() as u64 + 32).to_le_bytes());
        let sum = xxh3_128(&file);
        file.extend_from_slice(&sum.to_le_bytes());
        file.extend_from_slice(b"MYRIAD.E");
    }
    if let Ok(manifest) = Manifest::decode(&file, Path::new("MANIFEST")) {
        assert!(manifest.encode() == file, "what is read is what would be written");
        let rows: u64 = manifest.entries.iter().map(|entry| entry.info.rows).sum();
        let bytes: u64 = manifest.entries.iter().map(|entry| entry.bytes).sum();
        assert!(rows <= bytes);
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let ids =
        [PieceId::World, PieceId::Mail(0), PieceId::Zone { zone: 0, part: 0 }, PieceId::Zone { zone: 0, part: 1 }];
    let entry = |(nth, id): (u64, PieceId)| Entry {
        info: PieceInfo { id, rows: 3 * nth, digest: Digest(nth) },
        file: 1 + nth / 2,
        offset: 4_096 * (1 + nth),
        bytes: 100,
        checksum: 5,
    };
    let manifest = |count| {
        let entries: Vec<Entry> = (0..).zip(ids).map(entry).take(count).collect();
        let mut digest = Digest::EMPTY;
        entries.iter().for_each(|entry| digest.merge(entry.info.digest));
        let (tick, schema) = (60, "snapshot 1\nagents: Purse 8\n".to_owned());
        Manifest { run: 7, generation: 3, tick, digest, schema, entries }.encode()
    };
    let without_end = |bytes: Vec<u8>| [&[7][..], &bytes[..bytes.len() - 32]].concat();
    vec![without_end(manifest(4)), without_end(manifest(1)), [&[0][..], &manifest(2)].concat()]
}
