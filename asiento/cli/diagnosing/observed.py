"""What running processes say of themselves: by the run directory of `asiento up` and their pages, or by a Prometheus."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from asiento.cli.prometheus_questions import ask
from asiento.cli.run_directory import RunDirectory

_SECONDS_MAX: Final = 3.0
_BYTES_MAX: Final = 8_000_000
_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Our own processes are never behind a proxy."""
_BUILD: Final = "asiento_build_info"
_DIFFERENCES: Final = "asiento_tie_out_differences"
_LAST_RUN: Final = "asiento_tie_out_last_run_timestamp_seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedProcess:
    """One process: `problem` says why it does not do its work, None where it does; `version` as it says itself, None if it did not."""

    name: str
    problem: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """All processes that are known of. `tied`: ledgers that were compared; `differences`: (ledger, kind) -> how many, those above 0."""

    source: str
    processes: tuple[ObservedProcess, ...] = ()
    tied: frozenset[str] = frozenset()
    differences: Mapping[tuple[str, str], int] = field(default_factory=dict)


def observed_here(directory: RunDirectory) -> Observed:
    """The processes of `asiento up` on this data directory, by their PID files and the addresses that `up` has noted."""
    running = {process.name for process in directory.running()}
    urls = _noted_urls(directory) if "up" in running else {}
    processes = [ObservedProcess(name=name) for name in sorted(running - set(urls))]
    tied: set[str] = set()
    differences: dict[tuple[str, str], int] = {}
    for name, url in sorted(urls.items()):
        if name not in running:
            processes.append(ObservedProcess(name=name, problem="does not run"))
            continue
        text = _text(url)
        found = _samples(text) if text is not None else {}
        processes.append(ObservedProcess(name=name, problem=_not_ready(url), version=_version(found)))
        tied |= {labels["ledger"] for labels, value in found.get(_LAST_RUN, ()) if value > 0}
        differences |= {(one["ledger"], one["difference"]): int(value) for one, value in found.get(_DIFFERENCES, ()) if value > 0}
    return Observed(
        source=f"the processes of {directory.data_dir}", processes=tuple(processes), tied=frozenset(tied), differences=differences
    )


def observed_by(url: str) -> Observed:
    """The processes that a Prometheus scrapes now. Raises `Unreachable`, `CommandError`."""
    versions = {_target(labels): labels.get("version") for labels, _ in ask(url, _BUILD)}
    processes = [
        ObservedProcess(name=_target(labels), problem=None if value == "1" else "does not answer", version=versions.get(_target(labels)))
        for labels, value in ask(url, 'up{job=~"asiento.*"}')
    ]
    return Observed(
        source=url,
        processes=tuple(sorted(processes, key=lambda process: process.name)),
        tied=frozenset(labels.get("ledger", "") for labels, value in ask(url, f"{_LAST_RUN} > 0")),
        differences={(one.get("ledger", ""), one.get("difference", "")): int(value) for one, value in ask(url, f"{_DIFFERENCES} > 0")},
    )


def observe(directory: RunDirectory, prometheus: str | None) -> Observed:
    """By a Prometheus where one is named, else by the run directory. Raises `Unreachable`, `CommandError`."""
    return observed_here(directory) if prometheus is None else observed_by(prometheus)


def _target(labels: Mapping[str, str]) -> str:
    return f"{labels.get('job', '?')} {labels.get('instance', '')}".strip()


def _noted_urls(directory: RunDirectory) -> dict[str, str]:
    try:
        noted = json.loads(directory.addresses_file.read_text(encoding="utf-8"))
        return {str(name): str(url) for name, url in noted.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def _text(url: str) -> str | None:
    try:
        with _DIRECT.open(url, timeout=_SECONDS_MAX) as answer:
            return str(answer.read(_BYTES_MAX).decode(errors="replace"))
    except OSError:
        return None


def _not_ready(url: str) -> str | None:
    """Why a process is not ready, in its own words; None if it is."""
    try:
        with _DIRECT.open(url.replace("/metrics", "/readyz"), timeout=_SECONDS_MAX) as answer:
            answer.read(_BYTES_MAX)
    except urllib.error.HTTPError as error:
        with error:
            return "is not ready: " + _reasons(error.read(_BYTES_MAX))
    except OSError as error:
        return f"does not answer: {error}"
    return None


def _reasons(body: bytes) -> str:
    try:
        return "; ".join(map(str, json.loads(body)["reasons"]))
    except (ValueError, KeyError, TypeError):
        return body[:200].decode(errors="replace")


def _samples(text: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name in {_BUILD, _DIFFERENCES, _LAST_RUN}:
                    found.setdefault(sample.name, []).append((dict(sample.labels), sample.value))
    except ValueError:
        return {}
    return found


def _version(found: Mapping[str, list[tuple[dict[str, str], float]]]) -> str | None:
    return next((labels.get("version") for labels, _ in found.get(_BUILD, ())), None)
