//! `messages`: agents that do nothing but write to each other, held against plain vectors of letters.

use super::measure::{Case, Sample};
use super::plain::letters::{self, LETTERS, ZONES};
use super::workload::{Workload, sample, sized};
use crate::exec::{Elapsed, peak_rss_bytes};
use crate::prelude::*;

const WHOM: Stream = Stream::named("bench/whom");

myriad::params! {
    /// Nothing can be varied.
    struct Nothing {}
}

/// What an agent has said and heard, in sums.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Chatter {
    said: u64,
    heard: u64,
}

/// What is said.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Word(u64);

/// At every tick every agent says a few words to anybody; they are heard at the next.
fn chat(mut due: Due<(Chatter,), Word>, agents: Shared<u32>, dice: Dice, mut mail: Mailbox<Word>) {
    let mut due = due.open();
    while let Some(mut event) = due.next() {
        let (row,) = &mut event.rows;
        match event.cause {
            Cause::Message { body, .. } => row.heard = row.heard.wrapping_add(body.0),
            Cause::Wake => {
                let mut draws = dice.seed().draws_ahead(WHOM, event.id, event.tick);
                for (to, body) in letters::written(&mut draws, *agents) {
                    row.said = row.said.wrapping_add(body);
                    mail.send(event.tick, event.id, AgentId(to), Word(body));
                }
                event.wake_at(event.tick + 1);
            }
        }
    }
}

fn nothing_is_lost(rows: All<Chatter>, flight: InFlight<Word>) -> bool {
    let add = |sum: (u64, u64), row: &Chatter| (sum.0.wrapping_add(row.said), sum.1.wrapping_add(row.heard));
    let (said, heard) = rows.iter().fold((0, 0), |sum, (_, row)| add(sum, row));
    said == flight.iter().fold(heard, |sum, (_, word)| sum.wrapping_add(word.0))
}

/// The model.
struct Chat;

impl Scenario for Chat {
    type Params = Nothing;
    const NAME: &'static str = "chatter";
    const ABOUT: &'static str = "everybody writes to anybody at every tick";

    fn build(_: &Nothing, sim: &mut Builder) -> Result<(), RunError> {
        let agents = sim.agents() as u32;
        sim.zones(ZONES as usize).messages::<Word>().share(std::sync::Arc::new(agents));
        sim.settle::<(Chatter,)>(agents as u64, move |zone, settlement| {
            for id in (zone.0..agents).step_by(ZONES as usize) {
                settlement.add(AgentId(id), (Chatter { said: 0, heard: 0 },), Some(Tick(0)));
            }
        });
        sim.on_due(chat).invariant("words: said = heard + in flight", nothing_is_lost);
        Ok(())
    }
}

/// Ticks before the clock starts, in which buffers grow to what they must hold.
const WARM_UP: u64 = 6;

/// Ticks that take a few seconds.
fn ticks(agents: u64) -> u64 {
    (20_000_000 / agents.max(1)).clamp(20, 100)
}

pub struct Messages;

impl Workload for Messages {
    fn name(&self) -> &'static str {
        "messages"
    }

    fn unit(&self) -> &'static str {
        "messages"
    }

    fn about(&self) -> &'static str {
        "messages: agents of 16 bytes in 2,048 zones send 4 messages each at every exchange; bound: the same letters, \
         binned by zone, exchanged by swapped vectors and added up in no particular order"
    }

    fn bound_name(&self) -> &'static str {
        "plain letters"
    }

    fn cases(&self, quick: bool, workers: usize) -> Vec<Case> {
        sized(&[if quick { 100_000 } else { 1_000_000 }], workers)
    }

    fn guess(&self, case: &Case) -> f64 {
        0.2 + (case.agents * ticks(case.agents)) as f64 * 0.2e-6
    }

    fn measure(&self, case: &Case) -> Result<Sample, RunError> {
        let options = RunOptions {
            agents: Some(case.agents),
            workers: Some(case.workers),
            span: Some(Span::Ticks(ticks(case.agents))),
            pin: true,
            ..RunOptions::default()
        };
        let mut engine = Simulation::of::<Chat>(Params::defaults()).options(options).build()?;
        let mut run_to = |end: u64| -> Result<f64, RunError> {
            let clock = Elapsed::start();
            while engine.now() < Tick(end) {
                engine.advance(Tick(end))?;
            }
            Ok(clock.seconds())
        };
        run_to(WARM_UP)?;
        let seconds = run_to(WARM_UP + ticks(case.agents))?;
        let report = engine.report()?;
        let due = case.agents * (WARM_UP + ticks(case.agents)) * LETTERS as u64;
        if report.messages != due {
            return Err(RunError::Panic(format!("{} messages were sent, not {due}", report.messages)));
        }
        let mut sample = sample(report, (case.agents * ticks(case.agents) * LETTERS as u64) as f64)?;
        (sample.seconds, sample.peak_rss_bytes) = (seconds, peak_rss_bytes());
        Ok(sample)
    }

    fn bound(&self, case: &Case, _: u64) -> Sample {
        letters::exchange(WHOM, case.agents as u32, ticks(case.agents) as u32, case.workers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_conserved_and_counted_for_any_number_of_workers() {
        let run = |workers| {
            let options = RunOptions {
                agents: Some(3_000),
                workers: Some(workers),
                span: Some(Span::Ticks(5)),
                ..Default::default()
            };
            let report = Simulation::of::<Chat>(Nothing::defaults()).options(options).watch(&mut NoWatch).unwrap();
            assert!(report.invariants["words: said = heard + in flight"]);
            (report.messages, report.digest)
        };
        assert_eq!(run(1), run(2));
        assert_eq!(run(1).0, 3_000 * 5 * LETTERS as u64);
    }
}
