//! Circles (S. Chisholm, P. Richmond and others, the benchmark of fixed-radius near neighbours of FLAME GPU,
//! github.com/FLAMEGPU/FLAMEGPU2-circles-benchmark): points in a box of three dimensions, one to a unit of volume, push
//! and pull those within a radius of 2 until they stand on circles around each other.

use crate::prelude::*;

params! {
    /// What can be varied.
    pub struct Settings {
        /// Points to a unit of volume.
        density: f64 = 1.0, 0.01 ..= 100.0;
        /// Points act on others within this distance.
        radius: f64 = 2.0, 0.1 ..= 100.0;
        /// How strongly they push and pull.
        force: f64 = 0.00001, 0.0 ..= 1.0;
    }
}

located! {
    /// A point, and how far it went in the last tick.
    pub struct Point { at: [f64; 3], drift: f64 }
}
fn push(mut points: Field<Point, 3>, settings: Shared<Settings>) {
    let (radius, force) = (settings.radius, settings.force);
    points.step(|_, point, near| {
        let mut sum = [0.0; 3];
        near.each(|_, away, square| {
            // Nobody knows which way to push one at the very same place.
            if square > 0.0 {
                let separation = square.sqrt();
                let strength = libm::sin(separation / radius * -std::f64::consts::TAU) * force / separation;
                (0..3).for_each(|axis| sum[axis] += strength * away[axis]);
            }
        });
        (0..3).for_each(|axis| point.at[axis] += sum[axis]);
        point.drift = sum.iter().map(|along| along * along).sum::<f64>().sqrt();
    });
}

/// The mean way of a point in a tick, in millionths of the radius.
fn drift(points: All<Point>, settings: Shared<Settings>) -> f64 {
    let sum = points.sum(|_, point| (point.drift * 1e15) as u64) as f64 / 1e9;
    sum / settings.radius / points.sum(|_, _| 1_u64).max(1) as f64
}

/// The model.
pub struct Circles;

impl Scenario for Circles {
    type Params = Settings;
    const NAME: &'static str = "circles";
    const ABOUT: &'static str = "points in three dimensions that push each other into circles (FLAME GPU's benchmark)";

    fn timing(_: &Settings) -> Timing {
        Timing { agents: 8_000, span: Span::Ticks(200), ..Timing::default() }
    }

    fn build(settings: &Settings, sim: &mut Builder) -> Result<(), RunError> {
        let side = libm::cbrt(sim.agents().max(1) as f64 / settings.density);
        let space = Continuous::new([side; 3], settings.radius);
        sim.share(settings.clone().into());
        sim.field(space, sim.agents(), move |_, draws| Point {
            at: std::array::from_fn(|_| side * draws.unit()),
            drift: 0.0,
        });
        sim.every_tick(push).collect("drift", 20, drift);
        Ok(())
    }
}
