"""What can go wrong while a command reads topics and ledger, as the error and exit code that people see."""

from collections.abc import Iterator
from contextlib import contextmanager

from asiento.cli.broker_access import broker_trouble
from asiento.cli.exits import CommandError, Unreachable
from asiento.cli.ledger_errors import ledger_errors
from asiento.runtime.settings import Settings


@contextmanager
def read_errors(settings: Settings) -> Iterator[None]:
    """Turn errors of broker, stream and ledger into `Unreachable` or `CommandError`."""
    from aiokafka.errors import KafkaError

    from schemas.access_rights import READER
    from sinks.stream_identity import StreamUnknown
    from sinks.topic_scan import ScanStuck

    try:
        with ledger_errors():
            yield
    except KafkaError as error:
        raise broker_trouble(settings, READER, error) from error
    except StreamUnknown as error:
        raise Unreachable(str(error)) from error
    except ScanStuck as error:
        raise CommandError(str(error)) from error
