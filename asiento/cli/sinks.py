"""`asiento sinks`: the processes that write into ledgers and into the operational database; what a connector would send."""

import asyncio
import os
import signal
import sys
from collections.abc import Coroutine

import typer

from asiento.cli.exits import CommandError, Unreachable, UsageError
from asiento.cli.output import message
from asiento.cli.render import render_command
from asiento.runtime.settings import Settings, load_settings
from schemas.access_rights import CONNECTOR

app = typer.Typer(no_args_is_help=True, help="Write entries into ledgers, and all topics into the operational database.")

SINKS = ("ledger", "projector")
"""Names that `sinks run` knows beside connections; `ledger` is the one of ASIENTO_LEDGER_URL, `projector` fills ASIENTO_OPERATIONAL_URL."""


app.command("render")(render_command)


@app.command()
def run(
    name: str = typer.Argument(
        help="`ledger`: the one of ASIENTO_LEDGER_URL; `projector`: the operational database of ASIENTO_OPERATIONAL_URL; "
        "or a connection of ASIENTO_LEDGER_CONNECTIONS: a ledger outside."
    ),
) -> None:
    """Write what the topics say until SIGTERM; drains and exits 0 then, non-zero at once when a promise is broken."""
    settings = load_settings()
    if name not in SINKS:
        _require_connection(settings, name)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the sink takes the signal over: nothing has begun
    from aiokafka.errors import KafkaError

    from asiento.cli.broker_access import broker_trouble, start_process
    from asiento.runtime import log_events
    from asiento.runtime.logging import configure_logging, get_logger
    from asiento.runtime.memory_limit import limit_memory
    from sinks.entry_stream import StreamBroken
    from sinks.ledger import LedgerError, LedgerUnavailable
    from sinks.posting.errors import PostingError, PostingsUnavailable
    from sinks.projector.errors import OperationalError, OperationalUnavailable
    from sinks.sink_process import BrokerUnreachable
    from sinks.stream_identity import StreamUnknown

    configure_logging(settings, f"sink-{name}")
    limit_memory(settings)
    start_process(settings, name if name in SINKS else CONNECTOR)
    try:
        asyncio.run(_process(name, settings))
    except (LedgerError, OperationalError, PostingError, StreamBroken) as error:
        get_logger().error(log_events.PROCESS_FAILED, reason=str(error))
        unreachable = isinstance(error, LedgerUnavailable | OperationalUnavailable | PostingsUnavailable)
        _end_at_once(str(error), (Unreachable if unreachable else CommandError).exit_code)
    except (BrokerUnreachable, StreamUnknown) as error:
        raise Unreachable(str(error)) from error
    except KafkaError as error:
        raise broker_trouble(settings, name if name in SINKS else CONNECTOR, error) from None
    get_logger().info(log_events.PROCESS_STOPPED)


def _process(name: str, settings: Settings) -> Coroutine[None, None, None]:
    if name == "ledger":
        from sinks.ledger_process import run_ledger_sink

        return run_ledger_sink(settings)
    if name == "projector":
        from sinks.projector.process import run_projector

        return run_projector(settings)
    from sinks.connection_process import run_connection

    return run_connection(settings, name)


def _require_connection(settings: Settings, name: str) -> None:
    """Raises `UsageError` where nothing is called so."""
    from sinks.connectors.configured import known_connections

    known = sorted(known_connections(settings))
    if name not in known:
        raise UsageError(
            f"no sink is called {name}; there are: {', '.join([*SINKS, *known])}"
            + ("" if settings.ledger_connections else " (ASIENTO_LEDGER_CONNECTIONS names no connections to ledgers outside)")
        )


def _end_at_once(reason: str, exit_code: int) -> None:
    """Leave without waiting for threads: one of them may hang in the ledger's disk."""
    message(f"asiento: {reason}")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)
