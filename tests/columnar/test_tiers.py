"""What is merged next: segments of one order, as many as fit."""

import pytest

from newsdex.index.columnar.indexing.merge_policy import MAX_MERGED_BYTES, MERGE_FACTOR, choose_merge
from newsdex.index.columnar.storage.segment import ColumnarSegment


def segments(number: int) -> list[ColumnarSegment]:
    return [ColumnarSegment("MAIN", documents=50, position=at) for at in range(number)]


def test_fewer_than_a_tier_wait() -> None:
    few = segments(MERGE_FACTOR - 1)

    assert [] == choose_merge(few, {one.segment_id(): 1 for one in few})


@pytest.mark.parametrize("large", range(MERGE_FACTOR))
def test_a_segment_that_is_too_large_does_not_keep_the_others_of_its_order_apart(large: int) -> None:
    tier = segments(MERGE_FACTOR)
    sizes = {one.segment_id(): MAX_MERGED_BYTES if at == large else 1 for at, one in enumerate(tier)}

    assert [*tier[:large], *tier[large + 1 :]] == choose_merge(tier, sizes)
