//! What to do next, where, and for how long: duties first, then the activity of the highest utility.
//!
//! A utility is a whole number: an appeal, the square of an unmet need times its weight, what day, hour, weather and
//! purse add or take, and a random part. Squares make people do what they miss most before they miss it badly.

use super::kinds::{Activity, Need, PlaceKind, Role};
use super::plan::{Night, Shift, leave_for, night, shift, trip};
use super::rows::{Body, Person};
use super::rules::DayFacts;
use super::town::{Env, Moment, Town};
use crate::base::{AgentId, Draws};

/// A decision: the place is `AgentId::NONE` for home.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Choice {
    /// What to do.
    pub activity: Activity,
    /// At which place.
    pub place: AgentId,
    /// In which zone.
    pub zone: u16,
}

/// What a resident knows of the hours ahead, in minutes from the present day's midnight.
#[derive(Clone, Copy, Debug)]
pub struct Outlook {
    /// Now.
    pub minute: i32,
    /// What day it is.
    pub facts: DayFacts,
    /// The present or next shift.
    pub shift: Shift,
    /// When to leave for it; in the past during the shift.
    pub leave: i32,
    /// The present or next night.
    pub night: Night,
}

/// Minutes left of a shift for which one who is at work stays, and for which one who is not goes.
const STAY_LEFT: i32 = 45;
const GO_LEFT: i32 = 60;
/// Free minutes that are not worth another activity.
const REMNANT: i32 = 9;
/// Free minutes beside the trips that it takes to go out.
const OUT_FREE: i32 = 45;
/// Age from which people go out alone.
const ALONE_AGE: u8 = 11;
/// Age from which people shop, eat out and choose venues on their own.
const GROWN_AGE: u8 = 16;
/// When parks are used.
const DAYLIGHT: std::ops::Range<i32> = 480..1_200;

impl Outlook {
    /// Of a resident who is in a zone, at `body.place`.
    pub fn of<T: Town>(env: &Env<T>, moment: Moment, zone: u16, body: &Body, person: &Person) -> Self {
        let at_work = body.place == person.workplace && body.place != AgentId::NONE.0;
        let left = if at_work {
            STAY_LEFT
        } else if zone == person.work {
            GO_LEFT
        } else {
            GO_LEFT + person.commute_minutes as i32
        };
        let next = shift(person, moment.minute, left);
        Self {
            minute: moment.minute,
            facts: env.rules.day(moment.day as i32),
            shift: next,
            leave: leave_for(env.rules, person, next, zone),
            night: night(env.rules, person, moment.minute, next),
        }
    }

    /// Whether it is time for the shift.
    #[inline]
    pub fn on_duty(&self) -> bool {
        self.leave <= self.minute + 4
    }

    /// Minutes until the next duty or the night, 1 at least.
    #[inline]
    pub fn free(&self) -> i32 {
        (self.leave.min(self.night.bed) - self.minute).max(1)
    }

    /// Whether it is time to sleep, and worth it.
    #[inline]
    pub fn is_night(&self, prepare: i32) -> bool {
        self.minute >= self.night.bed - 8 && self.leave - prepare - self.minute > 75
    }
}

/// What a resident with a workplace or school does there.
#[inline]
pub fn duty_of(person: &Person) -> Activity {
    if person.role == Role::Worker as u8 { Activity::Work } else { Activity::School }
}

/// Decides. `last` is what the resident did until now, `banned` what has just proved impossible.
#[inline]
#[allow(clippy::too_many_arguments)]
pub fn choose<T: Town>(
    env: &Env<T>,
    moment: Moment,
    zone: u16,
    body: &Body,
    person: &Person,
    outlook: &Outlook,
    banned: Option<Activity>,
    draws: &mut Draws,
) -> Choice {
    let home = |activity| Choice { activity, place: AgentId::NONE, zone: person.home };
    let n = &env.rules.n;
    if outlook.on_duty() {
        let duty = duty_of(person);
        let at_work = body.place == person.workplace;
        let long = person.shift_minutes as i32 >= n.lunch_shift;
        if at_work && body.does(duty) && long && banned.is_none() {
            // The end of the first half of the shift.
            let out = duty == Activity::Work && person.money > -n.credit && draws.chance16(n.lunch_out);
            let found =
                if out { find(env, PlaceKind::Restaurant, person.work, 2, moment.minute + 5, draws) } else { None };
            let (place, zone) = found.unwrap_or((AgentId(person.workplace), person.work));
            return Choice { activity: Activity::Eat, place, zone };
        }
        return Choice { activity: duty, place: AgentId(person.workplace), zone: person.work };
    }
    if outlook.is_night(n.prepare) && banned != Some(Activity::Sleep) {
        return home(Activity::Sleep);
    }
    let best = most_useful(env, moment, body, person, outlook, banned, draws);
    place_of(env, best, moment, zone, person, outlook, draws).unwrap_or(home(match best {
        // Nothing is open: stay in.
        Activity::Shop | Activity::Outing => Activity::Leisure,
        other => other,
    }))
}

