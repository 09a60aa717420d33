"""docs/chaos.md names every variable and every target that there is."""

import re
from pathlib import Path

HOME = Path(__file__).parents[2]
PAGE = (HOME / "docs/chaos.md").read_text()


def test_every_variable_stands_on_the_page_and_no_other() -> None:
    sources = "".join(path.read_text() for path in sorted(Path(__file__).parent.glob("*.py")))
    read = {f"CHAOS_{name}" for name in re.findall(r'option\("(\w+)"', sources)} | {"CHAOS_DATABASE"}
    assert set(re.findall(r"`(CHAOS_\w+)`", PAGE)) == read


def test_every_target_of_the_page_is_one_of_the_makefile() -> None:
    targets = set(re.findall(r"^([\w-]+):", (HOME / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"^make ([\w-]+)", PAGE, re.MULTILINE))
    assert len(named) == 6
    assert named <= targets
