"""SQL lives in .sql files beside the package that runs it."""

from importlib import resources


def read_sql(package: str, name: str) -> str:
    """The text of `sql/<name>.sql` in `package`."""
    return resources.files(package).joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")
