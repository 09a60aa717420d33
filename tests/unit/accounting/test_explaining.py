"""Every figure of every entry is explained, and the arithmetic gives exactly the figure."""

from collections.abc import Iterator

import pytest

from asiento.accounting.decide import decide
from asiento.accounting.decision import Judged, Posted
from asiento.accounting.explaining.explain import ExplainedEntry, explain
from asiento.accounting.explaining.figures import Figure, Part, Place, summed, total
from asiento.accounting.explaining.invoices import components
from asiento.accounting.journal import JournalEntry
from asiento.accounting.order_events import OrderEvent
from asiento.accounting.order_state import OrderState
from asiento.accounting.policy import DEFAULT_POLICIES
from asiento.accounting.retelling import retell
from schemas.events import event_from_json
from schemas.wording.figures import formula, sentence
from schemas.wording.language import LANGUAGES
from schemas.wording.texts_of_figures import FIGURES
from schemas.wording.texts_of_rules import RULES, rule_of
from tests.oracle.lives import PROFILES, life
from tests.order_making import back, captured, line, placed, refunded, shipped, tax, tender

LIVES = 40
RARE = {"cut", "rest", "rounding_rest", "allowance_tax_cut"}
"""Shown by lives of their own."""
NOT_SUMS = {"cut", "stated_cut", "allowance_tax_cut"}


def lives() -> Iterator[list[OrderEvent]]:
    for profile in PROFILES:
        for seed in range(LIVES):
            yield [event_from_json(told) for told in life(profile, seed)]


def places(explained: ExplainedEntry) -> Iterator[tuple[Place, int]]:
    """Where the entry has figures, and how much they are."""
    entry = explained.entry
    for number, one in enumerate(entry.document.lines if entry.document is not None else ()):
        yield from ((Place("line", number, component), amount) for component, amount in components(one))
    yield from ((Place("posting", number, leg.account), leg.amount) for number, leg in enumerate(entry.postings))


def test_every_figure_of_every_entry_is_explained_exactly() -> None:
    names: set[str] = set()
    for events in lives():
        for told in retell(events, DEFAULT_POLICIES).told:
            if told.posted is None:
                continue
            explained = explain(told.posted)
            for entry in explained.entries:
                assert [place for place, _ in places(entry) if entry.figure(place) is None] == [], entry.entry
                for place, amount in places(entry):
                    figure = entry.figure(place)
                    assert figure is not None
                    assert figure.amount == amount
                    assert not figure.terms or figure.name in NOT_SUMS or total(figure.terms) == amount, figure
                    names.add(figure.name)
                assert f"{entry.entry.event_type}.{entry.entry.entry_kind}" in RULES or entry.entry.entry_kind in RULES
            for figure in (*explained.notes, *(figure for entry in explained.entries for figure in entry.figures)):
                for language in LANGUAGES:
                    assert sentence(figure, "EUR", language).endswith(".")
            names |= {note.name for note in explained.notes}
            assert explained.entries == () or explained.entries[-1].after == told.posted.after.posted
    assert names >= set(FIGURES) - RARE, set(FIGURES) - names


def figures_of(events: list[OrderEvent], kind: str) -> dict[tuple[int, str], Figure]:
    """The document figures of the last event's entry of a kind."""
    posted = retell(events, DEFAULT_POLICIES).told[-1].posted
    assert posted is not None
    explained = next(one for one in explain(posted).entries if one.entry.entry_kind == kind)
    return {(one.place.number, one.place.component): one for one in explained.figures if one.place.of == "line"}


def test_a_unit_whose_worth_an_allowance_took_is_cut() -> None:
    order = placed(line("A", 10_000, taxes=[tax(2_100, base=10_000)]))
    events = [order, captured("P1", 12_100), shipped("S1", {"A": "1"}), refunded("R1", [], [tender("T1", 1_210)])]
    allowance = figures_of(events, "credit_note")
    assert [(one.name, one.amount) for one in allowance.values()] == [("allowance_net", 1_000), ("allowance_tax", 210)]
    assert formula(allowance[0, "tax:0"], "EUR") == "R(21.00 * 12.10/121.00)"
    back_again = refunded("R2", [back("A", "1")], [tender("T2", 10_890)])
    found = figures_of([*events, back_again], "credit_note")
    assert [(one.name, one.amount, dict(one.values)) for one in found.values()] == [
        ("cut", 9_000, {"worth": 10_000}),
        ("cut", 1_890, {"worth": 2_100}),
    ]
    assert sentence(found[0, "net"], "EUR", "en") == ("The units are worth 100.00 (100.00); cut to what is invoiced and not credited yet.")


