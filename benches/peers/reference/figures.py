"""What the programs here share: many seeds, and the lines that they print."""

import os
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy


def show(model, run, seeds):
    """Calls run(seed), which returns figures by name, for seeds 1 to `seeds`, and prints the mean, the standard deviation
    and the number of seeds of each, as a row of the tables in tests/it/equivalence.rs."""
    with ProcessPoolExecutor(int(os.environ.get("PROCESSES", "0")) or None) as pool:
        runs = list(pool.map(run, range(1, seeds + 1), chunksize=4))
    for name in runs[0]:
        values = numpy.array([one[name] for one in runs], dtype=float)
        print(f'{model}: ("{name}", {values.mean():.8g}, {values.std(ddof=1):.4g}, {seeds}),')
    sys.stdout.flush()


def gini(values):
    """Half the mean absolute difference of two, over the mean."""
    values = numpy.sort(numpy.asarray(values, dtype=float))
    count, total = len(values), values.sum()
    return float(((2 * numpy.arange(count) + 1 - count) * values).sum() / (count * total)) if total > 0 else 0.0
