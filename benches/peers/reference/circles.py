"""Circles: the benchmark of fixed-radius near neighbours of FLAME GPU (Chisholm, Richmond and others). Everybody is
compared with everybody. The force is greater than the benchmark's, so that in 200 steps something comes of it; the box has
walls, which hold whoever is pushed against them.
"""

import numpy
from figures import show

POINTS, SIDE, RADIUS, FORCE, STEPS = 343, 7.0, 2.0, 0.001, 200


def run(seed):
    draw = numpy.random.default_rng(seed)
    at = draw.random((POINTS, 3)) * SIDE
    figures = {}
    for step in range(1, STEPS + 1):
        away = at[None] - at[:, None]
        gap = numpy.sqrt((away**2).sum(-1))
        near = (gap <= RADIUS) & (gap > 0)
        gap[~near] = 1.0
        strength = numpy.where(near, FORCE * numpy.sin(gap / RADIUS * -2 * numpy.pi) / gap, 0.0)
        push = (strength[..., None] * away).sum(1)
        at = numpy.clip(at + push, 0.0, numpy.nextafter(SIDE, 0.0))
        if step in (20, 100, 200):
            figures[f"drift at {step}"] = numpy.sqrt((push**2).sum(-1)).mean() / RADIUS * 1e6
    return figures


if __name__ == "__main__":
    show("circles", run, 40)
