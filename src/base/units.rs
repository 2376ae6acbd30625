//! Counts, sizes, spans and rates, as people write and read them.

/// A text that is no count, size or span. The message says what was given and what would be right.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum UnitError {
    /// The text is no count.
    #[error("`{0}` is not a count: write a whole number such as 30, 372, 2.5k, 8M or 1_000_000")]
    Count(String),
    /// A count above 2^64 - 1.
    #[error("`{0}` is too large for a count: the largest is 18,446,744,073,709,551,615")]
    CountTooLarge(String),
    /// The text is no size.
    #[error("`{0}` is not a size: write bytes, or a number with a unit, such as 1024, 512MiB, 64GiB or 4GB")]
    Bytes(String),
    /// A size above 2^64 - 1 bytes.
    #[error("`{0}` is too large for a size: the largest is just below 16777216TiB")]
    BytesTooLarge(String),
    /// The text is no span of time.
    #[error("`{0}` is not a duration: write a number with a unit, such as 250ms, 90s, 10m, 1.5h, 2d or 1h30m")]
    Duration(String),
    /// A span that no simulation lasts.
    #[error("`{0}` is too long for a duration: the longest is 10000000d")]
    DurationTooLong(String),
}

/// The longest duration, in seconds: ten million days. Milliseconds of it are exact in an `f64`.
const MAX_SECONDS: f64 = 86_400.0 * 10_000_000.0;

/// A number as written: `digits / 10^decimals`.
struct Decimal {
    digits: u128,
    decimals: u32,
}

/// Why there is no number at the start of a text.
enum NoDecimal {
    /// It has another form.
    Form,
    /// It has more digits than are kept.
    TooLarge,
}

impl Decimal {
    /// The number at the start of a text, and what follows it. Digits may be grouped by single underscores. No sign,
    /// no exponent.
    fn leading(text: &str) -> Result<(Self, &str), NoDecimal> {
        let end = text.find(|c: char| !(c.is_ascii_digit() || c == '_' || c == '.')).unwrap_or(text.len());
        let (number, rest) = text.split_at(end);
        let (whole, fraction) = match number.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (number, None),
        };
        let mut decimal = Self { digits: 0, decimals: 0 };
        decimal.append(whole)?;
        if let Some(fraction) = fraction {
            decimal.append(fraction)?;
            decimal.decimals = fraction.bytes().filter(u8::is_ascii_digit).count() as u32;
        }
        Ok((decimal, rest))
    }

    fn append(&mut self, group: &str) -> Result<(), NoDecimal> {
        if group.is_empty() || group.starts_with('_') || group.ends_with('_') || group.contains("__") {
            return Err(NoDecimal::Form);
        }
        for byte in group.bytes().filter(|&byte| byte != b'_') {
            if !byte.is_ascii_digit() {
                return Err(NoDecimal::Form);
            }
            // 10^26 times the largest unit (2^40) stays below 2^128.
            self.digits = self.digits * 10 + (byte - b'0') as u128;
            if self.digits >= 10_u128.pow(26) {
                return Err(NoDecimal::TooLarge);
            }
        }
        Ok(())
    }

    /// `(self * unit, remainder)` in whole numbers.
    fn times(&self, unit: u64) -> (u128, u128) {
        // Above 10^38 the divisor would overflow, and the quotient is 0 anyway unless there are only zeros.
        let divisor = 10_u128.checked_pow(self.decimals).unwrap_or(u128::MAX);
        let product = self.digits * unit as u128;
        (product / divisor, product % divisor)
    }

    fn as_f64(&self) -> f64 {
        // One division of two exact numbers for all that people write: correctly rounded.
        self.digits as f64 / 10_u128.checked_pow(self.decimals).unwrap_or(u128::MAX) as f64
    }
}

