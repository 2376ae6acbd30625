//! The transitions of a resident: what happens when an activity ends, a need becomes critical, or a note arrives.
//!
//! Pure functions of (tick, own rows, note, surroundings). All that leaves the rows goes through [`Effects`].

use super::choice::{Choice, Outlook, choose, duty_of, is_open, stay_minutes};
use super::kinds::{Activity, Need, NoteKind, PlaceKind, Tally};
use super::needs::MOOD_MAX;
use super::plan::{plan_day, trip};
use super::rows::{Body, Contacts, Note, Person};
use super::town::{Effects, Env, Moment, Town};
use crate::base::{AgentId, Draws, Stream, Tick};

const CHOOSE: Stream = Stream::named("city/choose");
const STAY: Stream = Stream::named("city/stay");
const ANSWER: Stream = Stream::named("city/answer");
/// Age from which rent is paid and invitations are accepted.
const ADULT_AGE: u8 = 18;

/// One resident at one tick: the rows and the surroundings.
struct Life<'a, 'e, T: Town, F: Effects> {
    now: u32,
    id: AgentId,
    zone: u16,
    moment: Moment,
    body: &'a mut Body,
    person: &'a mut Person,
    contacts: &'a mut Contacts,
    env: &'a Env<'e, T>,
    fx: &'a mut F,
}

/// The wake-up of a resident is due: see [`Body::is_due`]. Afterwards `body.next_wake` tells the next one.
#[allow(clippy::too_many_arguments)]
pub fn wake<T: Town>(
    now: u32,
    id: AgentId,
    zone: u16,
    body: &mut Body,
    person: &mut Person,
    contacts: &mut Contacts,
    env: &Env<T>,
    fx: &mut impl Effects,
) {
    let moment = env.moment(now);
    let mut life = Life { now, id, zone, moment, body, person, contacts, env, fx };
    life.come_to_now();
    if now < life.body.until {
        life.fx.count(Tally::Critical);
    }
    life.new_day();
    if life.body.does(Activity::Travel) {
        let activity = Activity::from_code(life.body.pending).unwrap_or(Activity::Rest);
        life.arrive(activity);
    } else {
        if life.body.does(Activity::Shop) && life.body.place != AgentId::NONE.0 {
            life.person.pantry = (life.person.pantry as u32 + env.rules.n.basket).min(255) as u8;
        }
        life.decide(None);
    }
}

/// A note reaches a resident. True if the rows changed so that the next wake-up may be another: ask
/// [`Body::next_wake`].
#[allow(clippy::too_many_arguments)]
pub fn receive<T: Town>(
    now: u32,
    id: AgentId,
    zone: u16,
    from: AgentId,
    note: &Note,
    body: &mut Body,
    person: &mut Person,
    contacts: &mut Contacts,
    env: &Env<T>,
    fx: &mut impl Effects,
) -> bool {
    person.money += note.cents as i64;
    let kind = NoteKind::from_code(note.kind);
    if matches!(kind, Some(NoteKind::Wage | NoteKind::Benefit)) {
        return false;
    }
    let moment = env.moment(now);
    let mut life = Life { now, id, zone, moment, body, person, contacts, env, fx };
    match kind {
        Some(NoteKind::Introduce) => {
            let mut draws = life.draws(ANSWER);
            life.come_to_now();
            life.meet(note.who, note.y);
            if draws.chance16(env.rules.n.word) {
                life.greet(note.who, false);
            }
            true
        }
        Some(NoteKind::Greet) => {
            // Who sleeps reads it tomorrow: no need, no mood and no wake-up changes.
            let asleep = life.body.does(Activity::Sleep);
            if !asleep {
                life.come_to_now();
                life.meet(from, note.y);
                if note.x == 1 && life.draws(ANSWER).chance16(env.rules.n.answer) {
                    life.greet(from, false);
                }
            }
            !asleep
        }
        Some(NoteKind::Invite) => life.invited(note.who),
        Some(NoteKind::Refuse) => life.refused(from),
        _ => {
            debug_assert!(false, "{id:?}: {note:?} is not for residents");
            false
        }
    }
}

impl<T: Town, F: Effects> Life<'_, '_, T, F> {
    fn draws(&self, stream: Stream) -> Draws {
        self.env.seed.draws(stream, self.id, Tick(self.now as u64))
    }

    /// Closes the books up to now.
    fn come_to_now(&mut self) {
        if self.now > self.body.since {
            self.fx.spent(self.person, self.body.doing(), self.body.since, self.now);
            self.body.rebase(self.person, self.now, &self.env.rules.rates);
        }
    }

    fn outlook(&self) -> Outlook {
        Outlook::of(self.env, self.moment, self.zone, self.body, self.person)
    }

