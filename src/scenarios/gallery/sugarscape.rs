//! Sugarscape (J. M. Epstein and R. Axtell, "Growing Artificial Societies", 1996, chapter II), immigration and growth:
//! a torus with two hills of sugar, which grows back by one a tick. In random order agents look along the four axes, go
//! to the nearest of the vacant squares with most sugar, eat it all, and starve if they have less than they burn; for
//! each one that dies of hunger or age another one comes.

use crate::prelude::*;

params! {
    /// What can be varied.
    pub struct Settings {
        /// Squares along each side.
        side: i64 = 50, 10 ..= 4_000;
        /// How far the best eyes see.
        vision: i64 = 6, 1 ..= 50;
        /// Sugar that those burn most in a tick who burn most.
        metabolism: i64 = 4, 1 ..= 50;
        /// The age at which the first die.
        youngest: i64 = 60, 1 ..= 10_000;
        /// And the last.
        oldest: i64 = 100, 1 ..= 10_000;
    }
}

placed! {
    /// Somebody.
    pub struct Person {
        /// Where.
        pub at: Spot,
        /// What it has.
        pub sugar: u32,
        /// How far it sees.
        pub vision: u32,
        /// What it burns in a tick.
        pub metabolism: u32,
        /// The tick of its death of age.
        pub until: u32,
    }
}
/// A square: the sugar on it, and how much can be.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Sugar {
    /// What there is.
    pub now: u32,
    /// What there can be.
    pub most: u32,
}

impl Settings {
    fn newcomer(&self, at: Spot, tick: u32, draws: &mut Draws) -> Person {
        let mut between = |low: i64, high: i64| low as u32 + draws.below((high - low).max(0) as u32 + 1);
        Person {
            at,
            sugar: between(5, 25),
            vision: between(1, self.vision),
            metabolism: between(1, self.metabolism),
            until: tick + between(self.youngest, self.oldest),
        }
    }
}

fn live(mut people: Board<Person>, mut sugar: Patches<Sugar>, settings: Shared<Settings>) {
    let (mut people, mut sugar) = (people.open(), sugar.open());
    let (grid, tick) = (people.grid(), people.now().0 as u32);
    sugar.iter_mut().for_each(|(_, sugar)| sugar.now = sugar.most.min(sugar.now + 1));
    while let Some(who) = people.next_turn() {
        let mut draws = people.draws(who, Stream::named("sugarscape"));
        let Person { at, vision, metabolism, until, .. } = people[who];
        // Directions in random order, and nearer squares first: of equals the first one counts.
        let (mut best, mut directions) = (at, [(1, 0), (0, 1), (-1, 0), (0, -1)]);
        (1..4).rev().for_each(|last| directions.swap(last, draws.below(last as u32 + 1) as usize));
        for step in 1..=vision as i32 {
            for (dx, dy) in directions {
                let spot = grid.beside(at, step * dx, step * dy).expect("a torus");
                if people.is_vacant(spot) && sugar[spot].now > sugar[best].now {
                    best = spot;
                }
            }
        }
        people.go(who, best);
        people[who].sugar += std::mem::take(&mut sugar[best].now);
        people[who].sugar = people[who].sugar.saturating_sub(metabolism);
        if people[who].sugar == 0 || tick >= until {
            people.remove(who);
            let spot = people.anywhere_vacant(&mut draws).expect("the one just left");
            people.add(settings.newcomer(spot, tick, &mut draws));
        }
    }
}

/// The model.
pub struct Sugarscape;

impl Scenario for Sugarscape {
    type Params = Settings;
    const NAME: &'static str = "sugarscape";
    const ABOUT: &'static str = "people on two hills of sugar, and how unequal they become (Epstein and Axtell, 1996)";

    fn timing(_: &Settings) -> Timing {
        Timing { agents: 250, span: Span::Ticks(500), ..Timing::default() }
    }

    fn build(settings: &Settings, sim: &mut Builder) -> Result<(), RunError> {
        let (side, agents) = (settings.side as u32, sim.agents());
        let grid = Grid::new(side, side).periodic();
        if agents >= grid.spots() as u64 {
            return Err(RunError::Input(format!("{agents} people do not fit on {} squares: side", grid.spots())));
        }
        let (spots, own) = (grid.scatter(sim.seed()), settings.clone());
        sim.share(settings.clone().into());
        sim.board(grid, agents, move |id, draws| own.newcomer(spots(id.0 as u64), 0, draws));
        // Four terraces around each of two summits, as on the book's map.
        sim.patches(grid, move |spot, _| {
            let (x, y) = grid.place(spot);
            let unit = side as f64 / 50.0;
            let far = |px: f64, py: f64| libm::hypot(x as f64 - px * unit, y as f64 - py * unit) / unit;
            let most = 4 - (far(15.0, 15.0).min(far(35.0, 35.0)) / 5.25).min(4.0) as u32;
            Sugar { now: most, most }
        });
        sim.every_tick(live).collect("gini", 10, |all: All<Person>| {
            gini(&all.iter().map(|(_, one)| one.sugar as f64).collect::<Vec<_>>())
        });
        sim.collect("people", 10, |all: All<Person>| all.iter().count() as f64);
        Ok(())
    }
}
