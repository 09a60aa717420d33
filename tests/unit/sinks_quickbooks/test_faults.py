"""QuickBooks' faults, told apart."""

from typing import Any

import pytest

from sinks.connectors.quickbooks.faults import failure_of, fault_in, refusal_of
from sinks.external.results import AuthRefused, NotSent, QuotaSpent, Refusal, Throttled, Uncertain


def fault(code: str, message: str = "Words", detail: str = "", kind: str = "ValidationFault") -> dict[str, Any]:
    """As the vendor writes it."""
    return {"Fault": {"Error": [{"Message": message, "Detail": detail, "code": code, "element": "AccountRef"}], "type": kind}}


@pytest.mark.parametrize(
    ("code", "message", "detail", "refusal"),
    [
        ("610", "Object Not Found", "made inactive", Refusal.MAPPING),
        ("2500", "Invalid Reference Id", "", Refusal.MAPPING),
        ("6210", "Account Period Closed, Cannot Update Through Services", "", Refusal.PERIOD_CLOSED),
        (
            "6000",
            "A business validation error",
            "The account period has closed; the company's closing date is 2025-12-31",
            Refusal.PERIOD_CLOSED,
        ),
        ("6210", "Duplicate something", "", Refusal.INVALID),
        ("6140", "Duplicate Document Number Error", "", Refusal.CONFLICT),
        ("6000", "A business validation error", "Debits must equal credits", Refusal.INVALID),
        ("2170", "Invalid Enumeration", "", Refusal.INVALID),
        ("2020", "Required param missing", "", Refusal.INVALID),
        ("", "", "", Refusal.INVALID),
    ],
)
def test_a_fault_about_a_document(code: str, message: str, detail: str, refusal: Refusal) -> None:
    found = fault_in(fault(code, message, detail))
    assert found is not None
    assert failure_of(found, writes=True) is None
    refused = refusal_of(found, settles=False)
    assert (refused.refusal, refused.code, refused.about) == (refusal, code, None)
    assert refused.message.endswith("AccountRef")


def test_an_id_that_is_not_there_is_named() -> None:
    found = fault_in(fault("2500", "Invalid Reference Id", "Invalid Reference Id : Accounts element id 404 not found"))
    assert found is not None
    assert refusal_of(found, settles=False).about == "404"


def test_what_settles_waits_for_what_it_settles() -> None:
    found = fault_in(fault("610", "Object Not Found", "A transaction you're linked to has been deleted"))
    assert found is not None
    assert refusal_of(found, settles=True).refusal is Refusal.DEPENDENCY
    assert refusal_of(found, settles=False).refusal is Refusal.MAPPING


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (fault("003200", "message=AuthenticationFailed", kind="AUTHENTICATION"), AuthRefused),
        (fault("120", "Authorization Failure"), AuthRefused),
        (fault("6190", "Invalid Company Status", "Subscription period has ended"), QuotaSpent),
        (fault("10000", "An application error has occurred", kind="SystemFault"), Uncertain),
        ({"fault": {"error": [{"message": "message=ThrottleExceeded; errorCode=003001", "code": "3001"}]}}, Throttled),
    ],
)
def test_a_fault_of_the_connection(body: dict[str, Any], failure: type[Exception]) -> None:
    found = fault_in(body)
    assert found is not None
    assert type(failure_of(found, writes=True)) is failure
    assert isinstance(failure_of(found, writes=False), NotSent)


@pytest.mark.parametrize("body", [{"JournalEntry": {}}, None, [], "Fault", {"Fault": None}])
def test_what_is_no_fault(body: object) -> None:
    assert fault_in(body) is None


def test_a_fault_without_anything_is_still_one() -> None:
    found = fault_in({"Fault": {}})
    assert found is not None
    assert found.message == "a fault of type unknown without words"
