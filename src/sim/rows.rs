//! A kind of agent: a tuple of rows, stored as columns of one bevy table in each cell.
//!
//! A bevy entity costs 48 bytes and each of its components 8 more, be it large or small: 80 bytes for an agent of three
//! rows, half of what it is about. So an entity holds not one agent but a [`Block`] of them side by side. The columns
//! are as contiguous as before, aligned to cache lines, and 8 million residents take a gigabyte less.

use std::any::TypeId;
use std::ptr::NonNull;

use bevy_ecs::bundle::{Bundle, NoBundleEffect};
use bevy_ecs::component::{Component, ComponentId};
use bevy_ecs::storage::Table;
use bevy_ecs::world::World;
use bytemuck::{Pod, Zeroable};

use super::hand::short_name;
use crate::base::{AgentId, RowHash};
use crate::store::Line;

/// Agents of an entity.
pub(crate) const BLOCK: usize = 16;

/// A row of as many agents: a component.
#[derive(Component)]
#[repr(C, align(64))]
pub struct Block<T: Row>([T; BLOCK]);

impl<T: Row> Block<T> {
    /// Blocks follow each other without a gap, so that a column of them is a column of rows.
    const SEAMLESS: () = {
        assert!(size_of::<Self>() == BLOCK * size_of::<T>(), "a row has a multiple of 4 bytes");
        assert!(align_of::<T>() <= align_of::<Line>(), "a row is aligned to 16 bytes or less");
    };
}

/// The tick of an agent that nothing wakes.
pub(crate) const NEVER: u32 = u32::MAX;

/// Whose row it is, and what the engine knows of the agent.
///
/// Beside the id, in one cache line with it, because a visit needs them together.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Pod, Zeroable)]
#[repr(C)]
pub(crate) struct Agent {
    /// The agent; [`AgentId::NONE`] in a parked row, which waits for the next arrival.
    pub id: AgentId,
    /// The tick at which the agent wants to be woken.
    pub wake: u32,
    /// The tick from which the agent is here: handoffs are placed at the exchange and act from then on.
    pub arrives: u32,
}

impl Agent {
    /// Nobody.
    pub(crate) const PARKED: Self = Self { id: AgentId::NONE, wake: NEVER, arrives: 0 };
}

/// One row of an agent: plain old data without padding, of a multiple of 4 bytes.
pub trait Row: Pod + Send + Sync {}
impl<T: Pod + Send + Sync> Row for T {}

