"""Secrets of connections: read from their files when they are needed."""

from pathlib import Path

from asiento.runtime.secret_files import read_secret
from asiento.runtime.settings import SettingsError
from sinks.external.results import AuthRefused


def secret_of(path: Path, name: str, *, lines: bool = False) -> str:
    """The content of a secret's file; `lines`: of several, as keys have.

    Raises `AuthRefused`, which names file and secret: the connection waits for a person.
    """
    try:
        return read_secret(path, name, lines=lines).get_secret_value()
    except SettingsError as problem:
        raise AuthRefused(str(problem)) from None
