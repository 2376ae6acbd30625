//! Segregation (T. C. Schelling, "Dynamic Models of Segregation", Journal of Mathematical Sociology 1, 1971), as the
//! comparison of agent frameworks has it (github.com/JuliaDynamics/ABMFrameworksComparison): a grid with borders and
//! two groups. In random order, whoever has fewer like neighbours than it wants moves to a vacant square, at once.
//!
//! Small: as given by default. Large: `--agents 8000 --set side=100 --set radius=2 --set wanted=8`.

use crate::prelude::*;

params! {
    /// What can be varied.
    pub struct Settings {
        /// Squares along each side.
        side: i64 = 40, 2 ..= 4_000;
        /// Neighbours are within so many columns and rows.
        radius: i64 = 1, 1 ..= 10;
        /// Like neighbours that a household wants.
        wanted: i64 = 3, 0 ..= 440;
    }
}

placed! {
    /// A household.
    pub struct Household { at: Spot, group: u32 }
}
fn move_house(mut town: Board<Household>, settings: Shared<Settings>) {
    let mut town = town.open();
    while let Some(who) = town.next_turn() {
        let Household { at, group } = town[who];
        let alike = town.count_around(at, settings.radius as u32, |other| other.group == group);
        if i64::from(alike) < settings.wanted {
            let spot = town.anywhere_vacant(&mut town.draws(who, Stream::named("schelling/move")));
            spot.into_iter().for_each(|spot| town.go(who, spot));
        }
    }
}

/// The model.
pub struct Schelling;

impl Scenario for Schelling {
    type Params = Settings;
    const NAME: &'static str = "schelling";
    const ABOUT: &'static str = "two groups who each want a few neighbours of their own, and part (Schelling, 1971)";

    fn timing(_: &Settings) -> Timing {
        Timing { agents: 1_000, span: Span::Ticks(20), ..Timing::default() }
    }

    fn build(settings: &Settings, sim: &mut Builder) -> Result<(), RunError> {
        let (grid, radius) = (Grid::new(settings.side as u32, settings.side as u32), settings.radius as u32);
        sim.share(settings.clone().into());
        sim.scatter(grid, sim.agents(), |id, at, _| Household { at, group: id.0 % 2 });
        sim.every_tick(move_house).collect("alike", 5, move |all: All<Household>| {
            grid.alike(radius, all.iter().map(|(_, one)| (one.at, one.group)))
        });
        Ok(())
    }
}
