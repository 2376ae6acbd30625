//! Archives of pieces one behind the other: what is written to a segment at once.

use rkyv::util::AlignedVec;
use xxhash_rust::xxh3::xxh3_128;

use super::piece::{LentPiece, Piece, PieceInfo};

/// Where pieces begin: at multiples of this.
pub(crate) const PAGE: usize = 4_096;

/// Bytes for which a chunk has room at least: a write wakes a thread and interrupts a processor, whatever its length.
/// Few in tests, whose worlds are small.
const ROOM: usize = if cfg!(test) { 8 * PAGE } else { 2 << 20 };

/// Bytes from which on it is written: mostly there is room for another piece until then.
const ENOUGH: usize = ROOM / 4 * 3;

/// Archives of pieces, each from the start of a page on.
///
/// Memory is aligned to pages and of whole pages, so that a disk can take it without the detour of the page cache, and
/// is used again: a world of gigabytes passes through some megabytes.
#[derive(Default)]
pub struct Chunk {
    bytes: AlignedVec<PAGE>,
    pieces: Vec<Archived>,
}

/// A piece in a chunk.
#[derive(Clone, Copy, Debug)]
pub struct Archived {
    /// What it holds.
    pub info: PieceInfo,
    /// Its first byte in the chunk.
    pub start: usize,
    /// Its bytes.
    pub len: usize,
    /// xxh3-128 of them.
    pub checksum: u128,
}

impl Chunk {
    /// One with room for a piece of so many bytes, and for others until it is full: growing would move them, to memory
    /// that is new each time.
    pub fn with_room(bytes: usize) -> Self {
        let bytes = bytes.max(ROOM).next_power_of_two();
        Self { bytes: AlignedVec::with_capacity(bytes), pieces: Vec::new() }
    }

    /// The bytes for which it has room, those that are there included.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Whether there is room for a piece of so many bytes.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.bytes.len() + bytes.next_multiple_of(PAGE) <= self.bytes.capacity()
    }

    /// Adds a piece whose columns lie elsewhere.
    pub fn lend(&mut self, info: PieceInfo, piece: &LentPiece<'_>) {
        let start = self.bytes.len();
        piece.archive(&mut self.bytes);
        self.end(info, start);
    }

    /// Adds a piece.
    pub fn add(&mut self, info: PieceInfo, piece: &Piece) {
        let start = self.bytes.len();
        piece.archive(&mut self.bytes);
        self.end(info, start);
    }

    /// Adds the archive of a piece.
    pub fn add_archive(&mut self, info: PieceInfo, archive: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(archive);
        self.end(info, start);
    }

    fn end(&mut self, info: PieceInfo, start: usize) {
        // While it is in the cache.
        let checksum = xxh3_128(&self.bytes[start..]);
        self.pieces.push(Archived { info, start, len: self.bytes.len() - start, checksum });
        self.bytes.resize(self.bytes.len().next_multiple_of(PAGE), 0);
    }

    /// All bytes: whole pages.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The pieces in it.
    pub fn pieces(&self) -> &[Archived] {
        &self.pieces
    }

    /// The archive of one of its pieces.
    pub fn archive(&self, piece: &Archived) -> &[u8] {
        &self.bytes[piece.start..piece.start + piece.len]
    }

    /// Whether it is time to write it.
    pub fn is_full(&self) -> bool {
        self.bytes.len() >= ENOUGH
    }

    /// Empties it; its memory stays.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.pieces.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Digest;
    use crate::store::{AlignedVec, PieceId, PieceView, Table};

    #[test]
    fn pieces_lie_on_pages_and_can_be_read_there() {
        let mut chunk = Chunk::default();
        for round in 0..2 {
            for zone in 0..5_u32 {
                let column = vec![zone as u8; 1_000 * (zone as usize + 1)];
                let table = Table { rows: zone, spare: 0, columns: vec![column] };
                let piece = Piece { text: Vec::new(), tables: vec![table] };
                let info = PieceInfo { id: PieceId::Zone { zone, part: 0 }, rows: 1, digest: Digest(7) };
                chunk.add(info, &piece);
            }
            assert_eq!((chunk.pieces().len(), chunk.bytes().len() % PAGE), (5, 0), "round {round}");
            assert_eq!(chunk.bytes().as_ptr() as usize % PAGE, 0);
            for (nth, piece) in chunk.pieces().iter().enumerate() {
                assert_eq!(piece.start % PAGE, 0);
                assert_eq!(piece.checksum, xxh3_128(chunk.archive(piece)));
                let mut archive = AlignedVec::<16>::new();
                archive.extend_from_slice(chunk.archive(piece));
                let view = PieceView::of(&archive).unwrap();
                assert_eq!(view.tables[0].columns, [vec![nth as u8; 1_000 * (nth + 1)]]);
            }
            chunk.clear();
        }
    }
}
