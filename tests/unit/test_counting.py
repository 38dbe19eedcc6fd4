"""What counting by time promises: each date in its interval, however many there are."""

from itertools import pairwise

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from newsdex.index.columnar.query.matches.facet_counts import MANY_DATES, count_intervals

moments = st.integers(-(10**6), 10**6) | st.integers(-(2**57), 2**57)


@given(
    st.lists(moments, min_size=1, max_size=40),
    st.sets(moments, min_size=2, max_size=20),
    st.sampled_from([1, MANY_DATES]),
)
@example([0, 1, 2, 3, 4], {1, 2, 4}, MANY_DATES)
def test_each_date_is_counted_in_its_interval(dates: list[int], chosen: set[int], times: int) -> None:
    edges = sorted(chosen)
    beside = [*dates, *edges, *(edge - 1 for edge in edges)]
    expected = [times * sum(start <= date < stop for date in beside) for start, stop in pairwise(edges)]

    assert expected == count_intervals(np.repeat(np.array(beside, np.int64), times), edges)
