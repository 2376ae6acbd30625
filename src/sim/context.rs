//! What all shards of a run know and none changes while zones run.

use super::directory::Directory;
use super::placement::Placement;
use crate::base::Calendar;

pub(crate) struct Context {
    pub directory: Directory,
    pub placement: Placement,
    /// Ticks of an exchange interval.
    pub exchange_ticks: u32,
    pub dense: bool,
    pub calendar: Calendar,
    pub shards: usize,
}

/// The ticks between two exchanges that are run at once: an interval, or the part of it that is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Window {
    pub from: u32,
    pub to: u32,
}
