"""Checks of the arithmetic and of what is read from others: known values, in well under a second."""

import json
from statistics import stdev

from compare import gate, workloads
from compare.programs import Driver, Failure, Myriad, last_object
from compare.welch import Sample, two_sided, welch

# Two-sided probability, t, degrees of freedom, as tables have them (the far one as scipy 1.17 has it).
STUDENT = (
    (0.05, 2.2281388520, 10),
    (0.01, 2.7499956536, 30),
    (0.001, 4.5868938587, 10),
    (0.05, 1.9623390808, 1000),
    (1.0025785417e-11, 9.3, 41.7),
    (0.05, 12.7062047362, 1),
    (0.01, 9.9248432009, 2),
)
SUMMARY = {
    "wall_seconds": 0.5,
    "setup_seconds": 0.25,
    "peak_rss_bytes": 1000,
    "series": [{"name": "alike", "ticks": [0, 5, 10], "values": [0.5, 0.7, 0.8]}],
}
LINE = {"version": "1", "model": "schelling", "agents": 1000, "steps": 20, "figures": {"alike at 5": 0.75}} | {
    "seconds": 0.5,
    "setup_seconds": 0.0,
    "peak_rss_bytes": 1,
}


def close(one, other, within):
    return abs(one - other) <= within * abs(other)


def fails(call):
    try:
        call()
    except Failure:
        return True
    return False


def checks():
    """Names and truths."""
    for p, t, freedom in STUDENT:
        yield f"Student's t {t} of {freedom:g} degrees", close(two_sided(t, freedom), p, 1e-6)
        yield f"Student's t -{t}", close(two_sided(-t, freedom), p, 1e-6)
    yield "t of 0", two_sided(0.0, 5.0) == 1.0
    one, other = Sample.of([3.0, 4.0, 1.0, 2.1]), Sample.of([490.2, 340.0, 433.9])
    yield "mean", close(one.mean, 2.525, 1e-12)
    yield "deviation", close(one.deviation, stdev([3.0, 4.0, 1.0, 2.1]), 1e-12)
    # Of two samples far apart and unequal in spread: t = -9.5594, 2.0008 degrees of freedom.
    yield "Welch, far apart", close(welch(one, other), 0.0107515600, 1e-6)
    yield "Welch, symmetric", close(welch(one, other), welch(other, one), 1e-12)
    yield "Welch, equal", welch(one, one) == 1.0
    yield "Welch, constant and equal", welch(Sample(1.0, 0.0, 5), Sample(1.0, 0.0, 5)) == 1.0
    yield "Welch, constant and unequal", welch(Sample(1.0, 0.0, 5), Sample(2.0, 0.0, 5)) == 0.0

    small = next(one for one in workloads.ALL if one.name == "schelling small")
    found = last_object(f"some words\n{json.dumps(SUMMARY)}\n")
    run = Myriad("none").read(found, small, 7, (0, 5, 20))
    yield "a summary's times", (run.seconds, run.setup_seconds, run.peak_rss_bytes) == (0.5, 0.25, 1000)
    yield "a summary's figures", run.figures == {"alike at 0": 0.5, "alike at 5": 0.7}
    driver = Driver("peer", "Peer", ["none"])
    yield "a driver's line", driver.read(last_object(json.dumps(LINE)), small, 7).figures == {"alike at 5": 0.75}
    yield "another model's line", fails(lambda: driver.read(LINE | {"agents": 999}, small, 7))
    yield "no line", fails(lambda: last_object(""))
    yield "no object", fails(lambda: last_object("[1]"))
    yield "no JSON", fails(lambda: last_object("seconds: 7"))

    for workload in workloads.ALL:
        if workload.size == "small":
            known = gate.reference(workload.model)
            yield f"reference figures of {workload.model}", len(known) >= 3
    yield "neighbours of birds", {f"neighbours at {mark}" for mark in (10, 30, 100)} <= set(gate.reference("flocking"))

    def compared(p):
        return gate.Comparison("schelling small", "schelling", "peer", "alike at 5", one, other, "Myriad", p)

    yield "a difference is seen", list(gate.differing([compared(1e-5), compared(0.5)])) == [("schelling", "peer")]
    yield "none is made up", gate.differing([compared(6e-4), compared(0.5)]) == {}


def run():
    results = list(checks())
    wrong = [name for name, is_right in results if not is_right]
    for name in wrong:
        print(f"wrong: {name}")
    print(f"self-check: {len(results) - len(wrong)} passed, {len(wrong)} failed")
    return 1 if wrong else 0
