//! The weather of each day: measured, or made from what is normal in the month.

use super::builtin;
use super::file::Table;
use crate::base::{AgentId, DateTime, Seed, Stream, Tick};
use crate::scenarios::city::Weather;
use crate::sim::RunError;

/// What a weather file has to be.
const WEATHER_FILE: &str = "a CSV with a row for each day and the columns date (1999-05-04), tmin_c, tmax_c, prcp_mm";

/// Where the weather of a day comes from.
pub enum WeatherSource {
    /// Days since 1970-01-01 and their weather, ascending.
    Measured(Vec<(i64, Weather)>),
    /// Months' normals: (low, high in tenths of a degree; rain of a rainy day in tenths of a millimetre; chance of
    /// one).
    Normals(Vec<(i32, i32, u32, u32)>),
}

const WEATHER: Stream = Stream::named("city/weather");

impl WeatherSource {
    /// Monthly normals, or the days in a file if `path` names one.
    ///
    /// # Errors
    /// A file that is missing, empty, cut short or of another form.
    pub fn open(path: &str) -> Result<Self, RunError> {
        if path.is_empty() {
            let month = |month: builtin::MonthNormals| {
                let rain = 10.0 * month.rain_mm / month.rain_days;
                let chance = 65_536.0 * month.rain_days / 30.44;
                ((10.0 * month.low_c) as i32, (10.0 * month.high_c) as i32, rain as u32, chance as u32)
            };
            return Ok(Self::Normals(builtin::normals().into_iter().map(month).collect()));
        }
        Self::read(&Table::read(path, WEATHER_FILE)?)
    }

    fn read(table: &Table) -> Result<Self, RunError> {
        let columns = ["date", "tmin_c", "tmax_c", "prcp_mm"].map(|name| table.column(name));
        let [date, low, high, rain] = columns;
        let (date, low, high, rain) = (date?, low?, high?, rain?);
        let mut days: Vec<(i64, Weather)> = Vec::new();
        for row in table.rows() {
            let day: DateTime = row.number(date, "a date such as 1999-05-04")?;
            let degrees = |column| -> Result<f64, RunError> {
                let degrees: f64 = row.number(column, "a temperature in degrees Celsius")?;
                if (-60.0..60.0).contains(&degrees) {
                    Ok(degrees)
                } else {
                    Err(row.error(column, "no such temperature"))
                }
            };
            let rain_mm: f64 = row.number(rain, "an amount of rain in millimetres")?;
            if !(0.0..2_000.0).contains(&rain_mm) {
                return Err(row.error(rain, "no such amount of rain, from 0 to 2,000 mm"));
            }
            let temperature = (5.0 * (degrees(low)? + degrees(high)?)).round() as i16;
            let weather = Weather { temperature, rain: (10.0 * rain_mm).round() as u16 };
            if days.last().is_some_and(|&(before, _)| before >= day.epoch_days()) {
                return Err(row.error(date, "dates have to rise from row to row"));
            }
            days.push((day.epoch_days(), weather));
        }
        Ok(Self::Measured(days))
    }

    /// The weather of so many days from a date on.
    ///
    /// # Errors
    /// A day that a file of measured weather does not have.
    pub fn days(&self, start: DateTime, count: u32, seed: Seed) -> Result<Vec<Weather>, RunError> {
        (0..count)
            .map(|day| {
                let date = start.plus_seconds(day as i64 * 86_400);
                match self {
                    Self::Measured(days) => {
                        let found = days.binary_search_by_key(&date.epoch_days(), |&(known, _)| known);
                        found.map(|index| days[index].1).map_err(|_| {
                            RunError::Input(format!(
                                "the weather file has no row for {:04}-{:02}-{:02}",
                                date.year, date.month, date.day
                            ))
                        })
                    }
                    Self::Normals(months) => {
                        let (low, high, rain, chance) = months[date.month as usize - 1];
                        // A day has its own draw, so that the weather of a date does not depend on where a run starts.
                        let mut draws = seed.draws(WEATHER, AgentId::NONE, Tick(date.epoch_days().unsigned_abs()));
                        let temperature = ((low + high) / 2 + draws.normal256() * 45 / 256) as i16;
                        let wet = draws.chance16(chance);
                        // Nothing to twice the mean of a rainy day.
                        let rain = if wet { 1 + draws.below(2 * rain) } else { 0 } as u16;
                        Ok(Weather { temperature, rain })
                    }
                }
            })
            .collect()
    }
}

/// Whether a weather file's text can be read, and for how many days it has the weather: each is found again. For those
/// who throw bytes at it.
///
/// # Errors
/// What is wrong with it.
#[doc(hidden)]
pub fn try_weather(text: &str) -> Result<u32, RunError> {
    let source = WeatherSource::read(&Table::parse(text, "weather", WEATHER_FILE)?)?;
    let WeatherSource::Measured(days) = &source else { return Ok(0) };
    for &(day, weather) in days {
        let found = source.days(DateTime::from_epoch_seconds(day * 86_400), 1, Seed(0));
        assert!(found.is_ok_and(|found| found == [weather]), "day {day} is lost");
    }
    Ok(days.len() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn made_weather_keeps_to_the_normals() {
        let source = WeatherSource::open("").unwrap();
        let days = source.days(DateTime::date(1999, 1, 1), 3_650, Seed(1)).unwrap();
        let rainy = days.iter().filter(|day| day.rain > 0).count() as f64 / 10.0;
        let millimetres = days.iter().map(|day| day.rain as f64).sum::<f64>() / 100.0;
        // Central Park has some 119 days with precipitation and 1,256 mm in a year.
        assert!((110.0..130.0).contains(&rainy) && (1_100.0..1_400.0).contains(&millimetres), "{rainy} {millimetres}");
        let mean = |from: usize| days[from..from + 31].iter().map(|day| day.temperature as f64).sum::<f64>() / 310.0;
        assert!((mean(0) - 0.0).abs() < 4.0 && (mean(181) - 25.0).abs() < 4.0);
        assert_eq!(days[365..], source.days(DateTime::date(2000, 1, 1), 3_285, Seed(1)).unwrap());
    }
}
