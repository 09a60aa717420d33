"""When something happened, and the latest time that a payload states."""

from datetime import UTC, datetime, timedelta
from typing import Final

from sources.platforms.context import Context
from sources.platforms.payload import Node

_STATED: Final = ("updated_at", "processed_at", "created_at")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def occurred_at(node: Node, context: Context) -> datetime:
    """`processed_at` is when the fact happened; imported orders carry it beside a later `created_at`. Without any, when it came."""
    stated = node.find("processed_at") or node.find("created_at") or node.find("updated_at")
    if stated is None and context.received_at is not None:
        return context.received_at
    return (stated or node.need("created_at")).time(context.zone)


def seen_at(node: Node, context: Context) -> datetime:
    """The latest time in a payload; at least one must be there."""
    stated = [found for name in _STATED if (found := node.find(name)) is not None]
    return max(moment.time(context.zone) for moment in stated) if stated else occurred_at(node, context)


def version_at(node: Node, context: Context) -> int:
    """The latest time in microseconds: of two states of an object the later one counts."""
    return (seen_at(node, context) - _EPOCH) // timedelta(microseconds=1)
