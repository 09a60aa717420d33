"""A whole installation per test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.chaos_options import figures

pytest.register_assert_rewrite("tests.acceptance.order_pipeline")

from tests.acceptance.order_pipeline import OrderPipeline  # noqa: E402 - its assertions are to say what differs


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was measured, where it is found again."""
    for figure in figures:
        terminalreporter.write_line(f"figure: {figure}")


@pytest.fixture
def pipeline(kafka: str, topic_prefix: str, tmp_path: Path) -> Iterator[OrderPipeline]:
    """Topics and an empty ledger on the session's broker; nothing is started yet. Whatever was started is ended."""
    installation = OrderPipeline(kafka, topic_prefix, tmp_path)
    yield installation
    installation.close()
