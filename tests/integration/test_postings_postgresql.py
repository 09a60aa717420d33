"""The database of postings in a real PostgreSQL."""

import pytest

from tests.posting_store_cases import StoreCases


class TestPostgresqlStore(StoreCases):
    """See the cases."""

    @pytest.fixture
    def url(self, postgresql: str) -> str:
        return postgresql
