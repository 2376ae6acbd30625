//! [`Network`]: who is linked to whom.

use crate::base::{AgentId, Draws, Permutation, Seed, Stream, Tick};

/// Nodes `0..nodes`, and for each one those to which it is linked, by rising number. Links go both ways.
///
/// ```
/// use myriad::prelude::*;
/// let ring = Network::from_links(5, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (0, 1)]);
/// assert_eq!(ring.of(0), [1, 4]);
/// assert_eq!(ring.links(), 5);
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Network {
    starts: Vec<u64>,
    ends: Vec<u32>,
}

impl Network {
    /// From a list of pairs. A pair that is there twice counts once, and one of a node with itself not at all.
    ///
    /// # Panics
    /// If a pair names a node that is not there.
    pub fn from_links(nodes: u32, links: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut both: Vec<(u32, u32)> = Vec::new();
        for (a, b) in links {
            assert!(a < nodes && b < nodes, "a link of {a} and {b} in a network of {nodes}");
            if a != b {
                both.extend([(a, b), (b, a)]);
            }
        }
        both.sort_unstable();
        both.dedup();
        let mut starts = vec![0; nodes as usize + 1];
        for &(from, _) in &both {
            starts[from as usize + 1] += 1;
        }
        for node in 0..nodes as usize {
            starts[node + 1] += starts[node];
        }
        Self { starts, ends: both.into_iter().map(|(_, to)| to).collect() }
    }

    /// A ring in which each node is linked to the `near` next ones on both sides, and each such link is, with a
    /// probability of `rewired`, led to a random node instead (Watts and Strogatz, Nature 393, 1998).
    pub fn small_world(nodes: u32, near: u32, rewired: f64, seed: Seed) -> Self {
        let links = (0..nodes).flat_map(move |node| {
            let mut draws = draws(seed, "network/small-world", node);
            (1..=near).map(move |step| {
                let to = if draws.unit() < rewired {
                    draws.below(nodes)
                } else {
                    (node as u64 + step as u64) as u32 % nodes
                };
                (node, to)
            })
        });
        Self::from_links(nodes, links)
    }

    /// As many links as make `mean` a node, each of two random nodes (Erdős and Rényi, 1959).
    pub fn random(nodes: u32, mean: f64, seed: Seed) -> Self {
        let count = (nodes as f64 * mean / 2.0).round() as u64;
        let pair = move |nth: u64| {
            let mut draws = seed.draws(Stream::named("network/random"), AgentId(nth as u32), Tick(nth >> 32));
            (draws.below(nodes), draws.below(nodes))
        };
        Self::from_links(nodes, (0..count).map(pair))
    }

    /// Nodes come one by one, and each links to `links` of those before, the more likely the more links one has
    /// (Barabási and Albert, Science 286, 1999).
    pub fn preferential(nodes: u32, links: u32, seed: Seed) -> Self {
        // Every end of every link: to take one at random is to take a node by its links.
        let mut ends: Vec<u32> = Vec::with_capacity(2 * nodes as usize * links as usize);
        let mut pairs = Vec::with_capacity(nodes as usize * links as usize);
        for node in 1..nodes {
            let mut draws = draws(seed, "network/preferential", node);
            for _ in 0..links.min(node) {
                let to = if ends.is_empty() { 0 } else { ends[draws.below(ends.len() as u32) as usize] };
                pairs.push((node, to));
            }
            ends.extend(pairs[pairs.len() - links.min(node) as usize..].iter().flat_map(|&(from, to)| [from, to]));
        }
        let shuffled = Permutation::new(nodes as u64, seed, Stream::named("network/names"));
        // Numbers say nothing of age: zones, which are runs of numbers, get as many of each.
        let name = |node: u32| shuffled.apply(node as u64) as u32;
        Self::from_links(nodes, pairs.into_iter().map(|(a, b)| (name(a), name(b))))
    }

    /// Nodes.
    pub fn nodes(&self) -> u32 {
        self.starts.len() as u32 - 1
    }

    /// Links.
    pub fn links(&self) -> u64 {
        self.ends.len() as u64 / 2
    }

    /// Those to whom a node is linked.
    #[inline]
    pub fn of(&self, node: u32) -> &[u32] {
        &self.ends[self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize]
    }
}

fn draws(seed: Seed, name: &str, node: u32) -> Draws {
    seed.draws(Stream::named(name), AgentId(node), Tick(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn degrees(network: &Network) -> Vec<usize> {
        (0..network.nodes()).map(|node| network.of(node).len()).collect()
    }

    #[test]
    fn links_go_both_ways_and_count_once() {
        for network in [
            Network::small_world(500, 3, 0.2, Seed(1)),
            Network::random(500, 6.0, Seed(1)),
            Network::preferential(500, 3, Seed(1)),
        ] {
            for node in 0..network.nodes() {
                let others = network.of(node);
                assert!(others.windows(2).all(|pair| pair[0] < pair[1]), "in order, each once");
                assert!(others.iter().all(|&other| other != node && network.of(other).contains(&node)));
            }
            assert_eq!(degrees(&network).iter().sum::<usize>() as u64, 2 * network.links());
        }
    }

    #[test]
    fn networks_are_as_their_authors_say() {
        let ring = Network::small_world(1_000, 2, 0.0, Seed(1));
        assert!(degrees(&ring).iter().all(|&degree| degree == 4));
        assert_eq!(ring.of(0), [1, 2, 998, 999]);
        let rewired = Network::small_world(1_000, 2, 1.0, Seed(1));
        assert!((rewired.links() as f64 - 2_000.0).abs() < 30.0, "some fall on each other: {}", rewired.links());

        // Links of a node follow Poisson's law: the variance is the mean.
        let random = degrees(&Network::random(20_000, 8.0, Seed(2)));
        let mean = random.iter().sum::<usize>() as f64 / 20_000.0;
        let square = |value: f64| value * value;
        let variance = random.iter().map(|&degree| square(degree as f64 - mean)).sum::<f64>() / 20_000.0;
        assert!((mean - 8.0).abs() < 0.05 && (variance - 8.0).abs() < 0.5, "mean {mean}, variance {variance}");

        // A node has k links or more with a probability of about (m / k) squared.
        let rich = degrees(&Network::preferential(20_000, 4, Seed(3)));
        let share = |least: usize| rich.iter().filter(|&&degree| degree >= least).count() as f64 / 20_000.0;
        assert!(rich.iter().all(|&degree| degree >= 1) && *rich.iter().max().unwrap() > 150, "some are rich");
        for least in [16, 40] {
            let right = square(4.0 / least as f64);
            assert!((share(least) / right - 1.0).abs() < 0.35, "{least}: {} and {right}", share(least));
        }
        assert_eq!(Network::random(300, 4.0, Seed(5)), Network::random(300, 4.0, Seed(5)));
        assert_ne!(Network::random(300, 4.0, Seed(5)), Network::random(300, 4.0, Seed(6)));
    }
}
