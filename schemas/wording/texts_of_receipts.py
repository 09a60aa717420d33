"""What a receipt says where nothing went wrong; the rest is said by the texts of outcomes and discrepancies."""

from typing import Final

from schemas.wording.language import Language, Words
from schemas.wording.messages import outcome_message

ACCEPTED: Final = "accepted"
"""The event is on the topic and no worker has judged it yet."""

_TEXTS: Final[dict[str, Words]] = {
    ACCEPTED: Words("The event arrived. It is not judged yet.", "El evento llegó. Aún no se ha juzgado."),
    "posted": Words("The event is in the books.", "El evento está en los libros."),
}


def receipt_message(status: str, code: str | None, language: Language, *, event_type: str | None) -> str:
    """What became of an event and what to do about it, in a sentence or two."""
    if status in _TEXTS:
        return _TEXTS[status].of(language)
    found = outcome_message(status, code, language, event_type=event_type)
    return found.text if found is not None else status
