//! [`Frozen`]: the columns of a cell as a rkyv archive that can be read in place.

use bytemuck::{Pod, Zeroable, cast_slice};
use rkyv::rancor;
use rkyv::util::AlignedVec;
use rkyv::{Archive, Portable, Serialize};

/// What columns consist of. A column that is aligned to it holds rows that are aligned to 16 bytes, which all are that
/// consist of numbers. (rkyv has no more than 32 bytes for a gap, so a whole cache line cannot be had.)
#[derive(Clone, Copy, Debug, Pod, Zeroable, Portable, Archive, Serialize, rkyv::bytecheck::CheckBytes)]
#[bytecheck(crate = rkyv::bytecheck)]
#[rkyv(as = Line)]
#[repr(C, align(16))]
pub struct Line([u8; 16]);

/// The columns of one kind of agents, all of its slots.
#[derive(Clone, Default, Archive, Serialize)]
pub struct FrozenTable {
    /// Slots, those of nobody included.
    pub slots: u32,
    /// Columns, each of whole lines.
    pub columns: Vec<Vec<Line>>,
}

/// The columns of a cell.
#[derive(Clone, Default, Archive, Serialize)]
pub struct Frozen {
    /// A table for each kind of agents.
    pub tables: Vec<FrozenTable>,
}

impl Frozen {
    /// Appends the archive to whole pages. It fills whole pages; how many bytes of them is returned.
    pub fn archive(&self, into: &mut AlignedVec<4096>) -> usize {
        let start = into.len();
        assert!(start.is_multiple_of(4096), "archives begin on pages");
        let writer = std::mem::take(into);
        *into = rkyv::api::high::to_bytes_in::<_, rancor::Panic>(self, writer).expect("memory takes any bytes");
        let len = into.len() - start;
        into.resize(into.len().next_multiple_of(4096), 0);
        len
    }
}

/// A table, wherever it lies.
#[derive(Clone, Debug)]
pub struct TableOfLines<'a> {
    /// Slots.
    pub slots: usize,
    /// Columns, aligned to lines.
    pub columns: Vec<&'a [u8]>,
}

/// A cell's columns, read where they lie.
#[derive(Clone, Debug)]
pub struct FrozenView<'a> {
    /// Tables.
    pub tables: Vec<TableOfLines<'a>>,
}

impl<'a> FrozenView<'a> {
    /// Reads an archive, whose bytes must be aligned to lines.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn of(bytes: &'a [u8]) -> Result<Self, String> {
        let frozen = rkyv::access::<ArchivedFrozen, rancor::Error>(bytes).map_err(|error| error.to_string())?;
        let table = |table: &'a ArchivedFrozenTable| TableOfLines {
            slots: table.slots.to_native() as usize,
            columns: table.columns.iter().map(|column| cast_slice(column.as_slice())).collect(),
        };
        Ok(Self { tables: frozen.tables.iter().map(table).collect() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_where_they_lie() {
        let column = |lines: u8, salt: u8| (0..lines).map(|line| Line([line ^ salt; 16])).collect::<Vec<_>>();
        let table = |lines, salt| FrozenTable { slots: lines as u32 * 16, columns: vec![column(lines, salt); 3] };
        let frozen = Frozen { tables: vec![table(3, 7), FrozenTable::default(), table(50, 1)] };
        let mut bytes = AlignedVec::<4096>::new();
        for _ in 0..2 {
            let start = bytes.len();
            let len = frozen.archive(&mut bytes);
            assert_eq!(bytes.len(), start + len.next_multiple_of(4096));
            let view = FrozenView::of(&bytes[start..start + len]).unwrap();
            assert_eq!(view.tables.iter().map(|table| table.slots).collect::<Vec<_>>(), [48, 0, 800]);
            for (seen, made) in view.tables.iter().zip(&frozen.tables) {
                for (seen, made) in seen.columns.iter().zip(&made.columns) {
                    assert_eq!(*seen, cast_slice::<Line, u8>(made));
                    assert!((seen.as_ptr() as usize).is_multiple_of(16));
                }
            }
        }
    }
}
