"""Every alert has its page in two languages, no page is about anything else, and whatever a page tells people to type exists."""

import re
from pathlib import Path
from typing import Final

import pytest

from deploy.prometheus.alerts.declaring import Alert
from deploy.prometheus.alerts.every_alert import ALERTS
from tests.documented_commands import Named, commands_in, problem_of, problems_in

DOCS: Final = Path(__file__).resolve().parents[3] / "docs"
FOLDERS: Final = {"en": DOCS / "runbooks", "es": DOCS / "es" / "runbooks"}
HEADINGS: Final = {
    "en": ("What you see", "What it means", "First look", "How to mend it", "How you know it is over", "When to call whom"),
    "es": ("Qué se ve", "Qué significa", "Primera mirada", "Cómo se arregla", "Cómo se sabe que terminó", "Cuándo llamar y a quién"),
}
PAGES: Final = sorted(page for folder in FOLDERS.values() for page in folder.rglob("*.md"))
OF_ALERTS: Final = [(language, alert) for language in FOLDERS for alert in ALERTS]


def _name(value: object) -> str | None:
    return value.name if isinstance(value, Alert) else None


@pytest.mark.parametrize("language", FOLDERS)
def test_there_is_a_page_for_each_alert_and_for_nothing_else(language: str) -> None:
    folder = FOLDERS[language]
    assert {page.name for page in folder.glob("*.md")} == {"index.md"} | {alert.page for alert in ALERTS}
    index = (folder / "index.md").read_text(encoding="utf-8")
    assert {alert.page for alert in ALERTS} <= set(re.findall(r"\]\(([\w-]+\.md)\)", index))


@pytest.mark.parametrize(("language", "alert"), OF_ALERTS, ids=_name)
def test_it_says_what_is_seen_and_what_to_do(language: str, alert: Alert) -> None:
    text = (FOLDERS[language] / alert.page).read_text(encoding="utf-8")
    assert text.startswith(f"# {alert.name}")
    assert tuple(re.findall(r"^## (.+)$", text, re.MULTILINE)) == HEADINGS[language]
    if len(alert.causes) > 1:
        for cause in alert.causes:
            assert f"| `{cause.word}` |" in text, cause.word
    assert any(named.whole for named in commands_in(text)), "a first look needs a command"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_its_commands_are_taken_by_the_command_line(page: Path) -> None:
    assert problems_in(page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_its_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    missing = [target for target in re.findall(r"\]\(([^)#]+)", text) if "://" not in target and not (page.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("asiento doctor", None),
        ("asiento dlq list --reason X --json", None),
        ("asiento dlq list --raeson X", "no option --raeson"),
        ("asiento dlq list --reason", "--reason without its value"),
        ("asiento dlq lost", "asiento dlq has no command lost"),
        ("asiento postings list", "without an argument that it needs"),
        ("asiento doctor now", "more words than it takes"),
        ("asiento replay", "without --into"),
        ("asiento replay --help", None),
    ],
)
def test_a_command_that_does_not_exist_is_found(command: str, problem: str | None) -> None:
    assert problem_of(Named(command, whole=True)) == problem


def test_a_mention_need_not_be_whole_and_the_words_of_the_shell_are_not_ours() -> None:
    text = "`asiento replay`\n```sh\nA=1 asiento doctor --json | less\n$ asiento dlq list  # all\nls\n```\n"
    assert [(named.text, named.whole) for named in commands_in(text)] == [
        ("asiento doctor --json", True),
        ("asiento dlq list", True),
        ("asiento replay", False),
    ]
    assert problems_in(text) == []
