//! How a run is going, on stderr: a bar on a terminal, lines elsewhere, or nothing.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::settings::ProgressMode;
use super::style::{digits, duration, thousands};
use crate::sim::{Control, Progress, Watch};

/// The shortest time between two lines.
const LINE_EVERY: Duration = Duration::from_secs(2);
/// The shortest time between two drawings of the bar.
const BAR_EVERY: Duration = Duration::from_millis(100);
/// Parts of the bar: more than any terminal draws.
const BAR_PARTS: u64 = 10_000;
/// How long a run may take without a word where nobody asked for one.
const PATIENCE: Duration = Duration::from_secs(5);

/// When to speak: not before `patience` has passed, then every `every`, and less often the longer it takes.
#[derive(Clone, Copy, Debug)]
struct Pace {
    started: Instant,
    last: Option<Instant>,
    patience: Duration,
    every: Duration,
}

impl Pace {
    fn new(started: Instant, patience: Duration, every: Duration) -> Self {
        Self { started, last: None, patience, every }
    }

    fn due(&mut self, now: Instant) -> bool {
        let elapsed = now.duration_since(self.started);
        let waited = match self.last {
            None => elapsed >= self.patience,
            // A log of a run of a day should not hold 43,200 lines.
            Some(last) => now.duration_since(last) >= self.every.max(elapsed / 20),
        };
        if waited {
            self.last = Some(now);
        }
        waited
    }
}

enum Sink<'a> {
    Silent,
    Lines { to: &'a mut dyn Write, pace: Pace },
    Bar { bar: ProgressBar, drawn: Option<Instant>, ticking: bool },
}

/// Shows progress and hands on a person's wish to stop.
pub struct Reporter<'a> {
    sink: Sink<'a>,
    stop: &'a AtomicBool,
}

impl<'a> Reporter<'a> {
    /// A reporter that writes to `to`, which `is_terminal` or not.
    pub fn new(mode: ProgressMode, to: &'a mut dyn Write, is_terminal: bool, stop: &'a AtomicBool) -> Self {
        let now = Instant::now();
        let sink = match mode {
            ProgressMode::None => Sink::Silent,
            ProgressMode::Plain => Sink::Lines { to, pace: Pace::new(now, Duration::ZERO, LINE_EVERY) },
            ProgressMode::Auto if is_terminal => {
                let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
                bar.set_style(style("{spinner} {msg}"));
                bar.enable_steady_tick(BAR_EVERY);
                Sink::Bar { bar, drawn: None, ticking: false }
            }
            ProgressMode::Auto => Sink::Lines { to, pace: Pace::new(now, PATIENCE, LINE_EVERY) },
        };
        Self { sink, stop }
    }
}

impl Reporter<'_> {
    /// Tells how far the whole is, 0 to 1, in these words; returns whether a person wishes to stop.
    pub fn tell(&mut self, share: f64, words: &dyn Fn() -> String) -> bool {
        match &mut self.sink {
            Sink::Silent => {}
            Sink::Lines { to, pace } => {
                if pace.due(Instant::now()) {
                    let _ = writeln!(to, "{:>3.0}% · {}", 100.0 * share, words());
                }
            }
            Sink::Bar { bar, drawn, ticking } => {
                let now = Instant::now();
                if drawn.is_none_or(|drawn| now.duration_since(drawn) >= BAR_EVERY) {
                    *drawn = Some(now);
                    if !*ticking {
                        *ticking = true;
                        bar.disable_steady_tick();
                        bar.set_length(BAR_PARTS);
                        bar.set_style(style("{bar:20} {percent:>3}% {wide_msg}"));
                    }
                    bar.set_message(words());
                    bar.set_position((BAR_PARTS as f64 * share) as u64);
                }
            }
        }
        self.stop.load(Ordering::Relaxed)
    }

    /// Logs something: the bar makes room for it.
    fn beside(&self, log: impl FnOnce()) {
        match &self.sink {
            Sink::Bar { bar, .. } => bar.suspend(log),
            _ => log(),
        }
    }
}

