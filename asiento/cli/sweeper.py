"""`asiento sweeper`: the process that tells deadlines when their time has come."""

import asyncio
import signal
import sys
import time
from typing import Annotated

import typer

from asiento.cli.exits import CommandError, UsageError

app = typer.Typer(no_args_is_help=True, help="Tell deadlines when their time has come.")


@app.callback()
def _group() -> None:
    """Keeps `run` a word of its own while it is the only command."""


@app.command()
def run(
    clock: Annotated[
        str | None, typer.Option(metavar="TIME", help="A clock that stands still at this time (RFC 3339), for demos and tests.")
    ] = None,
) -> None:
    """Send a DeadlinePassed event for every deadline that has passed, until SIGTERM; finishes what it has begun and exits 0 then.

    Reads the order states, keeps nothing of its own. Two of them do no harm: the second event of a deadline is a duplicate.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the sweeper takes the signal over: nothing has begun
    from aiokafka.errors import KafkaError

    from asiento.accounting.policy import UnknownPolicyVersion
    from asiento.cli.broker_access import broker_trouble, start_process
    from asiento.runtime import log_events
    from asiento.runtime.logging import configure_logging, get_logger
    from asiento.runtime.memory_limit import limit_memory
    from asiento.runtime.settings import load_settings
    from schemas.access_rights import SWEEPER
    from schemas.order_state import UnknownStateFormat
    from streams.policies import load_policies, log_policies
    from streams.sweeper.forward_clock import ClockSteppedBack
    from streams.sweeper.process import run_sweeper
    from streams.topic_checks import TopicsUnfit

    still_at = moment(clock, "--clock") if clock is not None else None
    settings = load_settings()
    configure_logging(settings, "sweeper")
    limit_memory(settings)
    policies = load_policies(settings.policy)
    log_policies(settings.policy, policies)
    start_process(settings, SWEEPER)
    try:
        asyncio.run(run_sweeper(settings, policies, lambda: still_at if still_at is not None else time.time_ns() // 1000))
    except (TopicsUnfit, ClockSteppedBack, UnknownStateFormat, UnknownPolicyVersion) as problem:
        get_logger().error(log_events.PROCESS_FAILED, reason=str(problem))
        raise CommandError(str(problem)) from None
    except KafkaError as problem:
        raise broker_trouble(settings, SWEEPER, problem) from None
    get_logger().info(log_events.PROCESS_STOPPED)


def moment(text: str, option: str) -> int:
    """The time that an option gives, UTC microseconds."""
    from schemas.formats import parse_time

    try:
        return parse_time(text)
    except ValueError as problem:
        raise UsageError(f"{option} {text}: {problem}") from None
