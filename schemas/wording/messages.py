"""The message of a discrepancy, of an outcome, of a code: what happened and what to do, with the figures that are known."""

from typing import Final, NamedTuple

from asiento.accounting.decision import Discrepancy
from schemas.refusal import REASONS
from schemas.wording.forms import CodeTexts, Form
from schemas.wording.language import Language, Words
from schemas.wording.templates import ValueMissing, Values, render
from schemas.wording.texts_of_ledgers import LEDGERS
from schemas.wording.texts_of_lines import LINES
from schemas.wording.texts_of_money import MONEY
from schemas.wording.texts_of_outcomes import WITHOUT_DISCREPANCY
from schemas.wording.texts_of_waiting import WAITING

CODES: Final[dict[str, CodeTexts]] = dict(sorted({**LEDGERS, **LINES, **MONEY, **WAITING}.items()))
"""Every code of a discrepancy or of a refused or waiting event -> its texts."""

_ALL: Final = {**CODES, **WITHOUT_DISCREPANCY}
_CLOSED: Final = Words(
    "Closed by {resolved_by_type:event}[ (event {resolved_by})].", "La cierra {resolved_by_type:event}[ (evento {resolved_by})]."
)
_CLOSED_ITSELF: Final = Words("Closed.", "Cerrada.")
_NOTHING_MORE: Final = Words("Nothing more to do.", "Nada más que hacer.")


class Message(NamedTuple):
    """For people: a few words, what happened, what to do about it."""

    title: str
    happened: str
    action: str

    @property
    def text(self) -> str:
        """What happened and what to do, in one."""
        return f"{self.happened} {self.action}".strip()


def discrepancy_message(discrepancy: Discrepancy, language: Language) -> Message:
    """What a discrepancy says; one that is closed says what closed it."""
    values: dict[str, str | int | None] = dict(discrepancy.parameters)
    if discrepancy.state == "RESOLVED":
        return _closing(discrepancy, values, language)
    values |= {"expected": discrepancy.expected, "actual": discrepancy.actual}
    return code_message(discrepancy.code, values, discrepancy.currency, language)


def outcome_message(outcome: str, code: str | None, language: Language, *, event_type: str | None = None) -> Message | None:
    """Why a record was not posted, as far as outcome and code say it; None where it was."""
    if outcome == "duplicate":
        code = outcome
    if outcome == "posted" or code is None:
        return None
    return code_message(code, {"event_type": event_type}, None, language)


def code_message(code: str, values: Values, currency: str | None, language: Language) -> Message:
    """The message of a code with the values that are known: of the way in which it was raised, else of the code alone."""
    if code in REASONS:
        reason = REASONS[code]
        return Message(reason.meaning.of(language), reason.meaning.of(language), reason.mend.of(language))
    texts = _ALL.get(code)
    if texts is None:
        return Message(code, code, "")
    title = texts.title.of(language)
    for form in (texts.forms.get(str(values.get("reason"))), texts.general):
        if form is not None and (filled := _filled(form, values, currency, language)) is not None:
            return Message(title, *filled)
    return Message(title, f"{title[:1].upper()}{title[1:]}.", "")


def code_title(code: str | None, language: Language) -> str:
    """A code with its meaning in a few words; empty for None."""
    if code is None:
        return ""
    title = code_message(code, {}, None, language).title
    return code if title == code else f"{code}: {title}"


def _filled(form: Form, values: Values, currency: str | None, language: Language) -> tuple[str, str] | None:
    try:
        return (
            render(form.happened, values, currency=currency, language=language),
            render(form.action, values, currency=currency, language=language),
        )
    except ValueMissing:
        return None


def _closing(discrepancy: Discrepancy, values: Values, language: Language) -> Message:
    texts = _ALL.get(discrepancy.code)
    title = texts.title.of(language) if texts is not None else discrepancy.code
    by_itself = values.get("resolved_by") in (None, discrepancy.event_id)
    closed = render(_CLOSED_ITSELF if by_itself else _CLOSED, values, currency=discrepancy.currency, language=language)
    why = texts.closed.of(language) if texts is not None and texts.closed is not None else ""
    return Message(title, f"{closed} {why}".strip(), _NOTHING_MORE.of(language))
