//! A model of one's own, with its whole command line: `cargo run --release --example wealth -- --agents 10k --ticks 3000`.

use myriad::prelude::*;

myriad::params! {
    /// What can be varied.
    pub struct Settings {
        /// Coins that each agent starts with.
        coins: i64 = 20, 1..=1_000;
    }
}
/// What an agent has.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Purse(pub i64);
/// What agents give each other.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Coin(pub i64);

fn receive(mut due: Due<(Purse,), Coin>) {
    let mut due = due.open();
    while let Some(Event { cause: Cause::Message { body, .. }, rows: (purse,), .. }) = due.next() {
        purse.0 += body.0;
    }
}
fn give(mut all: Each<(Purse,)>, clock: Clock, dice: Dice, mut mail: Mailbox<Coin>) {
    all.visit(|id, (purse,)| {
        if purse.0 > 0 {
            let whom = dice.anyone(Stream::named("whom"), id, clock.now());
            purse.0 -= 1;
            mail.send(clock.now(), id, whom, Coin(1));
        }
    });
}
fn inequality(all: All<Purse>) -> f64 {
    gini(&all.iter().map(|(_, purse)| purse.0 as f64).collect::<Vec<_>>())
}
/// The model.
pub struct WealthExchange;
impl Scenario for WealthExchange {
    type Params = Settings;
    const NAME: &'static str = "wealth-exchange";
    const ABOUT: &'static str = "whoever has a coin gives one to somebody";

    fn build(settings: &Settings, sim: &mut Builder) -> Result<(), RunError> {
        let coins = settings.coins;
        sim.spread(sim.agents(), move |_| (Purse(coins),));
        sim.messages::<Coin>().on_due(receive).every_tick(give).collect("gini", 100, inequality);
        Ok(())
    }
}
fn main() -> std::process::ExitCode {
    myriad::app::main_with(&[&Entry::<WealthExchange>::NEW])
}
