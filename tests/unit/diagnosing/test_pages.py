"""docs/doctor.md and docs/report.md name commands that exist, and every check that the doctor makes."""

import re
from pathlib import Path

import pytest

from asiento.cli.diagnosing.findings import WHY
from tests.documented_commands import problems_in

DOCS = Path(__file__).resolve().parents[3] / "docs"


@pytest.mark.parametrize("name", ["doctor.md", "report.md"])
def test_every_command_exists_and_every_link_leads_somewhere(name: str) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    assert problems_in(page) == []
    assert [link for link in re.findall(r"\]\(([^)#:]+)[^)]*\)", page) if not (DOCS / link).exists()] == []


def test_the_page_of_the_doctor_has_every_check() -> None:
    page = (DOCS / "doctor.md").read_text(encoding="utf-8").partition("## What it looks at")[2]
    named = {word.strip() for row in re.findall(r"^\| ([a-z ,-]+) \|", page, re.MULTILINE) for word in row.split(",")}
    assert set(WHY) <= named
