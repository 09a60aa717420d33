"""How the texts of a code are kept: a title, and one text for each way in which the code is raised."""

from typing import NamedTuple

from schemas.wording.language import Words


class Form(NamedTuple):
    """What happened, and what to do about it; both are templates."""

    happened: Words
    action: Words


class CodeTexts(NamedTuple):
    """The texts of a code.

    title: a few words, without figures. general: for a record that says no more than its code. forms: by the parameter
    `reason`. closed: why a discrepancy is over, where it closes by itself.
    """

    title: Words
    general: Form
    forms: dict[str, Form]
    closed: Words | None = None
