"""What is sent to SAP, and what its answers mean."""

from dataclasses import replace

import orjson
import pytest

from asiento.runtime.settings import SettingsError
from sinks.connectors.sap_s4hana.envelope import Confirmed, Denied, confirmation, fault_in, references
from sinks.connectors.sap_s4hana.ledger import KIND, SapS4Hana, make
from sinks.connectors.sap_s4hana.xml_text import read
from sinks.external.capabilities import AccountUse
from sinks.external.documents import LedgerDocument, LedgerLine
from sinks.external.http_calls import Answer
from sinks.external.port import RemoteAccount
from sinks.external.results import NotSent, Posted, Refusal, Refused, Uncertain, Unknown
from tests.unit.sinks_xero.documents import KEY, document

LOG = "<Item><TypeID>{}</TypeID><SeverityCode>{}</SeverityCode><Note>{}</Note></Item>"


def _body(document: LedgerDocument) -> str:
    (request,) = make(KIND.sandbox(), None).render([document], {})
    assert isinstance(request.body, str)
    return request.body


def _answer(*log: tuple[str, str, str], number: str = "") -> bytes:
    items = "".join(LOG.format(*one) for one in log)
    told = f"<JournalEntryCreateConfirmation><AccountingDocument>{number}</AccountingDocument></JournalEntryCreateConfirmation>"
    return f"<E><JournalEntryCreateConfirmation>{told}<Log>{items}</Log></JournalEntryCreateConfirmation></E>".encode()


def _refusal(code: str, words: str) -> Refused:
    dialect = SapS4Hana.__new__(SapS4Hana)
    answer = Answer(status=200, headers={}, body=_answer(("609(RW)", "3", "Error in document"), (code, "3", words)))
    refused = dialect.posted(document(), answer)
    assert isinstance(refused, Refused)
    return refused


def test_the_key_fits_into_two_references() -> None:
    first, second = references(KEY)
    assert (len(first), len(second)) == (20, 12)
    assert first + second == KEY.replace("-", "")
    assert f"<Reference1InDocumentHeader>{first}</Reference1InDocumentHeader>" in _body(document())


def test_the_same_document_gives_the_same_bytes() -> None:
    assert _body(document()) == _body(document())
    assert _body(document()).startswith('<?xml version="1.0" encoding="utf-8"?><soapenv:Envelope ')


def test_texts_are_escaped_and_shortened_and_lose_what_xml_cannot_hold() -> None:
    text = "Ñandú & <co> ]]> \x00\x0b\ufffe \"q\" 'p' " + "x" * 99
    lines = tuple(LedgerLine(account=code, role="r", amount=amount, description=text) for code, amount in (("1", 5), ("2", -5)))
    entry = read(_body(replace(document(), reference=text, lines=lines)).encode())
    (first, _) = entry.iter("DocumentItemText")
    assert first.text is not None
    assert first.text.startswith("Ñandú & <co> ]]> \"q\" 'p' xxx")
    assert len(first.text) == 50
    assert len(next(entry.iter("DocumentHeaderText")).text or "") <= 25


@pytest.mark.parametrize(("exponent", "amounts"), [(0, ["1050", "-1050"]), (2, ["10.50", "-10.50"]), (3, ["1.050", "-1.050"])])
def test_debits_are_positive_and_credits_negative(exponent: int, amounts: list[str]) -> None:
    root = read(_body(replace(document(), currency_exponent=exponent)).encode())
    assert [element.text for element in root.iter("AmountInTransactionCurrency")] == amounts
    assert [element.text for element in root.iter("DebitCreditCode")] == ["S", "H"]


def test_cost_and_profit_centers_stand_where_they_are_wanted() -> None:
    options = {**KIND.sandbox().options, "cost_center_620": "CC1", "profit_center": "PC1"}
    (request,) = make(replace(KIND.sandbox(), options=options), None).render([document()], {})
    first, second = read(request.body.encode()).iter("AccountAssignment")
    assert [(child.tag, child.text) for child in first] == [("CostCenter", "CC1"), ("ProfitCenter", "PC1")]
    assert [(child.tag, child.text) for child in second] == [("ProfitCenter", "PC1")]


