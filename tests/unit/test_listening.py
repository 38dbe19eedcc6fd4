"""A port that is taken is told before anything runs."""

import pytest

from newsdex.apps.listening import listen
from newsdex.errors import Misconfigured


def test_a_port_that_another_process_has_is_told_by_name() -> None:
    with listen("127.0.0.1", 0) as other:
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Misconfigured) as fault:
            listen("127.0.0.1", port)

    assert "http_port_taken" == fault.value.code
    assert f"127.0.0.1:{port}" in fault.value.message


@pytest.mark.parametrize("host", ["203.0.113.7", "no host"])
def test_an_address_that_is_not_of_this_machine_is_told(host: str) -> None:
    with pytest.raises(Misconfigured) as fault:
        listen(host, 0)

    assert "http_address_unusable" == fault.value.code