/// Reads a count: `30`, `1_000_000`, `2.5k`, `8M`, `1B` (thousand, million, billion; either case). The result must be
/// whole.
///
/// # Errors
/// [`UnitError::Count`] for another form, a sign or a fraction; [`UnitError::CountTooLarge`] above 2^64 - 1.
pub fn parse_count(text: &str) -> Result<u64, UnitError> {
    let wrong = || UnitError::Count(text.to_owned());
    let too_large = || UnitError::CountTooLarge(text.to_owned());
    let (number, suffix) = Decimal::leading(text.trim()).map_err(|no| match no {
        NoDecimal::Form => wrong(),
        NoDecimal::TooLarge => too_large(),
    })?;
    let unit = match suffix {
        "" => 1,
        "k" | "K" => 1_000,
        "m" | "M" => 1_000_000,
        "b" | "B" => 1_000_000_000,
        _ => return Err(wrong()),
    };
    match number.times(unit) {
        (count, 0) => u64::try_from(count).map_err(|_| too_large()),
        _ => Err(wrong()),
    }
}

/// Reads a size in bytes: `1024`, `512MiB`, `1.5GiB`, `4GB`. Units are B, kB, MB, GB, TB (powers of 1,000) and KiB,
/// MiB, GiB, TiB (powers of 1,024), in either case, with or without a space before them. Parts of a byte are cut off.
///
/// # Errors
/// [`UnitError::Bytes`] for another form, a sign, or a unit such as `G` that could mean either power;
/// [`UnitError::BytesTooLarge`] above 2^64 - 1.
pub fn parse_bytes(text: &str) -> Result<u64, UnitError> {
    let wrong = || UnitError::Bytes(text.to_owned());
    let too_large = || UnitError::BytesTooLarge(text.to_owned());
    let (number, suffix) = Decimal::leading(text.trim()).map_err(|no| match no {
        NoDecimal::Form => wrong(),
        NoDecimal::TooLarge => too_large(),
    })?;
    let unit = match suffix.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return Err(wrong()),
    };
    let (bytes, remainder) = number.times(unit);
    if unit == 1 && remainder != 0 {
        return Err(wrong());
    }
    u64::try_from(bytes).map_err(|_| too_large())
}

/// Reads a span of time as seconds: `250ms`, `90s`, `10m`, `1.5h`, `2d`, `1h30m`. Units are ms, s, m or min, h, d; each
/// number has one, and several are added.
///
/// # Errors
/// [`UnitError::Duration`] for another form, a sign or a missing unit; [`UnitError::DurationTooLong`] above ten million
/// days.
pub fn parse_duration(text: &str) -> Result<f64, UnitError> {
    let wrong = || UnitError::Duration(text.to_owned());
    let too_long = || UnitError::DurationTooLong(text.to_owned());
    let mut rest = text.trim();
    let mut seconds = 0.0;
    loop {
        let (number, after) = Decimal::leading(rest).map_err(|no| match no {
            NoDecimal::Form => wrong(),
            NoDecimal::TooLarge => too_long(),
        })?;
        let after = after.trim_start();
        let end = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        seconds += match unit {
            "ms" => number.as_f64() / 1_000.0,
            "s" => number.as_f64(),
            "m" | "min" => number.as_f64() * 60.0,
            "h" => number.as_f64() * 3_600.0,
            "d" => number.as_f64() * 86_400.0,
            _ => return Err(wrong()),
        };
        rest = after.trim_start();
        if rest.is_empty() {
            break;
        }
    }
    if seconds > MAX_SECONDS { Err(too_long()) } else { Ok(seconds) }
}

/// A count with its digits in groups of three: `1,234,567`.
pub fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count to three digits: `372`, `8.00M`, `1.23M`, `45.6k`.
pub fn short_count(count: u64) -> String {
    if count < 1_000 { count.to_string() } else { scaled(count as f64, 1_000.0, &["", "k", "M", "B", "T"]) }
}

/// A size to three digits: `612 MiB`, `1.50 GiB`, `96 B`.
pub fn bytes(bytes: u64) -> String {
    if bytes < 1_024 {
        return format!("{bytes} B");
    }
    scaled(bytes as f64, 1_024.0, &[" B", " KiB", " MiB", " GiB", " TiB"])
}

