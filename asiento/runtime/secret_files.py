"""Secrets and certificates: read from files that settings name, never from a command line, never shown."""

import ssl
import stat
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from asiento.runtime.settings import Settings, SettingsError

SECRET_BYTES_MAX: Final = 4_096
"""Longest secret; a longer file is something else."""


def read_secret(path: Path, variable: str, *, lines: bool = False) -> SecretStr:
    """The content of a file without its final line end; `lines`: of several, as keys have. Raises `SettingsError`, which names file and
    variable, never the content.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(SECRET_BYTES_MAX + 1)
        if len(content) > SECRET_BYTES_MAX:
            raise SettingsError(f"{variable}: {path} is longer than {SECRET_BYTES_MAX} bytes: this is no password")
        secret = content.decode("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{variable}: {path}: {reason}") from None
    if not secret:
        raise SettingsError(f"{variable}: {path} is empty")
    if any(ord(character) < 32 and not (lines and character in "\r\n") for character in secret):
        raise SettingsError(f"{variable}: {path} has more than one line, or control characters: this is no password")
    return SecretStr(secret)


def secret_files(settings: Settings) -> dict[str, Path | None]:
    """The files of passwords that settings name, by variable."""
    return {
        "ASIENTO_KAFKA_SASL_PASSWORD_FILE": settings.kafka_sasl_password_file,
        "ASIENTO_REGISTRY_PASSWORD_FILE": settings.registry_password_file,
        "ASIENTO_LEDGER_PASSWORD_FILE": settings.ledger_password_file,
        "ASIENTO_OPERATIONAL_PASSWORD_FILE": settings.operational_password_file,
        "ASIENTO_POSTINGS_PASSWORD_FILE": settings.postings_password_file,
    }


def readable_by_all(settings: Settings) -> tuple[str, ...]:
    """The secret files of these settings that every user of the machine can read, each as a line that says how to mend it.

    No error: orchestrators mount secrets like this, into file systems that nobody else enters.
    """
    files = {**secret_files(settings), "ASIENTO_KAFKA_KEY_FILE": settings.kafka_key_file}
    return tuple(
        f"{variable}: every user of this machine can read {path}: chmod o-r {path}"
        for variable, path in files.items()
        if path is not None and path.is_file() and path.stat().st_mode & stat.S_IROTH
    )


def trusting(ca_file: Path | None, variable: str) -> ssl.SSLContext:
    """A client's TLS 1.2 or newer that checks certificates and host names, against these CAs or the system's. Raises `SettingsError`."""
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(f"{variable}: {ca_file} is not a file of PEM certificates ({error.strerror or error})") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
