//! Boltzmann wealth exchange: at every tick, whoever has a coin gives one to somebody.
//!
//! From equal purses the Boltzmann-Gibbs distribution emerges (Dragulescu and Yakovenko, "Statistical mechanics of
//! money", European Physical Journal B 17, 2000). Coins are whole, so purses become geometric: with `m` coins each the
//! Gini coefficient approaches (m + 1) / (2 m + 1), which is 2/3 for one coin and 1/2 for many. It takes some `m * m`
//! ticks. A coin that is being given is in nobody's purse until the next tick.

use crate::prelude::*;

crate::params! {
    /// What a wealth exchange can vary.
    pub struct WealthParams {
        #[doc = "Coins that each agent starts with."]
        coins: i64 = 20, 1..=1_000_000;
    }
}

#[derive(Component, Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Purse(i64);

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Coin(i64);

/// The number of agents, for whoever picks one.
struct Population(u32);

const WHOM: Stream = Stream::named("wealth/whom");

fn receive(mut due: Due<(Purse,), Coin>) {
    let mut due = due.open();
    while let Some(event) = due.next() {
        if let Cause::Message { body, .. } = event.cause {
            event.rows.0.0 += body.0;
        }
    }
}

fn give(
    mut agents: Query<(&Agent, &mut Purse)>,
    population: Res<Global<Population>>,
    clock: Clock,
    dice: Dice,
    mut mail: Mailbox<Coin>,
) {
    for (agent, mut purse) in &mut agents {
        if purse.0 > 0 {
            purse.0 -= 1;
            let whom = dice.draws(WHOM, agent.0, clock.now()).below(population.0);
            mail.send(clock.now(), agent.0, AgentId(whom), Coin(1));
        }
    }
}

fn gini_of_purses(all: All<Purse>) -> f64 {
    gini(&all.iter().map(|(_, purse)| purse.0 as f64).collect::<Vec<_>>())
}

fn coins_are_conserved(all: All<Purse>, flight: InFlight<Coin>, mut at_first: Local<Option<i64>>) -> bool {
    let purses: i64 = all.iter().map(|(_, purse)| purse.0).sum();
    let total = purses + flight.iter().map(|(_, coin)| coin.0).sum::<i64>();
    *at_first.get_or_insert(total) == total
}

/// The scenario.
pub struct Wealth;

impl Scenario for Wealth {
    type Params = WealthParams;
    const NAME: &'static str = "wealth";
    const ABOUT: &'static str = "Boltzmann wealth exchange: equal purses grow unequal by chance alone";

    fn timing(_: &WealthParams) -> Timing {
        Timing {
            tick_ms: 1_000,
            exchange_ticks: 1,
            start: DateTime::new_const(1999, 1, 1, 0, 0, 0),
            span: Span::Ticks(2_000),
            agents: 1_000,
        }
    }

    fn build(params: &WealthParams, sim: &mut Builder) -> Result<(), RunError> {
        let (coins, agents) = (params.coins, sim.agents());
        sim.spread(agents, move |_| (Purse(coins),));
        sim.share(std::sync::Arc::new(Population(agents as u32))).messages::<Coin>();
        sim.on_due(receive).every_tick(give);
        sim.collect("gini", 10, gini_of_purses).invariant("coins are conserved", coins_are_conserved);
        Ok(())
    }
}
