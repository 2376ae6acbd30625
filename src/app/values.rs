//! From what was written to what it means: each reader takes a text with its origin and errs in the same voice.

use std::time::Duration;

use crate::base::units::{UnitError, parse_bytes, parse_count, parse_duration};
use crate::base::{DateTime, DateTimeError};
use crate::sim::{Allowance, Every, Timing};

use super::error::Error;
use super::layers::Given;
use super::style::thousands;

/// The most agents of a run: their ids fit a `u32` with room to spare.
pub const AGENTS_MAX: u64 = 2_000_000_000;
/// The most shards.
pub const SHARDS_MAX: u64 = 4_096;
/// The most worker threads.
pub const WORKERS_MAX: u64 = 4_096;
/// The most ticks of a run: a tick must fit a row's `u32`.
pub const TICKS_MAX: u64 = 4_000_000_000;
/// The most snapshots that are kept.
pub const SNAPSHOTS_MAX: u64 = 10_000;

/// A whole number of `noun` (in the plural) from `low` to `high`.
pub fn count(given: &Given, noun: &str, low: u64, high: u64) -> Result<u64, Error> {
    let Given { text, origin } = given;
    match parse_count(text) {
        Ok(number) if number < low => {
            Err(format!("{text} {noun} are too few, in {origin}; at least {} would be right", thousands(low)))
        }
        Ok(number) if number <= high => Ok(number),
        Ok(_) | Err(UnitError::CountTooLarge(_)) => {
            Err(format!("{text} {noun} are too many, in {origin}; at most {} would be right", thousands(high)))
        }
        Err(_) => Err(format!(
            "`{text}` is no number of {noun}, in {origin}; write a whole number from {} to {}, such as {}",
            thousands(low),
            thousands(high),
            if high > 1_000_000 { "30, 2.5k, 8M or 1_000_000" } else { "4 or 24" }
        )),
    }
    .map_err(Error::Usage)
}

/// A seed: any `u64`, in digits.
pub fn seed(given: &Given) -> Result<u64, Error> {
    let Given { text, origin } = given;
    text.replace('_', "").parse().map_err(|_| {
        Error::Usage(format!(
            "`{text}` is no seed, in {origin}; write a whole number from 0 to {}",
            thousands(u64::MAX)
        ))
    })
}

/// A positive, finite number of `noun`.
pub fn positive(given: &Given, noun: &str) -> Result<f64, Error> {
    let Given { text, origin } = given;
    let number = text.replace('_', "").parse().ok().filter(|number: &f64| number.is_finite());
    match number {
        Some(number) if number > 0.0 => Ok(number),
        Some(_) => Err(format!("{text} is too little, in {origin}; {noun} must be more than 0")),
        None => Err(format!("`{text}` is no number, in {origin}; write {noun} as 0.5 or 48")),
    }
    .map_err(Error::Usage)
}

/// A date and time.
pub fn date_time(given: &Given) -> Result<DateTime, Error> {
    let Given { text, origin } = given;
    text.parse().map_err(|error: DateTimeError| Error::Usage(format!("{error}, in {origin}")))
}

/// When the world is saved; `None` for never.
pub fn snapshots(given: &Given, timing: &Timing) -> Result<Option<Every>, Error> {
    let Given { text, origin } = given;
    let text = text.trim();
    let wrong = || {
        let right = "write simulated time as 1h or 10s, ticks as 1000, wall time as wall:10m, or never";
        Error::Usage(format!("`{text}` does not say when to save, in {origin}; {right}"))
    };
    if text == "never" {
        return Ok(None);
    }
    if let Some(wall) = text.strip_prefix("wall:") {
        let seconds = parse_duration(wall).map_err(|_| wrong())?;
        return Ok(Some(Every::Wall(Duration::from_secs_f64(seconds))));
    }
    // Time first: 10m are minutes, not millions.
    let ticks = match parse_duration(text) {
        Ok(seconds) => (seconds * 1_000.0 / f64::from(timing.tick_ms)).round() as u64,
        Err(_) => parse_count(text).map_err(|_| wrong())?,
    };
    if ticks == 0 {
        return Err(Error::Usage(format!(
            "{text} is less than a tick of {} ms, in {origin}; at least one tick would be right",
            timing.tick_ms
        )));
    }
    Ok(Some(Every::Ticks(ticks)))
}

/// How much memory: bytes, or a share of what agents take.
pub fn allowance(given: &Given) -> Result<Allowance, Error> {
    let Given { text, origin } = given;
    let text = text.trim();
    let percent = text.strip_suffix('%').map(|number| number.trim().parse().ok().filter(|percent| *percent > 0));
    let allowance = match percent {
        Some(percent) => percent.map(Allowance::Rows),
        None => parse_bytes(text).ok().filter(|bytes| *bytes > 0).map(Allowance::Process),
    };
    let right = "write bytes as 4GiB or 500MB, or a share of what agents take as 30%";
    allowance.ok_or_else(|| Error::Usage(format!("`{text}` is no amount of memory, in {origin}; {right}")))
}

