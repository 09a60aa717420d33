"""What answers mean: certainly not booked, may be booked, refused and why, found and the same."""

from typing import Any

import pytest

from sinks.connectors.freshbooks.ledger import FreshBooks
from sinks.connectors.journals_only import currencies_of, refusal_in
from sinks.connectors.looking_up import ListedLedger
from sinks.connectors.netsuite.ledger import NetSuite
from sinks.connectors.rest_ledger import Dialect
from sinks.connectors.sage.ledger import Sage
from sinks.connectors.wave.ledger import Wave
from sinks.external.capabilities import AccountUse
from sinks.external.http_calls import Answer, call_failure
from sinks.external.port import RemoteAccount, Request
from sinks.external.results import AuthRefused, NotSent, Posted, Refusal, Refused, Throttled, Uncertain
from tests.unit.sinks_previews.previews import KEY, answer, journal

NETSUITE = NetSuite("1", currencies_of({"base_currency": "EUR"}))
SAGE = Sage(None, "EUR")
FRESHBOOKS = FreshBooks("b-1")
WAVE = Wave("b-1", "EUR", frozenset())


def netsuite_error(status: int, code: str, words: str) -> Answer:
    return answer(status, {"status": status, "o:errorDetails": [{"detail": words, "o:errorCode": code}]})


def sage_error(code: str, words: str, source: str = "") -> Answer:
    return answer(422, [{"$severity": "error", "$dataCode": code, "$message": words, "$source": source}])


def freshbooks_error(errno: int, words: str) -> Answer:
    return answer(422, {"response": {"errors": [{"errno": errno, "field": "details", "message": words}]}})


def wave_error(code: str, words: str = "x") -> Answer:
    return answer(200, {"errors": [{"message": words, "extensions": {"code": code}}], "data": None})


def wave_refusal(code: str, words: str) -> Answer:
    made = {"didSucceed": False, "inputErrors": [{"path": ["input", "x"], "message": words, "code": code}], "transaction": None}
    return answer(200, {"data": {"moneyTransactionCreate": made}})


@pytest.mark.parametrize(
    ("dialect", "said", "refusal"),
    [
        (NETSUITE, netsuite_error(400, "USER_ERROR", "The posting period is closed."), Refusal.PERIOD_CLOSED),
        (NETSUITE, netsuite_error(400, "USER_ERROR", "The period for this transaction is locked: account"), Refusal.PERIOD_CLOSED),
        (NETSUITE, netsuite_error(400, "INVALID_KEY_OR_REF", "Invalid reference key 999"), Refusal.MAPPING),
        (NETSUITE, netsuite_error(400, "USER_ERROR", "The account is inactive"), Refusal.MAPPING),
        (NETSUITE, netsuite_error(400, "INVALID_CONTENT", "Invalid content in the request body"), Refusal.INVALID),
        (SAGE, sage_error("ValidationError", "must be after the year end lockdown date", "date"), Refusal.PERIOD_CLOSED),
        (SAGE, sage_error("RecordNotFound", "Record not found.", "journal_lines.0"), Refusal.MAPPING),
        (SAGE, sage_error("ValidationError", "is invalid", "journal_lines.0.ledger_account_id"), Refusal.MAPPING),
        (SAGE, sage_error("ValidationError", "Debits must equal credits", "journal_lines"), Refusal.INVALID),
        (SAGE, answer(422, {"no": "list"}), Refusal.INVALID),
        (FRESHBOOKS, freshbooks_error(1004, "The books are closed"), Refusal.PERIOD_CLOSED),
        (FRESHBOOKS, freshbooks_error(1042, "It may not be used."), Refusal.MAPPING),
        (FRESHBOOKS, freshbooks_error(1004, "Not of the right type"), Refusal.INVALID),
        (FRESHBOOKS, answer(400, {"message": "account_id must be a uuid"}), Refusal.MAPPING),
        (WAVE, wave_refusal("NOT_FOUND", "Nothing there"), Refusal.MAPPING),
        (WAVE, wave_refusal("UNKNOWN", "This value is invalid. MULTIPLE_POSSIBLE_ANCHORS"), Refusal.INVALID),
        (WAVE, wave_refusal("INVALID", "The books are locked"), Refusal.PERIOD_CLOSED),
        (WAVE, wave_error("GRAPHQL_VALIDATION_FAILED", "Unknown argument"), Refusal.INVALID),
    ],
)
def test_refusals(dialect: Dialect, said: Answer, refusal: Refusal) -> None:
    assert dialect.failure(said, writes=True) is None
    assert call_failure(said, writes=True) is None
    found = dialect.posted(journal(), said)
    assert isinstance(found, Refused)
    assert found.refusal is refusal
    assert found.message
    assert found.code


