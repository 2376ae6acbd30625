//! The report as tables.

use std::fmt::Write;

use super::report::{BenchReport, Measured};
use super::workload::find;
use crate::app::style::{Style, bytes, digits, grid, rate, thousands};
use crate::app::summary::bullet;

/// All of it, line breaks included.
pub fn render(report: &BenchReport, style: Style) -> String {
    let mut text = format!("{} · {}\n", style.bold("bench"), report.machine.line());
    let size = if report.quick { "small sizes, " } else { "" };
    let times = if report.repeat == 1 { "single runs".to_owned() } else { format!("medians of {}", report.repeat) };
    let _ = writeln!(text, "{size}{times}; bounds are measured in the same run, on the same machine");
    if report.interrupted {
        let _ = writeln!(text, "{}", style.bad("interrupted: this is what was measured until then"));
    }
    if !report.results.is_empty() {
        let _ = write!(text, "\n{}", grid(&rows(&report.results), style));
    }
    for row in &report.results {
        if let Some(ms) = row.facts.get("ms_a_tick") {
            let _ =
                writeln!(text, "  {}: {} ms a tick, at {} agents", row.workload, digits(*ms), thousands(row.agents));
        }
        if let (Some(stall), Some(disk), Some(back)) =
            (row.facts.get("stall_ms"), row.facts.get("on_disk_seconds"), row.facts.get("recovery_seconds"))
        {
            let _ = writeln!(
                text,
                "  {}: {} agents: the run stood still for {} ms, all was on disk after {} s, and back after {} s",
                row.workload,
                thousands(row.agents),
                digits(*stall),
                digits(*disk),
                digits(*back)
            );
        }
        journal(&mut text, row);
        if let (Some(p50), Some(p99), Some(max)) =
            (row.facts.get("thaw_ms_p50"), row.facts.get("thaw_ms_p99"), row.facts.get("thaw_ms_max"))
        {
            let _ = writeln!(
                text,
                "  {}: a zone came back in {} ms (median), {} ms (p99), {} ms (longest)",
                row.workload,
                digits(*p50),
                digits(*p99),
                digits(*max)
            );
        }
        if let Some(busiest) = row.facts.get("busiest_to_mean") {
            let more = 100.0 * (busiest - 1.0);
            let _ =
                writeln!(text, "  {}: the busiest worker was at work {more:.1}% longer than the mean", row.workload);
        }
    }
    for ratio in &report.ratios {
        let _ = writeln!(text, "  {} (perfect: {})", ratio.text, digits(ratio.ideal));
    }
    phases(&mut text, &report.results, style);
    let mut notes: Vec<&str> = Vec::new();
    for row in &report.results {
        let about = find(row.workload).map_or("", |workload| workload.about());
        if !notes.contains(&about) {
            notes.push(about);
        }
    }
    notes.extend(report.left_out.iter().chain(&report.failed).map(String::as_str));
    if !notes.is_empty() {
        let _ = writeln!(text, "\n{}", style.bold("Notes"));
        notes.iter().for_each(|note| text.push_str(&bullet(note)));
    }
    text
}

/// What a journal costs.
fn journal(text: &mut String, row: &Measured) {
    let fact = |name: &str| row.facts.get(name).copied();
    let (Some(wall), Some(cpu)) = (fact("overhead_wall_percent"), fact("overhead_cpu_percent")) else { return };
    let number = |name| fact(name).unwrap_or_default();
    let _ = writeln!(
        text,
        "  {}: {} agents: {} inputs cost {wall:.1}% of the time and {cpu:.1}% of processors",
        row.workload,
        thousands(row.agents),
        thousands(number("inputs") as u64),
    );
    let _ = writeln!(
        text,
        "  {}: of half the hours, within {:.1}% and {:.1}%; {} in {} commits, alone {} s",
        row.workload,
        number("apart_wall_percent"),
        number("apart_cpu_percent"),
        bytes(number("journal_bytes") as u64),
        thousands(number("journal_commits") as u64),
        digits(number("bare_append_seconds")),
    );
}

