//! What rows and notes there can be: asked of a world that is brought back, which may come from anybody.
//!
//! The behaviour takes codes, zones, places and residents out of rows, and trusts them. Bounds here are those within
//! which nothing overflows and nothing leads outside a table; whether a life is likely is not asked.

use super::founding::NewYork;
use super::kinds::{Activity, Mode, NoteKind, PlaceKind, Role};
use super::needs::{CLASS_COUNT, MOOD_MAX};
use super::rows::{Note, Place, flag};
use super::world::Resident;
use crate::base::AgentId;
use crate::sim::{Sent, Standing};

/// Cents, more or less, of a purse or a till: more than there is in the city.
const CENTS_MAX: u64 = 1_000_000_000_000_000;
/// Minutes of a day: a shift and a way have no more.
const DAY_MINUTES: u16 = 1_440;
/// Visitors of a place, more or less.
const PRESENT_MAX: u32 = 1 << 30;

type Verdict = Result<(), String>;

/// States what must hold, and in words what is wrong otherwise.
macro_rules! must {
    ($holds:expr, $($wrong:tt)+) => {
        if !$holds {
            return Err(format!($($wrong)+));
        }
    };
}

impl NewYork {
    fn is_resident(&self, id: u32) -> bool {
        id < self.places.first
    }

    fn is_place(&self, id: u32) -> bool {
        id >= self.places.first && id - self.places.first < self.places.count()
    }

    fn is_zone(&self, zone: u16) -> bool {
        (zone as usize) < self.atlas.len()
    }
}

fn is_none_or(id: u32, is: impl Fn(u32) -> bool) -> bool {
    id == AgentId::NONE.0 || is(id)
}

/// Whether a resident can be so.
pub fn resident(city: &NewYork, standing: &Standing, (body, person, contacts): &Resident) -> Verdict {
    let (id, now) = (standing.id.0, standing.now.0);
    let mood = |level: i16| (level as i32).abs() <= MOOD_MAX;
    must!(Activity::from_code(body.activity).is_some(), "there is no activity {}", body.activity);
    must!(Activity::from_code(body.pending).is_some(), "there is no activity {} to follow", body.pending);
    must!((body.class as usize) < CLASS_COUNT, "there is no class {}", body.class);
    must!(body.flags & !flag::PLANNED == 0, "there are no flags {:#x}", body.flags);
    must!(
        body.since as u64 <= now && body.since < body.until,
        "an activity from tick {} to {} at tick {now}",
        body.since,
        body.until
    );
    must!(is_none_or(body.place, |place| city.is_place(place)), "{} is no place to be at", body.place);
    must!(mood(body.valence) && mood(body.arousal), "there is no mood of {} and {}", body.valence, body.arousal);
    must!(
        mood(person.valence_target) && mood(person.arousal_target),
        "no mood turns to {} and {}",
        person.valence_target,
        person.arousal_target
    );
    must!(person.money.unsigned_abs() <= CENTS_MAX, "no purse has {} cents", person.money);
    must!(
        id.wrapping_sub(person.household) < person.household_size as u32
            && city.is_resident(person.household.saturating_add(person.household_size as u32 - 1)),
        "a household of {} from {} on",
        person.household_size,
        person.household
    );
    must!(is_none_or(person.workplace, |place| city.is_place(place)), "{} is no workplace", person.workplace);
    must!(
        city.is_zone(person.home) && city.is_zone(person.work),
        "a home in zone {} and work in {}",
        person.home,
        person.work
    );
    must!(
        person.shift_start <= DAY_MINUTES && person.shift_minutes <= DAY_MINUTES,
        "a shift of {} minutes from minute {} on",
        person.shift_minutes,
        person.shift_start
    );
    must!(person.commute_minutes <= DAY_MINUTES, "a commute of {} minutes", person.commute_minutes);
    must!((person.role as usize) < Role::ALL.len(), "there is no role {}", person.role);
    must!(person.sex <= 1, "there is no sex {}", person.sex);
    must!(
        Mode::from_code(person.commute_mode).is_some() && Mode::from_code(person.mode).is_some(),
        "nobody travels by {} and {}",
        person.commute_mode,
        person.mode
    );
    must!(
        person.work_days < 1 << 7 && person.plan < 1 << 3,
        "no plan is {:#x} of days {:#x}",
        person.plan,
        person.work_days
    );
    must!(person.spare == [0; 11], "there is something in the room that is kept free");
    let stranger = contacts.who.iter().find(|&&who| !is_none_or(who, |who| city.is_resident(who)));
    stranger.map_or(Ok(()), |who| Err(format!("{who} is nobody to know")))?;
    // Both ways of stepping must find the same wake-ups.
    let wake = body.next_wake(&city.rules.rates) as u64;
    let wanted = wake.max(standing.arrives.0);
    must!(
        standing.wake.is_some_and(|wake| wake.0 == wanted),
        "it is woken at {:?} and something is due at tick {wake}",
        standing.wake
    );
    Ok(())
}

/// Whether a place can be so.
pub fn place(city: &NewYork, standing: &Standing, (place,): &(Place,)) -> Verdict {
    let (zone, kind) = city.places.facts(standing.id);
    must!(place.kind == kind as u8, "its kind is {}, not {}", place.kind, kind as u8);
    must!(place.zone == zone && standing.zone.0 == zone as u32, "it stands in zone {}, not {zone}", place.zone);
    must!(place.till.unsigned_abs() <= CENTS_MAX, "no till has {} cents", place.till);
    must!(place.present.unsigned_abs() <= PRESENT_MAX, "{} residents are there", place.present);
    must!(
        standing.wake.is_none_or(|wake| wake.0 == place.next as u64)
            && standing.wake.is_some() == (place.next < u32::MAX),
        "it is woken at {:?} and settles its till at tick {}",
        standing.wake,
        place.next
    );
    must!(place.spare == [0; 7], "there is something in the room that is kept free");
    let stranger = place.roster.iter().find(|&&who| !is_none_or(who, |who| city.is_resident(who)));
    stranger.map_or(Ok(()), |who| Err(format!("{who} is nobody who could be there")))
}

/// Whether there can be such a note.
pub fn note(city: &NewYork, sent: &Sent, note: &Note) -> Verdict {
    let kind = NoteKind::from_code(note.kind).ok_or_else(|| format!("there is no note of kind {}", note.kind))?;
    let (from, to) = (city.is_resident(sent.from.0), city.is_resident(sent.to.0));
    let right = match kind {
        NoteKind::CheckIn | NoteKind::CheckOut | NoteKind::Correct | NoteKind::Rent => (true, false),
        NoteKind::Refuse | NoteKind::Introduce | NoteKind::Wage | NoteKind::Benefit => (false, true),
        NoteKind::Greet | NoteKind::Invite => (true, true),
        NoteKind::Settle => (false, false),
    };
    let is_who = |who: u32| match kind {
        NoteKind::Introduce => city.is_resident(who),
        NoteKind::Invite => city.is_place(who) && city.places.facts(AgentId(who)).1 == PlaceKind::Venue,
        _ => who == AgentId::NONE.0,
    };
    // From outside no money comes, and no news: only what changes nothing.
    let is_idle = kind == NoteKind::Benefit && note.cents == 0 && to;
    must!(sent.from.is_some() || is_idle, "nobody writes such a note ({}) to the city from outside", kind.name());
    must!((from, to) == right || !sent.from.is_some(), "agent {} sends no {} there", sent.from.0, kind.name());
    must!(is_who(note.who.0), "a note ({}) about agent {}", kind.name(), note.who.0);
    Ok(())
}
