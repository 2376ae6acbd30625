//! `diff`: two runs, or two checkpoints.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde::Serialize;

use super::difference::{Difference, Of, compare};
use super::facts::{Damaged, Facts, ending, label, render_damage, tick};
use super::inspect::put;
use super::sides::Side;
use crate::app::args::DiffArgs;
use crate::app::cli::Console;
use crate::app::error::{Error, Outcome};
use crate::app::meta::Scenarios;
use crate::app::style::{Style, grid, thousands};
use crate::app::summary::counted;
use crate::store::Manifest;

/// Zones that people are shown; the object has all.
const ZONES_SHOWN: usize = 10;

/// What came of a comparison.
#[derive(Serialize)]
struct Comparison {
    a: String,
    b: String,
    /// Whether nothing differs.
    equal: bool,
    /// What the two are runs of, where that differs.
    identity: Vec<IdentityDifference>,
    /// Ticks at which the digests of both are known.
    ticks_compared: u64,
    /// The last tick at which they agree, before the first at which they do not.
    agree_until: Option<u64>,
    /// The first tick at which they differ.
    differ_from: Option<u64>,
    /// The last tick of which the digest is known, here and there.
    reach: [Option<u64>; 2],
    /// Two checkpoints of one tick, at the first at which these differ.
    checkpoints: Option<Difference>,
    damage: Vec<Damaged>,
}

#[derive(Serialize)]
struct IdentityDifference {
    name: String,
    a: Option<String>,
    b: Option<String>,
}

/// Compares what two paths name.
pub fn diff(args: &DiffArgs, scenarios: Scenarios, console: &mut Console<'_>) -> Result<Outcome, Error> {
    let (mut a, mut b) = (Side::of(&args.a, scenarios)?, Side::of(&args.b, scenarios)?);
    let common: Vec<u64> = a.digests.keys().filter(|tick| b.digests.contains_key(tick)).copied().collect();
    let differs = |tick: &&u64| a.digests[*tick] != b.digests[*tick];
    let differ_from = common.iter().find(differs).copied();
    let agree_until = common.iter().take_while(|tick| !differs(tick)).last().copied();
    let identity = identity(a.facts.as_ref(), b.facts.as_ref());
    let pair = pair(&a, &b);
    if common.is_empty() && pair.is_none() && identity.is_empty() {
        let reach = |side: &Side| side.reach().map_or("none".to_owned(), |tick| format!("up to {}", thousands(tick)));
        return Err(Error::Failed(format!(
            "there is nothing to compare: the digests of no tick are known of both `{}` ({}) and `{}` ({}); \
             a run has them from its oldest checkpoint on, so more checkpoints would be right (--keep)",
            a.name,
            reach(&a),
            b.name,
            reach(&b)
        )));
    }
    let mut checkpoints = None;
    if let Some([of_a, of_b]) = pair {
        let sides = [Of { manifest: of_a, folder: &a.folder }, Of { manifest: of_b, folder: &b.folder }];
        let (difference, [damage_a, damage_b]) = compare(sides).map_err(Error::Failed)?;
        checkpoints = Some(difference);
        a.damage.extend(damage_a);
        b.damage.extend(damage_b);
    }
    let is_damaged = [&a, &b].map(|side| !side.damage.is_empty());
    let comparison = Comparison {
        equal: differ_from.is_none() && identity.is_empty() && checkpoints.is_none(),
        identity,
        ticks_compared: common.len() as u64,
        agree_until,
        differ_from,
        reach: [a.reach(), b.reach()],
        checkpoints,
        damage: a.damage.into_iter().chain(b.damage).collect(),
        a: a.name,
        b: b.name,
    };
    let calendar = a.facts.as_ref().or(b.facts.as_ref());
    let style = console.style();
    put(args.json, &comparison, || render(&comparison, calendar, style), console)?;
    console.out.flush()?;
    ending(&comparison.damage, if is_damaged[0] { &args.a } else { &args.b })?;
    Ok(if comparison.equal { Outcome::Done } else { Outcome::Differs })
}

/// Names by which what the two are runs of differs; of one that is not known, nothing does.
fn identity(a: Option<&Facts>, b: Option<&Facts>) -> Vec<IdentityDifference> {
    let (Some(a), Some(b)) = (a, b) else { return Vec::new() };
    let names: BTreeSet<&String> = a.identity.keys().chain(b.identity.keys()).collect();
    let pair = |name: &String| (a.identity.get(name).cloned(), b.identity.get(name).cloned());
    let told = |name: &String| match pair(name) {
        (a, b) if a != b => Some(IdentityDifference { name: name.clone(), a, b }),
        _ => None,
    };
    names.into_iter().filter_map(told).collect()
}

/// The checkpoints to be compared: the first two of one tick that differ; or the two that were named, if they do.
fn pair<'a>(a: &'a Side, b: &'a Side) -> Option<[&'a Manifest; 2]> {
    if a.is_checkpoint && b.is_checkpoint {
        let pair = [&a.checkpoints[0], &b.checkpoints[0]];
        return (pair[0].digest != pair[1].digest || pair[0].tick != pair[1].tick).then_some(pair);
    }
    let of_tick = |manifest: &'a Manifest| b.checkpoints.iter().find(|other| other.tick == manifest.tick);
    let mut pairs = a.checkpoints.iter().filter_map(|manifest| Some([manifest, of_tick(manifest)?]));
    pairs.find(|[a, b]| a.digest != b.digest)
}

