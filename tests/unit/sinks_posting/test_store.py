"""The store on SQLite."""

import sqlite3
from pathlib import Path

import pytest

from sinks.posting.errors import ForeignPostings, PostingsMissing
from sinks.posting.store import PostingStore
from tests.posting_store_cases import StoreCases


class TestSqliteStore(StoreCases):
    """See the cases."""

    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'postings.sqlite'}"


def test_a_command_makes_no_database(tmp_path: Path) -> None:
    with pytest.raises(PostingsMissing, match="asiento sinks run"):
        PostingStore.command(f"sqlite:///{tmp_path / 'none.sqlite'}", "books")


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    with pytest.raises(ForeignPostings, match="ASIENTO_POSTINGS_URL"):
        PostingStore.serve(f"sqlite:///{path}", "books")
