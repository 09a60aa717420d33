"""Reads the secrets that the configuration names, from files and environment variables; none of them is ever shown."""

from collections.abc import Mapping
from pathlib import Path

from asiento.runtime.secret_files import read_secret
from asiento.runtime.settings import SettingsError
from sources.gateway.configuration import SecretPlace


def secret_at(place: SecretPlace, source: str, environment: Mapping[str, str]) -> bytes:
    """The secret; `source` is named in errors. Raises `SettingsError`, which never has the content."""
    if place.kind == "file":
        return read_secret(Path(place.name), source).get_secret_value().encode()
    value = environment.get(place.name, "").strip("\r\n")
    if not value:
        raise SettingsError(f"{source}: the environment variable {place.name} is not set or empty")
    return value.encode("utf-8", "surrogateescape")
