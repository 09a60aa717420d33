"""What each preview makes of a status: nothing booked, nobody knows, or a person has to mend the connection."""

import pytest

from sinks.connectors.authorized_calls import VendorWords
from sinks.connectors.catalogue import kind_of
from sinks.connectors.odoo.client import OdooWords
from sinks.connectors.oracle_fusion.ledger import FusionWords
from sinks.connectors.sap_s4hana.ledger import SapS4Hana
from sinks.external.http_calls import Answer, call_failure
from sinks.external.results import AuthRefused, CallFailed, NotSent, Throttled, Uncertain
from tests.unit.sinks_xero.documents import document

WORDS: list[VendorWords] = [OdooWords(), SapS4Hana.__new__(SapS4Hana), FusionWords()]


def _failure(words: VendorWords, status: int, body: bytes = b"<html>gone</html>") -> type[CallFailed] | None:
    answer = Answer(status=status, headers={}, body=body)
    failure = words.failure(answer, writes=True) or call_failure(answer, writes=True)
    return None if failure is None else type(failure)


@pytest.mark.parametrize("words", WORDS, ids=lambda words: type(words).__name__)
@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (200, None),
        (400, None),
        (401, AuthRefused),
        (403, AuthRefused),
        (404, NotSent),
        (429, Throttled),
        (503, Uncertain),
        (504, Uncertain),
    ],
)
def test_a_status_means_the_same_at_all_of_them(words: VendorWords, status: int, failure: type[CallFailed] | None) -> None:
    assert _failure(words, status) is failure


def test_odoo_has_undone_what_it_failed_at() -> None:
    assert _failure(OdooWords(), 500, b'{"name": "builtins.ValueError", "message": "x"}') is NotSent
    assert _failure(OdooWords(), 422, b'{"name": "odoo.exceptions.AccessError", "message": "x"}') is AuthRefused
    assert _failure(OdooWords(), 422, b'{"name": "odoo.exceptions.UserError", "message": "x"}') is None


@pytest.mark.parametrize("name", ["odoo", "sap_s4hana", "oracle_fusion"])
async def test_a_connection_without_credentials_says_so(name: str) -> None:
    kind = kind_of(name)
    assert kind is not None
    with pytest.raises(AuthRefused, match="has no credentials"):
        await kind.make(kind.sandbox(), None).find(document())
