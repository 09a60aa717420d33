"""An operational database that cannot be read is set aside and made again from the topics; it holds nothing of its own."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from asiento.cli.diagnosing.findings import Mending, MendingFailed
from asiento.runtime.file_lock import LockHeld, locked
from asiento.runtime.settings import Settings


def remaking(settings: Settings, path: Path) -> Mending:
    """The mending of the file `path`, which is kept beside under another name; only with the operator's yes."""
    what = f"set {path} aside under another name, and make the operational database again from the topics"
    return Mending(what, lambda: _remake(settings, path), needs_yes=True)


def _remake(settings: Settings, path: Path) -> str:
    aside = f"unreadable-{datetime.now(UTC):%Y%m%dT%H%M%S%f}"
    try:
        with locked(path.with_name(f"{path.name}.lock"), wait_seconds_max=0):
            for suffix in ("", "-wal", "-shm"):
                file = path.with_name(path.name + suffix)
                if file.exists():
                    file.rename(path.with_name(f"{path.name}.{aside}{suffix}"))
    except LockHeld:
        raise MendingFailed(f"{path}: the projector has it; stop that one first") from None
    except OSError as error:
        raise MendingFailed(f"{path}: {error.strerror}") from None
    return f"{path} is {path.name}.{aside} now; {_made_again(settings)}"


def _made_again(settings: Settings) -> str:
    from asiento.cli.run_directory import client_settings
    from sinks.entry_stream import StreamBroken
    from sinks.projector.errors import OperationalError
    from sinks.projector.rebuild import rebuild
    from sinks.sink_process import BrokerUnreachable

    own = settings if settings.kafka_bootstrap_servers is not None else client_settings()
    if own.kafka_bootstrap_servers is None:
        return "`asiento up` makes it again"
    try:
        return f"made again of {asyncio.run(rebuild(own, own.operational_location))} records"
    except (BrokerUnreachable, StreamBroken, OperationalError) as error:
        return f"it was not made again ({error}); `asiento sinks run projector` does it"
