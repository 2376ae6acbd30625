"""Wolves, sheep and grass: Wilensky (1997), as the comparison of agent frameworks has it, small.

Where its text and its code differ, as the code: energies at first 0 to twice the gain less 1; whoever has less than 0
energy after eating dies; a wolf eats any sheep of its own square; grass that is eaten in a step can be eaten again in the
21st step after it.
"""

import random

from figures import show

SIDE, SHEEP, WOLVES, REGROWTH, STEPS = 25, 60, 40, 20, 100
SHEEP_GAIN, WOLF_GAIN, SHEEP_BEARS, WOLF_BEARS = 5, 13, 0.2, 0.1


def run(seed, side=SIDE, flock_size=SHEEP, pack_size=WOLVES):
    draw = random.Random(seed)
    squares = side * side
    near = [
        [
            (x + dx) * side + y + dy
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            if (dx or dy) and 0 <= x + dx < side and 0 <= y + dy < side
        ]
        for x in range(side)
        for y in range(side)
    ]
    # An animal: [square, energy].
    sheep = [[draw.randrange(squares), float(draw.randrange(2 * SHEEP_GAIN))] for _ in range(flock_size)]
    wolves = [[draw.randrange(squares), float(draw.randrange(2 * WOLF_GAIN))] for _ in range(pack_size)]
    grown, countdown = [], []
    for _ in range(squares):
        grown.append(draw.random() < 0.5)
        countdown.append(REGROWTH if grown[-1] else draw.randrange(REGROWTH))
    figures = {}
    for step in range(1, STEPS + 1):
        draw.shuffle(sheep)
        flock = []
        for one in sheep:
            one[0] = draw.choice(near[one[0]])
            one[1] -= 1
            if grown[one[0]]:
                grown[one[0]] = False
                one[1] += SHEEP_GAIN
            if one[1] < 0:
                continue
            flock.append(one)
            if draw.random() < SHEEP_BEARS:
                one[1] /= 2
                flock.append(list(one))
        on = {}
        for one in flock:
            on.setdefault(one[0], []).append(one)
        draw.shuffle(wolves)
        pack = []
        for one in wolves:
            one[0] = draw.choice(near[one[0]])
            one[1] -= 1
            prey = on.get(one[0])
            if prey:
                prey.pop(draw.randrange(len(prey)))
                one[1] += WOLF_GAIN
            if one[1] < 0:
                continue
            pack.append(one)
            if draw.random() < WOLF_BEARS:
                one[1] /= 2
                pack.append(list(one))
        sheep, wolves = [one for many in on.values() for one in many], pack
        for at in range(squares):
            if not grown[at]:
                if countdown[at] <= 0:
                    grown[at], countdown[at] = True, REGROWTH
                else:
                    countdown[at] -= 1
        if step in (1, 10, 25, 50, 100):
            figures[f"sheep at {step}"] = len(sheep)
            figures[f"wolves at {step}"] = len(wolves)
            figures[f"grass at {step}"] = sum(grown)
    if side != SIDE:
        return {"no sheep at 100": not sheep, "no wolves at 100": not wolves}
    return figures


def tiny(seed):
    """A world so small that many die out."""
    return run(seed, 10, 10, 6)


if __name__ == "__main__":
    show("wolf_sheep", run, 1000)
    show("wolf_sheep, side 10", tiny, 2000)
