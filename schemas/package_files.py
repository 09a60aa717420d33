"""The contract's files inside the installed package."""

from importlib.resources import files

LOCK_FILE = "registry.lock.json"


def lock_content() -> bytes:
    """The lock file."""
    return files("schemas").joinpath(LOCK_FILE).read_bytes()


def avsc_content(file_name: str) -> bytes:
    """One `.avsc` file; raises `FileNotFoundError`."""
    return files("schemas").joinpath("avro", file_name).read_bytes()


def avsc_contents() -> dict[str, bytes]:
    """File name -> content of every `.avsc` file."""
    folder = files("schemas").joinpath("avro")
    return {item.name: item.read_bytes() for item in folder.iterdir() if item.name.endswith(".avsc")}
