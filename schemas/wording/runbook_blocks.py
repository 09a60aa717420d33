"""The part of a code's runbook that is said elsewhere already: its name, what it says in each way it is raised, what mends it."""

from collections.abc import Iterator
from typing import Final

from schemas.wording.language import Language, Words
from schemas.wording.messages import CODES
from schemas.wording.page import example_values, forms_of
from schemas.wording.templates import render
from schemas.wording.texts_of_mending import mendings_of

BEGIN: Final = "<!-- Out of schemas/wording, by `python -m schemas.generate`: do not edit between the two marks. -->"
END: Final = "<!-- End of what is generated. -->"
FOLDERS: Final[dict[Language, str]] = {"en": "docs/runbooks/discrepancies", "es": "docs/es/runbooks/discrepancies"}
"""Where the runbooks are, from the root of the project."""

_SAYS: Final = Words("## What it says", "## Qué dice")
_EXAMPLE: Final = Words("With the figures of an example in EUR.", "Con las cifras de un ejemplo en EUR.")
_ALWAYS: Final = Words("always", "siempre")
_GENERAL: Final = Words("in general", "en general")
_MENDS: Final = Words("## What mends it", "## Qué lo arregla")
_TABLE: Final = Words("| when | command |", "| cuándo | orden |")
_CLOSES: Final = Words("It closes by itself:", "Se cierra sola:")
_NOT_BY_ITSELF: Final = Words("It does not close by itself: a person resolves it.", "No se cierra sola: la resuelve una persona.")
_INDEX: Final = Words(
    """# Runbooks of discrepancies and waiting events

One page for each code, generated in part: `python -m schemas.generate` writes this list. `asiento discrepancies list` and
`asiento events list` say which codes are open, `asiento doctor` names their pages. Who decides what at the desk:
[desk.md](../../desk.md); what each check is: [accounting.md](../../spec/accounting.md), section 5; refused records, which never reach the
accounting: [refusals.md](../../reference/refusals.md).

| code | is about |
|---|---|""",
    """# Guías de discrepancias y eventos en espera

Una página por código, en parte generada: `python -m schemas.generate` escribe esta lista. `asiento discrepancies list --lang es` y
`asiento events list --lang es` dicen qué códigos están abiertos; `asiento doctor` nombra sus páginas. Quién decide qué:
[desk.md](../../../desk.md); qué es cada comprobación: [accounting.md](../../../spec/accounting.md), sección 5; los registros
rechazados, que nunca llegan a la contabilidad: [refusals.md](../../../reference/refusals.md).

| código | trata de |
|---|---|""",
)
_IDS: Final = {"subject": "SUBJECT", "event_id": "EVENT_ID", "discrepancy_id": "DISCREPANCY_ID", "own_id": "OWN_ID"}


def runbook_path(code: str, language: Language) -> str:
    """The page of a code, from the root of the project."""
    return f"{FOLDERS[language]}/{code}.md"


def block(code: str, language: Language) -> str:
    """The generated part of a page, with both marks."""
    return "\n".join([BEGIN, *_lines(code, language), END])


def index(language: Language) -> str:
    """The page that lists all runbooks of codes."""
    rows = [f"| [{code}]({code}.md) | {texts.title.of(language)} |" for code, texts in CODES.items()]
    return "\n".join([_INDEX.of(language), *rows]) + "\n"


def with_block(page: str, code: str, language: Language) -> str:
    """The page with its generated part as it must be now; raises ValueError where the marks are not there, once each and in order."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in tail:
        raise ValueError(f"the page of {code} in {language} has not its two marks")
    return f"{head}{block(code, language)}{tail}"


def _lines(code: str, language: Language) -> Iterator[str]:
    texts = CODES[code]
    yield from (f"# {code}: {texts.title.of(language)}", "", _SAYS.of(language), _EXAMPLE.of(language), "")
    for reason, form in forms_of(texts):
        name = f"`{reason}`" if reason else (_GENERAL if texts.forms else _ALWAYS).of(language)
        values = example_values(code, reason)
        happened, action = (render(text, values, currency="EUR", language=language) for text in form)
        yield f"- {name}: {happened} **{action}**"
    yield from ("", _MENDS.of(language), _TABLE.of(language), "|---|---|")
    for mending in mendings_of(code):
        yield f"| {mending.when.of(language)} | `asiento {mending.command.format(**_IDS)}` |"
    closed = texts.closed
    yield from ("", _NOT_BY_ITSELF.of(language) if closed is None else f"{_CLOSES.of(language)} {closed.of(language)}")
