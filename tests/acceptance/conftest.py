"""A whole installation per test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.acceptance.order_pipeline")

from tests.acceptance.order_pipeline import OrderPipeline  # noqa: E402 - its assertions are to say what differs


@pytest.fixture
def pipeline(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[OrderPipeline]:
    """Topics and an empty ledger on the session's broker; nothing is started yet. Whatever was started is ended."""
    installation = OrderPipeline(kafka, topic_prefix, tmp_path)
    yield installation
    installation.close()
