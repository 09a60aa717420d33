"""The SQL of the ledger, read once from the .sql files beside this module."""

from importlib import resources

from sinks.sql_files import read_sql


def statement(name: str) -> str:
    """The text of `sql/<name>.sql`."""
    return read_sql(__package__, name)


def migrations() -> tuple[tuple[int, str], ...]:
    """All migrations as (version, script), lowest version first."""
    folder = resources.files(__package__).joinpath("migrations")
    names = sorted(item.name for item in folder.iterdir() if item.name.endswith(".sql"))
    return tuple((int(name.split("_", 1)[0]), folder.joinpath(name).read_text(encoding="utf-8")) for name in names)
