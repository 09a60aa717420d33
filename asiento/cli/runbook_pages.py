"""Where the runbook of a code is, for whoever reads about one."""

from schemas.wording.language import Language
from schemas.wording.messages import CODES
from schemas.wording.runbook_blocks import runbook_path


def runbook_page(code: str, language: Language) -> str | None:
    """The page about a code, as a path from the root of the project; None for a code that raises no discrepancy."""
    return runbook_path(code, language) if code in CODES else None
