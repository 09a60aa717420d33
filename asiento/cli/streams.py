"""`asiento streams`: the stream workers, one process each."""

import signal
import sys
from enum import StrEnum
from typing import Annotated

import typer

from asiento.cli.exits import CommandError

app = typer.Typer(no_args_is_help=True, help="Run the stream workers.")


class Kind(StrEnum):
    """What a worker works on."""

    ORDERS = "orders"
    NORMALIZER = "normalizer"


@app.callback()
def _group() -> None:
    """Keeps `run` a command of its own name while it is the only one."""


@app.command("run")
def run_streams(
    kind: Annotated[Kind, typer.Argument(help="orders: events to entries; normalizer: raw payloads to events.")] = Kind.ORDERS,
) -> None:
    """Run a stream worker in the foreground until SIGTERM, which drains it and exits 0.

    Needs the topics of `asiento topics apply`. A broken guarantee ends the process at once with a code from 70 to 80, after one
    log line that says what, where and how to mend it; start it again, it goes on where the last transaction ended.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the worker takes the signal over: nothing has begun
    from aiokafka.errors import KafkaError

    from asiento.cli.broker_access import broker_trouble, start_process
    from asiento.runtime.logging import configure_logging
    from asiento.runtime.memory_limit import limit_memory
    from asiento.runtime.settings import load_settings
    from schemas.access_rights import NORMALIZER, WORKER
    from streams.app import run_order_worker
    from streams.normalizer.process import run_normalizer
    from streams.topic_checks import TopicsUnfit

    settings = load_settings()
    configure_logging(settings, "streams")
    limit_memory(settings)
    component, run = (WORKER, run_order_worker) if kind is Kind.ORDERS else (NORMALIZER, run_normalizer)
    start_process(settings, component)
    try:
        run(settings)
    except TopicsUnfit as problem:
        raise CommandError(str(problem)) from None
    except KafkaError as problem:
        raise broker_trouble(settings, component, problem) from None