/// The main table.
fn rows(results: &[Measured]) -> Vec<Vec<String>> {
    let header = ["workload", "agents", "workers", "rate", "time s", "bound", "share", "B each", "digest"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    rows.extend(results.iter().map(|row| {
        vec![
            row.workload.to_owned(),
            if row.agents == 0 { "-".to_owned() } else { short(row.agents as f64) },
            row.workers.to_string(),
            format!("{} {}/s {}", short(row.rate.median), row.unit, row.what).trim_end().to_owned(),
            digits(row.seconds.median),
            row.bound.as_ref().map_or("-".to_owned(), |bound| short(bound.rate.median)),
            row.bound.as_ref().map_or("-".to_owned(), |bound| format!("{}%", digits(bound.share_percent))),
            row.bytes_an_agent.map_or("-".to_owned(), |bytes| thousands(bytes.round() as u64)),
            row.digest.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    }));
    rows
}

/// A number in three digits and a unit: `8.01M`, `100k`.
fn short(number: f64) -> String {
    let text = rate(number);
    let text = text.trim_end_matches("/s");
    match text.strip_suffix(['k', 'M', 'B', 'T']) {
        Some(mantissa) if mantissa.contains('.') => {
            let unit = &text[mantissa.len()..];
            format!("{}{unit}", mantissa.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text.to_owned(),
    }
}

/// The second table: where the time of a transition goes.
fn phases(text: &mut String, results: &[Measured], style: Style) {
    let days: Vec<&Measured> = results.iter().filter(|row| row.workload == "city-day").collect();
    let mut names: Vec<(&String, f64)> = Vec::new();
    for (name, phase) in days.iter().flat_map(|row| &row.phases) {
        match names.iter_mut().find(|(known, _)| *known == name) {
            Some((_, most)) => *most = most.max(phase.percent),
            None => names.push((name, phase.percent)),
        }
    }
    if names.is_empty() {
        return;
    }
    names.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    let mut header = vec!["city-day".to_owned()];
    let mut whole = vec!["ns a transition, all workers".to_owned()];
    for row in &days {
        header.push(format!("{} on {}", short(row.agents as f64), row.workers));
        whole.push(thousands(row.cpu_ns_a_unit.round() as u64));
    }
    let mut rows = vec![header, whole];
    for (name, _) in names {
        let share =
            |row: &&Measured| row.phases.get(name).map_or("-".to_owned(), |phase| format!("{:.1}", phase.percent));
        rows.push(std::iter::once(format!("  % {name}")).chain(days.iter().map(share)).collect());
    }
    let _ = write!(text, "\n{}\n{}", style.bold("Where a transition's time goes"), grid(&rows, style));
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::*;
    use crate::app::style::WIDTH;
    use snapbox::{assert_data_eq, str};

    #[test]
    fn the_tables_of_a_run() {
        assert_data_eq!(
            render(&report(), Style::Plain),
            str![[r#"
bench · A Fine Processor · 2 cores, 8.00 GiB of memory, Linux 6.1 · myriad 0.1.0
small sizes, medians of 3; bounds are measured in the same run, on the same machine

  workload   agents  workers  rate                time s  bound  share  B each  digest
  city-day   10k           2  1.2M transitions/s     0.2  24M       5%   6,400  0123456789abcdef
  city-day   100k          2  800k transitions/s       3  10M       8%     640  0123456789abcdef
  city-day   100k          1  533k transitions/s     4.5  -          -     640  0123456789abcdef
  bandwidth  -             2  17.7 GB/s read           1  -          -       -  -
  2 workers are 1.5 times as fast as 1, at 100,000 agents (perfect: 2)
  an agent's day takes 1.5 times as long at 100,000 agents as at 10,000 (perfect: 1)

Where a transition's time goes
  city-day                      10k on 2  100k on 2  100k on 1
  ns a transition, all workers     1,667      2,500      1,875
    % zones                         75.0       75.0       75.0
    % order                         25.0       25.0       25.0

Notes
  · city-day: a weekday, event stepping; bound: plain rows of 148 bytes with a timing wheel, as many
    wakes, messages and handoffs, trivial updates, no canonical order (at most 2,000,000 rows)
  · bandwidth: 512 MiB read, or updated in place (read and written, both counted), best of 5 passes

"#]]
        );
    }

    #[test]
    fn no_line_is_too_wide() {
        let mut report = report();
        report.left_out.push("word ".repeat(60));
        for row in &mut report.results {
            (row.workers, row.agents, row.rate.median) = (128, 8_008_278, 123.4e9);
            row.bytes_an_agent = Some(1_234.0);
            row.unit = "agent-ticks";
            let names = ["overhead_wall_percent", "overhead_cpu_percent", "apart_wall_percent", "apart_cpu_percent"];
            row.facts.extend(names.map(|name| (name.to_owned(), 123.45)));
            row.facts
                .extend(["inputs", "journal_bytes", "journal_commits"].map(|name| (name.to_owned(), 12_345_678.9)));
        }
        let text = render(&report, Style::Plain);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn numbers_are_short() {
        for (number, text) in [(100e3, "100k"), (1e6, "1M"), (8_008_278.0, "8.01M"), (980e3, "980k"), (17.66, "17.7")] {
            assert_eq!(short(number), text);
        }
    }
}
