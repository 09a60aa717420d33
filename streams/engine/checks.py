"""Checks before a worker starts: settings of the frame that would lose records."""

from typing import Any

import faust

from asiento.runtime.settings import SettingsError
from streams.engine.job import Job
from streams.engine.table import StateTable


def check_frame(app: faust.App, job: Job) -> None:
    """Refuse frame settings under which records can be lost or booked twice. Raises `SettingsError`."""
    conf: Any = app.conf
    wanted: dict[str, Any] = {
        "id": job.id,
        "processing_guarantee": "at_least_once",
        "stream_publish_on_commit": False,
        "producer_threaded": False,
        "table_standby_replicas": 0,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
    }
    found = {name: _plain(getattr(conf, name)) for name in wanted}
    found["store"], wanted["store"] = str(conf.store), "memory:"
    problems = [f"{name} must be {value!r}, it is {found[name]!r}" for name, value in wanted.items() if found[name] != value]
    problems += [f"agent {name} must have concurrency 1" for name, agent in app.agents.items() if agent.concurrency != 1]
    problems += [f"table {name} must be a plain state table" for name, table in app.tables.items() if type(table) is not StateTable]
    if problems:
        raise SettingsError("the worker's frame is set up so that records can be lost: " + "; ".join(problems))


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)
