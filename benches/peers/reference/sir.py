"""An epidemic: Kermack and McKendrick (1927) among people who meet anybody, by Gillespie's direct method: exact in
continuous time. In the limit of many people the share that is never infected solves s = s0 exp(-r0 (1 - s)).
"""

import math
import random

from figures import show

PEOPLE, FIRST, R0, DAYS = 10_000, 1_000, 1.5, 3.0


def run(seed):
    draw = random.Random(seed)
    susceptible, infectious, day = PEOPLE - FIRST, FIRST, 0.0
    marks, figures = [2, 5, 10, 60], {}
    while infectious:
        infect = R0 / DAYS * infectious * susceptible / PEOPLE
        recover = infectious / DAYS
        day += draw.expovariate(infect + recover)
        while marks and day > marks[0]:
            mark = marks.pop(0)
            figures[f"susceptible on day {mark}"] = susceptible / PEOPLE
            figures[f"infectious on day {mark}"] = infectious / PEOPLE
        if draw.random() * (infect + recover) < infect:
            susceptible, infectious = susceptible - 1, infectious + 1
        else:
            infectious -= 1
    for mark in marks:
        figures[f"susceptible on day {mark}"] = susceptible / PEOPLE
        figures[f"infectious on day {mark}"] = 0.0
    figures["attack rate at the end"] = 1 - susceptible / PEOPLE
    return figures


if __name__ == "__main__":
    show("sir", run, 1000)
    never, before = 0.5, 0.0
    while abs(never - before) > 1e-15:
        never, before = (1 - FIRST / PEOPLE) * math.exp(-R0 * (1 - never)), never
    print(f"sir: attack rate in the limit of many people: {1 - never:.6f}")
