"""Sugarscape: Epstein and Axtell (1996), chapter II: growback of one a tick, movement M, replacement R[60, 100].

The map is a rule for the book's: two summits with four terraces, each 5.25 wide. Vision 1 to 6, metabolism 1 to 4, 5 to 25
sugar at first. At clock t whoever was born at b has the age t - b, those of the beginning were born at 0.
"""

import math
import random

from figures import gini, show

SIDE, PEOPLE, TICKS = 50, 250, 200


def capacity(x, y):
    far = min(math.dist((x, y), (15, 15)), math.dist((x, y), (35, 35)))
    return 4 - min(int(far / 5.25), 4)


class Person:
    def __init__(self, draw, at, clock):
        self.at = at
        self.is_first = clock is None
        clock = clock or 0
        self.sugar = draw.randint(5, 25)
        self.vision = draw.randint(1, 6)
        self.metabolism = draw.randint(1, 4)
        self.dies = clock + draw.randint(60, 100)


def run(seed):
    draw = random.Random(seed)
    most = [[capacity(x, y) for y in range(SIDE)] for x in range(SIDE)]
    sugar = [list(column) for column in most]
    squares = [(x, y) for x in range(SIDE) for y in range(SIDE)]
    draw.shuffle(squares)
    people = [Person(draw, squares[nth], None) for nth in range(PEOPLE)]
    taken = {one.at for one in people}
    figures = {}
    for clock in range(TICKS):
        for x in range(SIDE):
            for y in range(SIDE):
                sugar[x][y] = min(most[x][y], sugar[x][y] + 1)
        draw.shuffle(people)
        for nth, one in enumerate(people):
            x, y = one.at
            directions = [(1, 0), (0, 1), (-1, 0), (0, -1)]
            draw.shuffle(directions)
            best, there = sugar[x][y], one.at
            for far in range(1, one.vision + 1):
                for dx, dy in directions:
                    spot = ((x + far * dx) % SIDE, (y + far * dy) % SIDE)
                    if sugar[spot[0]][spot[1]] > best and spot not in taken:
                        best, there = sugar[spot[0]][spot[1]], spot
            taken.remove(one.at)
            taken.add(there)
            one.at = there
            one.sugar += best - one.metabolism
            sugar[there[0]][there[1]] = 0
            if one.sugar <= 0 or clock >= one.dies:
                taken.remove(there)
                spot = there
                while True:
                    spot = (draw.randrange(SIDE), draw.randrange(SIDE))
                    if spot not in taken:
                        break
                people[nth] = Person(draw, spot, clock)
                taken.add(spot)
        if clock == 49:
            figures["of the first ones at 50"] = sum(one.is_first for one in people)
    return figures | {
        f"mean sugar at {TICKS}": sum(one.sugar for one in people) / PEOPLE,
        f"gini at {TICKS}": gini([one.sugar for one in people]),
        f"mean vision at {TICKS}": sum(one.vision for one in people) / PEOPLE,
        f"mean metabolism at {TICKS}": sum(one.metabolism for one in people) / PEOPLE,
        f"sugar of the land at {TICKS}": sum(map(sum, sugar)),
    }


if __name__ == "__main__":
    show("sugarscape", run, 200)
