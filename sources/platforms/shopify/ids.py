"""Ids of Shopify: digits, or a global id that ends in them (gid://shopify/Order/1)."""

import re
from typing import Final

from sources.platforms.outcome import Unjudged
from sources.platforms.payload import Node

_GID: Final = re.compile(r"gid://shopify/[A-Za-z]{1,64}/(?P<id>[0-9]{1,20})(\?.{0,200})?")


def identity_of(node: Node) -> str:
    """The digits of an id exactly as they stand: other payloads point at them that way."""
    named = _GID.fullmatch(node.value) if isinstance(node.value, str) else None
    return named["id"] if named else node.identity()


def identity_at(node: Node, path: str) -> str | None:
    """The id at a dotted path, None where there is none that can be read."""
    found = node.at(path)
    return readable_identity(found) if found is not None else None


def readable_identity(node: Node) -> str | None:
    """The id, None where it cannot be read."""
    try:
        return identity_of(node)
    except Unjudged:
        return None
