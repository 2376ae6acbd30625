//! Simulated time: ticks, and the civil calendar that they fall on.
//!
//! Civil time here has no zones, no daylight saving and no leap seconds: each day has 86,400 seconds. The calendar is
//! the Gregorian one, carried back before its introduction as ISO 8601 does.

use std::fmt;
use std::str::FromStr;

const MS_PER_DAY: u64 = 86_400_000;

/// A step of simulated time. How long it lasts is the scenario's choice ([`Calendar::tick_ms`]).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Tick(pub u64);

impl std::ops::Add<u64> for Tick {
    type Output = Self;
    /// So many ticks later.
    #[inline]
    fn add(self, ticks: u64) -> Self {
        Self(self.0 + ticks)
    }
}

impl Tick {
    /// The tick as a row stores it. Panics above 2^32 - 2 (13 years of 100 ms).
    #[inline]
    pub fn as_u32(self) -> u32 {
        assert!(self.0 < u32::MAX as u64, "tick {} does not fit a row", self.0);
        self.0 as u32
    }
}

/// A day of the week, Monday = 0 to Sunday = 6.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Weekday {
    /// 0
    Monday,
    /// 1
    Tuesday,
    /// 2
    Wednesday,
    /// 3
    Thursday,
    /// 4
    Friday,
    /// 5
    Saturday,
    /// 6
    Sunday,
}

impl Weekday {
    /// The week, Monday first.
    pub const ALL: [Self; 7] =
        [Self::Monday, Self::Tuesday, Self::Wednesday, Self::Thursday, Self::Friday, Self::Saturday, Self::Sunday];

    /// Monday = 0 to Sunday = 6.
    #[inline]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Whether this is Saturday or Sunday.
    #[inline]
    pub const fn is_weekend(self) -> bool {
        self as u8 >= 5
    }

    /// The English name.
    pub const fn name(self) -> &'static str {
        ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"][self as usize]
    }

    /// The weekday of a day counted from 1970-01-01, which was a Thursday.
    #[inline]
    pub(crate) const fn of_days(days: i64) -> Self {
        Self::ALL[(days + 3).rem_euclid(7) as usize]
    }
}

impl fmt::Display for Weekday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar (Howard Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms", `days_from_civil`).
pub const fn days_from_civil(year: i32, month: u8, day: u8) -> i64 {
    // A year that begins in March puts the leap day at its end, so the month's offset needs no case.
    let year = year as i64 - (month <= 2) as i64;
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = (month as i64 + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i64 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The `(year, month, day)` of a day counted from 1970-01-01: the inverse of [`days_from_civil`] (Hinnant,
/// `civil_from_days`).
pub const fn civil_from_days(days: i64) -> (i32, u8, u8) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * month_from_march + 2) / 5 + 1) as u8;
    let month = (if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 }) as u8;
    ((year_of_era + era * 400 + (month <= 2) as i64) as i32, month, day)
}

/// The days of a month, 28 to 31. 0 if there is no such month.
pub const fn days_in_month(year: i32, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 0,
    }
}

/// A civil date and time of day, to the second. Ordered by time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DateTime {
    /// Astronomical year: 1999, and 0 for 1 BC.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
}

/// A text or a set of numbers that is no [`DateTime`].
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DateTimeError {
    /// The text has another form.
    #[error("`{0}` is not a date: write one such as 1999-05-04, 1999-05-04T07:30 or 1999-05-04T07:30:15")]
    Form(String),
    /// There is no such month.
    #[error("there is no month {0}: months run from 01 to 12")]
    Month(u8),
    /// The month has fewer days, or the day is 0.
    #[error("there is no day {day} in {year:04}-{month:02}: its days run from 01 to {last}")]
    Day {
        /// The year asked for.
        year: i32,
        /// The month asked for, which exists.
        month: u8,
        /// The day asked for.
        day: u8,
        /// The month's last day.
        last: u8,
    },
    /// The time of day does not exist.
    #[error("there is no time {hour:02}:{minute:02}:{second:02}: times run from 00:00:00 to 23:59:59")]
    Time {
        /// The hour asked for.
        hour: u8,
        /// The minute asked for.
        minute: u8,
        /// The second asked for.
        second: u8,
    },
}