/// A kind of agent: a tuple of one to six [`Row`]s, `(Body, Person)`. A row type belongs to one kind only.
///
/// An agent's rows stand in one table of its cell's World, in the same slot of each column.
pub trait Rows: Copy + Send + Sync + 'static {
    /// The columns of a cell.
    type Columns<'a>;
    /// The rows of one agent.
    type Refs<'a>;
    /// What an entity is: a block of each row.
    type Blocks: Bundle<Effect: NoBundleEffect>;
    /// Where the columns begin.
    type Starts: Copy + Send + Sync;

    /// Rows of nobody.
    fn zeroed() -> Self;
    /// The entity of so many agents.
    fn blocks(rows: [Self; BLOCK]) -> Self::Blocks;
    /// The components of the rows, known to a World from then on.
    fn components(world: &mut World) -> Vec<ComponentId>;
    /// Columns of nobody.
    fn nowhere() -> Self::Starts;
    /// Where a table's columns begin, if it has them.
    fn starts(table: &Table, world: &World) -> Option<Self::Starts>;
    /// All columns.
    ///
    /// # Safety
    /// They have `len` rows, which nobody else reaches while the result lives.
    unsafe fn columns<'a>(starts: Self::Starts, len: usize) -> Self::Columns<'a>;
    /// One agent's rows.
    ///
    /// # Safety
    /// The columns have more than `slot` rows, and nobody else reaches these while the result lives.
    unsafe fn at<'a>(starts: Self::Starts, slot: usize) -> Self::Refs<'a>;
    /// Asks for one agent's rows to be brought into the cache.
    fn prefetch(starts: Self::Starts, slot: usize);
    /// These rows.
    fn refs(&mut self) -> Self::Refs<'_>;
    /// A copy of one agent's rows.
    fn read(rows: &Self::Refs<'_>) -> Self;
    /// Overwrites one agent's rows.
    fn write(self, rows: &mut Self::Refs<'_>);
    /// Adds the bytes of one agent's rows to its hash.
    fn hash(rows: &Self::Refs<'_>, hash: RowHash) -> RowHash;
    /// Adds the bytes of the rows of slots from `first` on, each to its hash: column by column, so that none waits for
    /// another.
    fn hash_all(rows: &Self::Columns<'_>, first: usize, hashes: &mut [RowHash]);
    /// The bytes of one agent's rows.
    const BYTES: usize;
    /// The names of the row types, for messages.
    fn name() -> String;
    /// Name and bytes of each row type, for a checkpoint's schema.
    fn shape() -> Vec<(&'static str, usize)>;
    /// The bytes of each column.
    fn bytes(rows: Self::Columns<'_>) -> Vec<&[u8]>;
    /// The bytes of one of these rows.
    fn row_bytes(&self, column: usize) -> &[u8];
    /// Appends the bytes of all rows, each to its column. They fill whole lines.
    fn append_lines(rows: &Self::Columns<'_>, columns: &mut [Vec<Line>]);
    /// Overwrites all rows, each column with as many bytes.
    fn fill(rows: &mut Self::Columns<'_>, columns: &[&[u8]]);
    /// The types of the rows.
    fn types() -> Vec<TypeId>;
    /// Rows from their columns, which have more than `nth`.
    fn nth(columns: &[&[u8]], nth: usize) -> Self;
}

/// Where the column of `T` begins in a table, if it has one.
pub(crate) fn start<T: Row>(table: &Table, world: &World) -> Option<NonNull<T>> {
    let () = Block::<T>::SEAMLESS;
    let id = world.components().component_id::<Block<T>>()?;
    // SAFETY: the id is that of the type.
    let column = unsafe { table.get_data_slice_for::<Block<T>>(id) }?;
    NonNull::new(column.as_ptr().cast_mut().cast())
}

/// The block of agents beside [`Rows::blocks`].
pub(crate) fn agents_of(agents: [Agent; BLOCK]) -> Block<Agent> {
    Block(agents)
}

/// Asks for the lines of a value to be brought into the cache: a hint, for an address of any kind.
#[inline]
pub(crate) fn prefetch<T>(at: *const T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch reads nothing that the program can see, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) };
        // The last byte of a row whose size does not divide a line may lie in the next one.
        if !64_usize.is_multiple_of(size_of::<T>()) {
            // SAFETY: as above.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast::<i8>().wrapping_add(size_of::<T>() - 1)) };
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}

/// The same for each line of a value of several.
#[inline]
pub(crate) fn prefetch_all<T>(at: *const T) {
    (0..size_of::<T>()).step_by(64).for_each(|byte| prefetch(at.cast::<u8>().wrapping_add(byte)));
    prefetch(at.cast::<u8>().wrapping_add(size_of::<T>() - 1));
}

macro_rules! kinds {
    ($($T:ident $i:tt),+) => {
        impl<$($T: Row),+> Rows for ($($T,)+) {
            type Columns<'a> = ($(&'a mut [$T],)+);
            type Refs<'a> = ($(&'a mut $T,)+);
            type Blocks = ($(Block<$T>,)+);
            type Starts = ($(Start<$T>,)+);

            fn zeroed() -> Self {
                ($($T::zeroed(),)+)
            }
            fn blocks(rows: [Self; BLOCK]) -> Self::Blocks {
                ($(Block(rows.map(|row| row.$i)),)+)
            }
            fn components(world: &mut World) -> Vec<ComponentId> {
                vec![$(world.register_component::<Block<$T>>()),+]
            }
            fn nowhere() -> Self::Starts {
                ($(Start::<$T>(NonNull::dangling()),)+)
            }
            fn starts(table: &Table, world: &World) -> Option<Self::Starts> {
                Some(($(Start(start::<$T>(table, world)?),)+))
            }
            #[inline]
            unsafe fn columns<'a>(starts: Self::Starts, len: usize) -> Self::Columns<'a> {
                // SAFETY: the caller's promise, for each column.
                unsafe { ($(std::slice::from_raw_parts_mut(starts.$i.0.as_ptr(), len),)+) }
            }
            #[inline]
            unsafe fn at<'a>(starts: Self::Starts, slot: usize) -> Self::Refs<'a> {
                // SAFETY: the caller's promise, for each column.
                unsafe { ($(&mut *starts.$i.0.as_ptr().add(slot),)+) }
            }
            #[inline]
            fn prefetch(starts: Self::Starts, slot: usize) {
                $(prefetch(starts.$i.0.as_ptr().wrapping_add(slot));)+
            }
            fn refs(&mut self) -> Self::Refs<'_> {
                ($(&mut self.$i,)+)
            }
            #[inline]
            fn read(rows: &Self::Refs<'_>) -> Self {
                ($(*rows.$i,)+)
            }
            #[inline]
            fn write(self, rows: &mut Self::Refs<'_>) {
                $(*rows.$i = self.$i;)+
            }
            #[inline]
            fn hash(rows: &Self::Refs<'_>, hash: RowHash) -> RowHash {
                hash$(.pod(&*rows.$i))+
            }
            #[inline]
            fn hash_all(rows: &Self::Columns<'_>, first: usize, hashes: &mut [RowHash]) {
                let ahead = hashes.len();
                $(for (hash, row) in hashes.iter_mut().zip(&rows.$i[first..]) {
                    prefetch((&raw const *row).wrapping_add(ahead));
                    *hash = hash.pod(row);
                })+
            }
            const BYTES: usize = 0 $(+ size_of::<$T>())+;
            fn name() -> String {
                Self::shape().iter().map(|&(name, _)| name).collect::<Vec<_>>().join(", ")
            }
            fn shape() -> Vec<(&'static str, usize)> {
                vec![$((short_name::<$T>(), size_of::<$T>())),+]
            }
            fn bytes(rows: Self::Columns<'_>) -> Vec<&[u8]> {
                vec![$(bytemuck::cast_slice(&*rows.$i)),+]
            }
            fn row_bytes(&self, column: usize) -> &[u8] {
                [$(bytemuck::bytes_of(&self.$i)),+][column]
            }
            fn append_lines(rows: &Self::Columns<'_>, columns: &mut [Vec<Line>]) {
                $(columns[$i].extend_from_slice(bytemuck::cast_slice(&*rows.$i));)+
            }
            fn fill(rows: &mut Self::Columns<'_>, columns: &[&[u8]]) {
                $(bytemuck::cast_slice_mut(&mut *rows.$i).copy_from_slice(columns[$i]);)+
            }
            fn types() -> Vec<TypeId> {
                vec![$(TypeId::of::<$T>()),+]
            }
            fn nth(columns: &[&[u8]], nth: usize) -> Self {
                ($(bytemuck::pod_read_unaligned::<$T>(&columns[$i][nth * size_of::<$T>()..][..size_of::<$T>()]),)+)
            }
        }
    };
}
kinds!(A 0);
kinds!(A 0, B 1);
kinds!(A 0, B 1, C 2);
kinds!(A 0, B 1, C 2, D 3);
kinds!(A 0, B 1, C 2, D 3, E 4);
kinds!(A 0, B 1, C 2, D 3, E 4, F 5);

/// Where a column begins.
pub struct Start<T>(NonNull<T>);

impl<T> Clone for Start<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Start<T> {}
// SAFETY: it is an address; what is done through it answers for itself (`Rows::at`, `Rows::columns`), and rows are
// plain old data that may be sent and shared.
unsafe impl<T: Row> Send for Start<T> {}
// SAFETY: as above.
unsafe impl<T: Row> Sync for Start<T> {}
