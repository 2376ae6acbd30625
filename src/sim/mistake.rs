//! Mistakes in what a scenario declares, told by name: a system that asks for what nobody declared.

use std::any::TypeId;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use bevy_ecs::change_detection::Tick;
use bevy_ecs::prelude::World;
use bevy_ecs::system::{SystemAccess, SystemMeta, SystemParam, SystemParamValidationError};
use bevy_ecs::world::unsafe_world_cell::UnsafeWorldCell;

use super::hand::{Drawer, short_name};

/// On its way out of bevy, whose systems have no other way to say that they cannot be made.
struct Mistake(String);

/// Says what is wrong to whoever makes the system: see [`or_mistake`].
pub(crate) fn mistake(what: String) -> ! {
    resume_unwind(Box::new(Mistake(what)))
}

/// Makes a system; an error says what it asks for in vain.
pub(crate) fn or_mistake<R>(make: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(make)).map_err(|payload| match payload.downcast::<Mistake>() {
        Ok(mistake) => mistake.0,
        Err(panic) => resume_unwind(panic),
    })
}

/// What a hub system looks at, which must be there once all is declared.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    pub kind: WantedKind,
    pub id: TypeId,
    pub name: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum WantedKind {
    Rows,
    Messages,
}

/// System parameter that notes what is wanted.
pub(crate) struct Wants<T, const IS_MESSAGE: bool>(PhantomData<fn() -> T>);

// SAFETY: nothing is accessed.
unsafe impl<T: 'static, const IS_MESSAGE: bool> SystemParam for Wants<T, IS_MESSAGE> {
    type State = ();
    type Item<'w, 's> = Self;

    fn init_state(world: &mut World) -> Self::State {
        let kind = if IS_MESSAGE { WantedKind::Messages } else { WantedKind::Rows };
        let wanted = Wanted { kind, id: TypeId::of::<T>(), name: short_name::<T>() };
        // A hub has one; where there is none the rest of the parameter says so.
        if let Some(mut drawer) = world.get_resource_mut::<Drawer>() {
            drawer.wanted.push(wanted);
        }
    }

    fn init_access(_: &Self::State, _: &mut SystemMeta, _: &mut SystemAccess, _: &mut World) {}

    unsafe fn get_param<'w, 's>(
        _: &'s mut Self::State,
        _: &SystemMeta,
        _: UnsafeWorldCell<'w>,
        _: Tick,
    ) -> Result<Self::Item<'w, 's>, SystemParamValidationError> {
        Ok(Self(PhantomData))
    }
}