impl DateTime {
    /// A date and time known to the author, for constants and defaults. Panics (in a constant: fails to compile) if it
    /// does not exist; [`DateTime::checked`] is for values from outside.
    pub const fn new_const(year: i32, month: u8, day: u8, hour: u8, minute: u8, second: u8) -> Self {
        assert!(month >= 1 && month <= 12, "no such month");
        assert!(day >= 1 && day <= days_in_month(year, month), "no such day in the month");
        assert!(hour < 24 && minute < 60 && second < 60, "no such time of day");
        Self { year, month, day, hour, minute, second }
    }

    /// Midnight at the start of a date known to the author. Panics as [`DateTime::new_const`] does.
    pub const fn date(year: i32, month: u8, day: u8) -> Self {
        Self::new_const(year, month, day, 0, 0, 0)
    }

    /// This date and time if it exists, else what is wrong with it.
    pub const fn checked(self) -> Result<Self, DateTimeError> {
        let Self { year, month, day, hour, minute, second } = self;
        if month < 1 || month > 12 {
            return Err(DateTimeError::Month(month));
        }
        let last = days_in_month(year, month);
        if day < 1 || day > last {
            return Err(DateTimeError::Day { year, month, day, last });
        }
        if hour > 23 || minute > 59 || second > 59 {
            return Err(DateTimeError::Time { hour, minute, second });
        }
        Ok(self)
    }

    /// Seconds since 1970-01-01 00:00 of the same clock; negative before it.
    #[inline]
    pub const fn epoch_seconds(self) -> i64 {
        self.epoch_days() * 86_400 + self.second_of_day() as i64
    }

    /// The date and time at that many seconds from 1970-01-01 00:00. The year must fit an `i32`.
    pub const fn from_epoch_seconds(seconds: i64) -> Self {
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        let second = seconds.rem_euclid(86_400) as u32;
        Self {
            year,
            month,
            day,
            hour: (second / 3_600) as u8,
            minute: (second / 60 % 60) as u8,
            second: (second % 60) as u8,
        }
    }

    /// Days from 1970-01-01 to this date; negative before it.
    #[inline]
    pub const fn epoch_days(self) -> i64 {
        days_from_civil(self.year, self.month, self.day)
    }

    /// Seconds since midnight, 0 to 86,399.
    #[inline]
    pub const fn second_of_day(self) -> u32 {
        self.hour as u32 * 3_600 + self.minute as u32 * 60 + self.second as u32
    }

    /// The day of the week.
    #[inline]
    pub const fn weekday(self) -> Weekday {
        Weekday::of_days(self.epoch_days())
    }

    /// The date and time so many seconds later (earlier if negative).
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self::from_epoch_seconds(self.epoch_seconds() + seconds)
    }
}

/// `1999-05-04 07:30`, with `:15` after it where the seconds are not 0.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second } = self;
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")?;
        if *second != 0 {
            write!(f, ":{second:02}")?;
        }
        Ok(())
    }
}

/// Reads `1999-05-04`, `1999-05-04T07:30` and `1999-05-04T07:30:15`, with `T`, `t` or one space before the time.
impl FromStr for DateTime {
    type Err = DateTimeError;

    fn from_str(text: &str) -> Result<Self, DateTimeError> {
        read_date_time(text.trim()).ok_or_else(|| DateTimeError::Form(text.to_owned()))?.checked()
    }
}

/// The numbers of a date and time if the form is right; whether they exist is asked elsewhere.
fn read_date_time(text: &str) -> Option<DateTime> {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = digits(parts.next()?, 4)? as i32;
    let month = digits(parts.next()?, 2)? as u8;
    let day = digits(parts.next()?, 2)? as u8;
    if parts.next().is_some() {
        return None;
    }
    let (mut hour, mut minute, mut second) = (0, 0, 0);
    if let Some(time) = time {
        let mut parts = time.split(':');
        hour = digits(parts.next()?, 2)? as u8;
        minute = digits(parts.next()?, 2)? as u8;
        if let Some(part) = parts.next() {
            second = digits(part, 2)? as u8;
        }
        if parts.next().is_some() {
            return None;
        }
    }
    Some(DateTime { year, month, day, hour, minute, second })
}

