"""`asiento lag-exporter`: how far every consumer group is behind, asked of the brokers, also when no worker lives."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from asiento.cli.exits import UsageError
from asiento.cli.output import print_json, print_text

if TYPE_CHECKING:
    from asiento.runtime.settings import Settings
    from sinks.lag_exporter.lags import GroupLag


def lag_exporter_command(
    *,
    once: Annotated[bool, typer.Option("--once", help="Look once, print it and stop.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --once: one JSON object, every partition, instead of lines.")] = False,
) -> None:
    """Show on /metrics how far every group of this installation is behind, in records and seconds, until SIGTERM.

    Goes on while no broker answers, and says so. What is measured, and how seconds are defined: docs/metrics-and-lag.md.
    """
    if as_json and not once:
        raise UsageError("--json goes with --once: without it the lags are on /metrics")
    if once:
        _print_once(as_json=as_json)
    else:
        _run()


def _run() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the process takes the signal over: nothing has begun
    from asiento.cli.broker_access import warn_of_exposure
    from asiento.runtime.logging import configure_logging
    from asiento.runtime.memory_limit import limit_memory
    from asiento.runtime.settings import load_settings
    from sinks.lag_exporter.process import run_lag_exporter

    settings = load_settings()
    configure_logging(settings, "lag-exporter")
    limit_memory(settings)
    warn_of_exposure(settings)
    _require_rights(settings)
    asyncio.run(run_lag_exporter(settings))


def _require_rights(settings: "Settings") -> None:
    """Rights that are missing are mended by no waiting. A broker that is away is what this process is there to tell."""
    from asiento.cli.exits import Unreachable
    from asiento.runtime import log_events
    from asiento.runtime.broker_access import BrokerDenied, BrokerProblem, check_access
    from asiento.runtime.logging import get_logger
    from schemas.access_rights import LAG_EXPORTER, needs_of

    try:
        asyncio.run(check_access(settings, LAG_EXPORTER, needs_of(LAG_EXPORTER, settings.app_id, settings.topic_prefix)))
    except BrokerDenied as problem:
        raise Unreachable(str(problem)) from None
    except BrokerProblem as problem:
        get_logger().warning(log_events.LAG_UNKNOWN, problem=str(problem))


def _print_once(*, as_json: bool) -> None:
    from aiokafka.errors import KafkaError

    from asiento.cli.broker_access import broker_trouble
    from asiento.cli.run_directory import client_settings
    from asiento.runtime.logging import configure_logging
    from schemas.access_rights import LAG_EXPORTER
    from sinks.lag_exporter.process import read_lags

    settings = client_settings()
    configure_logging(settings, "lag-exporter")
    try:
        groups = asyncio.run(read_lags(settings))
    except (KafkaError, OSError, TimeoutError) as error:
        raise broker_trouble(settings, LAG_EXPORTER, error) from None
    if as_json:
        print_json({"groups": [group.to_json() for group in groups]})
    else:
        _print(groups)


def _print(groups: Sequence["GroupLag"]) -> None:
    for group in groups:
        print_text(f"{group.name}: {group.members} {'member' if group.members == 1 else 'members'}")
        for topic in dict.fromkeys(lag.topic for lag in group.partitions):
            lags = [lag for lag in group.partitions if lag.topic == topic]
            behind = [lag for lag in lags if lag.records]
            oldest = max((lag.seconds for lag in lags), default=0.0)
            where = f" on {len(behind)} of {len(lags)} partitions, the oldest {oldest:.0f} s old" if behind else ""
            print_text(f"  {topic}: {sum(lag.records for lag in lags)} behind{where}")