@pytest.mark.parametrize(
    ("dialect", "said", "failure"),
    [
        (NETSUITE, netsuite_error(429, "CONCURRENCY_LIMIT_EXCEEDED", "x"), Throttled),
        (NETSUITE, answer(400, {"error": {"code": "SSS_REQUEST_LIMIT_EXCEEDED", "message": "x"}}), Throttled),
        (NETSUITE, netsuite_error(401, "INVALID_LOGIN", "x"), AuthRefused),
        (NETSUITE, netsuite_error(403, "INSUFFICIENT_PERMISSION", "x"), AuthRefused),
        (NETSUITE, netsuite_error(404, "NOT_FOUND", "x"), NotSent),
        (NETSUITE, Answer(status=404, headers={}, body=b"<html>"), NotSent),
        (SAGE, answer(403, []), AuthRefused),
        (SAGE, answer(404, []), NotSent),
        (FRESHBOOKS, answer(403, {"message": "insufficient scope"}), AuthRefused),
        (FRESHBOOKS, freshbooks_error(1003, "no access"), AuthRefused),
        (FRESHBOOKS, answer(404, {"message": "no such path"}), NotSent),
        (WAVE, answer(403, {}), AuthRefused),
        (WAVE, wave_error("UNAUTHENTICATED"), AuthRefused),
        (WAVE, wave_error("RATE_LIMITED"), Throttled),
        (WAVE, wave_error("INTERNAL_SERVER_ERROR"), Uncertain),
        (WAVE, answer(200, {"errors": [{"message": "no code"}], "data": None}), Uncertain),
    ],
)
def test_calls_that_fail_as_a_whole(dialect: Dialect, said: Answer, failure: type[Exception]) -> None:
    assert type(dialect.failure(said, writes=True)) is failure


def test_what_wave_says_while_it_is_read_booked_nothing() -> None:
    assert type(WAVE.failure(wave_error("INTERNAL_SERVER_ERROR"), writes=False)) is NotSent
    assert type(WAVE.failure(wave_error("GRAPHQL_VALIDATION_FAILED"), writes=False)) is NotSent


def test_what_is_not_there_is_not_what_cannot_be_reached() -> None:
    absent = netsuite_error(404, "NONEXISTENT_ID", "The record instance does not exist.")
    assert NETSUITE.failure(absent, writes=False) is None
    assert NETSUITE.found(journal(), absent) is None


def _netsuite(date: str = "2026-03-02", amount: Any = "10.5") -> Answer:
    lines = [
        {"account": {"id": "a1"}, "debit": float(amount)},
        {"account": {"id": "a2"}, "credit": 10},
        {"account": {"id": "a3"}, "credit": 0.5},
    ]
    return answer(200, {"id": "647", "tranId": "JE12", "tranDate": date, "line": {"items": lines}})


def test_what_is_found_is_compared_to_the_line() -> None:
    assert NETSUITE.found(journal(), _netsuite()) == Posted(remote_id="647", number="JE12", earlier=True)
    for other, words in (
        (_netsuite(date="2026-03-03"), "dated 2026-03-03"),
        (_netsuite(amount=9), "other amounts"),
        (_netsuite(amount="10.505"), "none of EUR"),
    ):
        found = NETSUITE.found(journal(), other)
        assert isinstance(found, Refused)
        assert found.refusal is Refusal.CONFLICT
        assert words in found.message


def test_a_repeated_idempotency_id_that_answers_another_journal_is_a_conflict() -> None:
    lines = [{"ledger_account": {"id": "a1"}, "debit": 1.0, "credit": 0.0}, {"ledger_account": {"id": "a2"}, "debit": 0, "credit": 1.0}]
    found = SAGE.posted(journal(), answer(201, {"id": "j1", "date": "2026-03-02", "journal_lines": lines}))
    assert isinstance(found, Refused)
    assert found.refusal is Refusal.CONFLICT