    /// Plans the day if it is a new one; once a week rents are paid and benefits claimed.
    fn new_day(&mut self) {
        let day = self.moment.day;
        let is_rent_day = (self.id.0 as u64 + day as u64).is_multiple_of(7);
        if !plan_day(self.env, self.id, self.body, self.person, day) || !is_rent_day {
            return;
        }
        let rules = self.env.rules;
        let benefit = rules.benefit[(self.person.role as usize).min(rules.benefit.len() - 1)];
        let rent = if self.person.age >= ADULT_AGE { self.env.price(rules.n.rent, day) } else { 0 };
        if (rent > 0 || benefit > 0) && self.env.town.places(self.person.home, PlaceKind::Housing) > 0 {
            let housing = self.env.town.place(self.person.home, PlaceKind::Housing, 0);
            let value = self.env.price(benefit, day) as u32;
            self.pay(housing, rent, Note { value, ..Note::of(NoteKind::Rent) });
        }
    }

    fn pay(&mut self, to: AgentId, cents: i32, note: Note) {
        self.person.money -= cents as i64;
        self.fx.send(to, Note { cents, ..note });
    }

    fn decide(&mut self, banned: Option<Activity>) {
        let outlook = self.outlook();
        let mut draws = self.draws(CHOOSE);
        let choice = choose(self.env, self.moment, self.zone, self.body, self.person, &outlook, banned, &mut draws);
        self.pursue(choice, &outlook);
    }

    fn pursue(&mut self, choice: Choice, outlook: &Outlook) {
        if choice.place.0 == self.body.place && choice.zone == self.zone {
            self.stay(choice.activity, outlook);
        } else {
            self.depart(choice, outlook);
        }
    }

    /// Leaves for another place. The resident is on the way, in the zone of the destination, until it arrives.
    fn depart(&mut self, choice: Choice, outlook: &Outlook) {
        if self.body.place != AgentId::NONE.0 {
            let ends_shift = self.body.place == self.person.workplace && !outlook.on_duty();
            let mut value = 0;
            if ends_shift {
                let cents = self.person.wage as u64 * self.person.worked as u64 * 5 / 60;
                value = ((cents * self.env.rules.n.wage_net as u64) >> 16).min(i32::MAX as u64) as u32;
                self.person.worked = 0;
            }
            self.fx.send(AgentId(self.body.place), Note { value, ..Note::of(NoteKind::CheckOut) });
        }
        let (mode, minutes) = trip(self.env, self.person, self.zone, choice.zone);
        self.person.mode = mode as u8;
        self.body.place = choice.place.0;
        self.body.pending = choice.activity as u8;
        self.fx.count(Tally::Trip);
        if choice.zone != self.zone {
            self.fx.count(Tally::Crossing);
            self.fx.travel(choice.zone);
        }
        let mut draws = self.draws(STAY);
        self.begin(Activity::Travel, minutes, &mut draws);
    }

    fn arrive(&mut self, activity: Activity) {
        if self.body.place != AgentId::NONE.0 {
            let price = match activity {
                Activity::Shop => self.kind_price(PlaceKind::Shop),
                Activity::Eat => self.kind_price(PlaceKind::Restaurant),
                Activity::Socialise => self.kind_price(PlaceKind::Venue),
                Activity::Outing => self.kind_price(self.env.town.kind_of(AgentId(self.body.place))),
                _ => 0,
            };
            let note = Note { x: activity as u8, y: self.body.valence, ..Note::of(NoteKind::CheckIn) };
            self.pay(AgentId(self.body.place), price, note);
        } else if self.person.household_size > 1 && self.moment.minute >= 960 {
            self.greet_household();
        }
        let outlook = self.outlook();
        self.stay(activity, &outlook);
    }

    fn kind_price(&self, kind: PlaceKind) -> i32 {
        self.env.price(self.env.rules.kind[kind.index()].price, self.moment.day)
    }

    /// Begins an activity where the resident is.
    fn stay(&mut self, activity: Activity, outlook: &Outlook) {
        let mut draws = self.draws(STAY);
        let minutes = stay_minutes(self.env, activity, self.person, outlook, &mut draws);
        let fives = (minutes / 5).clamp(0, 255) as u8;
        match activity {
            Activity::Work => self.person.worked = self.person.worked.saturating_add(fives),
            Activity::Chores => self.person.chores = self.person.chores.saturating_add(fives),
            Activity::Eat if self.body.place == AgentId::NONE.0 => {
                self.person.pantry = self.person.pantry.saturating_sub(1);
            }
            Activity::Socialise => self.seek_company(&mut draws),
            _ => {}
        }
        self.begin(activity, minutes, &mut draws);
    }

    fn begin(&mut self, activity: Activity, minutes: i32, draws: &mut Draws) {
        let rules = self.env.rules;
        let ticks = minutes.max(1) as u32 * rules.minute_ticks;
        // People do not keep to whole minutes. A trip outlasts the handoff.
        let span = (ticks + draws.below(rules.minute_ticks)).max(rules.interval_ticks + 1);
        self.body.activity = activity as u8;
        self.body.until = self.now.saturating_add(span);
        self.aim_mood(activity);
    }

