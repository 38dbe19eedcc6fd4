"""OpenSearch has the archive's articles after one of its nodes was killed, on the real engine where it is there."""

from pathlib import Path

import pytest
from tests.cluster.engines import Missing
from tests.cluster.sinking import ARTICLES, AT_ONCE, sink_and_kill

pytestmark = pytest.mark.long


def test_a_node_that_is_killed_while_the_sink_drains_changes_nothing(tmp_path: Path) -> None:
    try:
        result = sink_and_kill(tmp_path)
    except Missing as missing:
        pytest.skip(str(missing))

    assert ARTICLES - ARTICLES // 2 // AT_ONCE == result["articles"]
    assert (0, 0, 0) == (result["missing"], result["left_over"], result["other"])
