"""Messages of discrepancies and outcomes: complete in both languages, with the figures that the core gives them."""

import re
from dataclasses import replace
from typing import Any

import pytest

from asiento.accounting.decide import PARKING_OVERFLOW, decide
from asiento.accounting.decision import Discrepancy
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from schemas.decisions import OUTCOMES
from schemas.events import event_from_json
from schemas.refusal import REASONS
from schemas.wording.language import LANGUAGES, Language, Words, language_named
from schemas.wording.messages import CODES, code_message, code_title, discrepancy_message, outcome_message
from schemas.wording.page import EXAMPLE, example_values, forms_of
from schemas.wording.templates import ValueMissing, names_in, render
from schemas.wording.texts_of_ledgers import LEDGERS
from schemas.wording.texts_of_outcomes import WITHOUT_DISCREPANCY
from tests.oracle.lives import PROFILES, life
from tests.order_making import back, captured, line, placed, refunded, shipped, tender
from tests.unit.schemas.telling_lives import LIVES

FORMS = [(code, reason) for code, texts in {**CODES, **WITHOUT_DISCREPANCY}.items() for reason, _ in forms_of(texts)]
LIVES_OF_ANYTHING = 40
RAISED = [
    (code, reason)
    for code, reason in FORMS
    if code in CODES and code not in {PARKING_OVERFLOW, *LEDGERS} and (reason or not CODES[code].forms)
]
LEFTOVER = re.compile(r"[{}\[\]|]|None")


def raised(events: list[OrderEvent]) -> list[Discrepancy]:
    state: OrderState | None = None
    found: list[Discrepancy] = []
    for event in events:
        decision = decide(event, state, DEFAULT_POLICIES)
        state = decision.state
        found.extend(decision.discrepancies)
    return found


@pytest.mark.parametrize(("code", "reason"), FORMS)
def test_every_form_speaks_both_languages_and_leaves_no_place_unfilled(code: str, reason: str) -> None:
    form = dict(forms_of({**CODES, **WITHOUT_DISCREPANCY}[code]))[reason]
    for text in form:
        assert text.en != text.es
        assert names_in(Words(text.en, "")) == names_in(Words("", text.es)), text
        for language in LANGUAGES:
            shown = render(text, example_values(code, reason), currency="EUR", language=language)
            assert not LEFTOVER.search(shown), shown
            assert shown.endswith("."), shown
            assert shown[0].isupper() or shown[0].isdigit(), shown
            assert "  " not in shown, shown


@pytest.mark.parametrize(("code", "reason"), RAISED)
def test_the_core_gives_every_form_its_figures(code: str, reason: str) -> None:
    """The message is that of the form, with what the core says, not that of the code in general."""
    events = LIVES[code, reason]
    found = next(one for one in reversed(raised(events)) if one.code == code and one.state == "OPEN")
    assert dict(found.parameters).get("reason", "") == reason
    assert dict(found.parameters)["event_type"] in {type(event).__name__ for event in events}
    form = dict(forms_of(CODES[code]))[reason]
    values = {**dict(found.parameters), "expected": found.expected, "actual": found.actual}
    for language in LANGUAGES:
        message = discrepancy_message(found, language)
        assert message.happened == render(form.happened, values, currency=found.currency, language=language)
        assert not LEFTOVER.search(message.text), message


def test_no_life_tells_of_a_form_that_is_not_there() -> None:
    assert set(LIVES) == set(RAISED)


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_record_that_says_little_gets_the_text_of_its_code(code: str) -> None:
    bare = raised(LIVES["D08", ""])[-1]
    for language in LANGUAGES:
        message = discrepancy_message(replace(bare, code=code, parameters=()), language)
        assert message.action, message
        assert not LEFTOVER.search(message.text), message


@pytest.mark.parametrize("profile", PROFILES)
def test_whatever_happens_has_a_message_of_its_form(profile: str) -> None:
    for seed in range(LIVES_OF_ANYTHING):
        for found in raised([event_from_json(told) for told in life(profile, seed)]):
            texts, reason = CODES[found.code], dict(found.parameters).get("reason")
            assert reason in texts.forms or not (reason or texts.forms), found
            form = dict(forms_of(texts))[reason or ""]
            values = {**dict(found.parameters), "expected": found.expected, "actual": found.actual}
            message = discrepancy_message(found, "en")
            if found.state == "OPEN":
                assert message.happened == render(form.happened, values, currency=found.currency, language="en")
            assert not LEFTOVER.search(message.text), message


def told(events: list[OrderEvent], code: str, language: Language = "en", state: str = "OPEN") -> str:
    return next(discrepancy_message(one, language).happened for one in raised(events) if (one.code, one.state) == (code, state))


def test_figures_are_exact_and_in_major_units_of_their_currency() -> None:
    yen = [placed(line("A", 1_000_000), currency="JPY"), captured("P1", 1_234_567, currency="JPY")]
    assert "With 1,234,567 JPY of payment P1 the customer's money held is 1,234,567 JPY" in told(yen, "D08")
    dinar = [placed(line("A", 5_000), currency="KWD"), captured("P1", 5_001, currency="KWD")]
    assert told(dinar, "D08").endswith("the order is worth 5.000 KWD after cancellations: 0.001 KWD too much.")


