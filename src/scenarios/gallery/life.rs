//! The game of life (J. H. Conway, in M. Gardner, "Mathematical Games", Scientific American 223, 1970), on a torus.

use crate::prelude::*;

params! {
    /// What can be varied.
    pub struct Settings {
        /// Share of the squares that live at first.
        living: f64 = 0.3, 0.0 ..= 1.0;
    }
}

/// A square: 1 if it lives.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Square(pub u32);

fn live(mut squares: Lattice<Square>) {
    squares.step(|_, square, around| {
        square.0 = match around.count(|other| other.0 == 1) {
            3 => 1,
            2 => square.0,
            _ => 0,
        };
    });
}

/// The model.
pub struct Life;

impl Scenario for Life {
    type Params = Settings;
    const NAME: &'static str = "life";
    const ABOUT: &'static str = "squares that live by their neighbours' number (Conway, 1970)";

    fn timing(_: &Settings) -> Timing {
        Timing { agents: 10_000, span: Span::Ticks(1_000), ..Timing::default() }
    }

    fn build(settings: &Settings, sim: &mut Builder) -> Result<(), RunError> {
        let living = settings.living;
        sim.lattice(Grid::holding(sim.agents())?.periodic(), move |_, draws| Square(u32::from(draws.unit() < living)));
        sim.every_tick(live).collect("living", 10, |all: All<Square>| all.sum(|_, square| square.0 as u64) as f64);
        Ok(())
    }
}
