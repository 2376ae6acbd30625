"""What the drivers in Python share: arguments, time, and the line that they print. The same as `../rust/driver`."""

import argparse
import json
import resource
import sys
import time

import numpy


class Settings(dict):
    """Parameters of the model: settings.side is that of --set side=40."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            sys.exit(f"error: --set {name}=... is missing")


def setting(text):
    name, _, value = text.partition("=")
    return name, float(value)


def arguments(models):
    parser = argparse.ArgumentParser()
    parser.add_argument("model", choices=sorted(models))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--agents", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--marks", default="", help="steps after which to look, as 10,30")
    parser.add_argument("--set", type=setting, action="append", default=[], metavar="KEY=VALUE")
    return parser.parse_args()


def main(peer, version, models):
    """Sets up, steps and looks, and prints one line of JSON. `models` are classes by name, made with (agents, settings,
    seed), with `advance()` and `look(step)`, which returns figures by name. Looking is not timed."""
    asked = arguments(models)
    marks = {int(mark) for mark in asked.marks.split(",") if mark}
    start = time.perf_counter()
    model = models[asked.model](asked.agents, Settings(asked.set), asked.seed)
    setup, seconds, figures = time.perf_counter() - start, 0.0, {}
    for step in range(asked.steps + 1):
        if step in marks:
            figures |= model.look(step)
        if step < asked.steps:
            start = time.perf_counter()
            model.advance()
            seconds += time.perf_counter() - start
    print(
        json.dumps(
            {
                "peer": peer,
                "version": version,
                "model": asked.model,
                "seed": asked.seed,
                "agents": asked.agents,
                "steps": asked.steps,
                "seconds": seconds,
                "setup_seconds": setup,
                "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
                "figures": figures,
            }
        )
    )


def gini(values):
    """Half the mean absolute difference of two, over the mean."""
    values = numpy.sort(numpy.asarray(values, dtype=float))
    count, total = len(values), values.sum()
    return float(((2 * numpy.arange(count) + 1 - count) * values).sum() / (count * total)) if total > 0 else 0.0
