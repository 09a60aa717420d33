"""URLs of databases: which kind they name, how they are called in messages, and where their password comes from."""

import re
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

SQLITE_PREFIX: Final = "sqlite:///"
POSTGRESQL_PREFIX: Final = "postgresql://"
HIDDEN: Final = "***"
_HOST: Final = r"(?:\[[0-9A-Fa-f:.%]*\]|[A-Za-z0-9._%-]*)(?::[0-9]+)?"
_HOSTS: Final = re.compile(rf"{_HOST}(?:,{_HOST})*")
_SECRET_PARAMETERS: Final = ("password", "sslpassword")


def place_of(url: str) -> str:
    """What messages call a database: the file of a SQLite URL, `postgresql://host:port/database` without user and password."""
    if not url.startswith(POSTGRESQL_PREFIX):
        return url.removeprefix(SQLITE_PREFIX)
    parts = _parts(url)
    return f"{POSTGRESQL_PREFIX}{HIDDEN}" if parts is None else f"{POSTGRESQL_PREFIX}{parts[1]}/{parts[2]}"


def masked(url: str) -> str:
    """A URL of a database with `***` for every password in it; all of one that cannot be taken apart."""
    if not url.startswith(POSTGRESQL_PREFIX):
        return url
    parts = _parts(url)
    if parts is None:
        return f"{POSTGRESQL_PREFIX}{HIDDEN}"
    user, hosts, database, parameters = parts
    name, colon, _ = user.partition(":")
    shown = f"{name}:{HIDDEN}@" if colon else f"{name}@" if name else ""
    words = [f"{key}={HIDDEN if key.lower() in _SECRET_PARAMETERS else quote(value)}" for key, value in parse_qsl(parameters)]
    return f"{POSTGRESQL_PREFIX}{shown}{hosts}/{database}{'?' if words else ''}{'&'.join(words)}"


def with_password(url: str, password: str) -> str:
    """The URL with this password for its user."""
    rest = url.removeprefix(POSTGRESQL_PREFIX)
    before, at, behind = rest.rpartition("@") if "@" in rest.partition("/")[0] else ("", "@", rest)
    return f"{POSTGRESQL_PREFIX}{before.partition(':')[0]}:{quote(password, safe='')}{at}{behind}"


def _parts(url: str) -> tuple[str, str, str, str] | None:
    """User information, hosts, database and parameters; None where a character that must be encoded may have moved their borders."""
    split = urlsplit(url)
    user, _, hosts = split.netloc.rpartition("@")
    if _HOSTS.fullmatch(hosts) is None or "@" in split.path or split.fragment:
        return None
    return user, hosts, split.path.removeprefix("/"), split.query
