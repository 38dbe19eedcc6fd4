"""Quantiles of times that processes count by how long they took."""

import math
from collections.abc import Mapping


def quantile_s(within: Mapping[str, float], part: float) -> float | None:
    """Return how many seconds a part of all, such as 0.95, took at most; None where nothing was counted.

    `within` has how many took at most so many seconds, `+Inf` among them. Between two bounds as many are taken to be
    anywhere, as Prometheus does; of what took longer than the last one, that bound is all that is known.
    """
    counted = sorted((float(bound), number) for bound, number in within.items())
    if not counted or counted[-1][1] <= 0:
        return None
    rank, below_s, below = part * counted[-1][1], 0.0, 0.0
    for bound_s, number in counted:
        if number >= rank:
            if math.isinf(bound_s):
                break
            return below_s + (bound_s - below_s) * (rank - below) / max(number - below, 1e-9)
        below_s, below = bound_s, number
    return below_s
