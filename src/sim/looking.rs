//! Pieces of a saved world, read without the model: whose rows there are, of what types, and what the bytes are.
//!
//! The schema of a checkpoint names the tables and their columns. What the bytes of a row mean only the model knows.

use bytemuck::{Pod, pod_read_unaligned};

use super::input::Input;
use super::rows::{Agent, NEVER};
use super::saving::Head;
use crate::base::AgentId;
use crate::store::{PieceView, TableView};

/// A column of a table: the name of its type, and bytes of a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SavedColumn {
    /// The type.
    pub name: String,
    /// Bytes of a row.
    pub bytes: usize,
}

/// What the tables of a checkpoint mean.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SavedSchema {
    /// By kind of agent: its rows.
    pub kinds: Vec<Vec<SavedColumn>>,
    /// By type of message.
    pub letters: Vec<SavedColumn>,
}

impl SavedSchema {
    /// Reads a schema's text.
    ///
    /// # Errors
    /// Says which line is none of a schema.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut schema = Self::default();
        // The second line may say which version of the scenario it is.
        for line in text.lines().skip(1).filter(|line| !line.starts_with("version ")) {
            let wrong = || format!("the schema says `{line}`, which this build cannot read");
            let (what, columns) = line.split_once(": ").ok_or_else(wrong)?;
            let columns = columns_of(columns).ok_or_else(wrong)?;
            match (what, columns.as_slice()) {
                ("agents", _) => schema.kinds.push(columns),
                ("letters", [one]) => schema.letters.push(one.clone()),
                _ => return Err(wrong()),
            }
        }
        Ok(schema)
    }

    /// What a kind of agent is called: by the types of its rows.
    pub fn kind_name(&self, kind: usize) -> String {
        let names: Vec<&str> = self.kinds[kind].iter().map(|column| column.name.as_str()).collect();
        names.join(" + ")
    }

    /// The agents in a zone's piece.
    ///
    /// # Errors
    /// Says what does not fit the schema.
    pub fn agents<'a>(&self, view: &'a PieceView<'a>) -> Result<impl Iterator<Item = SavedAgent<'a>>, String> {
        self.check_agents(view)?;
        let kinds = view.tables.iter().enumerate();
        Ok(kinds.flat_map(|(kind, table)| (0..table.rows).map(move |nth| SavedAgent::new(kind, table, nth))))
    }

    /// How many agents of each kind are in a zone's piece.
    ///
    /// # Errors
    /// Says what does not fit the schema.
    pub fn counts(&self, view: &PieceView<'_>) -> Result<Vec<u64>, String> {
        self.check_agents(view)?;
        Ok(view.tables.iter().map(|table| table.rows as u64).collect())
    }

    fn check_agents(&self, view: &PieceView<'_>) -> Result<(), String> {
        if view.tables.len() != self.kinds.len() {
            return Err(format!("{} tables where {} are right", view.tables.len(), self.kinds.len()));
        }
        let own = std::iter::once(size_of::<Agent>());
        view.tables
            .iter()
            .zip(&self.kinds)
            .try_for_each(|(table, columns)| check(table, own.clone().chain(columns.iter().map(|column| column.bytes))))
    }

    /// The letters in a piece of letters.
    ///
    /// # Errors
    /// Says what does not fit the schema.
    pub fn letters<'a>(&self, view: &'a PieceView<'a>) -> Result<impl Iterator<Item = SavedLetter<'a>>, String> {
        if view.tables.len() != self.letters.len() {
            return Err(format!("{} tables where {} are right", view.tables.len(), self.letters.len()));
        }
        for (table, column) in view.tables.iter().zip(&self.letters) {
            check(table, [size_of::<Head>(), column.bytes].into_iter())?;
        }
        let types = view.tables.iter().enumerate();
        Ok(types.flat_map(|(message, table)| (0..table.rows).map(move |nth| SavedLetter::new(message, table, nth))))
    }
}

/// `Body 16, Person 24`; a name may have commas and blanks itself.
fn columns_of(text: &str) -> Option<Vec<SavedColumn>> {
    let mut columns = Vec::new();
    let mut name = String::new();
    for part in text.split(", ") {
        name.push_str(part);
        match part.rsplit_once(' ').and_then(|(_, digits)| Some((digits.len(), digits.parse().ok()?))) {
            Some((digits, bytes)) => {
                name.truncate(name.len() - digits - 1);
                columns.push(SavedColumn { name: std::mem::take(&mut name), bytes });
            }
            None => name.push_str(", "),
        }
    }
    name.is_empty().then_some(columns)
}