/// The number that exactly `count` decimal digits write.
fn digits(text: &str, count: usize) -> Option<u32> {
    if text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// How ticks fall on civil time: tick 0 is at `start`, and each tick lasts `tick_ms` milliseconds.
///
/// The functions that give a day or a time of day are integer arithmetic without a search, for use in hot loops. They
/// count time in milliseconds from the midnight at which the start's date begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Calendar {
    start: DateTime,
    tick_ms: u32,
    /// From the midnight before the start to the start.
    offset_ms: u64,
    /// Of the start's date, Monday = 0.
    start_weekday: u8,
}

impl Calendar {
    /// A calendar whose tick 0 is at `start`. Panics if `tick_ms` is 0.
    pub const fn new(start: DateTime, tick_ms: u32) -> Self {
        assert!(tick_ms > 0, "a tick lasts at least 1 ms");
        let offset_ms = start.second_of_day() as u64 * 1_000;
        Self { start, tick_ms, offset_ms, start_weekday: start.weekday() as u8 }
    }

    /// The date and time of tick 0.
    #[inline]
    pub const fn start(&self) -> DateTime {
        self.start
    }

    /// The milliseconds that a tick lasts, 1 or more.
    #[inline]
    pub const fn tick_ms(&self) -> u32 {
        self.tick_ms
    }

    /// The ticks of a minute, rounded down and at least 1.
    #[inline]
    pub const fn ticks_per_minute(&self) -> u64 {
        at_least_1(60_000 / self.tick_ms as u64)
    }

    /// The ticks of an hour, rounded down and at least 1.
    #[inline]
    pub const fn ticks_per_hour(&self) -> u64 {
        at_least_1(3_600_000 / self.tick_ms as u64)
    }

    /// The ticks of a day, rounded down and at least 1.
    #[inline]
    pub const fn ticks_per_day(&self) -> u64 {
        at_least_1(MS_PER_DAY / self.tick_ms as u64)
    }

    /// The whole ticks nearest to a span of seconds; 0 for spans that are negative or not a number.
    #[inline]
    pub fn ticks(&self, seconds: f64) -> u64 {
        (seconds * 1_000.0 / self.tick_ms as f64).round() as u64
    }

    /// The seconds that so many ticks last.
    #[inline]
    pub const fn seconds(&self, ticks: u64) -> f64 {
        (ticks as u128 * self.tick_ms as u128) as f64 / 1_000.0
    }

    /// Milliseconds from the midnight before the start. Exact below 2^64 ms, 584 million years.
    #[inline]
    pub const fn ms(&self, tick: Tick) -> u64 {
        tick.0 * self.tick_ms as u64 + self.offset_ms
    }

    /// The date and time of a tick, rounded down to the second.
    pub const fn at(&self, tick: Tick) -> DateTime {
        DateTime::from_epoch_seconds(self.start.epoch_days() * 86_400 + (self.ms(tick) / 1_000) as i64)
    }

    /// The civil days from the start's date to the tick's date: 0 until the first midnight.
    #[inline]
    pub const fn day(&self, tick: Tick) -> u32 {
        (self.ms(tick) / MS_PER_DAY) as u32
    }

    /// Seconds since midnight, 0 to 86,399.
    #[inline]
    pub const fn second_of_day(&self, tick: Tick) -> u32 {
        (self.ms(tick) % MS_PER_DAY / 1_000) as u32
    }

    /// Minutes since midnight, 0 to 1,439.
    #[inline]
    pub const fn minute_of_day(&self, tick: Tick) -> u32 {
        (self.ms(tick) % MS_PER_DAY / 60_000) as u32
    }

    /// The day of the week of a tick.
    #[inline]
    pub const fn weekday(&self, tick: Tick) -> Weekday {
        self.weekday_of_day(self.day(tick))
    }

