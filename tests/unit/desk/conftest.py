"""A desk of its own for every test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.desk.offline_desk import OfflineDesk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OfflineDesk]:
    """An empty installation."""
    found = OfflineDesk(tmp_path, monkeypatch)
    yield found
    found.close()
