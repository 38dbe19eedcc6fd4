"""A relay that is killed loses nothing and doubles nothing, on the real engines that are there."""

from pathlib import Path

import pytest
from tests.cluster.engines import Missing
from tests.cluster.relaying import KILLED_AT, RECORDS, records, relay_and_kill
from tests.cluster.sources import SOURCES

pytestmark = pytest.mark.long


@pytest.mark.parametrize("name", SOURCES)
def test_a_relay_that_is_killed_loses_nothing_and_doubles_nothing(name: str, tmp_path: Path) -> None:
    try:
        result = relay_and_kill(SOURCES[name], tmp_path)
    except Missing as missing:
        pytest.skip(str(missing))
    poison = sum(record.poison is not None for record in records())

    assert KILLED_AT <= result["stored_when_killed"] < RECORDS
    assert (RECORDS, poison) == (result["outcomes"], result["parked"])
    assert (0, 0, 0) == (result["lost"], result["twice"], result["disordered"])
