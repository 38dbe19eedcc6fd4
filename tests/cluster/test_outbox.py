"""A relay of an outbox that PostgreSQL does not let in says so at once, on the real engine where it is there."""

import asyncio
from pathlib import Path

import pytest
from tests.cluster.engines import Missing, postgresql

from newsdex.errors import Misconfigured
from newsdex.relay.address import open_address


def test_a_user_or_database_that_is_refused_is_a_wrong_setting_and_no_passing_fault(tmp_path: Path) -> None:
    try:
        with postgresql(tmp_path) as url:
            for wrong in (url.replace("newsdex@", "stranger@"), url.replace("/postgres", "/nowhere")):
                with pytest.raises(Misconfigured) as raised:
                    asyncio.run(open_address(wrong).open())
                assert "relay_refused" == raised.value.code
    except Missing as missing:
        pytest.skip(str(missing))
