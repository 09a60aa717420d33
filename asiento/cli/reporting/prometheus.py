"""What a Prometheus knew at one time: processes that answer, lag by group, restarts. Its numbers are kept as it wrote them."""

import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from asiento.cli.exits import CommandError, Unreachable

_SECONDS_MAX: Final = 10
_BYTES_MAX: Final = 4_000_000
_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Rows of text, ordered: (job, answering, known), (group, records, seconds), (process, restarts)."""

    url: str
    jobs: tuple[tuple[str, str, str], ...]
    lags: tuple[tuple[str, str, str], ...]
    restarts: tuple[tuple[str, str], ...]


def ask_prometheus(url: str, at: int) -> Seen:
    """Ask about the time `at` (UTC microseconds). Raises `Unreachable`, and `CommandError` where something else answers."""
    up, known = _by("job", url, "sum by (job) (up)", at), _by("job", url, "count by (job) (up)", at)
    records = _by("group", url, "sum by (group) (asiento_group_lag_records)", at)
    seconds = _by("group", url, "max by (group) (asiento_group_lag_seconds)", at)
    restarts = _by("process", url, "sum by (process) (asiento_process_restarts_total)", at)
    return Seen(
        url=url,
        jobs=tuple((job, up.get(job, ""), number) for job, number in sorted(known.items())),
        lags=tuple((group, number, seconds.get(group, "")) for group, number in sorted(records.items())),
        restarts=tuple(sorted(restarts.items())),
    )


def _by(name: str, url: str, query: str, at: int) -> dict[str, str]:
    """The values of one question, by one label."""
    second, rest = divmod(at, 1_000_000)
    asked = urlencode({"query": query, "time": f"{second}.{rest:06}"})
    target = f"{url.rstrip('/')}/api/v1/query?{asked}"
    if not target.startswith(("http://", "https://")):
        raise CommandError(f"--prometheus {url}: an address like http://127.0.0.1:9090 is expected")
    try:
        with _DIRECT.open(target, timeout=_SECONDS_MAX) as answer:
            value = orjson.loads(answer.read(_BYTES_MAX))
        return {_label(one["metric"], name): str(one["value"][1]) for one in value["data"]["result"]}
    except urllib.error.HTTPError as error:
        error.close()
        raise CommandError(f"{url}: answered {error.code} to a query; is it a Prometheus?") from None
    except OSError as error:
        raise Unreachable(f"{url}: {error}. Start Prometheus, or leave --prometheus out") from None
    except (ValueError, KeyError, TypeError, IndexError):
        raise CommandError(f"{url}: the answer to a query is not that of a Prometheus") from None


def _label(metric: Mapping[str, Any], name: str) -> str:
    return str(metric.get(name, ""))
