"""The posting state machine against faults, on SQLite."""

from pathlib import Path

import pytest

from tests.posting_fault_cases import FaultCases


class TestSqliteFaults(FaultCases):
    """See the cases."""

    documents_max = 600

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'postings.sqlite'}"
