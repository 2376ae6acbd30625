//! Public holidays of the United States as New York keeps them, by rule.
//!
//! The rules are those of 5 U.S.C. 6103 as they stand since 1978, applied to any year, with Martin Luther King Jr. Day
//! from 1986 and Juneteenth from 2021, when they were first kept. A holiday with a fixed date that falls on a Saturday
//! is observed on the Friday before, one on a Sunday on the Monday after (Executive Order 11582).

use super::time::{DateTime, Weekday, days_from_civil};

/// When a holiday falls.
#[derive(Clone, Copy)]
enum Rule {
    /// On a day of the month.
    Fixed { day: u8, observed: &'static str },
    /// On the nth such weekday of the month, from 1.
    Nth { weekday: Weekday, nth: u8 },
    /// On the last Monday of the month, which has 31 days.
    LastMonday,
}

struct Holiday {
    name: &'static str,
    month: u8,
    rule: Rule,
    first_year: i32,
}

const fn fixed(name: &'static str, observed: &'static str, month: u8, day: u8, first_year: i32) -> Holiday {
    Holiday { name, month, rule: Rule::Fixed { day, observed }, first_year }
}

const fn nth(name: &'static str, nth: u8, weekday: Weekday, month: u8, first_year: i32) -> Holiday {
    Holiday { name, month, rule: Rule::Nth { weekday, nth }, first_year }
}

const HOLIDAYS: [Holiday; 11] = [
    fixed("New Year's Day", "New Year's Day (observed)", 1, 1, i32::MIN),
    nth("Martin Luther King Jr. Day", 3, Weekday::Monday, 1, 1986),
    nth("Presidents' Day", 3, Weekday::Monday, 2, i32::MIN),
    Holiday { name: "Memorial Day", month: 5, rule: Rule::LastMonday, first_year: i32::MIN },
    fixed("Juneteenth", "Juneteenth (observed)", 6, 19, 2021),
    fixed("Independence Day", "Independence Day (observed)", 7, 4, i32::MIN),
    nth("Labor Day", 1, Weekday::Monday, 9, i32::MIN),
    nth("Columbus Day", 2, Weekday::Monday, 10, i32::MIN),
    fixed("Veterans Day", "Veterans Day (observed)", 11, 11, i32::MIN),
    nth("Thanksgiving Day", 4, Weekday::Thursday, 11, i32::MIN),
    fixed("Christmas Day", "Christmas Day (observed)", 12, 25, i32::MIN),
];

/// The holiday on a date, whatever the time of day, or `None`. The day on which a holiday is observed instead bears the
/// same name and `(observed)`; both are holidays.
pub fn holiday(date: DateTime) -> Option<&'static str> {
    let days = date.epoch_days();
    let weekday = Weekday::of_days(days);
    HOLIDAYS.iter().find_map(|holiday| {
        let Rule::Fixed { observed, .. } = holiday.rule else {
            return (holiday.first_year <= date.year && holiday.days(date.year) == days).then_some(holiday.name);
        };
        // A New Year's Day on a Saturday is observed in the year before.
        [date.year, date.year.saturating_add(1)].into_iter().filter(|&year| year >= holiday.first_year).find_map(
            |year| match days - holiday.days(year) {
                0 => Some(holiday.name),
                -1 if weekday == Weekday::Friday => Some(observed),
                1 if weekday == Weekday::Monday => Some(observed),
                _ => None,
            },
        )
    })
}

impl Holiday {
    /// Its day in a year, counted from 1970-01-01.
    const fn days(&self, year: i32) -> i64 {
        match self.rule {
            Rule::Fixed { day, .. } => days_from_civil(year, self.month, day),
            Rule::Nth { weekday, nth } => {
                let first = days_from_civil(year, self.month, 1);
                let ahead = (weekday as i64 - Weekday::of_days(first) as i64).rem_euclid(7);
                first + ahead + (nth as i64 - 1) * 7
            }
            Rule::LastMonday => {
                let last = days_from_civil(year, self.month, 31);
                last - Weekday::of_days(last) as i64
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `month-day name` of each holiday of a year.
    fn year(year: i32) -> Vec<String> {
        let first = DateTime::date(year, 1, 1);
        (0..366)
            .map(|day| first.plus_seconds(day * 86_400 + 3_600))
            .filter(|date| date.year == year)
            .filter_map(|date| holiday(date).map(|name| format!("{:02}-{:02} {name}", date.month, date.day)))
            .collect()
    }

    #[test]
    fn the_holidays_of_1999() {
        let expected = [
            "01-01 New Year's Day",
            "01-18 Martin Luther King Jr. Day",
            "02-15 Presidents' Day",
            "05-31 Memorial Day",
            "07-04 Independence Day",
            "07-05 Independence Day (observed)",
            "09-06 Labor Day",
            "10-11 Columbus Day",
            "11-11 Veterans Day",
            "11-25 Thanksgiving Day",
            "12-24 Christmas Day (observed)",
            "12-25 Christmas Day",
            "12-31 New Year's Day (observed)",
        ];
        assert_eq!(year(1999), expected);
    }

    #[test]
    fn the_holidays_of_2023() {
        let expected = [
            "01-01 New Year's Day",
            "01-02 New Year's Day (observed)",
            "01-16 Martin Luther King Jr. Day",
            "02-20 Presidents' Day",
            "05-29 Memorial Day",
            "06-19 Juneteenth",
            "07-04 Independence Day",
            "09-04 Labor Day",
            "10-09 Columbus Day",
            "11-10 Veterans Day (observed)",
            "11-11 Veterans Day",
            "11-23 Thanksgiving Day",
            "12-25 Christmas Day",
        ];
        assert_eq!(year(2023), expected);
    }

    #[test]
    fn each_year_has_its_number_on_working_days() {
        for number in 1900..2200 {
            let expected = 9 + (number >= 1986) as usize + (number >= 2021) as usize;
            // Counted over a year of working days that begins and ends between holidays.
            let first = DateTime::date(number, 2, 1).epoch_days();
            let last = DateTime::date(number + 1, 2, 1).epoch_days();
            let kept = (first..last)
                .filter(|&days| !Weekday::of_days(days).is_weekend())
                .filter(|&days| holiday(DateTime::from_epoch_seconds(days * 86_400)).is_some())
                .count();
            let next = (number == 1985) as usize;
            assert_eq!(kept, expected + next, "{number}");
        }
    }
}
