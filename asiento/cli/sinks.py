"""`asiento sinks`: the processes that write entries into ledgers."""

import asyncio
import os
import signal
import sys

import typer

from asiento.cli.exits import CommandError, Unreachable, UsageError
from asiento.cli.output import message
from asiento.runtime.settings import load_settings

app = typer.Typer(no_args_is_help=True, help="Write entries into ledgers.")

LEDGERS = ("ledger",)
"""Names that `sinks run` knows; `ledger` is the embedded one of ASIENTO_LEDGER_URL."""


@app.callback()
def _group() -> None:
    """Keeps `run` a word of its own while it is the only command."""


@app.command()
def run(name: str = typer.Argument(help="Which ledger: `ledger` is the embedded one of ASIENTO_LEDGER_URL.")) -> None:
    """Book entries into a ledger until SIGTERM; drains and exits 0 then, non-zero at once when a promise is broken."""
    if name not in LEDGERS:
        raise UsageError(f"no sink is called {name}; there is: {', '.join(LEDGERS)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until the sink takes the signal over: nothing has begun
    settings = load_settings()
    from asiento.runtime import log_events
    from asiento.runtime.logging import configure_logging, get_logger
    from sinks.entry_stream import StreamBroken
    from sinks.ledger import LedgerError
    from sinks.ledger_process import BrokerUnreachable, run_ledger_sink
    from sinks.stream_identity import StreamUnknown

    configure_logging(settings, "sink-ledger")
    try:
        asyncio.run(run_ledger_sink(settings))
    except (LedgerError, StreamBroken) as error:
        get_logger().error(log_events.PROCESS_FAILED, reason=str(error))
        _end_at_once(str(error), CommandError.exit_code)
    except (BrokerUnreachable, StreamUnknown) as error:
        raise Unreachable(str(error)) from error
    get_logger().info(log_events.PROCESS_STOPPED)


def _end_at_once(reason: str, exit_code: int) -> None:
    """Leave without waiting for threads: one of them may hang in the ledger's disk."""
    message(f"asiento: {reason}")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(exit_code)
