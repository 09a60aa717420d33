"""What a URL of a database must say before a password and the books go to it."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from asiento.runtime.database_urls import HIDDEN, POSTGRESQL_PREFIX, masked
from asiento.runtime.loopback import on_loopback

VERIFIED: Final = "verify-full"


def require_whole(url: str) -> None:
    """Raises `ValueError` for a URL that cannot be taken apart: the driver's own message would show a part of the password."""
    if url.startswith(POSTGRESQL_PREFIX) and masked(url) == f"{POSTGRESQL_PREFIX}{HIDDEN}":
        raise ValueError("user, password and parameters must be percent-encoded (%40 for @, %2F for /, %3A for :, %23 for #)")


def require_verified(url: str, environment: Mapping[str, str]) -> None:
    """Raises `ValueError` for a PostgreSQL off loopback whose certificate is not checked; `environment` has libpq's PG* variables."""
    if not url.startswith(POSTGRESQL_PREFIX):
        return
    split = urlsplit(url)
    parameters = parse_qs(split.query)
    if parameters.get("sslmode", [environment.get("PGSSLMODE")])[-1] == VERIFIED:
        return
    outside = [host for host in _hosts(split.netloc, parameters, environment) if not _is_near(host)]
    if outside:
        raise ValueError(
            f"leads to {', '.join(outside)}, off loopback, without sslmode={VERIFIED}: anybody between could read or change the books. Add "
            f"?sslmode={VERIFIED}&sslrootcert=FILE, or set ASIENTO_DATABASE_ALLOW_UNVERIFIED=true if the network is trusted"
        )


def _hosts(netloc: str, parameters: Mapping[str, list[str]], environment: Mapping[str, str]) -> list[str]:
    """Where libpq would go, in its own order of precedence; a service file may name any host."""
    if "service" in parameters or ("PGSERVICE" in environment and not netloc):
        return ["the host of a service file"]
    named = [_host(one) for one in netloc.rpartition("@")[2].split(",") if _host(one)]
    for word, variable in (("host", "PGHOST"), ("hostaddr", "PGHOSTADDR")):
        given = parameters.get(word) or ([environment[variable]] if variable in environment and not named else [])
        named += [host for text in given for host in text.split(",") if host]
    return named


def _host(text: str) -> str:
    """Of `host`, `host:port`, `[::1]:5432`."""
    return unquote(text[1 : text.index("]")] if text.startswith("[") and "]" in text else text.partition(":")[0])


def _is_near(host: str) -> bool:
    return host.startswith(("/", "@")) or on_loopback(host)


def holds_password(url: str) -> bool:
    """Whether there is a password in a URL, which then is no argument of a command: every user of the machine sees those."""
    return HIDDEN in masked(url) and HIDDEN not in url
