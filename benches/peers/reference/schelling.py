"""Segregation: Schelling (1971), as the comparison of agent frameworks has it, small."""

import random

from figures import show

SIDE, AGENTS, WANTED, STEPS = 40, 1000, 3, 20
NEAR = [
    [
        (x + dx) * SIDE + y + dy
        for dx in (-1, 0, 1)
        for dy in (-1, 0, 1)
        if (dx or dy) and 0 <= x + dx < SIDE and 0 <= y + dy < SIDE
    ]
    for x in range(SIDE)
    for y in range(SIDE)
]


def alike(town):
    """Of all pairs of neighbours, the share that are of one group."""
    same = pairs = 0
    for at, group in enumerate(town):
        if group >= 0:
            for other in NEAR[at]:
                if town[other] >= 0:
                    pairs += 1
                    same += town[other] == group
    return same / pairs


def run(seed):
    draw = random.Random(seed)
    squares = list(range(SIDE * SIDE))
    draw.shuffle(squares)
    homes, vacant = squares[:AGENTS], squares[AGENTS:]
    town = [-1] * (SIDE * SIDE)
    for who, at in enumerate(homes):
        town[at] = who % 2
    figures = {"alike at 0": alike(town)}
    for step in range(1, STEPS + 1):
        order = list(range(AGENTS))
        draw.shuffle(order)
        for who in order:
            at, group = homes[who], who % 2
            if sum(town[other] == group for other in NEAR[at]) < WANTED:
                slot = draw.randrange(len(vacant))
                to, vacant[slot] = vacant[slot], at
                town[at], town[to], homes[who] = -1, group, to
        if step in (5, 20):
            figures[f"alike at {step}"] = alike(town)
    return figures


if __name__ == "__main__":
    show("schelling", run, 400)
