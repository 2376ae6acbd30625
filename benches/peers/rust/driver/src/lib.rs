//! What the drivers of all frameworks share: arguments, time, and the line that they print.
//!
//! A driver is called as `peer-NAME MODEL --seed 7 --agents 400 --steps 100 --set side=150 --marks 10,30,100`. It sets
//! its model up, runs it step by step and prints one line of JSON. After the steps of `--marks` it looks at the model;
//! neither that nor setting up counts as time of the steps.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// What a driver is asked for.
pub struct Task {
    pub model: String,
    pub seed: u64,
    pub agents: usize,
    pub steps: u64,
    marks: Vec<u64>,
    settings: BTreeMap<String, f64>,
}

/// Figures by name.
pub type Figures = BTreeMap<String, f64>;

fn complain(what: &str) -> ! {
    eprintln!("error: {what}");
    std::process::exit(2);
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> T {
    text.parse().unwrap_or_else(|_| complain(&format!("{name}: `{text}` is not a number it can be")))
}

impl Task {
    /// What the command line asks for. Ends the program with code 2 if that makes no sense.
    pub fn of_command_line() -> Task {
        let mut words = std::env::args().skip(1);
        let model = words.next().unwrap_or_else(|| complain("no model is named"));
        let mut task = Task { model, seed: 1, agents: 0, steps: 0, marks: vec![], settings: BTreeMap::new() };
        while let Some(name) = words.next() {
            let value = words.next().unwrap_or_else(|| complain(&format!("{name} has no value")));
            match name.as_str() {
                "--seed" => task.seed = number(&name, &value),
                "--agents" => task.agents = number(&name, &value),
                "--steps" => task.steps = number(&name, &value),
                "--marks" => task.marks = value.split(',').map(|mark| number(&name, mark)).collect(),
                "--set" => {
                    let (key, value) = value.split_once('=').unwrap_or_else(|| complain("--set wants KEY=VALUE"));
                    task.settings.insert(key.into(), number(key, value));
                }
                _ => complain(&format!("{name} is not known")),
            }
        }
        task
    }

    /// A parameter of the model.
    pub fn set(&self, name: &str) -> f64 {
        *self.settings.get(name).unwrap_or_else(|| complain(&format!("--set {name}=... is missing")))
    }

    /// A switch of the driver's own, off unless it is set.
    pub fn is_on(&self, name: &str) -> bool {
        self.settings.get(name).is_some_and(|&value| value != 0.0)
    }

    /// Ends the program as no driver runs this model.
    pub fn unknown(&self) -> ! {
        complain(&format!("{} is not a model of this driver", self.model))
    }

    /// Sets up, steps and looks, and prints what came of it.
    pub fn run<M>(
        &self,
        peer: &str,
        version: &str,
        set_up: impl FnOnce(&Task) -> M,
        mut step: impl FnMut(&mut M),
        look: impl Fn(&M, u64, &mut Figures),
    ) {
        let start = Instant::now();
        let mut model = set_up(self);
        let (setup, mut steps, mut figures) = (start.elapsed(), Duration::ZERO, Figures::new());
        for now in 0..=self.steps {
            if self.marks.contains(&now) {
                look(&model, now, &mut figures);
            }
            if now < self.steps {
                let start = Instant::now();
                step(&mut model);
                steps += start.elapsed();
            }
        }
        let figures: Vec<String> = figures.iter().map(|(name, value)| format!("\"{name}\":{value:?}")).collect();
        println!(
            "{{\"peer\":\"{peer}\",\"version\":\"{version}\",\"model\":\"{}\",\"seed\":{},\"agents\":{},\"steps\":{},\
             \"seconds\":{:?},\"setup_seconds\":{:?},\"peak_rss_bytes\":{},\"figures\":{{{}}}}}",
            self.model,
            self.seed,
            self.agents,
            self.steps,
            steps.as_secs_f64(),
            setup.as_secs_f64(),
            peak_bytes(),
            figures.join(",")
        );
    }
}

/// The most memory that this process has had, as the system counts it.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() * 1024
}

/// The order of courses: 0 if birds fly anyhow, 1 if all fly the same way.
pub fn order(courses: impl Iterator<Item = [f64; 2]>) -> f64 {
    let (count, x, y) = courses.fold((0.0, 0.0, 0.0), |(count, x, y), at| (count + 1.0, x + at[0], y + at[1]));
    f64::hypot(x, y) / count
}

/// How many others each has within `vision` on a torus, on average. Compares all with all: for small worlds.
pub fn neighbours(places: &[[f64; 2]], side: f64, vision: f64) -> f64 {
    let gap = |a: f64, b: f64| (a - b).abs().min(side - (a - b).abs());
    let near = |a: &[f64; 2], b: &[f64; 2]| gap(a[0], b[0]).powi(2) + gap(a[1], b[1]).powi(2) <= vision * vision;
    let pairs: usize = places.iter().map(|one| places.iter().filter(|other| near(one, other)).count() - 1).sum();
    pairs as f64 / places.len() as f64
}

/// Of all pairs of neighbours within `radius` columns and rows, the share that are of one group. `group` of a square is
/// none if it is vacant.
pub fn alike(side: i32, radius: i32, group: impl Fn(i32, i32) -> Option<u32>) -> f64 {
    let (mut same, mut pairs) = (0_u64, 0_u64);
    for (x, y) in (0..side).flat_map(|x| (0..side).map(move |y| (x, y))) {
        let Some(own) = group(x, y) else { continue };
        for (dx, dy) in (-radius..=radius).flat_map(|dx| (-radius..=radius).map(move |dy| (dx, dy))) {
            let inside = (dx, dy) != (0, 0) && (0..side).contains(&(x + dx)) && (0..side).contains(&(y + dy));
            if let Some(other) = inside.then(|| group(x + dx, y + dy)).flatten() {
                pairs += 1;
                same += u64::from(own == other);
            }
        }
    }
    same as f64 / pairs.max(1) as f64
}

/// Where an animal may go from a square of a grid with borders: one of up to eight squares beside it. `below` draws a
/// number less than its argument.
pub fn beside(side: i32, x: i32, y: i32, mut below: impl FnMut(i32) -> i32) -> (i32, i32) {
    loop {
        let nth = below(8);
        let nth = nth + i32::from(nth >= 4);
        let (x, y) = (x + nth / 3 - 1, y + nth % 3 - 1);
        if (0..side).contains(&x) && (0..side).contains(&y) {
            return (x, y);
        }
    }
}
