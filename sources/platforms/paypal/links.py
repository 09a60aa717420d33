"""Links of PayPal's objects: what an object is, what it belongs to, and which environment it comes from."""

import re
from typing import Final, NamedTuple

from sources.platforms.payload import Node

_HREF: Final = re.compile(r"https?://([a-z0-9.\-]{1,100})/([!-~]{1,1000})", re.IGNORECASE)
_IDENTITY: Final = re.compile(r"[A-Za-z0-9._\-]{1,64}")
_KINDS: Final = {
    "captures": "capture",
    "capture": "capture",
    "sale": "sale",
    "refunds": "refund",
    "refund": "refund",
    "authorizations": "authorization",
    "authorization": "authorization",
    "orders": "order",
    "payment": "payment",
    "disputes": "dispute",
}
"""Collection in a path -> kind of object."""
_SANDBOX: Final = ".sandbox.paypal.com"


class Target(NamedTuple):
    """What a link leads to: its relation, the kind of object, its id."""

    relation: str
    kind: str
    identity: str


def targets_of(node: Node) -> list[Target]:
    """The objects that the links of an object lead to; what is no link of PayPal's is left out."""
    found = []
    for relation, _, path in _links(node):
        parts = path.partition("?")[0].rstrip("/").split("/")
        if len(parts) >= 2 and parts[-2] in _KINDS and _IDENTITY.fullmatch(parts[-1]):
            found.append(Target(relation, _KINDS[parts[-2]], parts[-1]))
    return found


def linked(node: Node, *kinds: str, relation: str | None = None) -> str | None:
    """The id of the first object of one of these kinds that is linked, under this relation if one is named."""
    targets = [target for target in targets_of(node) if target.kind in kinds and relation in {None, target.relation}]
    return targets[0].identity if targets else None


def from_sandbox(node: Node) -> bool:
    """Whether the links of an object lead to PayPal's sandbox."""
    return any(host.lower().endswith(_SANDBOX) for _, host, _ in _links(node))


def _links(node: Node) -> list[tuple[str, str, str]]:
    """(relation, host, path) of every link; objects of old versions have texts of other kinds there, or nothing."""
    links = node.value.get("links") if isinstance(node.value, dict) else None
    found = []
    for link in links if isinstance(links, list) else ():
        href = link.get("href") if isinstance(link, dict) else None
        match = _HREF.fullmatch(href) if isinstance(href, str) else None
        if match is not None:
            relation = link.get("rel")
            found.append((relation if isinstance(relation, str) else "", match[1], match[2]))
    return found
