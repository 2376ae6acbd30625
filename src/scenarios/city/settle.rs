//! How a resident begins: rows from the facts that the data know, temper and purse by draws.

use super::kinds::{Activity, Role};
use super::needs::rate_class;
use super::plan::{night, plan_day, shift};
use super::rows::{Body, Contacts, Person};
use super::town::{Env, Town};
use crate::base::{AgentId, Stream, Tick};

const SETTLE: Stream = Stream::named("city/settle");

/// What the data know of a resident.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settler {
    /// The first resident of the household; the others follow it without a gap.
    pub household: AgentId,
    /// Residents in the household.
    pub household_size: u8,
    /// Age in years.
    pub age: u8,
    /// 0 male, 1 female.
    pub sex: u8,
    /// What the resident lives on.
    pub role: Role,
    /// Index into the occupations of the data.
    pub occupation: u8,
    /// Zone of the home.
    pub home: u16,
    /// The workplace or school, or `AgentId::NONE`.
    pub workplace: AgentId,
    /// Its zone; the home's where there is none.
    pub work: u16,
    /// Cents an hour.
    pub wage: u32,
    /// Minute of the day at which the shift (or school) begins.
    pub shift_start: u16,
    /// Its length in minutes.
    pub shift_minutes: u16,
    /// Days of work, bit 0 Monday to bit 6 Sunday.
    pub work_days: u8,
    /// One-way commute in minutes.
    pub commute_minutes: u16,
    /// The mode of the commute, as the code of a `Mode`.
    pub commute_mode: u8,
}

/// The rows of a resident at tick 0: at home, asleep or about to do something, with no acquaintance but the household.
pub fn settle<T: Town>(id: AgentId, settler: &Settler, env: &Env<T>) -> (Body, Person, Contacts) {
    // 28 or 29 words: two times four blocks.
    let mut draws = env.seed.draws_ahead::<4>(SETTLE, id, Tick(0));
    let n = &env.rules.n;
    let traits: [u8; 5] = std::array::from_fn(|_| (128 + draws.normal256() / 6).clamp(0, 255) as u8);
    let chronotype = (draws.normal256() * n.chronotype / 512).clamp(-90, 90) as i8;
    let hours = settler.shift_minutes as u64 * settler.work_days.count_ones() as u64 / 60;
    let income = if settler.role == Role::Worker {
        (settler.wage as u64 * hours * n.wage_net as u64) >> 16
    } else {
        env.rules.benefit[settler.role.index()] as u64
    };
    // Between nothing and twice the mean.
    let money = ((income * n.purse_weeks as u64 * draws.below(2 << 16) as u64) >> 16) as i64;
    let mut person = Person {
        money,
        household: settler.household.0,
        workplace: settler.workplace.0,
        wage: settler.wage,
        home: settler.home,
        work: settler.work,
        shift_start: settler.shift_start,
        shift_minutes: settler.shift_minutes,
        commute_minutes: settler.commute_minutes,
        valence_target: 0,
        arousal_target: 0,
        household_size: settler.household_size,
        age: settler.age,
        sex: settler.sex,
        role: settler.role as u8,
        occupation: settler.occupation,
        work_days: settler.work_days,
        commute_mode: settler.commute_mode,
        chronotype,
        traits,
        worked: 0,
        plan_day: 0,
        plan: 0,
        chores: 0,
        pantry: draws.below(n.basket + 1) as u8,
        mode: settler.commute_mode,
        spare: [0; 11],
    };
    let mut body = Body {
        since: 0,
        until: 0,
        needs: std::array::from_fn(|_| 30_000 + draws.below(30_000) as u16),
        place: AgentId::NONE.0,
        activity: Activity::Rest as u8,
        pending: Activity::Rest as u8,
        class: rate_class(settler.age, traits[2]),
        flags: 0,
        valence: 0,
        arousal: 0,
    };
    let moment = env.moment(0);
    plan_day(env, id, &mut body, &mut person, moment.day);
    let next = shift(&person, moment.minute, 60);
    let night = night(env.rules, &person, moment.minute, next);
    let mut minutes = 1 + draws.below(20) as i32;
    if moment.minute >= night.bed {
        body.activity = Activity::Sleep as u8;
        let leave = next.start - person.commute_minutes as i32 - n.work_slack - n.prepare;
        minutes = (night.bed + night.minutes).min(leave) - moment.minute + draws.between(-15, 15);
    }
    body.until = minutes.max(1) as u32 * env.rules.minute_ticks + draws.below(env.rules.minute_ticks);
    (body, person, Contacts::NOBODY)
}
