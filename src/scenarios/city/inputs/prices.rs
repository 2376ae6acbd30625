//! Consumer prices by month, against the year 1999.

use super::builtin;
use crate::base::DateTime;

/// The price index of each month that is known.
pub struct Prices {
    /// (year x 12 + month - 1, 65,536ths of the mean of 1999), ascending.
    months: Vec<(i32, u32)>,
}

impl Prices {
    /// The built-in table: BLS CPI-U, New York area, all items, 1997 to 2001.
    pub fn builtin() -> Self {
        let rows = builtin::price_indices();
        let of_1999: Vec<f64> = rows.iter().filter(|row| row.year == 1999).map(|row| row.index).collect();
        let mean = of_1999.iter().sum::<f64>() / of_1999.len() as f64;
        let month = |row: &builtin::PriceIndex| {
            (row.year * 12 + row.month as i32 - 1, (row.index / mean * 65_536.0).round() as u32)
        };
        Self { months: rows.iter().map(month).collect() }
    }

    /// Prices on a date as 65,536ths of those of 1999; before and after the table as in its first and last month.
    pub fn index(&self, date: DateTime) -> u32 {
        let month = date.year * 12 + date.month as i32 - 1;
        let after = self.months.partition_point(|&(known, _)| known <= month);
        self.months[after.max(1) - 1].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_rise_around_1999() {
        let prices = Prices::builtin();
        let index = |year, month| prices.index(DateTime::date(year, month, 9)) as f64 / 65_536.0;
        assert!((index(1999, 6) - 1.0).abs() < 0.01);
        // CPI-U, New York area: 170.8 in 1997, 187.1 in 2001, 177.0 in 1999.
        assert!((index(1997, 7) - 170.8 / 177.0).abs() < 0.01 && (index(2001, 7) - 187.1 / 177.0).abs() < 0.015);
        assert_eq!((index(1990, 1), index(2040, 1)), (index(1997, 1), index(2001, 12)));
    }
}
