"""Every code has a runbook in every language; what stands elsewhere is generated into it, the rest has all its parts."""

import re
from pathlib import Path

import pytest

from schemas.generate import runbooks
from schemas.wording.language import LANGUAGES, Language
from schemas.wording.messages import CODES
from schemas.wording.runbook_blocks import BEGIN, END, FOLDERS, block, index, with_block

ROOT = Path(__file__).resolve().parents[3]
PARTS: dict[Language, tuple[str, ...]] = {
    "en": ("What you see", "Why it happens", "Step by step", "How you know it is over", "When not to touch it"),
    "es": ("Qué ve", "Por qué ocurre", "Paso a paso", "Cómo sabe que terminó", "Cuándo no tocarla"),
}
PAGES = [pytest.param(path, code, language, id=f"{language}-{code}") for path, code, language in runbooks(ROOT)]


@pytest.mark.parametrize(("path", "code", "language"), PAGES)
def test_the_generated_part_is_current(path: Path, code: str, language: Language) -> None:
    page = path.read_text(encoding="utf-8")
    assert with_block(page, code, language) == page, "python -m schemas.generate"


@pytest.mark.parametrize(("path", "code", "language"), PAGES)
def test_the_rest_has_all_its_parts_and_says_something_in_each(path: Path, code: str, language: Language) -> None:
    written = path.read_text(encoding="utf-8").partition(END)[2]
    found = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n?)*)", written, re.MULTILINE))
    assert tuple(found) == PARTS[language], code
    assert min(len(text.strip()) for text in found.values()) > 40, code


def _steps(path: Path) -> list[str]:
    (found,) = re.findall(r"^```sh\n(.*?)^```$", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [line.replace(" --lang es", "") for line in found.splitlines()]


@pytest.mark.parametrize("code", CODES)
def test_both_languages_have_the_same_steps(code: str) -> None:
    english, spanish = (ROOT / FOLDERS[language] / f"{code}.md" for language in ("en", "es"))
    assert _steps(english) == _steps(spanish)
    assert all(line.startswith("asiento ") for line in _steps(english))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_index_has_every_page_and_no_page_is_of_nothing(language: Language) -> None:
    folder = ROOT / FOLDERS[language]
    assert (folder / "index.md").read_text(encoding="utf-8") == index(language), "python -m schemas.generate"
    assert {path.stem for path in folder.glob("*.md")} == {*CODES, "index"}


def test_what_is_written_by_hand_stays_and_pages_without_marks_are_refused() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nby hand\n"
    assert with_block(page, "D08", "en") == f"before\n{block('D08', 'en')}\nby hand\n"
    for spoilt in ("by hand", page + BEGIN, f"{END}{BEGIN}"):
        with pytest.raises(ValueError, match="D08 in en"):
            with_block(spoilt, "D08", "en")
