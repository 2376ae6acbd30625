//! Flocking (C. W. Reynolds, "Flocks, Herds, and Schools", SIGGRAPH 1987), with the rules and factors of the comparison
//! of agent frameworks (github.com/JuliaDynamics/ABMFrameworksComparison): birds turn towards the middle of those they
//! see, away from those too close, and along with them, and fly on at constant speed. All act at once, on what they
//! saw.
//!
//! Small: as given by default. Large: `--agents 400 --set side=150 --set vision=15`.

use crate::prelude::*;

params! {
    /// What can be varied.
    pub struct Settings {
        /// Length of the sides of the sky, which is periodic.
        side: f64 = 100.0, 1.0 ..= 1e6;
        /// Birds see each other within this distance.
        vision: f64 = 5.0, 0.1 ..= 1e4;
        /// Distance in a tick.
        speed: f64 = 1.0, 0.0 ..= 100.0;
        /// Birds closer than this are too close.
        separation: f64 = 1.0, 0.0 ..= 1e4;
        /// How strongly birds turn to the middle of the others.
        cohere: f64 = 0.03, 0.0 ..= 10.0;
        /// How strongly they turn away from those too close.
        separate: f64 = 0.015, 0.0 ..= 10.0;
        /// How strongly they turn as the others fly.
        align: f64 = 0.05, 0.0 ..= 10.0;
    }
}

located! {
    /// A bird.
    pub struct Bird {
        /// Where it is.
        pub at: [f64; 2],
        /// Which way it flies: a vector of length 1.
        pub course: [f64; 2],
    }
}
fn fly(mut birds: Field<Bird, 2>, settings: Shared<Settings>) {
    let Settings { speed, separation, cohere, separate, align, .. } = *settings;
    birds.step(|_, bird, near| {
        let (mut pull, mut count) = ([0.0; 2], 0.0);
        near.each(|other, away, square| {
            let toward = if square < separation * separation { cohere - separate } else { cohere };
            (0..2).for_each(|axis| pull[axis] += toward * away[axis] + align * other.course[axis]);
            count += 1.0;
        });
        let course = [0, 1].map(|axis| bird.course[axis] + pull[axis] / f64::max(count, 1.0));
        let length = libm::sqrt(course[0] * course[0] + course[1] * course[1]);
        if length > 0.0 {
            bird.course = course.map(|along| along / length);
        }
        bird.at = [0, 1].map(|axis| bird.at[axis] + speed * bird.course[axis]);
    });
}

/// 0 if birds fly anyhow, 1 if all fly the same way: the length of their mean course.
fn order(birds: All<Bird>) -> f64 {
    let sum = |axis: usize| birds.sum(|_, bird| (bird.course[axis] * 1e9) as i64) as f64 / 1e9;
    libm::hypot(sum(0), sum(1)) / birds.sum(|_, _| 1_u64).max(1) as f64
}

/// The model.
pub struct Flocking;

impl Scenario for Flocking {
    type Params = Settings;
    const NAME: &'static str = "flocking";
    const ABOUT: &'static str = "birds that keep together, apart and in step (Reynolds, 1987)";

    fn timing(_: &Settings) -> Timing {
        Timing { agents: 200, span: Span::Ticks(100), ..Timing::default() }
    }

    fn build(settings: &Settings, sim: &mut Builder) -> Result<(), RunError> {
        let side = settings.side;
        let sky = Continuous::new([side; 2], settings.vision).periodic();
        sim.share(settings.clone().into());
        sim.field(sky, sim.agents(), move |_, draws| {
            let at = [side * draws.unit(), side * draws.unit()];
            let (sin, cos) = libm::sincos(std::f64::consts::TAU * draws.unit());
            Bird { at, course: [cos, sin] }
        });
        sim.every_tick(fly).collect("order", 10, order);
        Ok(())
    }
}
