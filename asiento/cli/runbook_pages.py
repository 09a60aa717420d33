"""Where the runbook of a code is, for whoever reads about one."""

from typing import Final

from schemas.wording.language import Language
from schemas.wording.messages import CODES

FOLDERS: Final[dict[Language, str]] = {"en": "docs/runbooks/discrepancies", "es": "docs/es/runbooks/discrepancies"}


def runbook_page(code: str, language: Language) -> str | None:
    """The page about a code, as a path from the root of the project; None for a code that raises no discrepancy."""
    return f"{FOLDERS[language]}/{code}.md" if code in CODES else None
