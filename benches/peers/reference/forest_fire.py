"""Forest fires: Drossel and Schwabl (1992), all squares at once, on a torus with four neighbours."""

import numpy
from figures import show

SIDE, FIRST, GROWTH, LIGHTNING, STEPS = 100, 0.4, 0.01, 0.0001, 1000


def run(seed):
    draw = numpy.random.default_rng(seed)
    tree = draw.random((SIDE, SIDE)) < FIRST
    fire = numpy.zeros_like(tree)
    trees, fires = [], []
    for step in range(1, STEPS + 1):
        hot = numpy.roll(fire, 1, 0) | numpy.roll(fire, -1, 0) | numpy.roll(fire, 1, 1) | numpy.roll(fire, -1, 1)
        chance = draw.random((SIDE, SIDE))
        burns = tree & (hot | (chance < LIGHTNING))
        grows = ~tree & ~fire & (chance < GROWTH)
        tree, fire = (tree & ~burns) | grows, burns
        if step >= 500 and step % 10 == 0:
            trees.append(tree.mean())
            fires.append(fire.mean())
    return {"trees from 500 on": numpy.mean(trees), "fires from 500 on": numpy.mean(fires)}


if __name__ == "__main__":
    show("forest_fire", run, 200)
