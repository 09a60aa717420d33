"""The reference page of all messages, filled with figures of an example."""

from collections.abc import Iterator
from typing import Final

from schemas.wording.forms import CodeTexts, Form
from schemas.wording.language import LANGUAGES
from schemas.wording.messages import CODES
from schemas.wording.templates import names_in, render
from schemas.wording.texts_of_outcomes import WITHOUT_DISCREPANCY

EXAMPLE: Final[dict[str, str | int | None]] = {
    "event_type": "RefundIssued",
    "expected": 10_000,
    "actual": 12_100,
    "difference": 2_100,
    "allowed": 3,
    "amount": 2_100,
    "base": 10_000,
    "rate": "0.21",
    "tax": "ES VAT IVA",
    "line_id": "L1",
    "component": "net",
    "beyond": 1_500,
    "places": 2,
    "gross": 1_000,
    "discount": 1_200,
    "net": -200,
    "before": "GOODS",
    "after": "SERVICE",
    "wanted": 3_000_000,
    "available": 1_500_000,
    "taken": 2_000_000,
    "shipment_id": "S1",
    "payment_id": "P1",
    "refund_id": "R1",
    "dispute_id": "DP1",
    "adjustment_id": "A1",
    "journal_id": "J1",
    "account": "accounts_receivable",
    "accounts": "psp_clearing:stripe",
    "about": "payment P1",
    "original_event_id": "e1",
    "first_event_id": "e1",
    "business_key": "refund:R1",
    "number": 7,
    "missing": 5,
    "waiting": 64,
    "silent_since": "2024-01-31",
    "refunded": 12_100,
    "lost": 0,
    "disputed": 0,
    "sum": "captured",
    "currency": "EUR",
    "order_currency": "USD",
    "ledger": "books-es",
    "reference": "invoice-acme-shop-1-1",
    "entity": "ES01",
    "since": "2024-01-31",
    "limit": 30,
}
"""A value for every place of every text, as a discrepancy in EUR would have it."""
_EXAMPLES_OF: Final[dict[tuple[str, str], dict[str, str | int | None]]] = {
    ("D01", "within_tolerance"): {"event_type": "OrderPlaced", "expected": 9_999, "actual": 10_000, "difference": 1},
    ("D01", "beyond_tolerance"): {"event_type": "OrderPlaced"},
    ("D03", "shares_above"): {"event_type": "OrderPlaced"},
    ("D03", "rest_without_line"): {"event_type": "OrderPlaced", "expected": 500, "actual": 300, "difference": 200},
    ("D05", ""): {"expected": 2_100, "actual": 2_300},
    ("D10", "with_open_disputes"): {"refunded": 2_100, "disputed": 10_000},
    ("D11", "amount_below_taken"): {"taken": 5_000},
    ("D24", "unknown_currency"): {"currency": "EUX"},
    ("D24", "wrong_exponent"): {"currency": "JPY", "expected": 0, "actual": 2},
    ("D16", ""): {"expected": 0},
    ("D18", "unexplained"): {"account": "430"},
    ("D18", "missing"): {"account": "psp_clearing:stripe", "about": "capture of 2024-01-31"},
    ("D18", "foreign"): {"account": "suspense:theft", "about": "capture of 2024-01-31, row 12"},
    ("D18", "doubled"): {"account": "psp_clearing:stripe", "about": "capture of 2024-01-31, row 12"},
    ("D18", "altered"): {
        "ledger": "ledger",
        "account": "psp_clearing:stripe",
        "about": "amount of psp_clearing:stripe 12100 instead of 10000",
    },
    ("D18", "range"): {"about": "partition 3, offsets 2048 to 4095"},
    ("D30", "too_old"): {"account": "suspense:unknown_order"},
    ("D30", "wrong_sign"): {"account": "refunds_payable"},
    ("D23", "unmapped"): {"about": "psp_clearing:adyen"},
    ("D33", "read_back"): {"about": "its day is 2024-02-01 there"},
    ("amount_limit", ""): {"event_type": "PaymentCaptured", "expected": 10**17, "actual": 10**17 + 12_100},
}
"""Where the common example would mislead."""

_HEAD: Final = """# Discrepancies and outcomes in words

{note}
What `asiento explain` and `asiento orders show` say of a code, in English and Spanish, with the figures of an example in EUR. Which
check raises a code with which severity: [How events become journal entries](../spec/accounting.md), section 5. Codes of records that
never reach the accounting: [Why records are refused](refusals.md). The way in which a code was raised is its parameter `reason`; amounts
among the parameters are minor units, quantities micro-units.
"""


def discrepancies_page(note: str) -> str:
    """The page; `note` says how it is made."""
    lines = [_HEAD.format(note=note)]
    for code, texts in {**CODES, **WITHOUT_DISCREPANCY}.items():
        lines += [f"## {code}: {texts.title.en} / {texts.title.es}", ""]
        for reason, form in forms_of(texts):
            lines += _shown(code, reason, form)
        if texts.closed is not None:
            lines += [f"Closed: {texts.closed.en}", "", f"Cerrada: {texts.closed.es}", ""]
    return "\n".join(lines).rstrip() + "\n"


def forms_of(texts: CodeTexts) -> Iterator[tuple[str, Form]]:
    """(reason, form) of a code; the general one has no reason and comes last."""
    yield from texts.forms.items()
    yield "", texts.general


def example_values(code: str, reason: str) -> dict[str, str | int | None]:
    """The values of the example of one form."""
    return {**EXAMPLE, **_EXAMPLES_OF.get((code, reason), {})}


def _shown(code: str, reason: str, form: Form) -> Iterator[str]:
    values = example_values(code, reason)
    parameters = sorted((names_in(form.happened) | names_in(form.action)) - {"expected", "actual", "event_type"})
    of = f" ({', '.join(parameters)})" if parameters else ""
    yield f"`{reason}`{of}" if reason else f"In general{of}" if CODES.get(code) and CODES[code].forms else f"Always{of}"
    yield ""
    for language in LANGUAGES:
        happened, action = (render(text, values, currency="EUR", language=language) for text in form)
        yield f"- {language}: {happened} **{action}**"
    yield ""