    /// The day of the week of a civil day counted from the start's date.
    #[inline]
    pub const fn weekday_of_day(&self, day: u32) -> Weekday {
        Weekday::ALL[((day as u64 + self.start_weekday as u64) % 7) as usize]
    }

    /// Midnight at the start of a civil day counted from the start's date.
    pub const fn date_of_day(&self, day: u32) -> DateTime {
        DateTime::from_epoch_seconds((self.start.epoch_days() + day as i64) * 86_400)
    }

    /// Whether a tick falls on a Saturday or Sunday.
    #[inline]
    pub const fn is_weekend(&self, tick: Tick) -> bool {
        self.weekday(tick).is_weekend()
    }

    /// The first tick at or after a minute of a civil day counted from the start's date; tick 0 for times before the
    /// start. The minute may exceed 1,439 and then falls on a later day.
    #[inline]
    pub const fn tick_at(&self, day: u32, minute: u32) -> Tick {
        let ms = day as u64 * MS_PER_DAY + minute as u64 * 60_000;
        Tick(ms.saturating_sub(self.offset_ms).div_ceil(self.tick_ms as u64))
    }

    /// The first tick at or after a date and time; tick 0 for times before the start.
    pub const fn tick_of(&self, when: DateTime) -> Tick {
        let seconds = when.epoch_seconds() - self.start.epoch_seconds();
        let ms = if seconds > 0 { seconds as u64 * 1_000 } else { 0 };
        Tick(ms.div_ceil(self.tick_ms as u64))
    }
}

