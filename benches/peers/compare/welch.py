"""Welch's test of two means, with the standard library alone."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """What is known of values: their mean, standard deviation and number."""

    mean: float
    deviation: float
    count: int

    @classmethod
    def of(cls, values):
        mean = math.fsum(values) / len(values)
        square = math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
        return cls(mean, math.sqrt(square), len(values))


def incomplete_beta(a, b, x):
    """The regularised incomplete beta function, by its continued fraction (evaluated as Lentz does)."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    if x > (a + 1.0) / (a + b + 2.0):
        # There the fraction converges slowly, and the other one fast.
        return 1.0 - incomplete_beta(b, a, 1.0 - x)
    tiny = 1e-300
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    value, c, d = 1.0, 1.0, 0.0
    for step in range(500):
        half = step // 2
        if step == 0:
            part = 1.0
        elif step % 2 == 0:
            part = half * (b - half) * x / ((a + 2 * half - 1) * (a + 2 * half))
        else:
            part = -(a + half) * (a + b + half) * x / ((a + 2 * half) * (a + 2 * half + 1))
        d = 1.0 / ((1.0 + part * d) or tiny)
        c = (1.0 + part / c) or tiny
        change = c * d
        value *= change
        if step and abs(change - 1.0) < 1e-14:
            break
    return front * (value - 1.0) / a


def two_sided(t, freedom):
    """The probability that Student's t is so far from 0, or farther."""
    return incomplete_beta(freedom / 2.0, 0.5, freedom / (freedom + t * t))


def welch(one, other):
    """The probability of means so different, or more so, were those behind the samples equal: two-sided, variances need
    not be equal. Of samples without any spread 1 if they are equal, and otherwise 0."""
    parts = [sample.deviation**2 / sample.count for sample in (one, other)]
    error = sum(parts)
    if error == 0.0:
        return float(one.mean == other.mean)
    pairs = zip(parts, (one, other), strict=True)
    freedom = error**2 / sum(part**2 / (sample.count - 1) for part, sample in pairs)
    return two_sided((one.mean - other.mean) / math.sqrt(error), freedom)