/// Checks that a table has columns of these widths.
fn check(table: &TableView<'_>, widths: impl Iterator<Item = usize>) -> Result<(), String> {
    let found: Vec<usize> = table.columns.iter().map(|column| column.len()).collect();
    let right: Vec<usize> = widths.map(|width| width * table.rows).collect();
    if found == right { Ok(()) } else { Err(format!("columns of {found:?} bytes where {right:?} are right")) }
}

/// A row of a column, which has more than `nth`.
fn row<'a>(table: &TableView<'a>, column: usize, nth: usize) -> &'a [u8] {
    let column = table.columns[column];
    let width = column.len() / table.rows;
    &column[nth * width..][..width]
}

fn read<T: Pod>(bytes: &[u8]) -> T {
    pod_read_unaligned(bytes)
}

/// An agent as it was saved.
#[derive(Clone, Copy)]
pub struct SavedAgent<'a> {
    /// The kind, by the order of declaration.
    pub kind: usize,
    /// The agent.
    pub id: AgentId,
    /// The tick at which it wants to be woken; none if nothing wakes it.
    pub wake: Option<u32>,
    /// The tick from which it is in its zone.
    pub arrives: u32,
    table: &'a TableView<'a>,
    nth: usize,
}

impl<'a> SavedAgent<'a> {
    fn new(kind: usize, table: &'a TableView<'a>, nth: usize) -> Self {
        let Agent { id, wake, arrives } = read(row(table, 0, nth));
        Self { kind, id, wake: (wake != NEVER).then_some(wake), arrives, table, nth }
    }

    /// The bytes of each of its rows.
    pub fn rows(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (table, nth) = (self.table, self.nth);
        (1..table.columns.len()).map(move |column| row(table, column, nth))
    }
}

/// A letter in flight as it was saved.
#[derive(Clone, Copy)]
pub struct SavedLetter<'a> {
    /// The type of message, by the order of declaration.
    pub message: usize,
    /// The tick at which it is applied.
    pub deliver: u32,
    /// Who gets it.
    pub to: AgentId,
    /// Who wrote it.
    pub from: AgentId,
    /// Its text.
    pub body: &'a [u8],
}

impl<'a> SavedLetter<'a> {
    fn new(message: usize, table: &'a TableView<'a>, nth: usize) -> Self {
        let Head { deliver, to, from } = read(row(table, 0, nth));
        Self { message, deliver, to, from, body: row(table, 1, nth) }
    }
}

/// What the bytes of an input in a journal are: type of message by the order of declaration, addressee, text.
pub fn input_parts(bytes: &[u8]) -> Option<(u32, AgentId, &[u8])> {
    Input::split(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_is_read_whatever_types_are_called() {
        let text = "snapshot 1\nagents: Body 16, Person 24\nagents: Pair<A, B> 4, Unit 0\nletters: Note 8\n";
        let schema = SavedSchema::parse(text).unwrap();
        let column = |name: &str, bytes| SavedColumn { name: name.to_owned(), bytes };
        assert_eq!(schema.kinds[1], [column("Pair<A, B>", 4), column("Unit", 0)]);
        assert_eq!((schema.kind_name(0).as_str(), &schema.letters[..]), ("Body + Person", &[column("Note", 8)][..]));
        for wrong in ["x\nagents", "x\nagents: Body", "x\nghosts: Body 4", "x\nletters: A 4, B 4"] {
            assert!(SavedSchema::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn tables_that_do_not_fit_are_refused() {
        let schema = SavedSchema::parse("x\nagents: Body 4\nletters: Note 8\n").unwrap();
        let (people, bodies) = ([[7_u32, 9, 5], [8, NEVER, 0]], [1_u32, 2]);
        let table = TableView {
            rows: 2,
            spare: 0,
            columns: vec![bytemuck::cast_slice(&people), bytemuck::cast_slice(&bodies)],
        };
        let view = PieceView { text: b"", tables: vec![table] };
        let found: Vec<_> = schema.agents(&view).unwrap().collect();
        assert_eq!((found[0].id.0, found[0].wake, found[0].arrives), (7, Some(9), 5));
        assert_eq!((found[1].wake, found[1].rows().collect::<Vec<_>>()), (None, vec![&2_u32.to_le_bytes()[..]]));
        assert_eq!(schema.counts(&view).unwrap(), [2]);
        assert!(schema.letters(&view).is_err());
        let other = SavedSchema::parse("x\nagents: Body 8\n").unwrap();
        assert!(other.agents(&view).is_err());
        assert!(schema.agents(&PieceView { text: b"", tables: Vec::new() }).is_err());
    }
}
