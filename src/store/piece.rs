//! A piece of a saved world: tables of columns, as a rkyv archive.
//!
//! Columns are bytes of plain old data in the machine's order, which is little-endian on every machine that is
//! supported: an archive of them costs no more than the bytes themselves, to write and to check. What they mean is said
//! by the schema, once for the whole checkpoint.

use rkyv::rancor::{self, Fallible};
use rkyv::ser::{Allocator, Writer};
use rkyv::util::AlignedVec;
use rkyv::vec::{ArchivedVec, VecResolver};
use rkyv::{Archive, Place, Serialize};

use crate::base::Digest;

const _: () = assert!(cfg!(target_endian = "little"), "columns are stored as little-endian bytes");

/// Which part of the world a piece holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum PieceId {
    /// What belongs to no zone: counts, series, invariants.
    World,
    /// Letters in flight: those of a shard, at the time.
    Mail(u32),
    /// Agents of a zone: all of them, or a part if the zone was split.
    Zone {
        /// The zone.
        zone: u32,
        /// Which of its parts, from 0.
        part: u32,
    },
}

impl std::fmt::Display for PieceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::World => f.write_str("the world's counts"),
            Self::Mail(shard) => write!(f, "the letters of shard {shard}"),
            Self::Zone { zone, part: 0 } => write!(f, "zone {zone}"),
            Self::Zone { zone, part } => write!(f, "zone {zone}, part {}", part as u64 + 1),
        }
    }
}

/// A piece that was saved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PieceInfo {
    /// What it holds.
    pub id: PieceId,
    /// Agents or letters in it.
    pub rows: u64,
    /// Their digest.
    pub digest: Digest,
}

/// Rows side by side: each column has so many bytes a row.
#[derive(Clone, PartialEq, Eq, Debug, Default, Archive, Serialize)]
pub struct Table {
    /// Rows.
    pub rows: u32,
    /// Rows that were kept ready for more.
    pub spare: u32,
    /// Columns, one behind the other.
    pub columns: Vec<Vec<u8>>,
}

/// What is saved of a part of the world.
#[derive(Clone, PartialEq, Eq, Debug, Default, Archive, Serialize)]
pub struct Piece {
    /// What is best read as text: JSON.
    pub text: Vec<u8>,
    /// A table for each kind of agent, or each type of message.
    pub tables: Vec<Table>,
}

impl Piece {
    /// The bytes of the archive, or somewhat more.
    pub fn bytes(&self) -> usize {
        archive_bytes(&self.text, self.tables.iter().map(|table| table.columns.iter().map(Vec::len)))
    }

    /// Appends the archive. Bytes that are there already must be a multiple of 16.
    pub fn archive<const ALIGNMENT: usize>(&self, into: &mut AlignedVec<ALIGNMENT>) {
        let writer = std::mem::take(into);
        *into = rkyv::api::high::to_bytes_in::<_, rancor::Panic>(self, writer).expect("memory takes any bytes");
    }
}

/// The bytes of a column where they lie: in several places, of which they are written one behind the other.
pub struct Lent<'a>(pub Vec<&'a [u8]>);

impl Archive for Lent<'_> {
    type Archived = ArchivedVec<u8>;
    type Resolver = VecResolver;

    fn resolve(&self, resolver: VecResolver, out: Place<ArchivedVec<u8>>) {
        ArchivedVec::resolve_from_len(self.bytes(), resolver, out);
    }
}

impl<S: Fallible + Writer + ?Sized> Serialize<S> for Lent<'_> {
    fn serialize(&self, into: &mut S) -> Result<VecResolver, S::Error> {
        let place = VecResolver::from_pos(into.pos());
        self.0.iter().try_for_each(|run| into.write(run))?;
        Ok(place)
    }
}

impl Lent<'_> {
    fn bytes(&self) -> usize {
        self.0.iter().map(|run| run.len()).sum()
    }
}

/// A [`Table`] whose columns are written from where they lie.
#[derive(Archive, Serialize)]
#[rkyv(as = ArchivedTable, serialize_bounds(__S: Writer + Allocator))]
pub struct LentTable<'a> {
    /// Rows.
    pub rows: u32,
    /// Rows that were kept ready for more.
    pub spare: u32,
    /// Columns, one behind the other.
    #[rkyv(omit_bounds)]
    pub columns: Vec<Lent<'a>>,
}

/// A [`Piece`] of such tables: its archive is the same.
#[derive(Archive, Serialize)]
#[rkyv(as = ArchivedPiece, serialize_bounds(__S: Writer + Allocator))]
pub struct LentPiece<'a> {
    /// What is best read as text: JSON.
    pub text: Vec<u8>,
    /// A table for each kind of agent, or each type of message.
    #[rkyv(omit_bounds)]
    pub tables: Vec<LentTable<'a>>,
}

/// Bytes of an archive beside its text and its columns, at most: for itself, for each table and for each column.
const FRAME_BYTES: usize = 32;

