"""HTML and SVG as values: what is not markup is escaped, always, so that no text from outside can become some."""

from html import escape
from typing import Final

from asiento.cli.printable import printable

_EMPTY: Final = frozenset({"meta", "rect", "line", "polyline", "path", "circle", "col"})
"""Elements without content."""


class Markup(str):
    """Text that is markup already; only this module makes it."""

    __slots__ = ()


def element(name: str, /, *content: str, **attributes: str | int) -> Markup:
    """An element; content that is no `Markup` is escaped and made printable. Of attributes a last `_` falls off, others become `-`."""
    told = "".join(f' {key.rstrip("_").replace("_", "-")}="{text(str(value))}"' for key, value in attributes.items())
    if name in _EMPTY:
        return Markup(f"<{name}{told}{'' if name in {'meta', 'col'} else '/'}>")
    return Markup(f"<{name}{told}>{together(*content)}</{name}>")


def together(*content: str) -> Markup:
    """Several pieces in a row."""
    return Markup("".join(piece if isinstance(piece, Markup) else text(piece) for piece in content))


def text(piece: str) -> Markup:
    """Text as text: nothing in it is markup, and nothing in it steers or turns what stands beside it."""
    return Markup(escape(printable(piece)))


def document(language: str, head: Markup, body: Markup) -> Markup:
    """A whole page."""
    page = element("html", element("head", head), Markup("\n"), element("body", body), lang=language)
    return Markup(f"<!DOCTYPE html>\n{page}\n")


def style(rules: str) -> Markup:
    """A style sheet of ours: the one thing that is not escaped."""
    return Markup(f"<style>{rules}</style>")
