"""A static member that its group no longer knows ends its process, instead of joining again as if nothing had happened.

aiokafka forgets its member id and joins anew. With a static id that throws out whoever holds the id now: two processes with the same
`ASIENTO_INSTANCE_ID` would take the partitions from each other for ever, and say nothing. Whoever came last keeps the id; the other
one ends with one line that names the setting.
"""

import time
from collections.abc import Callable
from typing import Any, Final

from aiokafka.protocol.group import HeartbeatRequest, JoinGroupRequest

from asiento.runtime.settings import Settings
from streams.engine.failure import ExitCode, end_process

FENCED_INSTANCE_ID: Final = 82
"""Kafka's error code for a static member whose id another process has taken; aiokafka does not know it."""


def end_when_forgotten(coordinator: Any, settings: Settings, stopping: Callable[[], bool]) -> None:
    """Watch the answers of a consumer's group coordinator; only for static members, and only on the consumer's own thread."""
    heard_at = time.monotonic()
    send, forget = coordinator._send_req, coordinator.reset_generation

    async def watched_send(request: Any) -> Any:
        nonlocal heard_at
        response = await send(request)
        code = getattr(response, "error_code", None)
        if code == FENCED_INSTANCE_ID:
            _end(settings, time.monotonic() - heard_at)
        if code == 0 and isinstance(request, HeartbeatRequest | JoinGroupRequest):
            heard_at = time.monotonic()
        return response

    def watched_forget() -> None:
        if coordinator.generation > 0 and not coordinator._closing.done() and not stopping():
            _end(settings, time.monotonic() - heard_at)
        forget()

    coordinator._send_req, coordinator.reset_generation = watched_send, watched_forget


def _end(settings: Settings, silent_seconds: float) -> None:
    session = settings.kafka_session_timeout_seconds
    if silent_seconds < session:
        reason = (
            f"another process has joined the group with ASIENTO_INSTANCE_ID={settings.instance_id}: give each worker process an id of its "
            "own, or leave it unset"
        )
    else:
        reason = f"the group went on without this worker, which had not been heard of for longer than its session of {session:g} s"
    end_process(ExitCode.LOST_GENERATION, reason, instance_id=settings.instance_id, silent_seconds=round(silent_seconds, 1))
