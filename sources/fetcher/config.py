"""Which sources are fetched from, and how: the fetcher's configuration file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from asiento.runtime.loopback import on_loopback
from asiento.runtime.yaml_files import read_yaml
from sources.fetcher.places import PATHS
from sources.platforms.source_files import each_source, mapping_at

REQUESTS_PER_MINUTE_DEFAULT: Final = 60
REQUESTS_PER_MINUTE_MAX: Final = 60_000
KEYS: Final = ("base_url", "header", "secret_file", "secret_prefix", "headers", "requests_per_minute", "paths")
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_VALUE: Final = re.compile(r"[ -~]{0,256}")
_PATH: Final = re.compile(r"/[!-~]{0,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedSource:
    """One source of a tenant. The secret is read from its file for every request, so that it can be changed while the fetcher runs.

    header: name of the header that carries `secret_prefix` and the secret. requests_per_minute: the budget. paths: kind -> path.
    """

    base_url: str
    header: str | None
    secret_file: Path | None
    secret_prefix: str
    headers: Mapping[str, str]
    requests_per_minute: int
    paths: Mapping[str, str]


def load_fetched_sources(path: Path) -> dict[tuple[str, str], FetchedSource]:
    """Read `tenants: {<tenant>: {<platform>:<connection>: {...}}}` by (tenant, source).

    Raises `SettingsError` where there is no such file, `RefusedFile` with all faults and their places where it cannot be used.
    """
    file = read_yaml(path)
    faults: list[tuple[str, str]] = []
    found = {
        (entry.tenant, entry.source): _source(entry.content, entry.source, entry.place, faults, path.parent)
        for entry in each_source(file.values, faults)
    }
    if faults or file.faults:
        raise file.refusal(faults)
    return found


def _source(content: Mapping[str, Any], source: str, place: str, faults: list[tuple[str, str]], folder: Path) -> FetchedSource:
    faults += [(f"{place}.{key}", f"is no key here; there are {', '.join(KEYS)}") for key in content if key not in KEYS]
    base_url, budget = content.get("base_url"), content.get("requests_per_minute", REQUESTS_PER_MINUTE_DEFAULT)
    if not isinstance(base_url, str) or not _is_safe_url(base_url):
        faults.append((f"{place}.base_url", "a URL like https://shop.example is expected; http to this machine only"))
    if isinstance(budget, bool) or not isinstance(budget, int) or not 1 <= budget <= REQUESTS_PER_MINUTE_MAX:
        faults.append((f"{place}.requests_per_minute", f"a number from 1 to {REQUESTS_PER_MINUTE_MAX} is expected"))
    header, secret_file = _text(content, "header", _HEADER, place, faults), content.get("secret_file")
    if (header is None) != (secret_file is None):
        faults.append((place, "`header` and `secret_file` belong together: the header that carries the secret, the file that holds it"))
    paths = {**PATHS.get(source.partition(":")[0], {}), **_texts(content.get("paths"), f"{place}.paths", _PATH, faults)}
    faults += [
        (f"{place}.paths.{kind}", "a path with {id} in it is expected") for kind, template in paths.items() if "{id}" not in template
    ]
    return FetchedSource(
        base_url=str(base_url).rstrip("/"),
        header=header,
        secret_file=folder / str(secret_file) if secret_file is not None else None,
        secret_prefix=_text(content, "secret_prefix", _VALUE, place, faults) or "",
        headers=_texts(content.get("headers"), f"{place}.headers", _VALUE, faults),
        requests_per_minute=budget if isinstance(budget, int) else REQUESTS_PER_MINUTE_DEFAULT,
        paths=paths,
    )


def _is_safe_url(url: str) -> bool:
    parts = urlsplit(url)
    if parts.username or parts.password or parts.query or parts.fragment or not parts.hostname:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and on_loopback(parts.hostname))


def _texts(value: Any, place: str, pattern: re.Pattern[str], faults: list[tuple[str, str]]) -> dict[str, str]:
    found = mapping_at(value, place, faults)
    return {name: _text(found, name, pattern, place, faults) or "" for name in found}


def _text(content: Mapping[str, Any], key: str, pattern: re.Pattern[str], place: str, faults: list[tuple[str, str]]) -> str | None:
    value = content.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not pattern.fullmatch(value):
        faults.append((f"{place}.{key}", "a text of visible ASCII characters is expected, in the form of its kind"))
        return None
    return value
