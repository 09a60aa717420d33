"""URLs of databases as options of commands: the same rules as for settings, and no passwords."""

import os

from asiento.cli.exits import UsageError
from asiento.runtime.database_safety import holds_password, require_verified, require_whole
from asiento.runtime.settings import Settings


def require_fit(url: str | None, option: str, settings: Settings) -> None:
    """Raises `UsageError` for a URL with a password, which every user of the machine could see, or one that settings would refuse."""
    if url is None:
        return
    try:
        require_whole(url)
        if holds_password(url):
            raise ValueError("holds a password: leave it out, and name a file of passwords in the environment variable PGPASSFILE")
        if not settings.database_allow_unverified:
            require_verified(url, os.environ)
    except ValueError as problem:
        raise UsageError(f"{option} {problem}") from None