/// The activity of the highest utility; of several the first.
///
/// A third of a transition: what is out of the question is not weighed.
fn most_useful<T: Town>(
    env: &Env<T>,
    moment: Moment,
    body: &Body,
    person: &Person,
    outlook: &Outlook,
    banned: Option<Activity>,
    draws: &mut Draws,
) -> Activity {
    let rules = env.rules;
    let n = &rules.n;
    let free_day = outlook.facts.is_free();
    let noise = draws.u64();
    // Unmet needs in 1,024ths.
    let unmet = |need: Need| ((u16::MAX - body.needs[need.index()]) >> 6) as i32;
    let want = |need: Need| {
        let unmet = unmet(need);
        (rules.weight[need.index()] * ((unmet * unmet) >> 10)) >> 10
    };
    let mut best = (Activity::Rest, i32::MIN);
    let mut weigh = |activity: Activity, more: i32| {
        // Eight activities compete (Wash, Eat, and from Shop to Rest), eight bytes of one draw.
        let nth = if activity < Activity::Travel { activity.index() - 1 } else { activity.index() - 4 };
        let byte = noise >> (8 * nth) & 255;
        let appeal = rules.activity[activity.index()].appeal[free_day as usize];
        let utility = appeal + ((n.noise * byte as i32) >> 8) + more;
        if utility > best.1 && banned != Some(activity) {
            best = (activity, utility);
        }
    };
    let free = outlook.free();
    let minute = moment.minute;
    let can_go_out =
        person.age >= ALONE_AGE && free > OUT_FREE + 20 && (420..1_380).contains(&minute) && person.money > -n.credit;

    if unmet(Need::Hygiene) > n.dirt && free >= 5 {
        weigh(Activity::Wash, want(Need::Hygiene));
    }
    if unmet(Need::Hunger) > n.appetite && free >= 8 {
        let mealtime = matches!(minute, 390..=570 | 700..=810 | 1_050..=1_230);
        weigh(Activity::Eat, want(Need::Hunger) + if mealtime { n.mealtime } else { 0 });
    }
    let (fun, social) = (want(Need::Fun), want(Need::Social));
    if can_go_out && person.age >= GROWN_AGE {
        let empty = rules.empty[person.pantry as usize];
        if empty > 200 {
            weigh(Activity::Shop, (n.shop * ((empty * empty) >> 10)) >> 10);
        }
    }
    weigh(Activity::Leisure, fun);
    if can_go_out && free > OUT_FREE + 45 {
        let weather = env.town.weather(moment.day);
        let rain = if weather.rain as u32 >= n.wet { n.rain } else { 0 };
        let cold = (n.mild - weather.temperature as i32).max(0) * n.cold / 10;
        weigh(Activity::Outing, (fun + social) / 2 - rain - cold);
    }
    if free >= 15 {
        weigh(Activity::Socialise, social);
    }
    let quota = rules.chores[(person.role as usize).min(Role::ALL.len() - 1)][free_day as usize];
    let left = quota - person.chores as i32 * 5;
    if left > 5 && free >= 10 && (380..1_400).contains(&minute) {
        // The chores left, as a share of a usual day's, so that a large quota fills more hours.
        weigh(Activity::Chores, n.chores * left.min(180) / 128);
    }
    weigh(Activity::Rest, want(Need::Comfort));
    best.0
}

