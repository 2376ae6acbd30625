//! [`Links`]: an agent at each node of a network, all of which act at once.

use std::sync::{Arc, RwLockReadGuard};

use bevy_ecs::prelude::Resource;
use bevy_ecs::system::SystemParam;

use super::fixed::Fixed;
use super::network::Network;
use super::publish::Cut;
use crate::base::{AgentId, Draws};
use crate::sim::Builder;
use crate::sim::due::{Claim, LivesOf};
use crate::sim::globals::Here;
use crate::sim::hand::{Hand, Handed, short_name};
use crate::sim::rows::Row;
use crate::sim::visit::Lives;

/// Nodes of a zone, if nobody says how many zones there are.
const ZONE_NODES: u64 = 1 << 14;

/// A network with its zones, which are runs of nodes.
#[derive(Resource, Clone)]
pub(crate) struct LinksOf<T: Row> {
    network: Arc<Network>,
    fixed: Arc<Fixed<T>>,
}

impl<T: Row> Handed for LinksOf<T> {
    fn missing() -> String {
        format!("no network of {0} is declared: `sim.network(network, |node, draws| {0} {{ .. }})`", short_name::<T>())
    }
}

/// System parameter: an agent with row `T` at each node of a network ([`Builder::network`]).
///
/// ```
/// # use myriad::prelude::*;
/// #[derive(Clone, Copy, Pod, Zeroable)]
/// #[repr(C)]
/// struct Opinion(i32);
///
/// fn talk(mut people: Links<Opinion>) {
///     people.step(|_, mine, peers| {
///         let sum: i32 = peers.iter().map(|(_, other)| other.0).sum();
///         mine.0 += (sum - peers.len() as i32 * mine.0).signum();
///     });
/// }
///
/// fn build(sim: &mut Builder) {
///     let network = Network::small_world(1_000, 3, 0.1, sim.seed());
///     sim.network(network, |_, draws| Opinion(draws.between(-100, 100)));
///     sim.every_tick(talk);
/// }
/// ```
#[derive(SystemParam)]
pub struct Links<'s, T: Row> {
    links: Hand<'s, LinksOf<T>, false>,
    lives: Hand<'s, LivesOf<(T,)>>,
    here: Here<'s>,
    _claim: Claim<(T,)>,
}

impl<T: Row> Links<'_, T> {
    /// The network.
    pub fn network(&self) -> &Network {
        &self.links.0.network
    }

    /// Calls `f` with each agent, its row to be written, and those it is linked to as they were at the exchange.
    pub fn step(&mut self, mut f: impl FnMut(AgentId, &mut T, &Peers<'_, T>)) {
        let Lives { rolls, visit, .. } = self.lives.0.lives.get();
        let LinksOf { network, fixed } = &*self.links.0;
        let roll = &mut rolls[visit.place];
        roll.touch();
        let (column,) = roll.columns();
        let sheets: Vec<_> = (0..fixed.cut.zones).map(|zone| fixed.sheet(zone)).collect();
        for (node, row) in fixed.cut.range(self.here.zone().0).zip(column) {
            f(fixed.id(node), row, &Peers { fixed, sheets: &sheets, nodes: network.of(node) });
        }
    }
}

/// Those to whom somebody is linked, as they were at the exchange.
pub struct Peers<'a, T: Row> {
    fixed: &'a Fixed<T>,
    sheets: &'a [RwLockReadGuard<'a, Vec<T>>],
    nodes: &'a [u32],
}

impl<T: Row> Peers<'_, T> {
    /// How many.
    pub fn len(&self) -> u32 {
        self.nodes.len() as u32
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Each of them, by rising id.
    pub fn iter(&self) -> impl Iterator<Item = (AgentId, &T)> {
        self.nodes.iter().map(|&node| {
            let zone = self.fixed.cut.zone(node);
            let row = &self.sheets[zone as usize][(node - self.fixed.cut.first(zone)) as usize];
            (self.fixed.id(node), row)
        })
    }
}

impl Builder {
    /// Declares an agent with row `T` at each node of a network, as `make` says with draws of its own. They are reached
    /// by [`Links`]. The scenario exchanges at every tick.
    ///
    /// Returns the first id: the ids follow the nodes.
    pub fn network<T: Row>(
        &mut self,
        network: Network,
        make: impl Fn(u32, &mut Draws) -> T + Send + Sync + 'static,
    ) -> AgentId {
        let nodes = network.nodes();
        let zones = self.cut_into((nodes as u64).div_ceil(ZONE_NODES));
        let fixed = self.fixed::<T>("network", (Cut { count: nodes, zones }, 1, true), make);
        let (first, handle) = (fixed.id(0), LinksOf { network: Arc::new(network), fixed });
        self.installers.push(Box::new(move |drawer| drawer.put(handle.clone())));
        first
    }
}
