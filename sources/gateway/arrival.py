"""One request as verifiers see it: raw bytes, nothing parsed."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import parse_qsl

QUERY_PAIRS_MAX = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A request whose body has come whole.

    headers: looked up whatever their case. query: the raw text after `?`. sender: the address it came from, None where none is known.
    now_seconds: UTC seconds since the epoch.
    """

    headers: Mapping[str, str]
    query: str = ""
    body: bytes
    sender: IPv4Address | IPv6Address | None = None
    now_seconds: int

    def query_pairs(self) -> list[tuple[str, str]]:
        """The decoded pairs of the query in their order; none where there are more than 100 or the text is no query."""
        return form_pairs(self.query)


def form_pairs(text: str) -> list[tuple[str, str]]:
    """The decoded pairs of a query or a form; none where there are more than 100 or the text is neither."""
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=QUERY_PAIRS_MAX)
    except ValueError:
        return []