/// A span of time, given in seconds, to the two units that matter: `2 d 03 h`, `1 h 02 min`, `10 min 05 s`, `12.3 s`,
/// `250 ms`, `18.0 µs`, `6 ns`.
pub fn duration(seconds: f64) -> String {
    if seconds.is_nan() || seconds < 0.0 {
        return format!("{seconds} s");
    }
    // Rounded to the smaller unit first, so that 59 min 59.9 s is `1 h 00 min` and never `59 min 60 s`.
    let (whole_seconds, whole_minutes, whole_hours) =
        (seconds.round() as u64, (seconds / 60.0).round() as u64, (seconds / 3_600.0).round() as u64);
    if whole_minutes >= 24 * 60 {
        format!("{} d {:02} h", whole_hours / 24, whole_hours % 24)
    } else if whole_seconds >= 3_600 {
        format!("{} h {:02} min", whole_minutes / 60, whole_minutes % 60)
    } else if seconds >= 59.95 {
        format!("{} min {:02} s", whole_seconds / 60, whole_seconds % 60)
    } else if seconds >= 0.999_5 {
        format!("{seconds:.1} s")
    } else if seconds >= 999.5e-6 {
        format!("{} ms", three_digits(seconds * 1e3))
    } else if seconds >= 999.5e-9 {
        format!("{} µs", three_digits(seconds * 1e6))
    } else {
        format!("{:.0} ns", seconds * 1e9)
    }
}

/// A rate to three digits: `24.3M/s`, `0.50/s`.
pub fn rate(per_second: f64) -> String {
    if per_second.is_finite() && per_second >= 0.0 {
        format!("{}/s", scaled(per_second, 1_000.0, &["", "k", "M", "B", "T"]))
    } else {
        format!("{per_second}/s")
    }
}

/// A number divided by `step` until three digits write it (or the units end), with that unit.
fn scaled(mut number: f64, step: f64, units: &[&str]) -> String {
    let mut unit = 0;
    // 999.5 of one unit would be written with four digits.
    while number >= step.min(999.5) && unit + 1 < units.len() {
        number /= step;
        unit += 1;
    }
    three_digits(number) + units[unit]
}