/// Where an activity takes place; `None` if it needs a place that is not to be had.
fn place_of<T: Town>(
    env: &Env<T>,
    activity: Activity,
    moment: Moment,
    zone: u16,
    person: &Person,
    outlook: &Outlook,
    draws: &mut Draws,
) -> Option<Choice> {
    let n = &env.rules.n;
    let free_day = outlook.facts.is_free();
    let grown = person.age >= GROWN_AGE;
    let (kind, reach) = match activity {
        Activity::Shop => (PlaceKind::Shop, n.reach_near),
        Activity::Outing => {
            let weather = env.town.weather(moment.day);
            let dry = (weather.rain as u32) < n.wet && DAYLIGHT.contains(&moment.minute);
            if dry && (!grown || draws.chance16(n.park)) {
                (PlaceKind::Park, n.reach_near)
            } else {
                (PlaceKind::Venue, n.reach_far)
            }
        }
        Activity::Socialise if grown && outlook.free() > 120 && draws.chance16(n.socialise_out) => {
            (PlaceKind::Venue, n.reach_far)
        }
        Activity::Eat if grown && outlook.free() > 75 && person.money > -n.credit => {
            if !draws.chance16(if free_day { n.eat_out_free } else { n.eat_out }) {
                return None;
            }
            (PlaceKind::Restaurant, n.reach_near)
        }
        _ => return None,
    };
    let (place, to) = find(env, kind, zone, reach, moment.minute + 10, draws)?;
    let back = trip(env, person, to, person.home).1 + trip(env, person, zone, to).1;
    (outlook.free() > back + OUT_FREE / 2).then_some(Choice { activity, place, zone: to })
}

/// A place of a kind that is open at a minute, in one of the `reach` nearest zones, nearer ones more often.
fn find<T: Town>(
    env: &Env<T>,
    kind: PlaceKind,
    from: u16,
    reach: u32,
    minute: i32,
    draws: &mut Draws,
) -> Option<(AgentId, u16)> {
    if !is_open(env.rules.kind[kind.index()].opens, env.rules.kind[kind.index()].closes, minute) {
        return None;
    }
    let word = draws.u32();
    // The product of two uniform numbers: half of the visits go to the nearest fifth.
    let nth = ((((word & 0xffff) * (word >> 16)) >> 16) as u64 * reach as u64) >> 16;
    for nth in [nth as u32, 0, 1, 2, 3] {
        let zone = env.town.nearby(from, nth);
        let count = env.town.places(zone, kind);
        if count > 0 {
            return Some((env.town.place(zone, kind, draws.below(count)), zone));
        }
    }
    None
}

/// Whether a door with those hours is open at a minute, for a visit worth the name.
#[inline]
pub fn is_open(opens: i32, closes: i32, minute: i32) -> bool {
    let minute = minute % 1_440;
    (opens <= minute && minute + 10 < closes) || minute + 1_450 < closes
}

/// Minutes for which an activity is begun.
#[inline]
pub fn stay_minutes<T: Town>(
    env: &Env<T>,
    activity: Activity,
    person: &Person,
    outlook: &Outlook,
    draws: &mut Draws,
) -> i32 {
    let n = &env.rules.n;
    let minute = outlook.minute;
    let rule = &env.rules.activity[activity.index()];
    match activity {
        Activity::Sleep => {
            let late = (minute - outlook.night.bed).clamp(0, 240);
            let wanted = outlook.night.minutes - late / 2 + draws.between(-n.sleep_spread, n.sleep_spread);
            wanted.min(outlook.leave - n.prepare + draws.between(-10, 10) - minute).max(45)
        }
        Activity::Work | Activity::School => {
            let Shift { start, end } = outlook.shift;
            let middle = (start + end) / 2 - 15;
            if end - start >= n.lunch_shift && minute < middle - 30 {
                middle - minute + draws.between(-15, 15)
            } else {
                let spread = if activity == Activity::Work { n.work_spread } else { 3 };
                (end.min(minute + person.shift_minutes as i32) - minute + draws.between(-spread, spread)).max(5)
            }
        }
        Activity::Eat if outlook.on_duty() => 27 + draws.between(-8, 8),
        _ => {
            let free = outlook.free();
            let minutes = (rule.minutes + draws.between(-rule.spread, rule.spread)).max(3);
            if minutes + REMNANT > free { free.max(2) } else { minutes }
        }
    }
}
