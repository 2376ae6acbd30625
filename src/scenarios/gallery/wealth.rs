//! Wealth exchange (A. Drăgulescu and V. M. Yakovenko, "Statistical mechanics of money", European Physical Journal B
//! 17, 2000): in each tick whoever has a coin gives one to anybody. Wealth spreads as energy in a gas does,
//! exponentially: a Gini coefficient of a half, if there are many coins.

use crate::prelude::*;

params! {
    /// What can be varied.
    pub struct Settings {
        /// Coins that each agent starts with.
        coins: i64 = 20, 1 ..= 1_000;
    }
}

/// What an agent has.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Purse(pub i64);
/// What agents give each other.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
pub struct Coin(i64);

fn receive(mut due: Due<(Purse,), Coin>) {
    let mut due = due.open();
    while let Some(Event { cause: Cause::Message { body, .. }, rows: (purse,), .. }) = due.next() {
        purse.0 += body.0;
    }
}

fn give(mut all: Each<(Purse,)>, clock: Clock, dice: Dice, mut mail: Mailbox<Coin>) {
    all.visit(|id, (purse,)| {
        if purse.0 > 0 {
            let whom = dice.anyone(Stream::named("wealth/whom"), id, clock.now());
            purse.0 -= 1;
            mail.send(clock.now(), id, whom, Coin(1));
        }
    });
}

/// The model.
pub struct Wealth;

impl Scenario for Wealth {
    type Params = Settings;
    const NAME: &'static str = "wealth";
    const ABOUT: &'static str = "whoever has a coin gives one to anybody (Drăgulescu and Yakovenko, 2000)";

    fn build(settings: &Settings, sim: &mut Builder) -> Result<(), RunError> {
        let coins = settings.coins;
        sim.spread(sim.agents(), move |_| (Purse(coins),));
        sim.messages::<Coin>().on_due(receive).every_tick(give).collect("gini", 100, |all: All<Purse>| {
            gini(&all.iter().map(|(_, purse)| purse.0 as f64).collect::<Vec<_>>())
        });
        sim.invariant("coins: constant", move |purses: All<Purse>, coming: InFlight<Coin>| {
            let held = purses.sum(|_, purse| purse.0);
            held + coming.iter().map(|(_, coin)| coin.0).sum::<i64>() == coins * purses.sum(|_, _| 1_i64)
        });
        Ok(())
    }
}
