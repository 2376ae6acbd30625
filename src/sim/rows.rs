//! A kind of agent: a tuple of rows, stored as columns of one bevy table in each zone.

use bevy_ecs::bundle::{Bundle, NoBundleEffect};
use bevy_ecs::change_detection::ContiguousMut;
use bevy_ecs::component::{Component, Mutable};
use bevy_ecs::query::{ContiguousQueryData, QueryData};
use bevy_ecs::system::Query;
use bytemuck::Pod;

use crate::base::{AgentId, RowHash};

/// The agent that a row belongs to; [`AgentId::NONE`] in a parked row, which waits for the next arrival.
#[derive(Component, Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Agent(pub AgentId);

/// One row of an agent: a component that is plain old data, without padding.
pub trait Row: Component<Mutability = Mutable> + Pod {}
impl<T: Component<Mutability = Mutable> + Pod> Row for T {}

/// A kind of agent: a tuple of one to six [`Row`]s, `(Body, Person)`. A row type belongs to one kind only.
///
/// An agent's rows stand in one table of its zone's World, in the same slot of each column.
pub trait Rows: Copy + Send + Sync + 'static {
    /// Mutable access to all columns.
    type Query: QueryData + ContiguousQueryData + 'static;
    /// The columns of a zone.
    type Columns<'a>;
    /// The rows of one agent.
    type Refs<'a>;
    /// What is spawned.
    type Bundle: Bundle<Effect: NoBundleEffect>;

    /// Rows of nobody.
    fn zeroed() -> Self;
    /// The bundle of an agent.
    fn bundle(self, id: AgentId) -> Self::Bundle;
    /// All columns of a zone, the same length each; `None` in a zone that never had an agent of this kind.
    fn columns<'w>(query: Query<'w, '_, Self::Query>) -> Option<Columns<'w, Self>>;
    /// One agent's rows.
    fn at<'s>(columns: &'s mut Self::Columns<'_>, slot: usize) -> Self::Refs<'s>;
    /// A copy of one agent's rows.
    fn read(columns: &Self::Columns<'_>, slot: usize) -> Self;
    /// Overwrites one agent's rows.
    fn write(self, columns: &mut Self::Columns<'_>, slot: usize);
    /// Adds the bytes of one agent's rows to its hash.
    fn hash(columns: &Self::Columns<'_>, slot: usize, hash: RowHash) -> RowHash;
    /// The bytes of one agent's rows.
    const BYTES: usize;
    /// The names of the row types, for messages.
    fn name() -> String;
}

/// The columns of one kind in one zone.
pub struct Columns<'w, K: Rows> {
    /// Whose row it is.
    pub agents: &'w mut [Agent],
    /// The kind's own columns.
    pub rows: K::Columns<'w>,
}

macro_rules! kinds {
    ($($T:ident $lower:ident $i:tt),+) => {
        impl<$($T: Row),+> Rows for ($($T,)+) {
            type Query = (&'static mut Agent, $(&'static mut $T,)+);
            type Columns<'a> = ($(&'a mut [$T],)+);
            type Refs<'a> = ($(&'a mut $T,)+);
            type Bundle = (Agent, $($T,)+);

            fn zeroed() -> Self {
                ($($T::zeroed(),)+)
            }
            fn bundle(self, id: AgentId) -> Self::Bundle {
                (Agent(id), $(self.$i,)+)
            }
            #[inline]
            fn columns<'w>(query: Query<'w, '_, Self::Query>) -> Option<Columns<'w, Self>> {
                // Without change detection: its marks would cost as much as the update itself.
                let (agents, $($lower,)+) = query.contiguous_iter_inner().ok()?.next()?;
                Some(Columns {
                    agents: ContiguousMut::bypass_change_detection_split(agents).0,
                    rows: ($(ContiguousMut::bypass_change_detection_split($lower).0,)+),
                })
            }
            #[inline]
            fn at<'s>(columns: &'s mut Self::Columns<'_>, slot: usize) -> Self::Refs<'s> {
                ($(&mut columns.$i[slot],)+)
            }
            #[inline]
            fn read(columns: &Self::Columns<'_>, slot: usize) -> Self {
                ($(columns.$i[slot],)+)
            }
            #[inline]
            fn write(self, columns: &mut Self::Columns<'_>, slot: usize) {
                $(columns.$i[slot] = self.$i;)+
            }
            fn hash(columns: &Self::Columns<'_>, slot: usize, hash: RowHash) -> RowHash {
                hash$(.pod(&columns.$i[slot]))+
            }
            const BYTES: usize = 0 $(+ size_of::<$T>())+;
            fn name() -> String {
                let names = [$(std::any::type_name::<$T>()),+];
                names.map(|name| name.rsplit("::").next().unwrap_or(name)).join(", ")
            }
        }
    };
}
kinds!(A a 0);
kinds!(A a 0, B b 1);
kinds!(A a 0, B b 1, C c 2);
kinds!(A a 0, B b 1, C c 2, D d 3);
kinds!(A a 0, B b 1, C c 2, D d 3, E e 4);
kinds!(A a 0, B b 1, C c 2, D d 3, E e 4, F f 5);
