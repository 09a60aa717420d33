"""What can go wrong with the ledger, as the error and exit code that people see."""

from collections.abc import Iterator
from contextlib import contextmanager

from asiento.cli.exits import CommandError, Unreachable


@contextmanager
def ledger_errors() -> Iterator[None]:
    """Turn a ledger's errors into `Unreachable` where its server does not answer, else into `CommandError`."""
    from sinks.ledger import LedgerError, LedgerUnreachable

    try:
        yield
    except LedgerUnreachable as error:
        raise Unreachable(str(error)) from error
    except LedgerError as error:
        raise CommandError(str(error)) from error
