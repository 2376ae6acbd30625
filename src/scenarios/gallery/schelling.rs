//! Segregation (T. C. Schelling, "Dynamic Models of Segregation", Journal of Mathematical Sociology 1, 1971), as the
//! comparison of agent frameworks has it (github.com/JuliaDynamics/ABMFrameworksComparison): a grid with borders and two
//! groups. In random order, whoever has fewer like neighbours than it wants moves to a vacant square, at once.
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

/// A household.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Household {
    at: Spot,
    group: u32,
}
placed!(Household);

fn move_house(mut town: Board<Household>, settings: Shared<Settings>) {
    let mut town = town.open();
    while let Some(who) = town.next_turn() {
        let Household { at, group } = town[who];
        if (town.count_around(at, settings.radius as u32, |other| other.group == group) as i64) < settings.wanted {
            let mut draws = town.draws(who, Stream::named("schelling/move"));
            if let Some(spot) = town.anywhere_vacant(&mut draws) {
                town.go(who, spot);
            }
        }
    }
}

/// Of all pairs of neighbours, the share that are alike.
fn alike(all: All<Household>, settings: Shared<Settings>) -> f64 {
    let grid = Grid::new(settings.side as u32, settings.side as u32);
    let mut groups = vec![2; grid.spots() as usize];
    all.iter().for_each(|(_, one)| groups[one.at.index()] = one.group);
    let mut pairs = [0_u32; 3];
    for (_, one) in all.iter() {
        let mut count = |group: u32| pairs[if group == 2 { 2 } else { usize::from(group == one.group) }] += 1;
        grid.runs_around(one.at, settings.radius as u32, |run| groups[run].iter().for_each(|&group| count(group)));
        pairs[1] -= 1;
    }
    pairs[1] as f64 / (pairs[0] + pairs[1]).max(1) as f64
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
        let grid = Grid::new(settings.side as u32, settings.side as u32);
        let agents = sim.agents();
        if agents > grid.spots() as u64 {
            return Err(RunError::Input(format!("{agents} households do not fit on {} squares: side", grid.spots())));
        }
        let spots = grid.scatter(sim.seed());
        sim.share(settings.clone().into());
        sim.board(grid, agents, move |id, _| Household { at: spots(id.0 as u64), group: id.0 % 2 });
        sim.every_tick(move_house).collect("alike", 5, alike);
        Ok(())
    }
}
