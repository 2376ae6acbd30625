//! Reading a table that a person brings, with errors that name file, line and column.

use std::path::Path;

use crate::sim::RunError;
use crate::store::{Backend, Fs};

/// A CSV file in memory, header first.
pub struct Table {
    path: String,
    header: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

impl Table {
    /// Reads a CSV file. `what` says in an error what such a file is ("a population file: CSV with ...").
    pub fn read(path: &str, what: &str) -> Result<Self, RunError> {
        Self::parse(&read_text(path, what)?, path, what)
    }

    /// Reads a CSV file's text.
    pub fn parse(text: &str, path: &str, what: &str) -> Result<Self, RunError> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
        let fail = |error: csv::Error| RunError::Input(format!("{path}: {}; {what} is wanted", explain(&error)));
        let header = reader.headers().map_err(fail)?.iter().map(str::to_owned).collect();
        let rows = reader.records().collect::<Result<Vec<_>, _>>().map_err(fail)?;
        if rows.is_empty() {
            return Err(RunError::Input(format!("{path}: there is a header but no row; {what} is wanted")));
        }
        Ok(Self { path: path.to_owned(), header, rows })
    }

    /// The index of a column.
    pub fn column(&self, name: &str) -> Result<usize, RunError> {
        self.header.iter().position(|column| column == name).ok_or_else(|| {
            let known = self.header.join(", ");
            RunError::Input(format!("{}:1: there is no column `{name}`; the columns are {known}", self.path))
        })
    }

    /// The rows.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|record| Row { table: self, record })
    }
}

/// A row of a [`Table`].
#[derive(Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    record: &'a csv::StringRecord,
}

impl Row<'_> {
    /// The text in a column.
    pub fn text(&self, column: usize) -> &str {
        self.record.get(column).unwrap_or_default()
    }

    /// The number in a column.
    pub fn number<T: std::str::FromStr>(&self, column: usize, kind: &str) -> Result<T, RunError> {
        let text = self.text(column);
        text.parse().map_err(|_| self.error(column, &format!("`{text}` is not {kind}")))
    }

    /// An error at a column of this row.
    pub fn error(&self, column: usize, what: &str) -> RunError {
        let line = self.record.position().map_or(0, csv::Position::line);
        let name = &self.table.header[column];
        RunError::Input(format!("{}:{line}: column {} (`{name}`): {what}", self.table.path, column + 1))
    }
}

/// Reads a text file that must hold something.
pub fn read_text(path: &str, what: &str) -> Result<String, RunError> {
    let bytes = Fs.read(Path::new(path)).map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
            _ => error.to_string(),
        };
        RunError::Input(format!("{path}: {why}; {what} is wanted"))
    })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        RunError::Input(format!("{path}: byte {at} is not UTF-8 text; {what} is wanted"))
    })?;
    if text.trim().is_empty() {
        return Err(RunError::Input(format!("{path}: the file is empty; {what} is wanted")));
    }
    Ok(text)
}

/// What the csv reader found wrong.
fn explain(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("line {line} has {len} fields, the header has {expected_len}: is the file cut short?")
        }
        _ => error.to_string(),
    }
}
