//! A run's report as a table that a person enjoys. `--json` prints the same struct.

use std::fmt::Write;

use super::style::{Style, bar, bytes, digits, duration, grid, rate, thousands, wrap};
use crate::sim::{RunReport, Section};

/// Width of the labels of key figures.
const LABEL: usize = 14;
/// Cells of the longest bar.
const BAR: usize = 36;

/// The whole summary, line breaks included.
pub fn render(report: &RunReport, style: Style) -> String {
    let mut text = String::new();
    title(&mut text, report, style);
    figures(&mut text, report, style);
    for section in &report.sections {
        text.push_str(&self::section(section, style));
    }
    phases(&mut text, report, style);
    invariants(&mut text, report, style);
    notes(&mut text, report, style);
    let _ = writeln!(text, "\n{}{}", style.dim(&label("digest")), report.digest);
    text
}

/// A section of the scenario's own.
pub fn section(section: &Section, style: Style) -> String {
    let mut text = format!("\n{}\n", style.bold(&section.title));
    if section.grid {
        text.push_str(&grid(&section.rows, style));
    } else {
        for row in &section.rows {
            let _ = writeln!(text, "  {}", row.join("  ").trim_end());
        }
    }
    text
}

fn label(name: &str) -> String {
    format!("  {name:<LABEL$}")
}

fn line(text: &mut String, style: Style, name: &str, value: &str) {
    let _ = writeln!(text, "{}{value}", style.dim(&label(name)));
}

/// `1 worker`, `2 workers`.
pub fn counted(count: u64, noun: &str) -> String {
    format!("{} {noun}{}", thousands(count), if count == 1 { "" } else { "s" })
}

fn title(text: &mut String, report: &RunReport, style: Style) {
    let agents = counted(report.agents, "agent");
    let _ = writeln!(
        text,
        "{} · {agents} · {} to {} · seed {}",
        style.bold(&report.scenario),
        report.start,
        report.end,
        report.seed
    );
    if report.interrupted {
        let _ = writeln!(text, "{}", style.bad(&format!("interrupted after {}", counted(report.ticks, "tick"))));
    }
    text.push('\n');
}

/// A figure with its rate over the run's wall time, where there is one.
fn with_rate(count: u64, report: &RunReport) -> String {
    if count > 0 && report.wall_seconds > 0.0 {
        format!("{}  ({})", thousands(count), rate(count as f64 / report.wall_seconds))
    } else {
        thousands(count)
    }
}

fn figures(text: &mut String, report: &RunReport, style: Style) {
    let simulated = duration(report.sim_seconds);
    let speed =
        format!("{} x real time  ({simulated} in {})", digits(report.realtime_factor), duration(report.wall_seconds));
    line(text, style, "speed", &speed);
    line(text, style, "set-up", &duration(report.setup_seconds));
    line(text, style, "agent-ticks", &rate(report.agent_ticks_per_second));
    line(text, style, "transitions", &with_rate(report.transitions, report));
    let mut messages = with_rate(report.messages, report);
    if report.messages_spilled > 0 {
        let _ = write!(messages, ", {} took the spill buffer", thousands(report.messages_spilled));
    }
    line(text, style, "messages", &messages);
    line(text, style, "handoffs", &with_rate(report.handoffs, report));
    let nanoseconds = |count: u64| duration(count as f64 * 1e-9);
    let tick = report.tick_ns;
    let times =
        format!("median {}, p99 {}, longest {}", nanoseconds(tick.p50), nanoseconds(tick.p99), nanoseconds(tick.max));
    line(text, style, "tick", &times);
    line(
        text,
        style,
        "engine",
        &format!(
            "{}, {}, {}, {} stepping, {}",
            counted(report.zones, "zone"),
            counted(report.shards, "shard"),
            counted(report.workers, "worker"),
            report.stepping,
            report.backend
        ),
    );
    if !report.zone_visits.is_empty() {
        let visits: Vec<_> =
            report.zone_visits.iter().map(|(level, count)| format!("{} {level}", thousands(*count))).collect();
        line(text, style, "zone visits", &visits.join(", "));
    }
    let mut memory = format!("{} at most", bytes(report.peak_rss_bytes));
    if let Some(each) = report.peak_rss_bytes.checked_div(report.agents) {
        let _ = write!(memory, "  ({} an agent)", bytes(each));
    }
    line(text, style, "memory", &memory);
    if let Some(tiers) = &report.tiers {
        let mut zones = format!("{} of {} out of memory at the end", thousands(tiers.asleep), thousands(tiers.cells));
        if tiers.thawed > 0 {
            let _ = write!(
                zones,
                "; {} came back, in {} (median), {} (p99)",
                thousands(tiers.thawed),
                nanoseconds(tiers.thaw_ns.p50),
                nanoseconds(tiers.thaw_ns.p99)
            );
        }
        line(text, style, "cold zones", &zones);
    }
}

