"""Journals as entries of Odoo. Pure: names stand as numbers of records, or, where nothing was looked up yet, as they are.

Our key is the whole `ref` of an entry, so that it is found by an equation; what people read stands on its lines.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from sinks.connectors.odoo.client import Place
from sinks.external.amounts import json_number
from sinks.external.documents import LedgerDocument
from sinks.external.port import Request

Name: TypeAlias = int | str
"""The number of a record, or what people call it."""

MOVE: Final = "account.move"
LINE: Final = "account.move.line"
TEXT_CHARACTERS_MAX: Final = 500
_CREATE: Final = 0
"""The command of Odoo's lists of records that makes one."""


def create_request(place: Place, document: LedgerDocument, journal: Name, account: Callable[[str], Name]) -> Request:
    """The call that makes the draft of a journal."""
    exponent = document.currency_exponent
    lines = [
        {
            "account_id": account(line.account),
            "name": _text(f"{document.reference}: {line.description}"),
            "debit": json_number(max(line.amount, 0), exponent),
            "credit": json_number(max(-line.amount, 0), exponent),
        }
        for line in document.lines
    ]
    values: dict[str, Any] = {
        "move_type": "entry",
        "journal_id": journal,
        "date": document.date,
        "ref": document.key,
        "line_ids": [[_CREATE, 0, line] for line in lines],
    }
    return place.request(MOVE, "create", {"vals_list": [values]})


def post_request(place: Place, record: Name) -> Request:
    """The call that posts a draft."""
    return place.request(MOVE, "action_post", {"ids": [record]})


def remove_request(place: Place, record: Name) -> Request:
    """The call that takes a draft away."""
    return place.request(MOVE, "unlink", {"ids": [record]})


def _text(text: str) -> str:
    return " ".join(text.split())[:TEXT_CHARACTERS_MAX]