    /// Sets where valence and arousal move to during an activity.
    fn aim_mood(&mut self, activity: Activity) {
        let n = &self.env.rules.n;
        let rule = &self.env.rules.activity[activity.index()];
        let [_, _, extraversion, agreeableness, neuroticism] = self.person.traits.map(|x| x as i32 - 128);
        let satisfied = (self.body.needs.iter().map(|&level| level as i32).sum::<i32>() / 6 - 32_768) >> 5;
        let mut valence = rule.valence + ((satisfied * n.valence_needs) >> 10);
        valence += ((extraversion + agreeableness - 2 * neuroticism) * n.valence_temper) >> 9;
        if self.person.money < 0 {
            valence -= n.valence_debt;
        }
        let arousal = rule.arousal + ((extraversion * n.arousal_temper) >> 7);
        self.person.valence_target = valence.clamp(-MOOD_MAX, MOOD_MAX) as i16;
        self.person.arousal_target = arousal.clamp(-MOOD_MAX, MOOD_MAX) as i16;
    }

    /// Two residents meet: they know each other better, feel less alone, and one's mood rubs off on the other.
    fn meet(&mut self, who: AgentId, valence: i16) {
        let n = &self.env.rules.n;
        self.fx.count(Tally::Meeting);
        self.body.raise(Need::Social, n.company as u16);
        let own = self.body.valence as i32;
        let closer = own + (((valence as i32 - own) * n.contagion) >> 16);
        self.body.valence = closer.clamp(-MOOD_MAX, MOOD_MAX) as i16;
        let kin = who.0.wrapping_sub(self.person.household) < self.person.household_size as u32;
        if !kin {
            self.contacts.meet(who, self.moment.day, n.gain, n.fade);
        }
    }

    fn greet(&mut self, who: AgentId, answer: bool) {
        if who.is_some() && who != self.id {
            let note = Note { x: answer as u8, y: self.body.valence, ..Note::of(NoteKind::Greet) };
            self.fx.send(who, note);
        }
    }

    fn greet_household(&mut self) {
        let others = self.person.household_size as u32 - 1;
        let nth = (self.id.0.wrapping_sub(self.person.household) + 1 + self.draws(ANSWER).below(others)) % (others + 1);
        self.greet(AgentId(self.person.household + nth), true);
    }

    /// Company is sought: a word to a contact, and in a venue perhaps an invitation.
    fn seek_company(&mut self, draws: &mut Draws) {
        let n = &self.env.rules.n;
        let word = draws.u32();
        let friend = self.contacts.pick(word, self.moment.day, n.fade);
        if self.body.place == AgentId::NONE.0 {
            self.greet(friend, true);
            if self.person.household_size > 1 {
                self.greet_household();
            }
        } else if friend.is_some() && draws.chance16(n.invite) {
            let note = Note { who: AgentId(self.body.place), ..Note::of(NoteKind::Invite) };
            self.fx.send(friend, note);
        }
    }

    /// An invitation to a venue: accepted by one who idles at home and has time.
    fn invited(&mut self, venue: AgentId) -> bool {
        let rules = self.env.rules;
        let idle = self.body.does(Activity::Leisure) || self.body.does(Activity::Rest);
        let at_home = self.body.place == AgentId::NONE.0 && self.zone == self.person.home;
        if !idle || !at_home || self.person.age < ADULT_AGE || self.person.money <= -rules.n.credit {
            return false;
        }
        self.come_to_now();
        self.new_day();
        let outlook = self.outlook();
        let zone = self.env.town.zone_of(venue);
        let there = trip(self.env, self.person, self.zone, zone).1;
        let rule = &rules.kind[PlaceKind::Venue.index()];
        if outlook.free() > 2 * there + 60
            && is_open(rule.opens, rule.closes, self.moment.minute + there)
            && self.draws(ANSWER).chance16(rules.n.accept)
        {
            self.fx.count(Tally::Accepted);
            self.depart(Choice { activity: Activity::Socialise, place: venue, zone }, &outlook);
        }
        true
    }

    /// A place has no room. One who is still at its door thinks again; one who has left mends the place's count.
    fn refused(&mut self, from: AgentId) -> bool {
        if self.body.place != from.0 || self.body.does(Activity::Travel) {
            self.fx.send(from, Note::of(NoteKind::Correct));
            return false;
        }
        self.come_to_now();
        self.new_day();
        self.body.place = AgentId::NONE.0;
        let activity = self.body.doing();
        if from.0 == self.person.workplace && activity == duty_of(self.person) {
            // No work today: what is left of the shift is free.
            self.person.worked = 0;
            self.person.plan &= 4;
        }
        self.decide(Some(activity));
        true
    }
}
