"""What the tests of faults may ask for."""

from pathlib import Path

import pytest
from tests.integration.running import Service


@pytest.fixture
def own(tmp_path: Path) -> Service:
    """Return a data folder on which nothing runs yet."""
    return Service(data_dir=tmp_path)
