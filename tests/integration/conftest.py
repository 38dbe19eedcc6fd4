"""One running newsdex for the tests that can share it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.running import Running, Service

BEST_BETS = "[{queries: [tern], articles: [promoted-guide], until: 2999-12-31}]"


@pytest.fixture(scope="session")
def _up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Running]]:
    best_bets = tmp_path_factory.mktemp("editors") / "best-bets.yaml"
    best_bets.write_text(BEST_BETS, encoding="utf-8")
    settings = {"NEWSDEX_BEST_BETS_FILE": str(best_bets)}
    service = Service(data_dir=tmp_path_factory.mktemp("newsdex"), settings=settings)
    with service.process("up") as running:
        running.wait_until_ready()
        yield service, running


@pytest.fixture
def service(_up: tuple[Service, Running]) -> Service:
    """Return a running service; tests on it use ids and words of their own."""
    return _up[0]


@pytest.fixture
def up(_up: tuple[Service, Running]) -> Running:
    """Return its process."""
    return _up[1]


@pytest.fixture
def own(tmp_path: Path) -> Service:
    """Return a data folder on which nothing runs yet."""
    return Service(data_dir=tmp_path)
