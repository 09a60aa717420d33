"""What can go wrong with backups, as the error and exit code that people see."""

from collections.abc import Iterator
from contextlib import contextmanager

from asiento.cli.exits import CommandError, Unreachable
from asiento.cli.stream_reads import read_errors
from asiento.runtime.settings import Settings
from asiento.runtime.yaml_files import RefusedFile


@contextmanager
def backup_errors(settings: Settings) -> Iterator[None]:
    """Turn errors of backup, broker, ledger and operational database into `Unreachable` or `CommandError`."""
    from sinks.backup.errors import BackupRefused
    from sinks.projector.errors import OperationalError, OperationalUnavailable

    try:
        with read_errors(settings):
            yield
    except OperationalUnavailable as error:
        raise Unreachable(str(error)) from error
    except (BackupRefused, OperationalError) as error:
        raise CommandError(str(error)) from error
    except RefusedFile as error:
        raise CommandError(f"the policy cannot be used\n{error}") from None
    except OSError as error:
        raise CommandError(f"{error.filename or 'a file'}: {error.strerror or error}") from error