const fn at_least_1(ticks: u64) -> u64 {
    if ticks == 0 { 1 } else { ticks }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: DateTime = DateTime::new_const(1999, 5, 4, 7, 30, 0);

    #[test]
    fn days_and_dates_are_inverses_and_follow_the_months() {
        let (mut year, mut month, mut day) = (-5, 1, 1);
        let first = days_from_civil(year, month, day);
        for days in first..first + 900_000 {
            assert_eq!(civil_from_days(days), (year, month, day));
            assert_eq!(days_from_civil(year, month, day), days);
            day += 1;
            if day > days_in_month(year, month) {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        assert!(year > 2400, "the walk covers leap centuries on both sides: {year}");
        assert_eq!(days_from_civil(1970, 1, 1), 0);
        assert_eq!(days_from_civil(2000, 3, 1), 11_017);
    }

    #[test]
    fn known_weekdays() {
        let weekday = |y, m, d| DateTime::date(y, m, d).weekday();
        assert_eq!(weekday(1999, 5, 4), Weekday::Tuesday);
        assert_eq!(weekday(1970, 1, 1), Weekday::Thursday);
        assert_eq!(weekday(1969, 7, 20), Weekday::Sunday);
        assert_eq!(weekday(2000, 2, 29), Weekday::Tuesday);
        assert_eq!(weekday(1900, 1, 1), Weekday::Monday);
        assert!(Weekday::Saturday.is_weekend() && Weekday::Sunday.is_weekend() && !Weekday::Friday.is_weekend());
        assert_eq!(format!("{:>8}", Weekday::Friday), "  Friday");
    }

    #[test]
    fn dates_are_read_and_written() {
        let read = |text: &str| text.parse::<DateTime>().unwrap();
        assert_eq!(read("1999-05-04"), DateTime::date(1999, 5, 4));
        for text in ["1999-05-04T07:30", "1999-05-04 07:30", "1999-05-04t07:30:00", " 1999-05-04 07:30 "] {
            assert_eq!(read(text), START, "{text}");
        }
        assert_eq!(read("1999-05-04T07:30:15").second, 15);
        assert_eq!(START.to_string(), "1999-05-04 07:30");
        assert_eq!(read("1999-05-04T07:30:15").to_string(), "1999-05-04 07:30:15");
        assert_eq!(read("2000-02-29").day, 29);
        assert!(START < read("1999-05-04T07:30:01") && START < read("2000-01-01"));
    }

    #[test]
    fn what_is_no_date_is_refused_with_what_would_be_right() {
        let forms = [
            "",
            "abc",
            "1999",
            "1999-05",
            "99-05-04",
            "1999-5-4",
            "1999-05-04T",
            "1999-05-04T07",
            "1999-05-04T7:30",
            "1999-05-04T07:30:15:1",
            "1999-05-04-01",
            "1999-05-04  07:30",
            "1999-05-04T07:30Z",
            "+999-05-04",
            "1999/05/04",
        ];
        for text in forms {
            assert_eq!(text.parse::<DateTime>(), Err(DateTimeError::Form(text.to_owned())), "{text}");
        }
        let says = |text: &str, part: &str| {
            let message = text.parse::<DateTime>().unwrap_err().to_string();
            assert!(message.contains(part), "{text}: {message}");
        };
        says("yesterday", "1999-05-04T07:30");
        says("1999-13-01", "01 to 12");
        says("1999-00-01", "month 0");
        says("1999-02-29", "01 to 28");
        says("1900-02-29", "01 to 28");
        says("1999-04-31", "01 to 30");
        says("1999-04-00", "no day 0");
        says("1999-05-04T24:00", "23:59:59");
        says("1999-05-04T07:60", "07:60:00");
    }

    #[test]
    fn the_calendar_counts_days_and_minutes() {
        let calendar = Calendar::new(START, 100);
        assert_eq!(calendar.ticks_per_minute(), 600);
        assert_eq!(calendar.ticks_per_hour(), 36_000);
        assert_eq!(calendar.ticks_per_day(), 864_000);
        assert_eq!((calendar.ticks(0.25), calendar.ticks(10.0), calendar.ticks(-3.0)), (3, 100, 0));
        assert_eq!(calendar.seconds(15), 1.5);
        assert_eq!(calendar.minute_of_day(Tick(0)), 450);
        assert_eq!(calendar.second_of_day(Tick(9)), 27_000);
        assert_eq!(calendar.second_of_day(Tick(10)), 27_001);
        let midnight = calendar.tick_at(1, 0);
        assert_eq!(midnight, Tick(864_000 * 33 / 48));
        assert_eq!((calendar.day(Tick(midnight.0 - 1)), calendar.day(midnight)), (0, 1));
        assert_eq!(calendar.minute_of_day(Tick(midnight.0 - 1)), 1_439);
        assert_eq!(calendar.at(midnight).to_string(), "1999-05-05 00:00");
        assert_eq!(calendar.tick_at(0, 449), Tick(0));
        assert_eq!(calendar.tick_at(0, 451), Tick(600));
        assert_eq!(calendar.tick_at(0, 1_440), midnight);
        assert_eq!(calendar.tick_of(DateTime::date(1999, 5, 5)), midnight);
        assert_eq!(calendar.tick_of(DateTime::date(1999, 5, 4)), Tick(0));
        assert_eq!(calendar.weekday(Tick(0)), Weekday::Tuesday);
        assert!(calendar.is_weekend(calendar.tick_at(4, 0)) && !calendar.is_weekend(calendar.tick_at(6, 0)));
    }

    #[test]
    fn the_short_ways_agree_with_the_calendar_date() {
        for (start, tick_ms) in [("1999-05-04", 100), ("1999-12-31T23:59:59", 1_000), ("2000-02-28T12:34:56", 777)] {
            let calendar = Calendar::new(start.parse().unwrap(), tick_ms);
            for step in 0..20_000_u64 {
                let tick = Tick(step * 7_919);
                let at = calendar.at(tick);
                assert_eq!(calendar.second_of_day(tick), at.second_of_day());
                assert_eq!(calendar.minute_of_day(tick), at.hour as u32 * 60 + at.minute as u32);
                assert_eq!(calendar.weekday(tick), at.weekday());
                assert_eq!(calendar.day(tick) as i64, at.epoch_days() - calendar.start().epoch_days());
                let day = calendar.date_of_day(calendar.day(tick));
                assert_eq!((day.year, day.month, day.day, day.hour), (at.year, at.month, at.day, 0));
                let (day, minute) = (calendar.day(tick), calendar.minute_of_day(tick));
                let first = calendar.tick_at(day, minute);
                assert!(first <= tick);
                assert!(first == Tick(0) || calendar.minute_of_day(first) == minute && calendar.day(first) == day);
            }
        }
    }
}
