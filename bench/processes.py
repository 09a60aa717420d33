"""Our processes as the benchmarks start them: their settings as an environment, log and PID file in their data directory."""

import os
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from asiento.runtime.child_process import ChildProcess, start_child
from asiento.runtime.settings import Settings

SHARED = ("kafka_bootstrap_servers", "topic_prefix", "app_id", "partitions", "replication_factor", "min_insync_replicas", "data_dir")


def environment_of(settings: Settings) -> dict[str, str]:
    """This process's environment with these settings instead of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASIENTO_")}
    environment |= {f"ASIENTO_{name.upper()}": str(value) for name, value in settings.model_dump(include=set(SHARED)).items()}
    return environment | {"ASIENTO_LOG_FORMAT": "json"}


def start(settings: Settings, command: tuple[str, ...], port: int, more: Mapping[str, str] | None = None) -> ChildProcess:
    """Start `asiento <command>` with its metrics on `port` (0: a free one), and `more` environment."""
    environment = environment_of(settings) | {"ASIENTO_METRICS_PORT": str(port)} | dict(more or {})
    name, folder = command[0], settings.data_dir
    argv = [sys.executable, "-m", "asiento.cli.main", *command]
    return start_child(name, argv, environment=environment, log_file=folder / f"{name}.log", pid_file=folder / f"{name}.pid")


def all_booked(ledger: Path, ends: Mapping[int, int]) -> bool:
    """Whether everything up to `ends` is booked and, where the ledger's version has acks, all of them are published."""
    if not ledger.exists():
        return False
    try:
        with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True, timeout=10)) as connection:
            offsets = dict(connection.execute("SELECT partition, next_offset FROM source_offset"))
            if connection.execute("PRAGMA user_version").fetchone()[0] > 1:
                left = "SELECT (SELECT max(entry_no) FROM entry) > (SELECT entry_no FROM ack_cursor)"
                return offsets == ends and not connection.execute(left).fetchone()[0]
    except sqlite3.Error:
        return False
    return offsets == ends
