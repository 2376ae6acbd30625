//! Agents that stay where they are: one for each square of a grid, or node of a network, in order.

use std::sync::{Arc, RwLockReadGuard};

use super::publish::{Cut, Sheets, SpaceOf};
use crate::base::{AgentId, Draws, Stream, Tick, ZoneId};
use crate::sim::Builder;
use crate::sim::roll::Roll;
use crate::sim::rows::Row;
use crate::sim::saving::Standing;

/// Who stands where, and what the zones show. A zone's agents are a run of places, in order of slot: they are settled
/// in order, brought back in order, and never leave.
pub(super) struct Fixed<T> {
    /// The agent of the first place.
    first: AgentId,
    /// Runs of places, such as the lines of a grid, cut into zones.
    pub cut: Cut,
    /// Places in a run.
    run: u32,
    /// None where nobody looks from outside.
    sheets: Option<Sheets<Vec<T>>>,
}

impl<T: Row> Fixed<T> {
    /// What a zone shows.
    pub fn sheet(&self, zone: u32) -> RwLockReadGuard<'_, Vec<T>> {
        self.sheets.as_ref().expect("somebody looks").read(zone as usize)
    }

    /// The agent of a place.
    pub fn id(&self, place: u32) -> AgentId {
        AgentId(self.first.0 + place)
    }
}

impl<T: Row> SpaceOf<(T,)> for Fixed<T> {
    fn publish(&self, zone: ZoneId, roll: &mut Roll<(T,)>) {
        let Some(sheets) = &self.sheets else { return };
        let mut sheet = sheets.write(zone);
        sheet.clear();
        sheet.extend_from_slice(&roll.columns().0[..self.cut.range(zone.0).len() * self.run as usize]);
    }

    fn check(&self, standing: &Standing, _: &(T,)) -> Result<(), String> {
        let place = standing.id.0 - self.first.0;
        match self.cut.zone(place / self.run) == standing.zone.0 && standing.wake.is_none() {
            true => Ok(()),
            false => Err(format!("it stands at place {place}, and in zone {}", standing.zone.0)),
        }
    }
}

impl Builder {
    /// Declares an agent for each place of runs that are cut into zones, shown to others or not, as `make` says with
    /// draws of its own in a stream.
    pub(super) fn fixed<T: Row>(
        &mut self,
        stream: &'static str,
        (cut, run, is_shown): (Cut, u32, bool),
        make: impl Fn(u32, &mut Draws) -> T + Send + Sync + 'static,
    ) -> Arc<Fixed<T>> {
        let (seed, first, count) = (self.seed(), self.settled as u32, cut.count * run);
        self.settle::<(T,)>(count as u64, move |zone, settlement| {
            let runs = cut.range(zone.0);
            for place in runs.start * run..runs.end * run {
                let id = AgentId(first + place);
                let mut draws = seed.draws(Stream::named(stream), id, Tick(0));
                settlement.add(id, (make(place, &mut draws),), None);
            }
        });
        let sheets = is_shown.then(|| Sheets::new(cut.zones as usize));
        let fixed = Arc::new(Fixed { first: AgentId(first), cut, run, sheets });
        self.kind_entry::<(T,)>().space = Some(fixed.clone());
        fixed
    }
}
