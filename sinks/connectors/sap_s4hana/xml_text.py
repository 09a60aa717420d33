"""XML as SOAP needs it, with the standard library: written with exact escaping, read without document types, hence without entities."""

from typing import Final
from xml.etree.ElementTree import Element, SubElement, TreeBuilder, tostring
from xml.parsers.expat import ExpatError, ParserCreate

from sinks.external.results import Uncertain

DECLARATION: Final = '<?xml version="1.0" encoding="utf-8"?>'


def written(root: Element) -> str:
    """A document; the same for the same elements."""
    return DECLARATION + tostring(root, encoding="unicode")


def added(parent: Element, name: str, text: str | None = None, **attributes: str) -> Element:
    """A new last child of an element."""
    child = SubElement(parent, name, attributes)
    child.text = text
    return child


def shortened(text: str, characters_max: int) -> str:
    """A text on one line, without what XML cannot hold, at most so long."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:characters_max].rstrip()


def read(body: bytes) -> Element:
    """The root of a document, names without their namespaces. Raises `Uncertain` where it is none, or declares a type of its own."""
    builder, parser = TreeBuilder(), ParserCreate(namespace_separator="}")

    def start(name: str, _: object) -> None:
        builder.start(_local(name), {})

    def end(name: str) -> None:
        builder.end(_local(name))

    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    try:
        parser.Parse(body, True)
    except ExpatError as problem:
        raise Uncertain(f"the ledger answers with a body that is no XML: {problem}") from None
    return builder.close()


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _refuse(*_: object) -> None:
    raise Uncertain("the ledger answers with XML that declares a type of document: it is not read")
