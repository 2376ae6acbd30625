//! The parameters compiled: whole numbers in ticks, minutes, cents and 65,536ths, as the transitions use them.

use super::kinds::{ACTIVITY_COUNT, Activity, Mode, NEED_COUNT, Need, PLACE_KIND_COUNT, PlaceKind, Role};
use super::needs::{CLASS_COUNT, FULL, Rates};
use super::preset::CityParams;
use super::scan::Ceiling;
use crate::base::{Calendar, DateTime, Tick};

/// What is fixed about an activity.
#[derive(Clone, Copy, Debug)]
pub struct ActivityRule {
    /// Minutes it lasts, on average.
    pub minutes: i32,
    /// Minutes by which it may be shorter or longer.
    pub spread: i32,
    /// Utility that it has anyway, on a day with work for most and on a free day.
    pub appeal: [i32; 2],
    /// Added to the target of valence.
    pub valence: i32,
    /// Target of arousal.
    pub arousal: i32,
}

/// What is fixed about a kind of place.
#[derive(Clone, Copy, Debug)]
pub struct KindRule {
    /// Minute of the day at which it opens.
    pub opens: i32,
    /// Minute of the day at which it closes, may be past 1,440.
    pub closes: i32,
    /// Cents a visit.
    pub price: u32,
}

/// How long a trip takes: `overhead + metres x per_metre / 65,536` minutes.
#[derive(Clone, Copy, Debug)]
pub struct ModeRule {
    /// Minutes for access, waiting, parking.
    pub overhead: i32,
    /// 65,536ths of a minute a metre.
    pub per_metre: u32,
}

/// Sleep at an age: child (to 12), young (to 29), grown (to 64), old.
#[derive(Clone, Copy, Debug)]
pub struct SleepRule {
    /// Usual bedtime, as a minute of the day (may be past 1,440).
    pub bed: i32,
    /// Minutes of sleep.
    pub minutes: i32,
}

/// The calendar's facts about a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DayFacts(u8);

impl DayFacts {
    const HOLIDAY: u8 = 8;
    const NO_SCHOOL: u8 = 16;

    /// Monday 0 to Sunday 6.
    #[inline]
    pub fn weekday(self) -> u8 {
        self.0 & 7
    }
    /// A public holiday.
    #[inline]
    pub fn is_holiday(self) -> bool {
        self.0 & Self::HOLIDAY != 0
    }
    /// School vacation.
    #[inline]
    pub fn is_vacation(self) -> bool {
        self.0 & Self::NO_SCHOOL != 0
    }
    /// Saturday, Sunday or a holiday.
    #[inline]
    pub fn is_free(self) -> bool {
        self.weekday() >= 5 || self.is_holiday()
    }
}

/// Days for which holidays and vacations are known; later days are told apart by their weekday only.
const DAY_COUNT: u32 = 1_100;

