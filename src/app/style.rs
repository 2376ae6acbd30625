//! How things look: colours only where a person sees them, and numbers that can be read.

use comfy_table::{CellAlignment, ContentArrangement, Table};

pub use crate::base::units::{bytes, count as thousands, duration, rate};

/// The widest line that we write.
pub const WIDTH: usize = 100;

/// Whether to colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// Text only.
    Plain,
    /// With ANSI escapes, for terminals.
    Coloured,
}

impl Style {
    fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Coloured => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }
    /// A heading.
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }
    /// What matters less.
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }
    /// What is well.
    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }
    /// What is not.
    pub fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }
    /// A bar.
    pub fn bar(self, text: &str) -> String {
        self.paint("36", text)
    }
}

/// A number in about three digits.
pub fn digits(number: f64) -> String {
    let size = number.abs();
    let text = match size {
        _ if size >= 1_000.0 => {
            let sign = if number < 0.0 { "-" } else { "" };
            return format!("{sign}{}", thousands(size.round() as u64));
        }
        _ if size >= 100.0 => return format!("{number:.0}"),
        _ if size >= 10.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A bar of `cells` characters, filled to `share` in eighths of a character.
pub fn bar(share: f64, cells: usize) -> String {
    const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * cells as f64 * 8.0).round() as usize;
    let mut text = "█".repeat(eighths / 8);
    text.push_str(PARTS[eighths % 8]);
    text
}

/// A grid: the first row is the header; columns in which all cells are numbers stand to the right. Indented by two.
pub fn grid(rows: &[Vec<String>], style: Style) -> String {
    let Some((header, body)) = rows.split_first() else { return String::new() };
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let mut table = Table::new();
    table.load_preset(comfy_table::presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width((WIDTH - 2) as u16);
    table.set_header(header);
    table.add_rows(body);
    for index in 0..columns {
        if let Some(column) = table.column_mut(index) {
            column.set_padding((0, 2));
            let cells = body.iter().filter_map(|row| row.get(index));
            if !body.is_empty()
                && cells.clone().all(|cell| is_number(cell))
                && cells.clone().any(|cell| !cell.is_empty())
            {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
    }
    let mut text = String::new();
    for (index, line) in table.lines().enumerate() {
        let line = line.trim_end();
        text.push_str("  ");
        text.push_str(&if index == 0 { style.dim(line) } else { line.to_owned() });
        text.push('\n');
    }
    text
}

fn is_number(cell: &str) -> bool {
    let cell = cell.trim();
    cell.is_empty()
        || cell == "-"
        || (cell.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c))
            && cell.chars().all(|c| c.is_ascii_digit() || "+-.,_%eE ".contains(c)))
}

/// Breaks a text into lines of at most `width` characters, at spaces.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let cases = [
            (0.0, "0"),
            (0.256, "0.26"),
            (1.9, "1.9"),
            (10.0, "10"),
            (99.96, "100"),
            (140.2, "140"),
            (-2345.6, "-2,346"),
        ];
        for (number, text) in cases {
            assert_eq!(digits(number), text);
        }
    }

    #[test]
    fn bars_fill_in_eighths() {
        assert_eq!(bar(0.0, 4), "");
        assert_eq!(bar(0.5, 4), "██");
        assert_eq!(bar(1.0 / 32.0, 4), "▏");
        assert_eq!(bar(7.0, 4), "████");
    }

    #[test]
    fn grids_put_numbers_to_the_right_and_stay_narrow() {
        let row = |cells: &[&str]| cells.iter().map(|cell| cell.to_string()).collect::<Vec<_>>();
        let text = grid(&[row(&["name", "count"]), row(&["a", "1,000"]), row(&["long name", "2"])], Style::Plain);
        assert_eq!(text, "  name       count\n  a          1,000\n  long name      2\n");
        let wide = grid(&[row(&["a", "b"]), row(&[&"word ".repeat(40), &"text ".repeat(40)])], Style::Plain);
        assert!(wide.lines().all(|line| line.chars().count() <= WIDTH), "{wide}");
        assert_eq!(grid(&[], Style::Plain), "");
    }

    #[test]
    fn colours_only_when_asked() {
        assert_eq!((Style::Plain.bold("x"), Style::Coloured.bold("x")), ("x".into(), "\x1b[1mx\x1b[0m".into()));
    }

    #[test]
    fn text_wraps_at_spaces() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("", 7), [""]);
    }
}
