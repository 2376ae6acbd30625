"""Flocking: Reynolds (1987), with the rules and factors of the comparison of agent frameworks, small.

`synchronous`: all see places and courses of the beginning of the step. `sequential`: in random order, each sees what those
before it have become, as the published comparison has it. Everybody is compared with everybody.
"""

import numpy
from figures import show

SIDE, BIRDS, VISION, STEPS = 100.0, 200, 5.0, 100
SPEED, COHERE, SEPARATION, SEPARATE, MATCH = 1.0, 0.03, 1.0, 0.015, 0.05


def turn(away, courses, course, own):
    """The new course of one who sees others that far away; `own` is its number among them."""
    square = (away**2).sum(-1)
    near = square <= VISION**2
    near[own] = False
    close = near & (square < SEPARATION**2)
    pull = COHERE * away[near].sum(0) - SEPARATE * away[close].sum(0) + MATCH * courses[near].sum(0)
    new = course + pull / max(near.sum(), 1)
    return new / numpy.hypot(*new)


def figures_of(at, course, step):
    gap = at[:, None] - at[None]
    gap -= SIDE * numpy.round(gap / SIDE)
    near = (gap**2).sum(-1) <= VISION**2
    return {
        f"order at {step}": numpy.hypot(*course.mean(0)),
        f"neighbours at {step}": (near.sum() - BIRDS) / BIRDS,
    }


def start(seed):
    draw = numpy.random.default_rng(seed)
    at = draw.random((BIRDS, 2)) * SIDE
    angle = draw.random(BIRDS) * 2 * numpy.pi
    return draw, at, numpy.stack([numpy.cos(angle), numpy.sin(angle)], 1)


def synchronous(seed):
    _, at, course = start(seed)
    figures = {}
    for step in range(1, STEPS + 1):
        away = at[None] - at[:, None]
        away -= SIDE * numpy.round(away / SIDE)
        square = (away**2).sum(-1)
        near = square <= VISION**2
        numpy.fill_diagonal(near, False)
        close = near & (square < SEPARATION**2)
        pull = COHERE * (away * near[..., None]).sum(1) - SEPARATE * (away * close[..., None]).sum(1)
        pull += MATCH * near.astype(float) @ course
        course = course + pull / numpy.maximum(near.sum(1), 1)[:, None]
        course /= numpy.hypot(course[:, 0], course[:, 1])[:, None]
        at = (at + SPEED * course) % SIDE
        if step in (10, 30, 100):
            figures |= figures_of(at, course, step)
    return figures


def sequential(seed):
    draw, at, course = start(seed)
    figures = {}
    for step in range(1, STEPS + 1):
        for bird in draw.permutation(BIRDS):
            away = at - at[bird]
            away -= SIDE * numpy.round(away / SIDE)
            course[bird] = turn(away, course, course[bird], bird)
            at[bird] = (at[bird] + SPEED * course[bird]) % SIDE
        if step in (10, 30, 100):
            figures |= figures_of(at, course, step)
    return figures


if __name__ == "__main__":
    show("flocking, synchronous", synchronous, 400)
    show("flocking, sequential", sequential, 100)