fn phases(text: &mut String, report: &RunReport, style: Style) {
    let mut phases: Vec<_> = report.phase_seconds.iter().map(|(name, seconds)| (name.as_str(), *seconds)).collect();
    let total: f64 = phases.iter().map(|(_, seconds)| seconds).sum();
    if total.is_nan() || total <= 0.0 {
        return;
    }
    phases.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    let longest = phases[0].1;
    let _ = writeln!(text, "\n{}", style.bold("Phases"));
    for (name, seconds) in phases {
        let cells = bar(seconds / longest, BAR);
        let gap = " ".repeat(BAR - cells.chars().count());
        let share = format!("{:>5.1}%", 100.0 * seconds / total);
        let _ = writeln!(text, "{}{}{gap} {share}  {}", label(name), style.bar(&cells), duration(seconds));
    }
}

fn invariants(text: &mut String, report: &RunReport, style: Style) {
    if report.invariants.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{}", style.bold("Invariants"));
    for (name, held) in &report.invariants {
        let name = name.replace('_', " ");
        let _ = match held {
            true => writeln!(text, "  {} {name}", style.good("✓")),
            false => writeln!(text, "  {} {}", style.bad("✗"), style.bad(&format!("{name}: broken"))),
        };
    }
}

fn notes(text: &mut String, report: &RunReport, style: Style) {
    if report.notes.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{}", style.bold("Notes"));
    for note in &report.notes {
        text.push_str(&bullet(note));
    }
}

/// A note, wrapped.
pub fn bullet(note: &str) -> String {
    let lines = wrap(note, super::style::WIDTH - 4);
    format!("  · {}\n", lines.join("\n    "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fake;
    use snapbox::{assert_data_eq, str};

    #[test]
    fn the_summary_of_a_day() {
        assert_data_eq!(
            render(&fake::report(1_000_000, 1999), Style::Plain),
            str![[r#"
toy · 1,000,000 agents · 1999-05-04 00:00 to 1999-05-05 00:00 · seed 1999

  speed         3,310 x real time  (1 d 00 h in 26.1 s)
  set-up        1.9 s
  agent-ticks   33.1B/s
  transitions   23,512,345  (901k/s)
  messages      11,812,345  (453k/s), 12 took the spill buffer
  handoffs      7,400,000  (284k/s)
  tick          median 12.0 µs, p99 310 µs, longest 5.20 ms
  engine        2,400 zones, 24 shards, 2 workers, event stepping, cpu
  zone visits   5 active, 1,500 dormant
  memory        1.20 GiB at most  (1.26 KiB an agent)

Boroughs
  borough  residents
  Bronx        1,332
  Queens          12

Day
  sleep  ####
  work   ##

Phases
  run           ████████████████████████████████████  76.9%  20.0 s
  deliver       █████████                             19.2%  5.0 s
  exchange      █▊                                     3.8%  1.0 s
  collect                                              0.0%  0 ns

Invariants
  ✓ agents conserved

Notes
  · weather is made of monthly normals

  digest        0123456789abcdef

"#]]
        );
    }

    #[test]
    fn what_went_wrong_is_seen() {
        let mut report = fake::report(1, 7);
        report.interrupted = true;
        report.ticks = 1_000;
        report.invariants.insert("money_conserved".to_owned(), false);
        let text = render(&report, Style::Plain);
        assert!(text.starts_with("toy · 1 agent · 1999-05-04 00:00 to 1999-05-05 00:00 · seed 7\n"), "{text}");
        assert!(text.contains("interrupted after 1,000 ticks\n"), "{text}");
        assert!(text.contains("  ✓ agents conserved\n  ✗ money conserved: broken\n"), "{text}");
    }

    #[test]
    fn an_empty_report_divides_nothing_by_zero() {
        let mut report = fake::report(0, 7);
        (report.wall_seconds, report.realtime_factor, report.agent_ticks_per_second) = (0.0, 0.0, 0.0);
        report.phase_seconds.values_mut().for_each(|seconds| *seconds = 0.0);
        let text = render(&report, Style::Plain);
        assert!(!text.contains("NaN") && !text.contains("inf") && !text.contains("Phases"), "{text}");
    }

    #[test]
    fn no_line_is_too_wide_and_colour_changes_no_word() {
        let mut report = fake::report(2_000_000_000, u64::MAX);
        report.notes.push("word ".repeat(60));
        let plain = render(&report, Style::Plain);
        let widest = plain.lines().map(|line| line.chars().count()).max();
        assert!(widest <= Some(crate::app::style::WIDTH), "{widest:?}\n{plain}");
        let mut coloured = render(&report, Style::Coloured);
        for code in ["\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[1;31m", "\x1b[36m", "\x1b[0m"] {
            coloured = coloured.replace(code, "");
        }
        assert_eq!(coloured, plain);
    }
}
