//! The city's state: three rows of a resident, one row of a place, one message. Plain old data, every byte counted.

use bevy_ecs::component::Component;
use bytemuck::{Pod, Zeroable};

use crate::base::AgentId;

/// The needs, in the order of [`Body::needs`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Need {
    /// Satisfied by eating.
    Hunger,
    /// Satisfied by sleep.
    Energy,
    /// Satisfied by washing.
    Hygiene,
    /// Satisfied by company.
    Social,
    /// Satisfied by leisure.
    Fun,
    /// Satisfied by rest at home.
    Comfort,
}

/// How many needs there are.
pub const NEED_COUNT: usize = 6;

/// What a resident does. Stored as `u8`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Activity {
    /// In bed.
    Sleep,
    /// In the bathroom.
    Wash,
    /// At a table, at home or in a restaurant.
    Eat,
    /// On the way, by [`Body::mode`], to do [`Body::pending`].
    Travel,
    /// At work.
    Work,
    /// At school or college.
    School,
    /// In a shop.
    Shop,
    /// At home, with a television set of 1999.
    Leisure,
    /// In a park or a venue.
    Outing,
    /// With others, at home or out.
    Socialise,
    /// Cleaning, cooking, caring.
    Chores,
    /// Doing nothing, at home.
    Rest,
}

/// How many activities there are.
pub const ACTIVITY_COUNT: usize = 12;

/// What changes at every transition (32 B). Levels are exact at tick `since`; later values follow in closed form.
#[derive(Component, Clone, Copy, Pod, Zeroable, Debug)]
#[repr(C)]
pub struct Body {
    /// Tick at which `needs`, `valence` and `arousal` are exact.
    pub since: u32,
    /// Tick at which the activity ends.
    pub until: u32,
    /// Levels by [`Need`]: 0 desperate, 65,535 satisfied.
    pub needs: [u16; NEED_COUNT],
    /// The place where the resident is (an [`AgentId`] of a place), or `AgentId::NONE` at home or on the way.
    pub place: u32,
    /// An [`Activity`].
    pub activity: u8,
    /// The [`Activity`] that follows a [`Activity::Travel`].
    pub pending: u8,
    /// Mode of the current trip.
    pub mode: u8,
    /// Bits: 0 worked today, 1 washed today, 2 away from home (see `flag`).
    pub flags: u8,
    /// Pleasant (+) or unpleasant (-), -16,383..=16,383.
    pub valence: i16,
    /// Excited (+) or calm (-), -16,383..=16,383.
    pub arousal: i16,
}
const _: () = assert!(size_of::<Body>() == 32);

/// Who a resident is, and the purse (64 B).
#[derive(Component, Clone, Copy, Pod, Zeroable, Debug)]
#[repr(C)]
pub struct Person {
    /// Cents in the purse; may be negative (credit).
    pub money: i64,
    /// The first resident of the household; the others follow it without a gap.
    pub household: u32,
    /// The workplace or school (an [`AgentId`] of a place), or `AgentId::NONE`.
    pub workplace: u32,
    /// Cents an hour.
    pub wage: u32,
    /// Zone of the home.
    pub home: u16,
    /// Zone of the workplace or school.
    pub work: u16,
    /// Minute of the day at which the shift (or school) begins.
    pub shift_start: u16,
    /// Its length in minutes.
    pub shift_minutes: u16,
    /// One-way commute in minutes.
    pub commute_minutes: u16,
    /// Tick of the emotion targets' change is [`Body::since`]; here the targets.
    pub valence_target: i16,
    /// See `valence_target`.
    pub arousal_target: i16,
    /// Residents in the household.
    pub household_size: u8,
    /// Age in years.
    pub age: u8,
    /// 0 male, 1 female.
    pub sex: u8,
    /// A `Role`.
    pub role: u8,
    /// Index into the occupations of the preset.
    pub occupation: u8,
    /// Days of work, bit 0 Monday to bit 6 Sunday.
    pub work_days: u8,
    /// Mode of the commute.
    pub commute_mode: u8,
    /// Minutes later (+) or earlier (-) than the average bedtime, in units of 2.
    pub chronotype: i8,
    /// Openness, conscientiousness, extraversion, agreeableness, neuroticism: 0..=255, 128 the average.
    pub traits: [u8; 5],
    /// Minutes worked today, in units of 5 (what a day's wage is reckoned from).
    pub worked: u8,
    /// Room for what the model grows by.
    pub spare: [u8; 12],
}
const _: () = assert!(size_of::<Person>() == 64);

/// How many contacts a resident keeps besides the household.
pub const CONTACT_COUNT: usize = 8;

/// Friends, colleagues and neighbours (48 B): bounded, the weakest gives way.
#[derive(Component, Clone, Copy, Pod, Zeroable, Debug)]
#[repr(C)]
pub struct Contacts {
    /// Who; `AgentId::NONE` where empty.
    pub who: [u32; CONTACT_COUNT],
    /// How close, at the last meeting: 0 (nobody) to 255.
    pub strength: [u8; CONTACT_COUNT],
    /// Day of the run of the last meeting, modulo 256: closeness fades with the days since.
    pub day: [u8; CONTACT_COUNT],
}
const _: () = assert!(size_of::<Contacts>() == 48);

/// How many of those present a place remembers.
pub const ROSTER_COUNT: usize = 6;

/// A place (72 B): who is there, what it takes in, what it owes. It is an agent: it meets residents by messages only.
#[derive(Component, Clone, Copy, Pod, Zeroable, Debug)]
#[repr(C)]
pub struct Place {
    /// Cents in the till; negative is credit.
    pub till: i64,
    /// The last to arrive among those present, newest first; `AgentId::NONE` where empty.
    pub roster: [u32; ROSTER_COUNT],
    /// Residents present.
    pub present: u32,
    /// Visits so far.
    pub visits: u32,
    /// Room for so many.
    pub capacity: u32,
    /// Turned away for want of room.
    pub refused: u32,
    /// Cents for a visit (or a meal, a basket).
    pub price: u32,
    /// Minute of the day at which it opens.
    pub opens: u16,
    /// Minute of the day at which it closes (may be past 1,440).
    pub closes: u16,
    /// A `PlaceKind`.
    pub kind: u8,
    /// Keeps the row a multiple of 8.
    pub spare: [u8; 3],
    /// Zone.
    pub zone: u32,
}
const _: () = assert!(size_of::<Place>() == 72);

/// What residents and places tell each other (16 B).
#[derive(Clone, Copy, Pod, Zeroable, Debug)]
#[repr(C)]
pub struct Note {
    /// A `NoteKind`.
    pub kind: u8,
    /// A small number whose meaning the kind gives.
    pub x: u8,
    /// Another.
    pub y: i16,
    /// A third party.
    pub who: AgentId,
    /// Cents that change hands.
    pub cents: i32,
    /// Keeps the size; zero.
    pub spare: u32,
}
const _: () = assert!(size_of::<Note>() == 16);