impl Drop for Reporter<'_> {
    fn drop(&mut self) {
        if let Sink::Bar { bar, .. } = &self.sink {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("our own template is sound").progress_chars("█▉▊▋▌▍▎▏ ")
}

/// The part that is done, 0 to 1.
fn share(progress: &Progress) -> f64 {
    if progress.ticks_total == 0 { 1.0 } else { progress.tick.0 as f64 / progress.ticks_total as f64 }
}

/// Civil time, agents, speed and the time that is left.
fn words(progress: &Progress) -> String {
    let wall = progress.wall.as_secs_f64();
    // Of what this process runs: what was run before it, if the run was resumed, says nothing of its speed.
    let (began, now) = (progress.began_at.0 as f64, progress.tick.0 as f64);
    let ran = if now > 0.0 { (now - began) / now } else { 0.0 };
    let speed = if wall > 0.0 { progress.sim_seconds * ran / wall } else { 0.0 };
    let left = match now > began {
        true => wall * (progress.ticks_total as f64 - now).max(0.0) / (now - began),
        false => f64::NAN,
    };
    let left = match left {
        left if left.is_nan() => "?".to_owned(),
        // Nobody waits for milliseconds.
        left if left < 1.0 => "0 s".to_owned(),
        left => duration(left),
    };
    format!("{} · {} agents · {} x real time · {left} left", progress.civil, thousands(progress.agents), digits(speed))
}

impl Watch for Reporter<'_> {
    fn setup(&mut self, what: &str) {
        match &mut self.sink {
            Sink::Silent => {}
            Sink::Lines { to, pace } => {
                // Steps of set-up are few: with `plain` each is told.
                if pace.patience.is_zero() || pace.due(Instant::now()) {
                    let _ = writeln!(to, "setting up: {what}");
                }
            }
            Sink::Bar { bar, .. } => bar.set_message(what.to_owned()),
        }
    }

    fn warn(&mut self, what: &str) {
        self.beside(|| tracing::warn!("{what}"));
    }

    /// As an error is, which `--quiet` shows.
    fn alarm(&mut self, what: &str) {
        self.beside(|| tracing::error!("{what}"));
    }

    fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn progress(&mut self, progress: &Progress) -> Control {
        if self.tell(share(progress), &|| words(progress)) { Control::Stop } else { Control::Continue }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::base::Tick;

    fn progress(tick: u64) -> Progress {
        Progress {
            tick: Tick(tick),
            ticks_total: 400,
            began_at: Tick(0),
            civil: "1999-05-04 07:30".to_owned(),
            agents: 1_000_000,
            transitions: 5,
            wall: Duration::from_secs(10),
            sim_seconds: 36_000.0,
        }
    }

    /// What `--quiet` lets through: see `run::start_log`.
    #[test]
    fn an_alarm_is_told_even_where_warnings_are_not() {
        let (told, writer) = std::io::pipe().unwrap();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::level_filters::LevelFilter::ERROR)
            .with_ansi(false)
            .with_writer(Arc::new(writer))
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            let (mut to, stop) = (Vec::new(), AtomicBool::new(false));
            let mut reporter = Reporter::new(ProgressMode::None, &mut to, false, &stop);
            reporter.warn("the moon is full");
            reporter.alarm("the disk is full");
        });
        let told = std::io::read_to_string(told).unwrap();
        assert!(told.contains("ERROR") && told.ends_with("the disk is full\n") && !told.contains("moon"), "{told}");
    }

    fn told(mode: ProgressMode, stop: bool) -> (String, Control) {
        let (mut to, stop) = (Vec::new(), AtomicBool::new(stop));
        let mut reporter = Reporter::new(mode, &mut to, false, &stop);
        reporter.setup("settling 1,000,000 residents");
        reporter.setup("drawing the map");
        let control = reporter.progress(&progress(100));
        reporter.progress(&progress(200));
        drop(reporter);
        (String::from_utf8(to).unwrap(), control)
    }

    #[test]
    fn plain_tells_each_step_of_set_up_and_a_line_now_and_then() {
        let (text, control) = told(ProgressMode::Plain, false);
        assert_eq!(
            text,
            "setting up: settling 1,000,000 residents\nsetting up: drawing the map\n \
             25% · 1999-05-04 07:30 · 1,000,000 agents · 3,600 x real time · 30.0 s left\n"
        );
        assert_eq!(control, Control::Continue);
    }

    #[test]
    fn a_short_run_away_from_a_terminal_is_silent() {
        assert_eq!(told(ProgressMode::Auto, false).0, "");
        assert_eq!(told(ProgressMode::None, false).0, "");
    }

    #[test]
    fn the_wish_to_stop_is_handed_on() {
        for mode in [ProgressMode::Auto, ProgressMode::Plain, ProgressMode::None] {
            assert_eq!(told(mode, true).1, Control::Stop);
        }
    }

    #[test]
    fn lines_come_after_patience_and_grow_rarer() {
        let start = Instant::now();
        let mut pace = Pace::new(start, PATIENCE, LINE_EVERY);
        let at = |seconds| start + Duration::from_secs(seconds);
        let told: Vec<u64> = (0..200).filter(|&second| pace.due(at(second))).collect();
        assert_eq!(told[..4], [5, 7, 9, 11]);
        assert!(told.windows(2).last().is_some_and(|pair| pair[1] - pair[0] > 5), "{told:?}");
    }

    #[test]
    fn a_resumed_run_is_as_fast_as_what_is_run_of_it() {
        let resumed = Progress { began_at: Tick(100), ..progress(200) };
        assert_eq!(words(&resumed), "1999-05-04 07:30 · 1,000,000 agents · 1,800 x real time · 20.0 s left");
    }

    #[test]
    fn nothing_done_yet_divides_nothing_by_zero() {
        let nothing = Progress { wall: Duration::ZERO, sim_seconds: 0.0, ..progress(0) };
        assert_eq!(words(&nothing), "1999-05-04 07:30 · 1,000,000 agents · 0 x real time · ? left");
        assert_eq!(share(&Progress { ticks_total: 0, ..progress(0) }), 1.0);
    }
}