def test_what_sap_says_is_told_apart() -> None:
    assert _refusal("201(F5)", "Posting period 012 2025 is not open").refusal is Refusal.PERIOD_CLOSED
    assert _refusal("506(F5)", "G/L account 9 is not defined in chart of accounts YCOA").refusal is Refusal.MAPPING
    assert _refusal("KS145", "Cost center 1 is blocked").refusal is Refusal.MAPPING
    invalid = _refusal("702(F5)", "Balance in transaction currency")
    assert (invalid.refusal, invalid.code, invalid.message) == (Refusal.INVALID, "702(F5)", "Balance in transaction currency")


def test_a_lock_of_somebody_who_works_there_is_no_refusal() -> None:
    with pytest.raises(NotSent, match="locked by user"):
        _refusal("301(F5)", "Company code 1010 is currently locked by user X")


def test_an_answer_has_a_number_or_an_error_or_says_nothing() -> None:
    assert isinstance(confirmation(_answer(("605(RW)", "1", "posted"), number="0100000008")), Confirmed)
    assert isinstance(confirmation(_answer(("609(RW)", "3", "Error"), number="0000000000")), Denied)
    assert isinstance(confirmation(_answer(("605(RW)", "1", "checked"))), Unknown)


def _found(*items: dict[str, object]) -> object:
    base = {"FiscalYear": "2026", "PostingDate": "/Date(1772409600000)/", "TransactionCurrency": "EUR", "IsReversal": False}
    body = orjson.dumps({"d": {"results": [{**base, **item} for item in items]}})
    found = make(KIND.sandbox(), None)._dialect.found(replace(document(), date="2026-03-02"), Answer(status=200, headers={}, body=body))
    return found.remote_id if isinstance(found, Posted) else found


def _item(number: str, amount: str, **more: object) -> dict[str, object]:
    return {"AccountingDocument": number, "AmountInTransactionCurrency": amount, **more}


def test_a_reversal_of_the_document_is_not_the_document() -> None:
    stands = (_item("1", "10.50"), _item("1", "-10.50"))
    reversal = (_item("2", "-10.50", IsReversal=True), _item("2", "10.50", IsReversal=True))
    assert _found(*stands, *reversal) == "1010-1-2026"
    assert _found(*reversal) is None


def test_two_documents_with_the_key_are_a_conflict() -> None:
    found = _found(_item("1", "10.50"), _item("1", "-10.50"), _item("2", "10.50"), _item("2", "-10.50"))
    assert isinstance(found, Refused)
    assert (found.refusal, "1, 2" in found.message) == (Refusal.CONFLICT, True)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"error": {"code": "x"}}', b"<html>"])
def test_a_look_up_that_says_nothing_has_failed(body: bytes) -> None:
    with pytest.raises(NotSent, match="without results"):
        make(KIND.sandbox(), None)._dialect.found(document(), Answer(status=200, headers={}, body=body))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_never_read(encoding: str) -> None:
    bomb = f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE a [<!ENTITY b "boom">]><a>&b;</a>'
    with pytest.raises(Uncertain, match="declares a type"):
        read(bomb.encode(encoding))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("<a xmlns:s='x'><s:Fault><faultcode>s:Client</faultcode><faultstring>bad</faultstring></s:Fault></a>", "Client"),
        ("<a><Fault><Code><Value>env:Sender</Value></Code><Reason><Text>bad</Text></Reason></Fault></a>", "Sender"),
    ],
)
def test_faults_of_the_sender_were_not_posted(body: str, code: str) -> None:
    assert fault_in(body.encode()) == (code, "bad")
    failure = SapS4Hana.__new__(SapS4Hana).failure(Answer(status=500, headers={}, body=body.encode()), writes=True)
    assert isinstance(failure, NotSent)


@pytest.mark.parametrize("options", [{}, {"company_code": "1010"}, {"company_code": "1' or '1", "created_by_user": "X"}])
def test_options_that_are_wrong_are_named(options: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="company_code"):
        make(replace(KIND.sandbox(), options=options), None)


def test_an_address_is_needed() -> None:
    with pytest.raises(SettingsError, match="base_url is missing"):
        make(replace(KIND.sandbox(), base_url=None), None)


def test_secondary_costs_take_no_journal() -> None:
    ledger = make(KIND.sandbox(), None)
    account = RemoteAccount(code="1", name="1", kind="S", active=True)
    assert ledger.account_problem(account, AccountUse.JOURNAL_LINE)
    assert ledger.account_problem(replace(account, kind="X"), AccountUse.JOURNAL_LINE) is None
