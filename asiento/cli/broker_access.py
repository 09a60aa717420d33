"""What stands between a command and its broker, as the error and exit code that people see."""

import asyncio

from asiento.cli.exits import Unreachable
from asiento.runtime.settings import Settings


def require_access(settings: Settings, component: str) -> None:
    """Before a process starts: the broker answers, and its user has the rights of the component. Raises `Unreachable`."""
    from asiento.runtime.broker_access import BrokerProblem, check_access
    from schemas.access_rights import needs_of

    try:
        asyncio.run(check_access(settings, component, needs_of(component, settings.app_id, settings.topic_prefix)))
    except BrokerProblem as problem:
        raise Unreachable(str(problem)) from None


def start_process(settings: Settings, component: str) -> None:
    """`require_access` for a process that logs; warns of what stands open, see `warn_of_exposure`."""
    warn_of_exposure(settings)
    require_access(settings, component)


def warn_of_exposure(settings: Settings) -> None:
    """Log secrets that everybody can read, and health pages off loopback."""
    from asiento.runtime import log_events
    from asiento.runtime.logging import get_logger
    from asiento.runtime.loopback import on_loopback
    from asiento.runtime.secret_files import readable_by_all

    for advice in readable_by_all(settings):
        get_logger().warning(log_events.SECRET_READABLE, advice=advice)
    if not on_loopback(settings.metrics_host):
        get_logger().warning(
            log_events.HEALTH_OFF_LOOPBACK,
            address=settings.metrics_host,
            advice="/metrics and the health pages ask for no password: let only the scraper and the prober reach them",
        )


def broker_trouble(settings: Settings, component: str, error: BaseException) -> Unreachable:
    """After a client failed: what is wrong, found by walking the way once more."""
    try:
        require_access(settings, component)
    except Unreachable as found:
        return found
    return Unreachable(f"no usable answer from the broker at {settings.kafka_bootstrap_servers} ({type(error).__name__}: {error})")
