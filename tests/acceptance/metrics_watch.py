"""What processes say of themselves: counters by life, the newest look at each before it died; and whether their lags are 0."""

import re
import time
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path

import orjson

LOOK_SECONDS = 2.0
ANSWER_SECONDS_MAX = 1.0
SAMPLE = re.compile(r"^(asiento_\w+?)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="([^"]*)"')

Samples = dict[tuple[str, str], float]
"""Metric and its telling label (outcome, reason, result, status) -> value; partitions and topics are summed up."""
TELLING = ("outcome", "reason", "result", "status", "entry_kind")


def scrape(url: str) -> Samples:
    """The samples of a process; raises `OSError`."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=ANSWER_SECONDS_MAX) as answer:  # noqa: S310 - loopback
        text = answer.read().decode()
    found: Samples = defaultdict(float)
    for line in text.splitlines():
        match = SAMPLE.match(line)
        if match:
            labels = dict(LABEL.findall(match[2] or ""))
            telling = next((labels[name] for name in TELLING if name in labels), "")
            found[match[1], telling] += float(match[3])
    return found


def health_url(log: Path) -> str | None:
    """Where the newest life of a process that writes this log listens."""
    lines = [line for line in log.read_bytes().splitlines() if b'"health_listening"' in line] if log.exists() else []
    return str(orjson.loads(lines[-1])["url"]) if lines else None


class MetricsWatch:
    """Looks every two seconds. A life that dies between two looks has done more than it was seen to say, never less."""

    def __init__(self) -> None:
        self._lives: dict[str, Samples] = {}
        self._now: dict[str, Samples] = {}
        self._looked_at = 0.0

    def look(self, logs: Mapping[str, Path], frozen: Collection[str]) -> None:
        """Ask the processes that write these logs, unless that was done just now. The frozen ones are left out."""
        if time.monotonic() - self._looked_at < LOOK_SECONDS:
            return
        self._looked_at = time.monotonic()
        self._now = {}
        for name in set(logs) - set(frozen):
            url = health_url(logs[name])
            if url is None:
                continue
            try:
                self._now[name] = self._lives[url] = scrape(url)
            except (OSError, urllib.error.URLError):
                continue

    def forget(self) -> None:
        """What was seen last is not to count for `quiet`: look again at once."""
        self._now, self._looked_at = {}, 0.0

    @property
    def quiet(self) -> bool:
        """Whether the newest look reached somebody, and nobody had any lag."""
        return bool(self._now) and all(not samples.get(("asiento_lag_records", ""), 0) for samples in self._now.values())

    @property
    def lives(self) -> int:
        """Lives that were asked at least once."""
        return len(self._lives)

    def total(self, metric: str) -> Counter[str]:
        """A counter by its telling label, summed over all lives."""
        totals: Counter[str] = Counter()
        for samples in self._lives.values():
            totals.update({label: int(value) for (name, label), value in samples.items() if name == metric})
        return totals
