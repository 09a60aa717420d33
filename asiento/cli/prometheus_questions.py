"""Questions to a Prometheus: its numbers are kept as it wrote them."""

import urllib.error
import urllib.request
from typing import Final
from urllib.parse import urlencode

import orjson

from asiento.cli.exits import CommandError, Unreachable

_SECONDS_MAX: Final = 10
_BYTES_MAX: Final = 4_000_000
_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(url: str, query: str, at: int | None = None) -> list[tuple[dict[str, str], str]]:
    """(labels, value) of an instant query about now, or about the time `at` (UTC microseconds).

    Raises `Unreachable`, and `CommandError` where something else answers.
    """
    words = {"query": query}
    if at is not None:
        second, rest = divmod(at, 1_000_000)
        words["time"] = f"{second}.{rest:06}"
    target = f"{url.rstrip('/')}/api/v1/query?{urlencode(words)}"
    if not target.startswith(("http://", "https://")):
        raise CommandError(f"--prometheus {url}: an address like http://127.0.0.1:9090 is expected")
    try:
        with _DIRECT.open(target, timeout=_SECONDS_MAX) as answer:
            value = orjson.loads(answer.read(_BYTES_MAX))
        return [(_texts(one["metric"]), str(one["value"][1])) for one in value["data"]["result"]]
    except urllib.error.HTTPError as error:
        error.close()
        raise CommandError(f"{url}: answered {error.code} to a query; is it a Prometheus?") from None
    except OSError as error:
        raise Unreachable(f"{url}: {error}. Start Prometheus, or leave --prometheus out") from None
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        raise CommandError(f"{url}: the answer to a query is not that of a Prometheus") from None


def _texts(labels: object) -> dict[str, str]:
    return {str(name): str(value) for name, value in dict(labels).items()} if isinstance(labels, dict) else {}
