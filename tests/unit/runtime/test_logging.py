"""Logs: one format for all, closed names, no secrets, no floods."""

import ast
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from asiento.runtime import log_events
from asiento.runtime.logging import LibraryRateLimit, configure_logging, get_logger
from asiento.runtime.settings import load_settings

ROOT = Path(__file__).resolve().parents[3]
LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}


@pytest.fixture
def log_lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging(load_settings({"log_format": "json"}), "worker", stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def _parsed(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_our_lines_and_library_lines_are_the_same_json(log_lines: io.StringIO) -> None:
    get_logger().info(log_events.PROCESS_STARTED, partition=3)
    logging.getLogger("aiokafka.consumer").error("Heartbeat failed: %s", "gone")
    ours, theirs = _parsed(log_lines)
    assert (ours["event"], ours["partition"], ours["level"], ours["process"]) == ("process_started", 3, "info", "worker")
    assert (theirs["event"], theirs["logger"], theirs["level"]) == ("Heartbeat failed: gone", "aiokafka.consumer", "error")
    assert theirs["process"] == "worker"


def test_library_chatter_below_warning_is_not_built(log_lines: io.StringIO) -> None:
    for name in ("aiokafka.conn", "faust.app", "mode.services"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)


def test_an_exception_is_in_its_line(log_lines: io.StringIO) -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        get_logger().exception(log_events.PROCESS_FAILED)
    assert "ValueError: broken" in _parsed(log_lines)[0]["exception"]


def test_fields_that_smell_of_secrets_are_masked(log_lines: io.StringIO) -> None:
    get_logger().info(log_events.PROCESS_STARTED, **dict.fromkeys(["sasl_password", "Authorization"], "s3cret"))
    assert "s3cret" not in log_lines.getvalue()


def test_a_flood_of_a_library_is_cut_and_counted(log_lines: io.StringIO) -> None:
    handler = logging.getLogger().handlers[0]
    handler.filters[:] = [LibraryRateLimit(lines_max=2, window_seconds=3600)]
    for _ in range(50):
        logging.getLogger("aiokafka").error("Unable connect")
        logging.getLogger("faust").error("Unable connect")
    get_logger().error(log_events.PROCESS_FAILED)
    assert [line["event"] for line in _parsed(log_lines)] == ["Unable connect"] * 4 + ["process_failed"]


def test_the_next_window_tells_how_many_were_held_back(log_lines: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("asiento.runtime.logging.time.monotonic", lambda: now[0])
    for second in (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 11.0):
        now[0] = second
        logging.getLogger("aiokafka").error("Unable connect")
    lines = _parsed(log_lines)
    assert len(lines) == 6
    assert [line.get("suppressed") for line in lines] == [None] * 5 + [2]


def test_event_names_are_unique() -> None:
    names = [value for name, value in vars(log_events).items() if name.isupper() and isinstance(value, str)]
    assert len(names) == len(set(names)) == len(log_events.EVENTS)


def _logged(path: Path) -> Iterator[tuple[int, ast.expr | None]]:
    """Line and first argument of every `log.<level>(...)` and `get_logger().<level>(...)` in a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS):
            continue
        receiver = node.func.value
        name = receiver.func if isinstance(receiver, ast.Call) else receiver
        spelled = name.attr if isinstance(name, ast.Attribute) else name.id if isinstance(name, ast.Name) else ""
        if spelled.lower().strip("_") in {"log", "logger", "get_logger"}:
            yield node.lineno, node.args[0] if node.args else None


def test_every_logged_event_is_in_the_closed_list() -> None:
    """Spelled-out names are checked here, names in variables by the type `LogEvent`."""
    seen = 0
    for package in ("asiento", "schemas", "sources", "streams", "sinks"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for line, event in _logged(path):
                name = event.attr if isinstance(event, ast.Attribute) else event.id if isinstance(event, ast.Name) else None
                where = f"{path.relative_to(ROOT)}:{line}"
                assert name is not None, f"{where} logs a text: declare it in log_events.py"
                assert not name.isupper() or getattr(log_events, name) in log_events.EVENTS, (
                    f"{where} logs {name}, which is not in log_events.py"
                )
                seen += 1
    assert seen > 0


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_traceback_shows_neither_local_variables_nor_passwords_of_urls(log_format: str) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logging(load_settings({"log_format": log_format}), "worker", stream)
    try:
        password = "".join(("Zx9", "canary"))
        raise ValueError(f"cannot reach postgresql://books:{password}@db/books")
    except ValueError as error:
        get_logger().exception(log_events.PROCESS_FAILED, reason=str(error))
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
    assert "postgresql://books:***@db/books" in stream.getvalue()
    assert "Traceback" in stream.getvalue()
    assert "Zx9canary" not in stream.getvalue()


def test_no_level_lets_a_library_log_its_requests() -> None:
    """aiokafka spells whole requests out at debug: with SASL PLAIN the password, and every record."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure_logging(load_settings({"log_level": "debug"}), "worker", io.StringIO())
        assert not any(logging.getLogger(name).isEnabledFor(logging.INFO) for name in ("aiokafka.conn", "aiokafka.producer.sender"))
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