/// Bytes of an archive at most: what lies in it is found by distances of 31 bits. Few in tests, whose worlds are small.
pub const ARCHIVE_BYTES_MAX: usize = if cfg!(test) { 16 << 20 } else { i32::MAX as usize };

/// The bytes of an archive of tables, or somewhat more: of their columns, and of the text.
fn archive_bytes(text: &[u8], tables: impl Iterator<Item = impl Iterator<Item = usize>>) -> usize {
    let framed = |bytes: usize| bytes + FRAME_BYTES;
    framed(text.len() + tables.map(|columns| framed(columns.map(framed).sum())).sum::<usize>())
}

impl LentPiece<'_> {
    /// The bytes of the archive, or somewhat more.
    pub fn bytes(&self) -> usize {
        archive_bytes(&self.text, self.tables.iter().map(|table| table.columns.iter().map(Lent::bytes)))
    }

    /// As [`Piece::archive`].
    pub fn archive<const ALIGNMENT: usize>(&self, into: &mut AlignedVec<ALIGNMENT>) {
        let writer = std::mem::take(into);
        *into = rkyv::api::high::to_bytes_in::<_, rancor::Panic>(self, writer).expect("memory takes any bytes");
    }
}

/// A table, wherever it lies.
#[derive(Clone, Debug)]
pub struct TableView<'a> {
    /// Rows.
    pub rows: usize,
    /// Rows that were kept ready for more.
    pub spare: usize,
    /// Columns.
    pub columns: Vec<&'a [u8]>,
}

/// A piece, read in place.
#[derive(Clone, Debug)]
pub struct PieceView<'a> {
    /// What is best read as text.
    pub text: &'a [u8],
    /// Tables.
    pub tables: Vec<TableView<'a>>,
}

impl<'a> PieceView<'a> {
    /// Reads an archive, whose bytes must be aligned to 16, and checks it: lengths and places, not what it means.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn of(bytes: &'a [u8]) -> Result<Self, String> {
        let piece = rkyv::access::<ArchivedPiece, rancor::Error>(bytes).map_err(|error| error.to_string())?;
        let table = |table: &'a ArchivedTable| TableView {
            rows: table.rows.to_native() as usize,
            spare: table.spare.to_native() as usize,
            columns: table.columns.iter().map(|column| column.as_slice()).collect(),
        };
        Ok(Self { text: piece.text.as_slice(), tables: piece.tables.iter().map(table).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece() -> Piece {
        let table = Table { rows: 3, spare: 1, columns: vec![vec![1; 12], vec![2; 96], vec![]] };
        Piece { text: b"{}".to_vec(), tables: vec![table, Table::default()] }
    }

    #[test]
    fn reads_what_was_written() {
        let mut bytes = AlignedVec::<16>::new();
        piece().archive(&mut bytes);
        let view = PieceView::of(&bytes).unwrap();
        assert_eq!(view.text, b"{}");
        assert_eq!((view.tables[0].rows, view.tables.len()), (3, 2));
        assert_eq!(view.tables[0].columns, [&[1_u8; 12] as &[u8], &[2; 96], &[]]);
    }

    #[test]
    fn what_is_lent_is_written_as_if_it_were_given() {
        let Piece { text, tables } = piece();
        let columns = tables[0].columns.iter().map(|column| Lent(column.chunks(7).collect())).collect();
        let lent = LentTable { rows: 3, spare: 1, columns };
        let nothing = LentTable { rows: 0, spare: 0, columns: Vec::new() };
        let lent = LentPiece { text, tables: vec![lent, nothing] };
        let (mut whole, mut parts) = (AlignedVec::<16>::new(), AlignedVec::<16>::new());
        piece().archive(&mut whole);
        lent.archive(&mut parts);
        assert_eq!(whole.as_slice(), parts.as_slice());
        assert!((whole.len()..whole.len() + 8 * FRAME_BYTES).contains(&lent.bytes()), "{}", lent.bytes());
    }

    /// Whatever the bytes, an answer: checksums catch what is changed by accident, this is for what is not.
    #[test]
    fn changed_bytes_never_reach_beyond() {
        let mut bytes = AlignedVec::<16>::new();
        piece().archive(&mut bytes);
        let mut refused = 0;
        let mut look = |bytes: &[u8]| match PieceView::of(bytes) {
            Ok(view) => {
                let inside =
                    |column: &[u8]| bytes.as_ptr_range().start <= column.as_ptr() && column.len() <= bytes.len();
                assert!(view.tables.iter().flat_map(|table| &table.columns).all(|column| inside(column)));
            }
            Err(_) => refused += 1,
        };
        for at in 0..bytes.len() {
            for flip in [1, 0x80, 0xff] {
                bytes[at] ^= flip;
                look(&bytes);
                bytes[at] ^= flip;
            }
        }
        for end in 0..bytes.len() {
            let mut cut = AlignedVec::<16>::new();
            cut.extend_from_slice(&bytes[..end]);
            look(&cut);
        }
        assert!(refused > bytes.len() / 2, "{refused} refused");
    }
}
