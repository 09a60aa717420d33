"""Logs: structlog, JSON for machines or columns for people, on stderr; lines of libraries go the same way.

Event names are the closed list of `log_events`. No payloads, no personal data; fields that smell of secrets are masked.
"""

import logging
import sys
import time
from collections.abc import MutableMapping
from typing import Any, Protocol, TextIO, cast

import orjson
import structlog

from asiento.runtime.log_events import LogEvent
from asiento.runtime.masked_text import mask_text
from asiento.runtime.settings import Settings

LIBRARIES = frozenset({"faust", "mode", "aiokafka", "aiohttp", "asyncio", "urllib3", "prometheus_client"})
LIBRARY_LINES_MAX = 5
LIBRARY_WINDOW_SECONDS = 10.0
SECRET_WORDS = ("password", "secret", "token", "authorization", "credential")


class Logger(Protocol):
    """The logger of our own code: an event of the closed list, and fields."""

    def debug(self, event: LogEvent, /, **fields: Any) -> None:
        """For the one who looks for a fault."""

    def info(self, event: LogEvent, /, **fields: Any) -> None:
        """Something normal happened."""

    def warning(self, event: LogEvent, /, **fields: Any) -> None:
        """Something to look at tomorrow."""

    def error(self, event: LogEvent, /, **fields: Any) -> None:
        """Something that needs somebody."""

    def exception(self, event: LogEvent, /, **fields: Any) -> None:
        """An error with the traceback of the exception being handled."""


def get_logger() -> Logger:
    """The logger of our own code: `log.info(log_events.SOMETHING, field=value)`."""
    return cast(Logger, structlog.get_logger("asiento"))


def configure_logging(settings: Settings, process: str, stream: TextIO | None = None) -> None:
    """Send all logs of this process, ours and the libraries', as one format to `stream` (stderr).

    `process` is a field of every line. Call once, before other threads start; frameworks must not set up logging after it.
    """
    out = stream or sys.stderr
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    human = settings.log_format == "console" or (settings.log_format is None and out.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _process_field(process),
        _mask_secrets,
    ]
    handler = logging.StreamHandler(out)
    handler.addFilter(LibraryRateLimit())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder({"suppressed"}), *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(human, out)],
        )
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("asiento").setLevel(level)
    for name in LIBRARIES:  # aiokafka leaves its loggers at debug: building records that nobody reads costs 5 % of a worker
        logging.getLogger(name).setLevel(max(logging.WARNING, level))


def _renderers(human: bool, out: TextIO) -> list[structlog.typing.Processor]:
    """Tracebacks are plain: the renderer's own would show local variables, and among them passwords."""
    last: structlog.typing.Processor = structlog.processors.JSONRenderer(serializer=_json)
    if human:
        last = structlog.dev.ConsoleRenderer(colors=out.isatty())
    return [structlog.processors.format_exc_info, _mask_secrets, last]


def _json(value: Any, **_: Any) -> str:
    return orjson.dumps(value, default=str).decode()


def _process_field(process: str) -> structlog.typing.Processor:
    def add(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["process"] = process
        return event

    return add


def _mask_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if any(word in name.lower() for word in SECRET_WORDS):
            event[name] = "***"
        elif isinstance(value, str):
            event[name] = mask_text(value)
    return event


class LibraryRateLimit(logging.Filter):
    """Lets few lines per library logger and window through; the next one that passes carries the number of those held back.

    During a broker outage the client libraries write about 45 error lines a second, all alike.
    """

    def __init__(self, lines_max: int = LIBRARY_LINES_MAX, window_seconds: float = LIBRARY_WINDOW_SECONDS) -> None:
        super().__init__()
        self._lines_max = lines_max
        self._window_seconds = window_seconds
        self._windows: dict[str, _Window] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        if record.name.partition(".")[0] not in LIBRARIES:
            return True
        now = time.monotonic()
        window = self._windows.setdefault(record.name, _Window(now))
        if now - window.since >= self._window_seconds:
            if window.suppressed:
                record.suppressed = window.suppressed
            window = self._windows[record.name] = _Window(now)
        window.lines += 1
        window.suppressed += window.lines > self._lines_max
        return window.lines <= self._lines_max


class _Window:
    __slots__ = ("lines", "since", "suppressed")

    def __init__(self, since: float) -> None:
        self.since = since
        self.lines = 0
        self.suppressed = 0