/// The model's numbers.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The closed form's table.
    pub rates: Rates,
    /// Ticks of a minute.
    pub minute_ticks: u32,
    /// Ticks of an exchange interval: a trip takes longer than one.
    pub interval_ticks: u32,
    /// By activity.
    pub activity: [ActivityRule; ACTIVITY_COUNT],
    /// By kind of place.
    pub kind: [KindRule; PLACE_KIND_COUNT],
    /// By mode.
    pub mode: [ModeRule; Mode::ALL.len()],
    /// By age: child, young, grown, old.
    pub sleep: [SleepRule; 4],
    /// Utility of a need that is all unmet.
    pub weight: [i32; NEED_COUNT],
    /// Cents a week by role.
    pub benefit: [u32; Role::ALL.len()],
    /// Minutes of chores by role, on a day with work for most and on a free day.
    pub chores: [[i32; 2]; Role::ALL.len()],
    /// What is missing in the pantry, in 1,024ths of a full basket, by the meals that are there.
    pub empty: [i32; 256],
    /// Single numbers.
    pub n: Numbers,
    days: Vec<DayFacts>,
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $field:ident: $type:ty = $name:literal * $scale:expr;)*) => {
        /// Numbers that stand alone. Shares and chances are in 65,536ths, times in minutes, money in cents.
        #[derive(Clone, Copy, Debug)]
        pub struct Numbers { $($(#[$doc])* pub $field: $type,)* }
        impl Numbers {
            fn compile(params: &CityParams) -> Self {
                Self { $($field: whole(params.number($name) * ($scale as f64)) as $type,)* }
            }
        }
    };
}

/// Units: a share or chance in 65,536ths, dollars in cents, a level in units.
const SHARE: u32 = 65_536;
const DOLLAR: u32 = 100;
const LEVEL: u32 = FULL as u32;

numbers! {
    /// Chance that a worker stays away on a day of work.
    absence: u32 = "work.absence" * SHARE;
    /// Chance that a pupil or student stays away.
    truancy: u32 = "school.absence" * SHARE;
    /// Chance, by resident, that holidays are days of work.
    holiday_work: u32 = "work.holiday_share" * SHARE;
    /// Minutes before the shift at which people mean to arrive.
    work_slack: i32 = "work.slack" * 1;
    /// Minutes by which the end of a shift varies, either way.
    work_spread: i32 = "work.end_spread" * 1;
    /// Shortest shift with a meal.
    lunch_shift: i32 = "work.lunch_shift" * 1;
    /// Chance that the meal of a shift is eaten out.
    lunch_out: u32 = "work.lunch_out" * SHARE;
    /// Share of the wage that is paid out.
    wage_net: u32 = "money.wage_net" * SHARE;
    /// Rent and bills of a grown-up, a week.
    rent: u32 = "money.rent" * DOLLAR;
    /// Below minus this, nothing is spent for pleasure.
    credit: i64 = "money.credit" * DOLLAR;
    /// Minutes between getting up and leaving.
    prepare: i32 = "sleep.prepare" * 1;
    /// Minutes later to bed before a day without work.
    bed_free: i32 = "sleep.bed_free" * 1;
    /// Minutes of sleep more before a day without work.
    sleep_free: i32 = "sleep.minutes_free" * 1;
    /// Minutes less sleep that an early shift costs at most before bedtime gives way.
    sleep_short: i32 = "sleep.short" * 1;
    /// Minutes that a night varies either way.
    sleep_spread: i32 = "sleep.spread" * 1;
    /// Minutes after bedtime during which it is still night.
    sleep_window: i32 = "sleep.window" * 1;
    /// Minutes between coming home from a late shift and bed.
    unwind: i32 = "sleep.unwind" * 1;
    /// Standard deviation of bedtimes among residents.
    chronotype: i32 = "sleep.chronotype" * 1;
    /// Random part of a utility, at most.
    noise: i32 = "choice.noise" * 1;
    /// Utility of a meal at mealtime.
    mealtime: i32 = "choice.mealtime" * 1;
    /// Unmet share of hunger (in 1,024ths) below which nobody eats.
    appetite: i32 = "choice.appetite" * 1_024;
    /// Unmet share of hygiene (in 1,024ths) below which nobody washes.
    dirt: i32 = "choice.dirt" * 1_024;
    /// Utility of all the day's chores.
    chores: i32 = "choice.chores" * 1;
    /// Utility of shopping with an empty pantry.
    shop: i32 = "choice.shop" * 1;
    /// Meals that a visit to a shop puts into the pantry.
    basket: u32 = "choice.basket" * 1;
    /// Utility taken from an outing by a wet day.
    rain: i32 = "choice.rain" * 1;
    /// Rain of a wet day in tenths of a millimetre.
    wet: u32 = "choice.wet" * 10;
    /// Utility taken from an outing by each degree below `mild`.
    cold: i32 = "choice.cold" * 1;
    /// The temperature below which outings lose, in tenths of a degree.
    mild: i32 = "choice.mild" * 10;
    /// Chance to eat out on a day with work for most.
    eat_out: u32 = "choice.eat_out" * SHARE;
    /// Chance to eat out on a free day.
    eat_out_free: u32 = "choice.eat_out_free" * SHARE;
    /// Chance that company is sought in a venue.
    socialise_out: u32 = "choice.socialise_out" * SHARE;
    /// Chance that an outing on a dry day leads to a park.
    park: u32 = "choice.park" * SHARE;
    /// Zones, from the nearest, among which people look for a place, for the everyday.
    reach_near: u32 = "choice.reach_near" * 1;
    /// The same for outings.
    reach_far: u32 = "choice.reach_far" * 1;
    /// Metres that people walk rather than ride.
    walk_max: u32 = "travel.walk_max" * 1;
    /// What a greeting or introduction gives to the social need.
    company: u32 = "social.company" * LEVEL;
    /// Closeness, of 255, that a meeting adds.
    gain: u32 = "social.gain" * 255;
    /// Closeness, of 255, lost in a day, in 16ths.
    fade: u32 = "social.fade" * (255 * 16);
    /// Share of the difference in valence that a meeting closes.
    contagion: i32 = "social.contagion" * SHARE;
    /// Chance that an introduction leads to a word.
    word: u32 = "social.word" * SHARE;
    /// Chance that an answer is given.
    answer: u32 = "social.answer" * SHARE;
    /// Chance that somebody in a venue asks a contact to come.
    invite: u32 = "social.invite" * SHARE;
    /// Chance that one who could come does.
    accept: u32 = "social.accept" * SHARE;
    /// What satisfied needs add to the target of valence, at most.
    valence_needs: i32 = "mood.needs" * 1;
    /// What the temper adds, at most.
    valence_temper: i32 = "mood.temper" * 1;
    /// What debt takes.
    valence_debt: i32 = "mood.debt" * 1;
    /// What extraversion adds to the target of arousal, at most.
    arousal_temper: i32 = "mood.arousal_temper" * 1;
    /// Mean of the purse at the start, in weeks of income.
    purse_weeks: u32 = "money.purse_weeks" * 1;
    /// Minute of the day at which tills are settled.
    settle: i32 = "money.settle" * 1;
}

fn whole(x: f64) -> i64 {
    (x + if x < 0.0 { -0.5 } else { 0.5 }) as i64
}

impl Rules {
    /// Compiles the parameters for a calendar and an exchange interval. The error says which text is no date.
    pub fn compile(params: &CityParams, calendar: &Calendar, interval_ticks: u32) -> Result<Self, String> {
        let minutes = |name: &str| whole(params.number(name)) as i32;
        let n = Numbers::compile(params);
        Ok(Self {
            rates: rates(params, calendar),
            minute_ticks: calendar.ticks_per_minute() as u32,
            interval_ticks,
            activity: Activity::ALL.map(|activity| {
                let get = |what: &str| minutes(&format!("activity.{}.{what}", activity.name()));
                ActivityRule {
                    minutes: get("minutes"),
                    spread: get("spread"),
                    appeal: [get("appeal"), get("appeal") + get("free_day")],
                    valence: get("valence"),
                    arousal: get("arousal"),
                }
            }),
            kind: PlaceKind::ALL.map(|kind| {
                let get = |what: &str| params.number(&format!("places.{}.{what}", kind.name()));
                KindRule {
                    opens: whole(get("opens") * 60.0) as i32,
                    closes: whole(get("closes") * 60.0) as i32,
                    price: whole(get("price") * 100.0) as u32,
                }
            }),
            mode: Mode::ALL.map(|mode| {
                let get = |what: &str| params.number(&format!("travel.{}.{what}", mode.name()));
                ModeRule {
                    overhead: whole(get("overhead")) as i32,
                    per_metre: whole(60.0 / 1_000.0 * 65_536.0 / get("speed")) as u32,
                }
            }),
            sleep: ["child", "young", "grown", "old"].map(|age| SleepRule {
                bed: whole(params.number(&format!("sleep.{age}.bed")) * 60.0) as i32,
                minutes: whole(params.number(&format!("sleep.{age}.hours")) * 60.0) as i32,
            }),
            weight: Need::ALL.map(|need| minutes(&format!("needs.{}.weight", need.name()))),
            benefit: Role::ALL
                .map(|role| whole(params.number(&format!("money.benefit.{}", role.name())) * 100.0) as u32),
            chores: Role::ALL
                .map(|role| ["weekday", "free"].map(|day| minutes(&format!("chores.{}.{day}", role.name())))),
            empty: std::array::from_fn(|meals| 1_024 - (meals as i32 * 1_024 / n.basket.max(1) as i32).min(1_024)),
            n,
            days: days(params, calendar)?,
        })
    }

    /// What the calendar says about a day of the run; -1 is the day before it.
    #[inline]
    pub fn day(&self, day: i32) -> DayFacts {
        match self.days.get((day + 1) as usize) {
            Some(&facts) => facts,
            None => DayFacts(((self.days[0].weekday() as i64 + 1 + day as i64).rem_euclid(7)) as u8),
        }
    }

    /// Compiled for a run of 100 ms ticks that starts on Tuesday 1999-05-04.
    #[cfg(test)]
    pub fn for_tests(params: &CityParams) -> Self {
        Self::compile(params, &Calendar::new(DateTime::date(1999, 5, 4), 100), 100).unwrap()
    }
}

fn days(params: &CityParams, calendar: &Calendar) -> Result<Vec<DayFacts>, String> {
    let first = calendar.at(Tick(0)).epoch_days() - 1;
    let day = |name: &str, text: &str| {
        let date: DateTime = text.parse().map_err(|error| format!("`{name}`: {error}"))?;
        Ok::<_, String>(date.epoch_days() - first)
    };
    let mut days: Vec<_> = (0..DAY_COUNT as i64).map(|n| DayFacts((first + n + 3).rem_euclid(7) as u8)).collect();
    for text in params.text("calendar.holidays").split_whitespace() {
        if let Some(facts) = days.get_mut(day("calendar.holidays", text)? as usize) {
            facts.0 |= DayFacts::HOLIDAY;
        }
    }
    for text in params.text("calendar.vacations").split_whitespace() {
        let name = "calendar.vacations";
        let (from, to) = text.split_once('/').ok_or(format!("`{name}`: `{text}` is not like 1999-06-29/1999-09-08"))?;
        let (from, to) = (day(name, from)?, day(name, to)?);
        for n in from.max(0)..=to.min(DAY_COUNT as i64 - 1) {
            days[n as usize].0 |= DayFacts::NO_SCHOOL;
        }
    }
    Ok(days)
}

fn rates(params: &CityParams, calendar: &Calendar) -> Rates {
    let mut rates = Rates {
        change: [[[0; NEED_COUNT]; ACTIVITY_COUNT]; CLASS_COUNT],
        fall: [[[0; NEED_COUNT]; ACTIVITY_COUNT]; CLASS_COUNT],
        threshold: [0; NEED_COUNT],
        ceiling: Ceiling::default(),
        mood: [0; 2],
    };
    let hour = calendar.ticks_per_hour() as f64;
    // Percent an hour to 65,536ths of a unit a tick, within the 24 bits that the closed form allows.
    let fine = |percent: f64| whole((percent / 100.0 * FULL as f64 * 65_536.0 / hour).clamp(-1.6e7, 1.6e7)) as i32;
    for need in Need::ALL {
        let name = |what: &str| format!("needs.{}.{what}", need.name());
        let n = need.index();
        rates.threshold[n] = whole(params.number(&name("critical")) * FULL as f64) as u16;
        for activity in Activity::ALL {
            let gain = name(&format!("gain.{}", activity.name()));
            let change = match activity {
                _ if CityParams::has(&gain) => params.number(&gain),
                Activity::Sleep => -params.number(&name("decay_asleep")),
                _ => -params.number(&name("decay_awake")),
            };
            let interrupts = params.truth(&name("interrupts"))
                && params.truth(&format!("activity.{}.interruptible", activity.name()));
            for class in 0..CLASS_COUNT {
                let ages = ["child", "young", "grown", "old"];
                let mut percent = change;
                if change < 0.0 {
                    percent *= params.number(&format!("needs.by_age.{}.{}", ages[class >> 2], need.name()));
                    if need == Need::Social {
                        percent *= params.number(&format!("needs.by_extraversion.{}", class & 3));
                    }
                }
                let change = fine(percent);
                rates.change[class][activity.index()][n] = change;
                rates.fall[class][activity.index()][n] = if interrupts { (-change).max(0) as u32 } else { 0 };
            }
        }
    }
    rates.ceiling = Ceiling::of(&rates.fall, &rates.threshold);
    let speed = |name: &str| whole(params.number(name) * 65_536.0 / hour).clamp(0, 1 << 24) as u32;
    rates.mood = [speed("mood.valence_speed"), speed("mood.arousal_speed")];
    rates
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::{Params, Value};

    #[test]
    fn rates_follow_the_parameters() {
        let mut params = CityParams::defaults();
        let before = Rules::for_tests(&params);
        let percent = params.number("needs.hunger.decay_awake");
        params.try_set("needs.hunger.decay_awake", Value::Float(percent * 2.0)).unwrap();
        let after = Rules::for_tests(&params);
        for class in 0..CLASS_COUNT {
            let rate = |rules: &Rules, activity: Activity| rules.rates.change[class][activity.index()][0];
            assert!((rate(&after, Activity::Rest) - 2 * rate(&before, Activity::Rest)).abs() <= 1);
            assert_eq!(rate(&after, Activity::Sleep), rate(&before, Activity::Sleep));
            assert!(rate(&after, Activity::Eat) > 0);
            assert_eq!(after.rates.fall[class][Activity::Work.index()], [0; NEED_COUNT]);
        }
    }

    #[test]
    fn the_calendar_knows_its_days() {
        let rules = Rules::for_tests(&CityParams::defaults());
        assert_eq!((rules.day(-1).weekday(), rules.day(0).weekday()), (0, 1));
        let memorial_day = rules.day(27);
        assert!(memorial_day.is_holiday() && memorial_day.is_free() && memorial_day.weekday() == 0);
        assert!(!rules.day(0).is_free() && rules.day(4).is_free());
        assert!(rules.day(70).is_vacation() && !rules.day(20).is_vacation());
        assert_eq!(rules.day(DAY_COUNT as i32 + 500).weekday(), ((1 + DAY_COUNT + 500) % 7) as u8);
        let mut params = CityParams::defaults();
        params.try_set("calendar.holidays", Value::Text("1999-13-01".into())).unwrap();
        let error = Rules::compile(&params, &Calendar::new(DateTime::date(1999, 5, 4), 100), 100).unwrap_err();
        assert!(error.contains("calendar.holidays") && error.contains("month"), "{error}");
    }
}