fn three_digits(number: f64) -> String {
    if number >= 99.95 {
        format!("{number:.0}")
    } else if number >= 9.995 {
        format!("{number:.1}")
    } else {
        format!("{number:.2}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read() {
        let cases = [
            ("372", 372),
            ("0", 0),
            ("8M", 8_000_000),
            ("8m", 8_000_000),
            ("2.5k", 2_500),
            ("2.5K", 2_500),
            ("1_000_000", 1_000_000),
            ("1B", 1_000_000_000),
            ("0.001k", 1),
            ("1.500k", 1_500),
            (" 30 ", 30),
            ("2.0", 2),
            ("18446744073709551615", u64::MAX),
            ("0.000_001M", 1),
            ("00012", 12),
        ];
        for (text, count) in cases {
            assert_eq!(parse_count(text), Ok(count), "{text}");
        }
    }

    #[test]
    fn what_is_no_count_is_refused_with_what_would_be_right() {
        let texts = [
            "abc", "-5", "", " ", "1.5", "8MM", "+5", "1e6", "1,000", "_1", "1_", "1__0", ".5k", "5.k", "1.2.3", "k",
            "8 M x", "1.0005k", "٣", "0x10", "8MB", "1_.5k",
        ];
        for text in texts {
            assert_eq!(parse_count(text), Err(UnitError::Count(text.to_owned())), "{text}");
        }
        for text in ["18446744073709551616", "99999999999B", "1000000000000000000000000000000000000000000000"] {
            assert_eq!(parse_count(text), Err(UnitError::CountTooLarge(text.to_owned())), "{text}");
        }
        assert_eq!(
            parse_count("abc").unwrap_err().to_string(),
            "`abc` is not a count: write a whole number such as 30, 372, 2.5k, 8M or 1_000_000"
        );
        let many_zeros = format!("0.{}1k", "0".repeat(60));
        assert_eq!(parse_count(&many_zeros), Err(UnitError::Count(many_zeros.clone())));
    }

    #[test]
    fn sizes_are_read() {
        let cases = [
            ("1024", 1_024),
            ("64GiB", 64 << 30),
            ("64 GiB", 64 << 30),
            ("4GB", 4_000_000_000),
            ("512MiB", 512 << 20),
            ("1.5kib", 1_536),
            ("0.1KiB", 102),
            ("7B", 7),
            ("2TB", 2_000_000_000_000),
            ("16777215TiB", 16_777_215 << 40),
        ];
        for (text, size) in cases {
            assert_eq!(parse_bytes(text), Ok(size), "{text}");
        }
        for text in ["", "abc", "-1", "64G", "1.5", "1.5B", "4GBs", "GiB", "4 G B"] {
            assert_eq!(parse_bytes(text), Err(UnitError::Bytes(text.to_owned())), "{text}");
        }
        assert!(parse_bytes("64G").unwrap_err().to_string().contains("64GiB or 4GB"));
        assert_eq!(parse_bytes("16777216TiB"), Err(UnitError::BytesTooLarge("16777216TiB".to_owned())));
    }

    #[test]
    fn spans_are_read() {
        let cases = [
            ("90s", 90.0),
            ("1.5h", 5_400.0),
            ("10m", 600.0),
            ("10min", 600.0),
            ("2d", 172_800.0),
            ("250ms", 0.25),
            ("1h30m", 5_400.0),
            ("1 h 02 min", 3_720.0),
            ("0s", 0.0),
            ("0.1s", 0.1),
            ("10000000d", MAX_SECONDS),
        ];
        for (text, seconds) in cases {
            assert_eq!(parse_duration(text), Ok(seconds), "{text}");
        }
        for text in ["", "90", "-1s", "abc", "1x", "s", "1h30", "1e3s", "1.s", "infs"] {
            assert_eq!(parse_duration(text), Err(UnitError::Duration(text.to_owned())), "{text}");
        }
        for text in ["10000001d", "100000000000000000000000000000s"] {
            assert_eq!(parse_duration(text), Err(UnitError::DurationTooLong(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn counts_and_sizes_are_written() {
        let counts = [(0, "0", "0"), (999, "999", "999"), (1_000, "1,000", "1.00k"), (45_600, "45,600", "45.6k")];
        let large =
            [(1_234_567, "1,234,567", "1.23M"), (999_999, "999,999", "1.00M"), (8_000_000, "8,000,000", "8.00M")];
        for (number, long, short) in counts.into_iter().chain(large) {
            assert_eq!((count(number).as_str(), short_count(number).as_str()), (long, short));
        }
        assert_eq!(count(u64::MAX), "18,446,744,073,709,551,615");
        let sizes = [(0, "0 B"), (1_023, "1023 B"), (1_024, "1.00 KiB"), (612 << 20, "612 MiB"), (3 << 29, "1.50 GiB")];
        for (size, text) in sizes {
            assert_eq!(bytes(size), text);
        }
        assert_eq!(bytes((1 << 30) - 1), "1.00 GiB");
        assert_eq!(bytes(1_000 << 20), "0.98 GiB");
    }

    #[test]
    fn spans_and_rates_are_written() {
        let spans = [
            (0.0, "0 ns"),
            (6e-9, "6 ns"),
            (18e-6, "18.0 µs"),
            (0.25, "250 ms"),
            (0.9996, "1.0 s"),
            (12.34, "12.3 s"),
            (59.94, "59.9 s"),
            (59.97, "1 min 00 s"),
            (605.0, "10 min 05 s"),
            (3_599.7, "1 h 00 min"),
            (3_720.0, "1 h 02 min"),
            (86_399.0, "1 d 00 h"),
            (183_600.0, "2 d 03 h"),
            (-1.0, "-1 s"),
        ];
        for (seconds, text) in spans {
            assert_eq!(duration(seconds), text, "{seconds}");
        }
        for (number, text) in
            [(24.3e6, "24.3M/s"), (0.5, "0.50/s"), (0.0, "0.00/s"), (999.7, "1.00k/s"), (123.0, "123/s")]
        {
            assert_eq!(rate(number), text);
        }
        assert_eq!(rate(f64::INFINITY), "inf/s");
    }

    #[test]
    fn what_is_written_short_is_read_back() {
        for number in [372, 1_000, 1_230_000, 45_600, 8_000_000_000] {
            assert_eq!(parse_count(&short_count(number)), Ok(number));
        }
        for size in [96, 612 << 20, 3 << 29] {
            assert_eq!(parse_bytes(&bytes(size)), Ok(size));
        }
    }
}
