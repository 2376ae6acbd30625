"""Predators and prey: PPHPC (Fachada and others, PeerJ Computer Science 1:e36, 2015), parameter set 1, size 100.

Twice in a tick all take turns in random order. First each goes to one of the four neighbours or stays, loses 1 energy and
dies if it has none left. Grass grows. Then prey eat the grass of their square and predators any prey on theirs that was not
born in this tick; whoever has more than 2 energy may bear young, who get half of the energy, rounded down, and have no
turn in this tick.
"""

import random

from figures import show

RESTART, THRESHOLD = 10, 2
# Prey, predators.
GAIN, CHANCE = (4, 20), (4, 5)


def run(seed, side=100, ticks=500):
    draw = random.Random(seed)
    pick = draw.random
    squares = side * side
    counts = 400 * squares // 10_000, 200 * squares // 10_000
    # An animal: [square, energy, whether it is a predator, whether it lives].
    animals = [
        [draw.randrange(squares), draw.randint(1, 2 * GAIN[kind]), kind, True]
        for kind in (0, 1)
        for _ in range(counts[kind])
    ]
    grass = [draw.randint(1, RESTART) if draw.random() < 0.5 else 0 for _ in range(squares)]
    beside = [
        (at, row + (at + 1) % side, row + (at - 1) % side, (at + side) % squares, (at - side) % squares)
        for at in range(squares)
        for row in (at - at % side,)
    ]
    series, figures = [], {}
    for tick in range(1, ticks + 1):
        draw.shuffle(animals)
        moved = []
        for one in animals:
            one[0] = beside[one[0]][int(pick() * 5)]
            one[1] -= 1
            if one[1] > 0:
                moved.append(one)
        for at in range(squares):
            if grass[at]:
                grass[at] -= 1
        draw.shuffle(moved)
        prey = {}
        for one in moved:
            if not one[2]:
                prey.setdefault(one[0], []).append(one)
        young = []
        for one in moved:
            if not one[3]:
                continue
            at, kind = one[0], one[2]
            if kind:
                here = prey.get(at)
                if here:
                    here.pop(int(pick() * len(here)))[3] = False
                    one[1] += GAIN[1]
            elif not grass[at]:
                grass[at] = RESTART
                one[1] += GAIN[0]
            if one[1] > THRESHOLD and int(pick() * 100) < CHANCE[kind]:
                half = one[1] // 2
                one[1] -= half
                young.append([at, half, kind, True])
        animals = [one for one in moved if one[3]] + young
        predators = sum(one[2] for one in animals)
        series.append((len(animals) - predators, predators, grass.count(0)))
        if tick in (10, 50, 100, 200):
            for name, value in zip(("prey", "predators", "grass"), series[-1]):
                figures[f"{name} at {tick}"] = value
    late = series[ticks // 2 - 1 :: 10]
    for nth, name in enumerate(("prey", "predators", "grass")):
        figures[f"{name} from {ticks // 2} on"] = sum(one[nth] for one in late) / len(late)
    if side == 400:
        # As the published runs have it.
        figures = {"prey at 19": series[18][0], "predators at 9": series[8][1], "grass at 4": series[3][2]}
    return figures


def large(seed):
    return run(seed, 400, 19)


if __name__ == "__main__":
    show("pphpc", run, 30)
    show("pphpc, size 400", large, 30)
