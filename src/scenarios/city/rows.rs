//! The city's state: three rows of a resident, one row of a place, one message. Plain old data, every byte counted.

use bytemuck::{Pod, Zeroable};

use super::kinds::{Activity, NEED_COUNT, NoteKind};
use crate::base::AgentId;

/// What changes at every transition (32 B). Levels are exact at tick `since`; later values follow in closed form.
///
/// `until > since` always: an activity lasts at least a tick.
#[derive(Clone, Copy, PartialEq, Eq, Pod, Zeroable, Debug)]
#[repr(C)]
pub struct Body {
    /// Tick at which `needs`, `valence` and `arousal` are exact.
    pub since: u32,
    /// Tick at which the activity ends.
    pub until: u32,
    /// Levels by [`Need`](super::Need): 0 desperate, 65,535 satisfied.
    pub needs: [u16; NEED_COUNT],
    /// The place where the resident is or, on the way, the one at the end of the way. `AgentId::NONE` for home and, in
    /// another zone, for the street.
    pub place: u32,
    /// An [`Activity`].
    pub activity: u8,
    /// The [`Activity`] that follows a [`Activity::Travel`].
    pub pending: u8,
    /// Row of the table of rates, by age and temper: see `Rates`.
    pub class: u8,
    /// Bits, named in `flag`.
    pub flags: u8,
    /// Pleasant (+) or unpleasant (-), -16,383..=16,383.
    pub valence: i16,
    /// Excited (+) or calm (-), -16,383..=16,383.
    pub arousal: i16,
}
const _: () = assert!(size_of::<Body>() == 32);

impl Body {
    /// The body of nobody: never due.
    pub const NOBODY: Self = Self {
        since: u32::MAX,
        until: u32::MAX,
        needs: [0; NEED_COUNT],
        place: u32::MAX,
        activity: 0,
        pending: 0,
        class: 0,
        flags: 0,
        valence: 0,
        arousal: 0,
    };

    /// What the resident does.
    #[inline]
    pub fn doing(&self) -> Activity {
        Activity::from_code(self.activity).unwrap_or(Activity::Rest)
    }
}

/// The bits of [`Body::flags`].
pub mod flag {
    /// `Person::plan` holds the plan of `Person::plan_day`.
    pub const PLANNED: u8 = 1;
}

/// Who a resident is, the purse and the day's plan (64 B).
#[derive(Clone, Copy, PartialEq, Eq, Pod, Zeroable, Debug)]
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
    /// Valence moves toward this from `Body::since` on.
    pub valence_target: i16,
    /// Arousal moves toward this from `Body::since` on.
    pub arousal_target: i16,
    /// Residents in the household.
    pub household_size: u8,
    /// Age in years.
    pub age: u8,
    /// 0 male, 1 female.
    pub sex: u8,
    /// A [`Role`](super::Role).
    pub role: u8,
    /// Index into the occupations of the data.
    pub occupation: u8,
    /// Days of work, bit 0 Monday to bit 6 Sunday.
    pub work_days: u8,
    /// The [`Mode`](super::Mode) of the commute, and of other trips that are too long to walk.
    pub commute_mode: u8,
    /// Minutes later (+) or earlier (-) than the average bedtime, in units of 2.
    pub chronotype: i8,
    /// Openness, conscientiousness, extraversion, agreeableness, neuroticism: 0..=255, 128 the average.
    pub traits: [u8; 5],
    /// Minutes worked in the shift so far, in units of 5: what its wage is reckoned from.
    pub worked: u8,
    /// The day of the run, modulo 256, that `plan` is for.
    pub plan_day: u8,
    /// Bits 0, 1, 2: a shift (or school) begins yesterday, today, tomorrow.
    pub plan: u8,
    /// Minutes of chores done today, in units of 5.
    pub chores: u8,
    /// Meals in the pantry at home.
    pub pantry: u8,
    /// The [`Mode`](super::Mode) of the trip on which the resident is, or last was.
    pub mode: u8,
    /// Room for what the model grows by.
    pub spare: [u8; 11],
}
const _: () = assert!(size_of::<Person>() == 64);

/// How many contacts a resident keeps besides the household.
pub const CONTACT_COUNT: usize = 8;

/// Friends, colleagues and neighbours (48 B): bounded, the weakest gives way.
#[derive(Clone, Copy, PartialEq, Eq, Pod, Zeroable, Debug)]
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
#[derive(Clone, Copy, PartialEq, Eq, Pod, Zeroable, Debug)]
#[repr(C)]
pub struct Place {
    /// Cents in the till; negative is credit.
    pub till: i64,
    /// The last to arrive among those present, newest first; `AgentId::NONE` where empty.
    pub roster: [u32; ROSTER_COUNT],
    /// Residents present. Below zero for the moment between a late leaving and its correction.
    pub present: i32,
    /// Visits so far.
    pub visits: u32,
    /// Room for so many.
    pub capacity: u32,
    /// Turned away for want of room, or at a closed door.
    pub refused: u32,
    /// Cents for a visit (or a meal, a basket), before the price index: what the kind asks.
    pub price: u32,
    /// Tick of the next nightly settlement; `u32::MAX` for never.
    pub next: u32,
    /// Minute of the day at which it opens.
    pub opens: u16,
    /// Minute of the day at which it closes (may be past 1,440).
    pub closes: u16,
    /// Zone.
    pub zone: u16,
    /// Mean valence of those who came lately.
    pub mood: i16,
    /// A [`PlaceKind`](super::PlaceKind).
    pub kind: u8,
    /// Keeps the row a multiple of 8.
    pub spare: [u8; 7],
}
const _: () = assert!(size_of::<Place>() == 72);

/// What residents and places tell each other (16 B).
#[derive(Clone, Copy, PartialEq, Eq, Pod, Zeroable, Debug)]
#[repr(C)]
pub struct Note {
    /// A [`NoteKind`].
    pub kind: u8,
    /// A small number whose meaning the kind gives.
    pub x: u8,
    /// Another.
    pub y: i16,
    /// A third party.
    pub who: AgentId,
    /// Cents that change hands: they have left the sender, and reach the receiver with the note.
    pub cents: i32,
    /// A number whose meaning the kind gives.
    pub value: u32,
}
const _: () = assert!(size_of::<Note>() == 16);

impl Note {
    /// A note with nothing but its kind.
    #[inline]
    pub fn of(kind: NoteKind) -> Self {
        Self { kind: kind as u8, x: 0, y: 0, who: AgentId::NONE, cents: 0, value: 0 }
    }
}