fn render(found: &Comparison, facts: Option<&Facts>, style: Style) -> String {
    let at = |number: u64| tick(number, facts.and_then(|facts| facts.civil(number)));
    let verdict = if found.equal { style.good("They agree.") } else { style.bad("They differ.") };
    let mut text = format!("{verdict}\n\n");
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{}{value}", style.dim(&label(name)));
    };
    line("A", &found.a);
    line("B", &found.b);
    line("compared", &counted(found.ticks_compared, "tick"));
    if let Some(tick) = found.agree_until {
        line("agree until", &at(tick));
    }
    if let Some(tick) = found.differ_from {
        line("differ from", &at(tick));
    }
    if let [Some(a), Some(b)] = found.reach
        && a != b
    {
        let (longer, reach) = if a > b { ("A", a) } else { ("B", b) };
        line("beyond", &format!("{longer} goes on to {}", at(reach)));
    }
    if !found.identity.is_empty() {
        let mut rows = vec![["what they are runs of", "A", "B"].map(str::to_owned).to_vec()];
        let text_of = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
        rows.extend(found.identity.iter().map(|one| vec![one.name.clone(), text_of(&one.a), text_of(&one.b)]));
        text.push_str(&format!("\n{}", grid(&rows, style)));
    }
    match &found.checkpoints {
        Some(difference) => text.push_str(&render_difference(difference, &at, style)),
        None if found.differ_from.is_some() => {
            text.push_str("\n  No tick at which they differ has a checkpoint of both.\n")
        }
        None => {}
    }
    text + &render_damage(&found.damage, style)
}

fn render_difference(found: &Difference, at: &dyn Fn(u64) -> String, style: Style) -> String {
    let ([tick_a, tick_b], [a, b]) = (found.ticks, found.generations);
    let when = if tick_a == tick_b { at(tick_a) } else { format!("{} and {}", at(tick_a), at(tick_b)) };
    let mut text = format!("\n{}\n", style.bold(&format!("Checkpoints {a} of A and {b} of B, of {when}")));
    if !found.same_model {
        text.push_str("  They are of other models, or of other versions of one: agents cannot be compared.\n");
    }
    if !found.zones.is_empty() {
        let mut rows = vec![["zone", "agents in A", "in B", "digest in A", "in B"].map(str::to_owned).to_vec()];
        for zone in found.zones.iter().take(ZONES_SHOWN) {
            let counts = zone.agents.map(thousands);
            rows.push([vec![zone.zone.to_string()], counts.to_vec(), zone.digests.to_vec()].concat());
        }
        let _ = writeln!(text, "  {} zones differ", thousands(found.zones.len() as u64));
        text.push_str(&format!("\n{}", grid(&rows, style)));
        if found.zones.len() > ZONES_SHOWN {
            text.push_str("  ...\n");
        }
    }
    if !found.agents.is_empty() {
        let mut rows = vec![["first agents", "kind", "zone in A", "in B", "what differs"].map(str::to_owned).to_vec()];
        for agent in &found.agents {
            let zones = agent.zones.map(|zone| zone.map_or_else(|| "-".to_owned(), |zone| zone.to_string()));
            let kind = agent.kinds.iter().flatten().next().cloned().unwrap_or_default();
            let [zone_a, zone_b] = zones;
            rows.push(vec![agent.agent.to_string(), kind, zone_a, zone_b, what_differs(agent)]);
        }
        text.push_str(&format!("\n{}", grid(&rows, style)));
    }
    if let Some(letters) = &found.letters {
        let [a, b] = letters.letters.map(thousands);
        let _ = writeln!(text, "\n  letters in flight differ: {a} in A, {b} in B");
        for (to, counts) in &letters.addressees {
            let _ = writeln!(text, "  to agent {to}: {} in A, {} in B", counts[0], counts[1]);
        }
    }
    if !found.counts.is_empty() {
        let _ = writeln!(text, "\n  counts of the world that differ: {}", found.counts.join(", "));
    }
    text
}

fn what_differs(agent: &super::difference::AgentDifference) -> String {
    let [a, b] = &agent.kinds;
    let mut parts: Vec<String> = match (a, b) {
        (Some(_), None) => vec!["only in A".to_owned()],
        (None, Some(_)) => vec!["only in B".to_owned()],
        (Some(a), Some(b)) if a != b => vec![format!("another kind in B: {b}")],
        _ => Vec::new(),
    };
    parts.extend(agent.rows.iter().map(|row| match row.from == row.to {
        true => format!("{} byte {}", row.row, row.from),
        false => format!("{} bytes {} to {}", row.row, row.from, row.to),
    }));
    parts.extend(agent.arrives.map(|[a, b]| format!("arrives at tick {a} or {b}")));
    if parts.is_empty() {
        parts.push("the zone".to_owned());
    }
    parts.join(", ")
}