/// True or false.
pub fn switch(given: &Given) -> Result<bool, Error> {
    let Given { text, origin } = given;
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" => Ok(true),
        "false" | "0" | "no" => Ok(false),
        _ => Err(Error::Usage(format!("`{text}` is neither true nor false, in {origin}; write one of them"))),
    }
}

/// One of a few words, each with its meaning.
pub fn choice<T: Copy>(given: &Given, words: &[(&str, T)]) -> Result<T, Error> {
    let Given { text, origin } = given;
    let found = words.iter().find(|(word, _)| word == text).map(|(_, meaning)| *meaning);
    found.ok_or_else(|| {
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        Error::Usage(format!("`{text}` is none of {}, in {origin}", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::layers::Origin;

    fn given(text: &str) -> Given {
        Given { text: text.to_owned(), origin: Origin::Flag("--agents".to_owned()) }
    }

    fn agents(text: &str) -> Result<u64, String> {
        count(&given(text), "agents", 1, AGENTS_MAX).map_err(|error| error.to_string())
    }

    #[test]
    fn when_to_save_is_simulated_time_ticks_wall_time_or_never() {
        let timing = Timing { tick_ms: 100, ..Timing::default() };
        let read = |text: &str| snapshots(&given(text), &timing).map_err(|error| error.to_string());
        assert_eq!(read("1h"), Ok(Some(Every::Ticks(36_000))));
        assert_eq!(read("10m"), Ok(Some(Every::Ticks(6_000))));
        assert_eq!(read("2.5k"), Ok(Some(Every::Ticks(2_500))));
        assert_eq!(read("wall:90s"), Ok(Some(Every::Wall(Duration::from_secs(90)))));
        assert_eq!(read("never"), Ok(None));
        for wrong in ["", "soon", "wall:", "wall:5", "0", "0.01s", "-1h"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn counts_are_read_and_bounded() {
        let good =
            [("30", 30), ("8M", 8_000_000), ("2.5k", 2_500), ("1_000_000", 1_000_000), ("2000000000", AGENTS_MAX)];
        for (text, number) in good {
            assert_eq!(agents(text), Ok(number), "{text}");
        }
        let bad = [
            ("0", "0 agents are too few, in --agents; at least 1 would be right"),
            ("99999999999", "99999999999 agents are too many, in --agents; at most 2,000,000,000 would be right"),
            ("99999999999B", "99999999999B agents are too many, in --agents; at most 2,000,000,000 would be right"),
        ];
        for (text, message) in bad {
            assert_eq!(agents(text), Err(message.to_owned()));
        }
        for text in ["abc", "-5", "1.5", "", "NaN"] {
            let error = agents(text).unwrap_err();
            let expected = format!(
                "`{text}` is no number of agents, in --agents; write a whole number from 1 to 2,000,000,000, such as \
                 30, 2.5k, 8M or 1_000_000"
            );
            assert_eq!(error, expected);
        }
    }

    #[test]
    fn positive_numbers_switches_and_choices() {
        assert_eq!(positive(&given("2.5"), "days").ok(), Some(2.5));
        for text in ["0", "-1", "inf", "x"] {
            assert!(positive(&given(text), "days").is_err(), "{text}");
        }
        assert_eq!((switch(&given("1")).ok(), switch(&given("False")).ok()), (Some(true), Some(false)));
        assert_eq!(
            switch(&given("maybe")).unwrap_err().to_string(),
            "`maybe` is neither true nor false, in --agents; write one of them"
        );
        assert_eq!(choice(&given("b"), &[("a", 1), ("b", 2)]).ok(), Some(2));
        assert_eq!(
            choice(&given("c"), &[("a", 1), ("b", 2)]).unwrap_err().to_string(),
            "`c` is none of a, b, in --agents"
        );
    }

    #[test]
    fn seeds_use_all_64_bits() {
        assert_eq!(seed(&given("18446744073709551615")).ok(), Some(u64::MAX));
        assert!(seed(&given("-5")).is_err());
        assert!(seed(&given("18446744073709551616")).is_err());
    }

    #[test]
    fn dates_err_with_their_origin() {
        assert_eq!(date_time(&given("1999-05-04T07:30")).unwrap().to_string(), "1999-05-04 07:30");
        let error = date_time(&given("1999-02-29")).unwrap_err().to_string();
        assert_eq!(error, "there is no day 29 in 1999-02: its days run from 01 to 28, in --agents");
    }
}
