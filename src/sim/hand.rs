//! What the engine hands to systems: values that live in a system's own state, not in the World.
//!
//! A World finds a resource through half a dozen dependent loads, which a visit of a zone out of the cache pays in
//! full: eight resources cost 1.5 us a visit, more than what happens in it. A [`Hand`] is fetched once, when the system
//! is made, and then costs nothing.

use std::any::{Any, TypeId};

use bevy_ecs::change_detection::Tick;
use bevy_ecs::component::ComponentId;
use bevy_ecs::prelude::{Resource, World};
use bevy_ecs::query::FilteredAccess;
use bevy_ecs::resource::IS_RESOURCE;
use bevy_ecs::system::{SystemAccess, SystemMeta, SystemParam, SystemParamValidationError};
use bevy_ecs::world::unsafe_world_cell::UnsafeWorldCell;

use super::mistake::{Wanted, mistake};

/// What the systems of a World can be handed, by type. It is there while systems are made.
#[derive(Resource, Default)]
pub(crate) struct Drawer {
    contents: Vec<(TypeId, Box<dyn Any + Send + Sync>)>,
    /// Bits of the kinds whose events the system in the making takes.
    pub kinds_taken: u16,
    /// Accesses that the system in the making has declared for what it is handed: if it declares any others, it reaches
    /// into the World.
    pub accesses_declared: usize,
    /// What the hub systems in the making look at.
    pub wanted: Vec<Wanted>,
}

impl Drawer {
    pub(crate) fn put<R: Resource>(&mut self, value: R) {
        self.contents.retain(|(id, _)| *id != TypeId::of::<R>());
        self.contents.push((TypeId::of::<R>(), Box::new(value)));
    }

    fn get<R: Resource>(&self) -> Option<&R> {
        let (_, value) = self.contents.iter().find(|(id, _)| *id == TypeId::of::<R>())?;
        value.downcast_ref()
    }
}

/// Something that a [`Drawer`] can hold: handles are cloned into each system that asks.
pub(crate) trait Handed: Resource + Clone {
    /// What to say where a system asks for what nobody declared.
    fn missing() -> String;
    /// What it is, for a system that takes it twice.
    fn name() -> String {
        plain_name::<Self>()
    }
    /// Told when a system takes it.
    fn taken(&self, drawer: &mut Drawer) {
        let _ = drawer;
    }
}

/// System parameter: a handle from the drawer. `WRITES` decides whether two parameters of one system may hold it.
pub(crate) struct Hand<'s, R, const WRITES: bool = true>(pub &'s mut R);

// SAFETY: nothing of the World is accessed in `get_param`; the access declared in `init_access`, as that of a resource
// of the handle's type, keeps a system from holding what is written twice.
unsafe impl<R: Handed, const WRITES: bool> SystemParam for Hand<'_, R, WRITES> {
    type State = (R, ComponentId);
    type Item<'w, 's> = Hand<'s, R, WRITES>;

    fn init_state(world: &mut World) -> Self::State {
        let id = world.components_registrator().register_component::<R>();
        let mut drawer = world.resource_mut::<Drawer>();
        let Some(value) = drawer.get::<R>().cloned() else { mistake(R::missing()) };
        value.taken(&mut drawer);
        drawer.accesses_declared += 1;
        (value, id)
    }

    fn init_access((_, id): &Self::State, _: &mut SystemMeta, access: &mut SystemAccess, _: &mut World) {
        let mut filter = FilteredAccess::default();
        if WRITES {
            filter.add_write(*id);
        } else {
            filter.add_read(*id);
        }
        filter.and_with(IS_RESOURCE);
        if access.try_add(filter).is_err() {
            mistake(format!("it reaches {} twice", R::name()));
        }
    }

    #[inline]
    unsafe fn get_param<'w, 's>(
        (value, _): &'s mut Self::State,
        _: &SystemMeta,
        _: UnsafeWorldCell<'w>,
        _: Tick,
    ) -> Result<Self::Item<'w, 's>, SystemParamValidationError> {
        Ok(Hand(value))
    }
}

/// The last part of a type's name.
pub(crate) fn short_name<T>() -> &'static str {
    std::any::type_name::<T>().rsplit("::").next().unwrap_or_default()
}

/// A type's name without the modules.
fn plain_name<T>() -> String {
    let name = std::any::type_name::<T>();
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    name.split_inclusive(|letter| !is_part(letter)).map(|part| part.rsplit("::").next().unwrap_or_default()).collect()
}
