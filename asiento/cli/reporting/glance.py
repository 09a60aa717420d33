"""What a report says first: a few sentences, each good or to be looked at."""

from collections.abc import Iterator
from typing import NamedTuple

from asiento.cli.reporting.numbers import number_text
from asiento.cli.reporting.words import say
from schemas.wording.language import Language
from sinks.report.figures import WAITS, Figures

_STANDING = frozenset({"POSTED", "REJECTED"})


class Sentence(NamedTuple):
    """One sentence; `good` where nobody has to do anything about it."""

    good: bool
    words: str


def sentences(figures: Figures, language: Language) -> Iterator[Sentence]:
    """The sentences of the figures, money first."""
    yield from _about_entries(figures, language)
    yield _about(
        [
            line.currency
            for line in figures.money
            if _differs(line.stream_captured, line.ledger_captured, line.stream_debits, line.ledger_debits)
        ],
        ("money_equal", "money_differs"),
        language,
    )
    yield _about([item.currency for item in figures.balances if not item.balanced], ("balance_zero", "balance_off"), language)
    unjudged = sum(one.records for one in figures.outcomes if one.outcome == WAITS)
    yield Sentence(not unjudged, say("judged_not" if unjudged else "judged_all", language, number=number_text(unjudged, language)))
    grave = sum(group.number for group in figures.discrepancies.groups if group.severity in {"critical", "high"})
    number = figures.discrepancies.number
    words = say("open_some", language, number=number_text(number, language), grave=number_text(grave, language))
    yield Sentence(not number, words if number else say("open_none", language))
    parked, letters = figures.parked.number, figures.dead_letters.number
    words = say("waiting_some", language, parked=number_text(parked, language), letters=number_text(letters, language))
    yield Sentence(not parked + letters, words if parked + letters else say("waiting_none", language))
    if figures.places["postings"] is not None:
        open_documents = sum(one.number for one in figures.documents if one.state not in _STANDING)
        name = "outside_some" if open_documents else "outside_none"
        yield Sentence(not open_documents, say(name, language, number=number_text(open_documents, language)))


def _about_entries(figures: Figures, language: Language) -> Iterator[Sentence]:
    flow = figures.flow
    waiting = flow.committed - flow.booked
    yield Sentence(not waiting, say("booked_not" if waiting else "booked_all", language, number=number_text(waiting, language)))
    if flow.not_projected or flow.doubled:
        foreign, doubled = number_text(flow.not_projected, language), number_text(flow.doubled, language)
        yield Sentence(False, say("booked_more", language, foreign=foreign, doubled=doubled))


def _about(currencies: list[str], names: tuple[str, str], language: Language) -> Sentence:
    good, bad = names
    return Sentence(not currencies, say(bad if currencies else good, language, currencies=", ".join(currencies)))


def _differs(*pairs: int) -> bool:
    return pairs[0] != pairs[1] or pairs[2] != pairs[3]
