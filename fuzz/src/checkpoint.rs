//! Checkpoints: a segment with archives of pieces, and a manifest that names them.

use std::path::Path;
use std::sync::Arc;

use myriad::base::Digest;
use myriad::sim::SavedSchema;
use myriad::store::{
    AlignedVec, Backend, Checkpoints, Entry, Manifest, Mem, Piece, PieceId, PieceInfo, PieceView, Saved, Table, visit,
};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use crate::bytes::{Bytes, chunk, put};

const RUN: u128 = 7;
const PAGE: usize = 4_096;

/// What is put right: bits of an input's first byte.
mod right {
    pub const HEADER: u8 = 1;
    pub const HEADER_SUM: u8 = 2;
    pub const DIGEST: u8 = 4;
    pub const SUMS: u8 = 8;
}

/// Whatever the pieces of a checkpoint hold: an answer.
pub fn read(input: &[u8]) {
    let mut input = Bytes(input);
    let (fix, damaged) = (input.u8(), input.u8());
    let mut segment = vec![0; PAGE];
    put(&mut segment, 0, &input.array::<56>());
    if fix & right::HEADER != 0 {
        put(&mut segment, 0, b"MYRIADSG");
        put(&mut segment, 8, &1_u32.to_le_bytes());
        put(&mut segment, 12, &0x20_1e_a1_u32.to_le_bytes());
        put(&mut segment, 16, &RUN.to_le_bytes());
        put(&mut segment, 32, &1_u64.to_le_bytes());
    }
    if fix & right::HEADER_SUM != 0 {
        let sum = xxh3_64(&segment[..48]);
        put(&mut segment, 48, &sum.to_le_bytes());
    }
    let schema = String::from_utf8_lossy(input.chunk()).into_owned();
    let (mut entries, mut digest) = (Vec::new(), Digest::EMPTY);
    for nth in 0..6_u8 {
        if input.is_empty() {
            break;
        }
        let (kind, which, rows) = (input.u8(), input.u8() as u32, input.u16() as u64);
        let id = match kind % 3 {
            0 => PieceId::World,
            1 => PieceId::Mail(which),
            _ => PieceId::Zone { zone: which, part: (kind / 3) as u32 },
        };
        let archive = input.chunk();
        let offset = segment.len() as u64;
        segment.extend_from_slice(archive);
        segment.resize(segment.len().next_multiple_of(PAGE), 0);
        let mut bytes = archive.len() as u64;
        if nth == damaged {
            bytes = input.u64();
        }
        let checksum = if fix & right::SUMS != 0 { xxh3_128(archive) } else { 0 };
        let info = PieceInfo { id, rows: rows.min(bytes), digest: Digest(which as u64) };
        digest.merge(info.digest);
        entries.push(Entry { info, file: 1, offset, bytes, checksum });
    }
    entries.sort_by_key(|entry| entry.info.id);
    entries.dedup_by_key(|entry| entry.info.id);
    if fix & right::DIGEST != 0 {
        digest = Digest::EMPTY;
        entries.iter().for_each(|entry| digest.merge(entry.info.digest));
    }
    let manifest = Manifest { run: RUN, generation: 1, tick: 60, digest, schema: schema.clone(), entries };

    let mem = Mem::default();
    let folder = Path::new("run/ckpt");
    mem.create_folder(folder).expect("memory");
    mem.publish(&folder.join("seg-00000001"), &segment).expect("memory");
    mem.publish(&folder.join("MANIFEST-00000001"), &manifest.encode()).expect("memory");
    let schema = SavedSchema::parse(&schema).unwrap_or_default();
    let look = |index: usize, view: &PieceView<'_>| match manifest.entries[index].info.id {
        PieceId::Zone { .. } => {
            let counts = schema.counts(view)?;
            let bytes: usize = schema.agents(view)?.map(|agent| agent.rows().map(<[u8]>::len).sum::<usize>()).sum();
            Ok(counts.len() + bytes)
        }
        PieceId::Mail(_) => Ok(schema.letters(view)?.map(|letter| letter.body.len()).sum()),
        PieceId::World => Ok(view.text.len()),
    };
    visit(&mem, folder, RUN, &manifest.entries, &look);
    let (checkpoints, _) = Checkpoints::open(Arc::new(mem), Path::new("run"), RUN, 2).expect("memory");
    for manifest in checkpoints.manifests() {
        if let Ok(checkpoint) = checkpoints.load(manifest) {
            for index in 0..checkpoint.pieces().len() {
                let _ = checkpoint.read(index).map(|archive| PieceView::of(&archive).is_ok());
            }
        }
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let agents = [[0_u32, 70, 0], [1, u32::MAX, 0]];
    let columns = |second: usize| vec![bytemuck::cast_slice(&agents).to_vec(), vec![3; second]];
    let table = |second| Table { rows: 2, spare: 1, columns: columns(second) };
    let pieces = [
        (0, 0, 0, Piece { text: b"{}".to_vec(), tables: Vec::new() }),
        (1, 0, 2, Piece { text: Vec::new(), tables: vec![table(16)] }),
        (2, 4, 2, Piece { text: Vec::new(), tables: vec![table(16), Table::default()] }),
    ];
    let seed = |wanted: &[usize]| {
        let all = right::HEADER | right::HEADER_SUM | right::DIGEST | right::SUMS;
        let mut seed = [&[all, 255][..], &[0; 56]].concat();
        seed.extend(chunk(b"snapshot 1\nagents: Purse 8\nagents: Shop 4\nletters: Note 8\n"));
        for &nth in wanted {
            let (kind, which, rows, piece) = &pieces[nth];
            let mut archive = AlignedVec::<16>::new();
            piece.archive(&mut archive);
            seed.extend([*kind, *which, *rows, 0]);
            seed.extend(chunk(&archive));
        }
        seed
    };
    vec![seed(&[0, 1, 2]), seed(&[2]), seed(&[1])]
}