def test_an_answer_without_the_new_record_s_address_says_nothing() -> None:
    with pytest.raises(Uncertain, match="without the address"):
        NETSUITE.posted(journal(), Answer(status=204, headers={}, body=b""))
    made = Answer(status=204, headers={"location": "https://x/record/v1/journalentry/647"}, body=b"")
    assert NETSUITE.posted(journal(), made) == Posted(remote_id="647")


def test_freshbooks_finds_by_the_beginning_of_the_description_only() -> None:
    entry = {"uuid": "u1", "description": f"as in [{KEY}]", "userEnteredDate": {"year": 2026, "month": 3, "day": 2}, "details": []}
    assert FRESHBOOKS.found(journal(), answer(200, {"manualJournalEntries": [entry, {**entry, "description": None}]})) is None
    found = FRESHBOOKS.found(journal(), answer(200, {"manualJournalEntries": [{**entry, "description": f"[{KEY}] x"}]}))
    assert isinstance(found, Refused)
    details = [
        {"accountId": account, "amount": {"amount": amount, "code": "USD"}, "type": side}
        for account, amount, side in (("a1", "10.50", "TYPE_DEBIT"), ("a2", "10.00", "TYPE_CREDIT"), ("a3", "0.50", "TYPE_CREDIT"))
    ]
    elsewhere = {**entry, "description": f"[{KEY}]", "details": details}
    found = FRESHBOOKS.found(journal(), answer(200, {"manualJournalEntries": [elsewhere]}))
    assert isinstance(found, Refused)
    assert "USD" in found.message


@pytest.mark.parametrize(
    ("kind", "use", "good"),
    [
        ("AcctRec", AccountUse.JOURNAL_LINE, True),
        ("AcctPay", AccountUse.JOURNAL_LINE, False),
        ("Bank", AccountUse.JOURNAL_LINE, True),
        ("NonPosting", AccountUse.JOURNAL_LINE, False),
    ],
)
def test_accounts_of_netsuite(kind: str, use: AccountUse, good: bool) -> None:
    account = RemoteAccount(code="1", name="1000 Some", kind=kind, active=True)
    assert (NETSUITE.account_problem(account, use) is None) is good


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("Transaction date is in a closed period of the account", Refusal.PERIOD_CLOSED),
        ("blocked", Refusal.INVALID),
        ("Contact does not exist", Refusal.MAPPING),
        ("Something else", Refusal.INVALID),
    ],
)
def test_words(words: str, refusal: Refusal) -> None:
    assert refusal_in(words) is refusal


class Answering(ListedLedger):
    """Answers the same, whatever is asked."""

    def __init__(self, dialect: Any, said: Answer) -> None:
        super().__init__(dialect, "https://ledger.example", None)
        self.said = said
        self.asked: list[Request] = []
        setattr(self._calls, "send", self._say)  # noqa: B010

    async def _say(self, request: Request, *, writes: bool) -> Answer:
        del writes
        self.asked.append(request)
        return self.said


async def test_a_list_that_does_not_turn_its_pages_is_not_taken_for_read() -> None:
    entry = {"uuid": "u1", "description": "another's", "userEnteredDate": {}, "details": []}
    ledger = Answering(FRESHBOOKS, answer(200, {"manualJournalEntries": [entry]}))
    with pytest.raises(NotSent, match="same page again"):
        await ledger.find(journal())
    assert [request.path.rpartition("?")[2] for request in ledger.asked] == [
        "page_number=1&page_size=100",
        "page_number=2&page_size=100",
    ]
    ledger.said = answer(200, {"manualJournalEntries": []})
    assert await ledger.find(journal()) is None


async def test_answers_of_another_form_say_nothing() -> None:
    ledger = Answering(FRESHBOOKS, answer(200, {"journals": []}))
    with pytest.raises(NotSent, match="in a form that is not known"):
        await ledger.find(journal())
    with pytest.raises(NotSent, match="in a form that is not known"):
        await ledger.accounts()
    with pytest.raises(Uncertain, match="in a form that is not known"):
        await ledger.post([journal()], {})
    ledger.said = Answer(status=200, headers={}, body=b"<html>")
    with pytest.raises(NotSent, match="no JSON"):
        await ledger.find(journal())
    with pytest.raises(Uncertain, match="no JSON"):
        await ledger.post([journal()], {})
