//! What places do: count who is there, introduce people, take money in and pay wages, rents aside, benefits out.

use super::choice::is_open;
use super::kinds::{NoteKind, PlaceKind, Tally};
use super::rows::{Note, Place, ROSTER_COUNT};
use super::rules::Rules;
use super::town::{Effects, Env, Town};
use crate::base::{AgentId, Calendar, Stream, Tick};

const WHOM: Stream = Stream::named("city/introduce");

impl Place {
    /// A new place of a kind, with the kind's hours and price, whose first settlement is the first night's.
    pub fn found(rules: &Rules, calendar: &Calendar, id: AgentId, kind: PlaceKind, zone: u16, capacity: u32) -> Self {
        let rule = &rules.kind[kind.index()];
        let mut place = Self {
            till: 0,
            roster: [AgentId::NONE.0; ROSTER_COUNT],
            present: 0,
            visits: 0,
            capacity,
            refused: 0,
            price: rule.price,
            next: u32::MAX,
            opens: rule.opens as u16,
            closes: rule.closes as u16,
            zone,
            mood: 0,
            kind: kind as u8,
            spare: [0; 7],
        };
        place.next = place.next_settlement(rules, calendar, id, 0);
        place
    }

    /// Whether a settlement is due.
    #[inline]
    pub fn is_due(&self, now: u32) -> bool {
        now >= self.next
    }

    /// The tick of the next settlement, `u32::MAX` for never.
    #[inline]
    pub fn next_wake(&self) -> u32 {
        self.next
    }

    fn next_settlement(&self, rules: &Rules, calendar: &Calendar, id: AgentId, now: u32) -> u32 {
        if self.kind == PlaceKind::Bank as u8 {
            return u32::MAX;
        }
        // Spread over an hour, so that banks are not called all at once.
        let minute = rules.n.settle as u32 + id.0 % 60;
        let second = (id.0 / 60) % 60;
        let at = |day| {
            let tick = calendar.tick_at(day, minute).0 + second as u64 * rules.minute_ticks as u64 / 60;
            tick.min(u32::MAX as u64) as u32
        };
        let day = calendar.day(Tick(now as u64));
        let today = at(day);
        // What lies before the run's start has no tick.
        let begun = day > 0 || minute * 60 >= calendar.start().second_of_day();
        if today > now && begun { today } else { at(day + 1) }
    }

    fn enter(&mut self, who: AgentId, valence: i16) {
        self.present += 1;
        self.visits = self.visits.wrapping_add(1);
        self.mood += ((valence as i32 - self.mood as i32) >> 3) as i16;
        self.leave_roster(who);
        self.roster.copy_within(0..ROSTER_COUNT - 1, 1);
        self.roster[0] = who.0;
    }

    fn leave_roster(&mut self, who: AgentId) {
        if let Some(index) = self.roster.iter().position(|&id| id == who.0) {
            self.roster.copy_within(index + 1.., index);
            self.roster[ROSTER_COUNT - 1] = AgentId::NONE.0;
        }
    }

    fn somebody_else(&self, word: u32) -> AgentId {
        // The roster has no gaps, and its first is the one who has just come.
        let others = self.roster[1..].iter().take_while(|&&id| id != AgentId::NONE.0).count() as u64;
        match others {
            0 => AgentId::NONE,
            _ => AgentId(self.roster[1 + ((word as u64 * others) >> 32) as usize]),
        }
    }
}

/// A note reaches a place.
pub fn place_receive<T: Town>(
    now: u32,
    id: AgentId,
    from: AgentId,
    note: &Note,
    place: &mut Place,
    env: &Env<T>,
    fx: &mut impl Effects,
) {
    place.till += note.cents as i64;
    match NoteKind::from_code(note.kind) {
        Some(NoteKind::CheckIn) => {
            let minute = env.moment(now).minute;
            let open = is_open(place.opens as i32, place.closes as i32, minute);
            if place.present >= place.capacity.min(i32::MAX as u32) as i32 || !open {
                place.refused = place.refused.wrapping_add(1);
                place.till -= note.cents as i64;
                fx.count(Tally::Refusal);
                fx.send(from, Note { cents: note.cents, ..Note::of(NoteKind::Refuse) });
                return;
            }
            let mood = place.mood;
            place.enter(from, note.y);
            if place.roster[1] != AgentId::NONE.0 {
                let who = place.somebody_else(env.seed.draws(WHOM, from, Tick(now as u64)).u32());
                fx.send(from, Note { who, x: place.kind, y: mood, ..Note::of(NoteKind::Introduce) });
            }
        }
        Some(NoteKind::CheckOut) => {
            place.present -= 1;
            place.leave_roster(from);
            if note.value > 0 {
                let cents = note.value.min(i32::MAX as u32) as i32;
                place.till -= cents as i64;
                fx.send(from, Note { cents, ..Note::of(NoteKind::Wage) });
            }
        }
        Some(NoteKind::Correct) => place.present += 1,
        Some(NoteKind::Rent) if note.value > 0 => {
            let cents = note.value.min(i32::MAX as u32) as i32;
            place.till -= cents as i64;
            fx.send(from, Note { cents, ..Note::of(NoteKind::Benefit) });
        }
        // A till that is settled is money and nothing else; other notes are not for places.
        _ => debug_assert!(note.kind == NoteKind::Settle as u8 || note.kind == NoteKind::Rent as u8, "{id:?} {note:?}"),
    }
}

/// A place's settlement is due: the till goes to the bank, or the bank takes over the debt.
pub fn place_wake<T: Town>(now: u32, id: AgentId, place: &mut Place, env: &Env<T>, fx: &mut impl Effects) {
    place.next = place.next_settlement(env.rules, env.calendar, id, now);
    let cents = place.till.clamp(i32::MIN as i64, i32::MAX as i64) as i32;
    if cents != 0 {
        place.till -= cents as i64;
        fx.send(env.town.bank(place.zone), Note { cents, ..Note::of(NoteKind::Settle) });
    }
}
