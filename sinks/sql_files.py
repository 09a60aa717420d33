"""SQL lives in .sql files beside the package that runs it."""

import re
from functools import cache
from importlib import resources
from typing import Final

_NAMED: Final = re.compile(r"(?<!:):([a-z_]+)")


def read_sql(package: str, name: str) -> str:
    """The text of `sql/<name>.sql` in `package`; raises `FileNotFoundError`."""
    return resources.files(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def read_migrations(package: str) -> tuple[tuple[int, str], ...]:
    """`migrations/<version>_<name>.sql` in `package` as (version, script), lowest version first."""
    folder = resources.files(package).joinpath("migrations")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".sql"))
    return tuple((int(name.split("_", 1)[0]), folder.joinpath(name).read_text(encoding="utf-8")) for name in names)


@cache
def for_psycopg(sql: str) -> str:
    """A statement with `?` and `:name` as psycopg marks them; no statement of ours holds a percent sign or a literal `?`."""
    return _NAMED.sub(r"%(\1)s", sql).replace("?", "%s")
