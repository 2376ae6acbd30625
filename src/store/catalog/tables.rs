//! The value in redb: one table for each of its parts.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use redb::{Builder, Database, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::contents::{Contents, Place};
use super::medium::Medium;
use crate::store::checkpoint::Entry;
use crate::store::{File, PieceId};

/// The version of the tables that is written, and the only one that is read.
const FORMAT: u128 = 1;

/// Memory for pages: all tables of a city fit, and nobody waits for them.
const CACHE_BYTES: usize = 2 << 20;

const APPLIED: TableDefinition<&[u8], u128> = TableDefinition::new("applied");
const SCHEMA: TableDefinition<u64, &[u8]> = TableDefinition::new("schema");
const STARTS: TableDefinition<u64, &[u8]> = TableDefinition::new("starts");
const CHECKPOINTS: TableDefinition<u64, &[u8]> = TableDefinition::new("checkpoints");
const ZONES: TableDefinition<u64, &[u8]> = TableDefinition::new("zones");

/// Why a catalog cannot be read or written, in words: there is nothing to be done about it but to make it anew.
#[derive(Debug)]
pub(super) struct Fault(pub String);

impl<E: Into<redb::Error>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self(error.into().to_string())
    }
}

impl Fault {
    fn senseless(what: &str) -> Self {
        Self(format!("{what} makes no sense"))
    }
}

/// Does something with redb, which may panic over a file that is not as it left it.
pub(super) fn guarded<T>(act: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        Err(Fault(format!("it makes no sense: {}", words.unwrap_or("a panic"))))
    })
}

/// A catalog's file, open.
pub(super) struct Tables(Option<Database>);

impl Tables {
    /// Opens a file, or makes it if it is empty. Every checksum in it is checked.
    pub(super) fn open(file: Box<dyn File>) -> Result<Self, Fault> {
        guarded(|| {
            let mut builder = Builder::new();
            builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(!file.is_empty()?);
            Ok(Self(Some(builder.create_with_backend(Medium(file))?)))
        })
    }

    /// All that it says; of that run.
    pub(super) fn read(&self, run: u128) -> Result<Contents, Fault> {
        guarded(|| self.try_read(run))
    }

    fn try_read(&self, run: u128) -> Result<Contents, Fault> {
        let read = self.database().begin_read()?;
        let applied = read.open_table(APPLIED)?;
        let number = |name: &str| -> Result<u128, Fault> {
            let found = applied.get(name.as_bytes())?;
            found.map(|found| found.value()).ok_or_else(|| Fault(format!("it does not say its {name}")))
        };
        let (format, of) = (number("format")?, number("run")?);
        if format != FORMAT {
            return Err(Fault(format!("it has format {format}; this build reads format {FORMAT}")));
        }
        if of != run {
            return Err(Fault(format!("it is of run {of:032x}, not of {run:032x}")));
        }
        let small = |name: &str| u64::try_from(number(name)?).map_err(|_| Fault::senseless(name));
        let (records, generation) = (small("starts")?, small("checkpoints")?);
        if small("zones")? != generation {
            return Err(Fault::senseless("the place of zones"));
        }
        let schema = read.open_table(SCHEMA)?.get(0)?.map(|text| text.value().to_vec()).unwrap_or_default();
        let mut zones = BTreeMap::new();
        for row in read.open_table(ZONES)?.iter()? {
            let (key, value) = row?;
            let place = place(value.value()).ok_or_else(|| Fault::senseless("a zone's place"))?;
            let PieceId::Zone { zone, part } = place.entry.info.id else { return Err(Fault::senseless("a zone")) };
            if key.value() != zone_key(zone, part) {
                return Err(Fault::senseless("a zone's number"));
            }
            zones.insert((zone, part), place);
        }
        Ok(Contents {
            run,
            records,
            generation,
            schema: String::from_utf8(schema).map_err(|_| Fault::senseless("the schema"))?,
            starts: texts(&read.open_table(STARTS)?)?,
            checkpoints: texts(&read.open_table(CHECKPOINTS)?)?,
            zones,
        })
    }

    /// Makes the file say `new` where it says `old`: durable when this returns.
    pub(super) fn write(&self, old: &Contents, new: &Contents) -> Result<(), Fault> {
        guarded(|| {
            let mut write = self.database().begin_write()?;
            write.set_quick_repair(true);
            let applied = [
                ("format", FORMAT),
                ("run", new.run),
                ("starts", new.records.into()),
                ("checkpoints", new.generation.into()),
                ("zones", new.generation.into()),
            ];
            for (name, number) in applied {
                write.open_table(APPLIED)?.insert(name.as_bytes(), number)?;
            }
            write.open_table(SCHEMA)?.insert(0, new.schema.as_bytes())?;
            change(&write, STARTS, &old.starts, &new.starts, |key| *key, text)?;
            change(&write, CHECKPOINTS, &old.checkpoints, &new.checkpoints, |key| *key, text)?;
            change(&write, ZONES, &old.zones, &new.zones, |&(zone, part)| zone_key(zone, part), bytes)?;
            Ok(write.commit()?)
        })
    }

    fn database(&self) -> &Database {
        self.0.as_ref().expect("there until it is dropped")
    }
}

/// What redb does when a file is closed may fail as anything else may.
impl Drop for Tables {
    fn drop(&mut self) {
        let _ = guarded(|| {
            drop(self.0.take());
            Ok(())
        });
    }
}

/// Makes a table say what is new, and touches nothing else of it.
fn change<K: Ord, V: PartialEq>(
    write: &WriteTransaction,
    table: TableDefinition<u64, &[u8]>,
    old: &BTreeMap<K, V>,
    new: &BTreeMap<K, V>,
    key: impl Fn(&K) -> u64,
    bytes: impl Fn(&V) -> Vec<u8>,
) -> Result<(), Fault> {
    let mut table = write.open_table(table)?;
    for gone in old.keys().filter(|name| !new.contains_key(name)) {
        table.remove(key(gone))?;
    }
    for (name, value) in new.iter().filter(|(name, value)| old.get(name) != Some(value)) {
        table.insert(key(name), bytes(value).as_slice())?;
    }
    Ok(())
}

fn texts<V: DeserializeOwned>(table: &impl ReadableTable<u64, &'static [u8]>) -> Result<BTreeMap<u64, V>, Fault> {
    let mut read = BTreeMap::new();
    for row in table.iter()? {
        let (key, value) = row?;
        let value = serde_json::from_slice(value.value()).map_err(|error| Fault(error.to_string()))?;
        read.insert(key.value(), value);
    }
    Ok(read)
}

fn text<V: Serialize>(value: &V) -> Vec<u8> {
    serde_json::to_vec(value).expect("numbers and names make JSON")
}

fn zone_key(zone: u32, part: u32) -> u64 {
    u64::from(zone) << 32 | u64::from(part)
}

/// What stands for a tick that is not known: none is so late.
const UNKNOWN: u64 = u64::MAX;

fn bytes(place: &Place) -> Vec<u8> {
    let mut bytes = place.entry.to_bytes().to_vec();
    bytes.extend(place.written.unwrap_or(UNKNOWN).to_le_bytes());
    bytes
}

fn place(bytes: &[u8]) -> Option<Place> {
    let (entry, written) = bytes.split_last_chunk::<8>()?;
    let written = Some(u64::from_le_bytes(*written)).filter(|&tick| tick != UNKNOWN);
    Some(Place { entry: Entry::from_bytes(entry)?, written })
}
