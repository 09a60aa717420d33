"""Which object a payload speaks of, asked of the adapter of its platform."""

from collections.abc import Callable

from asiento.runtime import log_events
from asiento.runtime.logging import get_logger
from sources.platforms.adapter import Adapter
from sources.platforms.catalogue import adapter_of
from sources.platforms.door import resource_of as resource_in


def resource_of(platform: str, topic: str, body: bytes, *, adapter_of: Callable[[str], Adapter | None] = adapter_of) -> str | None:
    """Its id; None where no adapter knows the platform, or none can be found."""
    adapter = adapter_of(platform)
    if adapter is None:
        return None
    try:
        return resource_in(adapter, body, topic)
    except Exception as error:  # noqa: BLE001 - what a platform has signed is taken, whatever an adapter makes of it
        get_logger().error(log_events.REQUEST_FAILED, problem=type(error).__name__, place=f"the adapter of {platform}")
        return None
