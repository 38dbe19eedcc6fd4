"""What hangs is seen: by the process' own routes, by its metric, and by `newsdex status`."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.faults.parts import projector_of
from tests.faults.test_broker_faults import readiness
from tests.faults.test_stream import metric
from tests.integration.running import Running, Service, until

from newsdex.broker.server import EmbeddedServer
from newsdex.host.children import free_port

ARTICLE = b'{"id": "hanging", "title": "Pontoon"}'


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Have a process stand still, as one that hangs does."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.fixture
def broker(own: Service) -> Iterator[None]:
    with EmbeddedServer(own.data_dir, 0):
        yield


def status(service: Service) -> tuple[int, dict[str, Any]]:
    """Return the exit code, and what is said of each part."""
    done = service.run("status", "--json")
    return done.returncode, {found["part"]: found for found in map(json.loads, done.stdout.splitlines())}


@pytest.mark.long
@pytest.mark.usefixtures("broker")
def test_a_projector_that_hangs_makes_the_indexer_not_ready_and_is_well_again_by_itself(
    own: Service,
) -> None:
    port = free_port()
    with own.process("searcher"):
        indexer = Running.start(own, "indexer", http_port=port)
        try:
            indexer.wait_until_ready()
            until(lambda: projector_of(indexer.process.pid), 30, "the projector runs")
            own.wait_until_searchable()
            projector = projector_of(indexer.process.pid)
            assert projector is not None
            with stopped(projector):
                assert 0 == own.run("publish", "-", stdin=ARTICLE).returncode
                _, text = until(lambda: readiness(port) if readiness(port)[0] == 503 else None, 60, "it is not ready")
                waited_s = metric(port, "newsdex_index_oldest_change_seconds")
                hung = status(own)
            until(lambda: readiness(port)[0] == 200, 60, "it is ready again")
            until(lambda: own.found("pontoon") == ["hanging"], 60, "the article is found")
            well = status(own)
        finally:
            indexer.stop()

    assert "projector: the projector has said nothing for" in text
    assert waited_s > 0
    assert (69, False) == (hung[0], hung[1]["indexer"]["well"])
    assert "the projector has said nothing for" in hung[1]["indexer"]["text"]
    assert (0, True) == (well[0], well[1]["indexer"]["well"]), well


@pytest.mark.long
@pytest.mark.usefixtures("broker")
def test_a_searcher_that_hangs_is_missed(own: Service) -> None:
    with own.process("indexer") as indexer, own.process("searcher") as searcher:
        indexer.wait_until_ready()
        searcher.wait_until_ready()
        own.wait_until_searchable()
        with stopped(searcher.process.pid):
            code, parts = status(own)

    assert (69, "no_searcher") == (code, parts["searcher"]["code"])
    assert parts["indexer"]["well"]
