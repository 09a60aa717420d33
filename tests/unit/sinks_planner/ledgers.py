"""Ledgers for planner tests: what they can do, and connections to them."""

from dataclasses import replace

from sinks.external.capabilities import Capabilities, Grade, Repeat
from sinks.external.connections import Connection, Mode
from sinks.external.documents import DocumentKind

EVERY_KIND = Capabilities(
    kind="stub",
    name="Stub",
    grade=Grade.C,
    documents=frozenset(DocumentKind),
    findable=frozenset(DocumentKind),
    repeat=Repeat.ANSWERS_FIRST,
)
JOURNALS_ONLY = replace(EVERY_KIND, documents=frozenset({DocumentKind.JOURNAL}))
JOURNALS = Connection(name="books", kind="stub")
DOCUMENTS = replace(JOURNALS, mode=Mode.DOCUMENTS)