def test_a_charge_is_given_back_from_what_was_invoiced_then_from_what_is_open() -> None:
    order = placed(line("A", 9_000, "3"), line("T", 100, kind="TIP"))
    charge = {"kind": "CHARGE", "amount": 80, "line_id": "T", "taxes": []}
    events = [order, shipped("S1", {"A": "2"}), refunded("R1", [back("A", "1", "UNSHIPPED")], [], adjustments=[charge])]
    credited = figures_of(events, "credit_note")[0, "net"]
    assert (credited.name, credited.amount, dict(credited.values)) == ("charge_invoiced", 67, {"stated": 80})
    rest = figures_of(events, "invoice")[0, "net"]
    assert (rest.name, rest.amount, formula(rest, "EUR")) == ("rest", 20, "1.00 - 0.67 - 0.13")


def test_a_rounding_goes_back_whole() -> None:
    order = placed(line("A", 9_999, "3"), total=10_000)
    events = [order, captured("P1", 10_000), shipped("S1", {"A": "3"}), refunded("R1", [back("A", "3")], [tender("T1", 10_000)])]
    assert figures_of(events, "credit_note")[1, "net"].name == "rounding_rest"


def test_a_retelling_is_what_was_decided() -> None:
    for events in lives():
        story = retell(events, DEFAULT_POLICIES)
        state: OrderState | None = None
        entries: list[JournalEntry] = []
        for event in events:
            decision = decide(event, state, DEFAULT_POLICIES)
            state = decision.state
            entries.extend(decision.entries)
        assert story.state == state
        told = [entry for one in story.told if one.posted is not None for entry in one.posted.entries]
        assert sorted(told, key=lambda entry: entry.entry_seq) == entries
        for one in story.told:
            assert isinstance(one.outcome, Posted) == (one.posted is not None)
        assert all(story.entry(entry.entry_id) is not None for entry in entries)


def test_watching_changes_nothing() -> None:
    for events in lives():
        state: OrderState | None = None
        for event in events:
            seen: list[Judged] = []
            watched = decide(event, state, DEFAULT_POLICIES, seen.append)
            assert watched == decide(event, state, DEFAULT_POLICIES)
            state = watched.state


def test_what_the_arithmetic_does_not_give_is_not_explained() -> None:
    place = Place("line", 0, "net")
    thirds = [Part(10_000, 3_000_000, 1_000_000, 1_000_000)]
    assert summed(place, 3_333, "part", thirds) is None
    assert summed(place, 3_334, "part", thirds) == Figure(place, 3_334, "part", tuple(thirds))


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (Part(10_000, 3_000_000, 0, 1_000_000), "R(100.00 * 1/3)"),
        (Part(10_000, 3_000_000, 1_000_000, 1_000_000), "R(100.00 * 2/3) - R(100.00 * 1/3)"),
        (Part(10_000, 3_000_000, 2_000_000, 1_000_000), "100.00 - R(100.00 * 2/3)"),
        (Part(10_000, 3_000_000, 0, 3_000_000), "100.00"),
        (Part(499, 14_999, 0, 6_666, "value"), "R(4.99 * 66.66/149.99)"),
    ],
)
def test_arithmetic_is_spelled_out(part: Part, text: str) -> None:
    assert formula(Figure(Place("line", 0, "net"), part.amount, "part", (part,)), "EUR") == text


def test_negative_terms_are_subtracted() -> None:
    assert formula(Figure(Place("line", 0, "net"), 70, "rest", (100, -20, -10)), "JPY") == "100 - 20 - 10"


def test_rules_name_sections_of_the_page() -> None:
    assert rule_of("ShipmentDispatched", "invoice").section == "2. What a line is worth, Rules 2 and 3"
    assert rule_of("Later", "unheard_of").section == "4. Entries"