def test_units_are_whole_units() -> None:
    assert told([placed(line("A", 5_000, "2.5")), shipped("S1", {"A": "3.25"})], "D11") == (
        "The shipment names 3.25 units of line A; open: 2.5. It waits."
    )


def test_the_first_line_beyond_its_cap_is_named() -> None:
    events = [placed(line("A", 1_000), line("B", 500)), captured("P1", 1_500), shipped("S1", {"A": "1", "B": "1"})]
    taxes = [{"jurisdiction": "ES", "type": "VAT", "code": "IVA", "amount": 30, "liable_party": "SELLER"}]
    stated: dict[str, Any] = {"net": 700, "taxes": taxes}
    assert told([*events, refunded("R1", [back("B", "1", **stated)], [])], "D10") == (
        "Refund R1 states 2.30 EUR more credit than was invoiced and is not credited yet. "
        "That part was left out of the credit note; the first: 2.00 EUR of net on line B (2 in all)."
    )


def test_what_closed_it_is_said() -> None:
    events = [placed(line("A", 1_000)), captured("P1", 1_500), refunded("R1", [], [tender("T1", 500)])]
    closing = events[-1].event_id
    assert told(events, "D08", state="RESOLVED") == (
        f"Closed by the refund (event {closing}). The money held is no longer more than the order is worth."
    )
    assert told(events, "D08", "es", "RESOLVED").startswith(f"La cierra el reembolso (evento {closing}).")


def test_a_waiting_event_closes_its_own() -> None:
    events = [
        placed(line("A", 1_000), source_sequence=1),
        shipped("S1", {"A": "1"}, source_sequence=3),
        captured("P1", 5, source_sequence=2),
    ]
    assert told(events, "D19") == "The shipment has number 3, and number 2 of the order has not arrived. It waits."
    assert told(events, "D19", state="RESOLVED") == "Closed. What it waited for is there, or the event needs it no longer."


def test_of_two_causes_the_graver_one_speaks() -> None:
    """A stated credit beyond its cap is critical, an allowed refund above the captures low: both are D10 of one event."""
    events = [placed(line("A", 1_000)), captured("P1", 1_000), shipped("S1", {"A": "1"})]
    refund = refunded(
        "R1",
        [],
        [tender("T1", 2_000)],
        adjustments=[{"kind": "GOODWILL", "amount": 5_000, "line_id": "A", "taxes": []}],
        allow_over_refund=True,
    )
    found = [one for one in raised([*events, refund]) if one.code == "D10"]
    assert [(one.severity, dict(one.parameters)["reason"]) for one in found] == [("critical", "beyond_cap")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_outcome_that_is_not_posted_has_a_message(language: Language) -> None:
    codes: dict[str, list[str | None]] = {
        "duplicate": [None],
        "conflict": ["D21", "D22"],
        "deferred": ["D10", "D11", "D19", "D27"],
        "rejected": ["D01", "D03", "D06", "D11", "D24", "parking_overflow", "amount_limit", "order_archived"],
        "ignored": ["test_mode", "estimate", "stale_edit", "other_fee_source"],
        "dead_letter": list(REASONS),
    }
    assert {"posted", *codes} == set(OUTCOMES)
    assert outcome_message("posted", None, language) is None
    for outcome, known in codes.items():
        for code in known:
            message = outcome_message(outcome, code, language)
            assert message is not None
            assert message.action, code
            assert not LEFTOVER.search(message.text), message


def test_titles_are_short_and_unknown_codes_stand_for_themselves() -> None:
    assert code_title("D11", "es") == "D11: más de lo abierto, enviado o pagado"
    assert code_title(None, "en") == ""
    assert code_title("D99", "en") == "D99"
    assert code_message("D99", {}, None, "en").happened == "D99"
    assert all(len(title) <= 60 for texts in CODES.values() for title in texts.title)


def test_spanish_contracts_its_articles() -> None:
    text = Words("", "El id de {a:event} a {a:event}")
    assert render(text, {"a": "PaymentCaptured"}, currency=None, language="es") == "El id del cobro al cobro"


def test_values_are_shown_as_they_are() -> None:
    text = Words("line {line_id}[ of {other}][ or {line_id}|none]", "")
    assert render(text, {"line_id": "[x|{y}]"}, currency=None, language="en") == "Line [x|{y}] or [x|{y}]"
    with pytest.raises(ValueMissing, match="line_id"):
        render(text, {}, currency=None, language="en")


def test_languages_are_a_closed_set() -> None:
    assert [language_named(name) for name in ("en", "es", "fr", "")] == ["en", "es", None, None]


def test_examples_name_nothing_that_no_text_shows() -> None:
    shown = {name for texts in CODES.values() for _, form in forms_of(texts) for text in form for name in names_in(text)}
    assert set(EXAMPLE) == shown
