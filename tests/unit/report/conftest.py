"""The two databases of a synthetic day in files."""

import pytest

from tests.report_installation import Installation, made_in


@pytest.fixture(scope="session")
def day(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """A day; not to be changed."""
    return made_in(tmp_path_factory.mktemp("report"), orders=40)
