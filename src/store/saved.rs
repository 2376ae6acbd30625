//! A saved world, wherever it lies: what the engine writes to and reads from.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rkyv::util::AlignedVec;

use super::chunk::Chunk;
use super::error::StoreError;
use super::piece::PieceInfo;
use crate::base::Digest;

/// Takes the pieces of a world, from several threads at once.
pub trait Sink: Send + Sync {
    /// A chunk to put pieces into, with room for one of so many bytes.
    fn chunk(&self, bytes: usize) -> Chunk {
        Chunk::with_room(bytes)
    }
    /// Takes pieces.
    fn put(&self, chunk: Chunk);
    /// Whether it can take more at once: if not, `put` waits.
    fn has_room(&self) -> bool {
        true
    }
}

/// A saved world, to be read by several threads at once.
pub trait Saved: Sync {
    /// Its tick.
    fn tick(&self) -> u64;
    /// The digest of all its state.
    fn digest(&self) -> Digest;
    /// What its tables mean.
    fn schema(&self) -> &str;
    /// Its pieces.
    fn pieces(&self) -> &[PieceInfo];
    /// The bytes of a piece's archive.
    fn bytes(&self, index: usize) -> u64;
    /// The archive of a piece, verified against its checksum.
    ///
    /// # Errors
    /// Where it cannot be read, or is not what was written.
    fn read(&self, index: usize) -> Result<AlignedVec, StoreError>;
    /// What to say of a piece that can be read and makes no sense; of the whole if there is no such piece.
    fn senseless(&self, index: usize, why: String) -> StoreError;
}

/// A world saved to memory.
#[derive(Default)]
pub struct Memory {
    tick: u64,
    digest: Digest,
    schema: String,
    infos: Vec<PieceInfo>,
    archives: Vec<AlignedVec>,
    taken: Mutex<Vec<(PieceInfo, AlignedVec)>>,
}

impl Memory {
    /// The world of a tick, of the pieces that were put in.
    pub fn sealed(&self, tick: u64, schema: String) -> Self {
        let mut taken = std::mem::take(&mut *self.taken.lock().unwrap_or_else(PoisonError::into_inner));
        taken.sort_by_key(|(info, _)| info.id);
        let (infos, archives): (Vec<PieceInfo>, _) = taken.into_iter().unzip();
        let mut digest = Digest::EMPTY;
        infos.iter().for_each(|info| digest.merge(info.digest));
        Self { tick, digest, schema, infos, archives, taken: Mutex::default() }
    }

    /// The bytes of all archives.
    pub fn bytes(&self) -> usize {
        self.archives.iter().map(|archive| archive.len()).sum()
    }
}

impl Sink for Memory {
    fn put(&self, chunk: Chunk) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        for piece in chunk.pieces() {
            let mut archive = AlignedVec::new();
            archive.extend_from_slice(chunk.archive(piece));
            taken.push((piece.info, archive));
        }
    }
}

impl Saved for Memory {
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
        self.archives[index].len() as u64
    }
    fn read(&self, index: usize) -> Result<AlignedVec, StoreError> {
        Ok(self.archives[index].clone())
    }
    fn senseless(&self, index: usize, why: String) -> StoreError {
        let what = self.infos.get(index).map_or_else(|| "the snapshot".to_owned(), |info| info.id.to_string());
        StoreError::damaged(Path::new("memory"), 0, what, why)
    }
}
