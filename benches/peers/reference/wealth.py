"""Wealth exchange: Dragulescu and Yakovenko (2000), where all who have a coin give one at the same time.

A coin given in a tick is had in the next. One purse is then a queue that serves one in a tick and to which a Poisson
number comes: not quite the geometric law of exchanges one after the other. `law` is its stationary law for many agents.
"""

import numpy
from figures import gini, show

AGENTS, COINS, TICKS = 500, 5, 1000


def run(seed):
    draw = numpy.random.default_rng(seed)
    purses = numpy.full(AGENTS, COINS)
    coming = numpy.zeros(AGENTS, dtype=int)
    for _ in range(TICKS):
        purses += coming
        gives = purses > 0
        purses -= gives
        coming = numpy.bincount(draw.integers(0, AGENTS, gives.sum()), minlength=AGENTS)
    return {
        f"gini at {TICKS}": gini(purses),
        f"variance at {TICKS}": purses.var(),
        f"share of empty at {TICKS}": (purses == 0).mean(),
    }


def law(coins, size=4000):
    """Gini, variance and share of the empty, of purses without what comes, for many agents with so many coins each: the
    queue with one server, Poisson arrivals and service in one tick."""
    low, high = 0.0, 1.0
    for _ in range(40):
        rate = (low + high) / 2
        arrive = numpy.cumprod(numpy.concatenate([[numpy.exp(-rate)], rate / numpy.arange(1, 40)]))
        # kept[n]: n coins after giving. Who has n before has none of the first and n later ones, or one and n - 1, ...
        kept = numpy.zeros(size)
        kept[0] = (1 - rate) / arrive[0]
        for n in range(1, size):
            before = kept[n - 1] - (1 - rate if n == 1 else 0)
            last = max(0, n - 39)
            kept[n] = max(before - kept[last:n] @ arrive[n - last : 0 : -1], 0) / arrive[0]
        held = (numpy.arange(size) * kept).sum()
        low, high = (rate, high) if held + rate < coins else (low, rate)
    beyond = 1 - numpy.cumsum(kept)
    return 1 - (beyond**2).sum() / held, (kept * numpy.arange(size) ** 2).sum() - held**2, kept[0]


if __name__ == "__main__":
    show("wealth", run, 400)
    for coins in (COINS, 20, 100):
        print("wealth: %d coins, many agents, all at once:   gini %.5f, variance %.4f, empty %.5f" % (coins, *law(coins)))
        geometric = (coins + 1) / (2 * coins + 1), coins * (coins + 1), 1 / (coins + 1)
        print("wealth: %d coins, one after the other (geometric): gini %.5f, variance %d, empty %.5f" % (coins, *geometric))
