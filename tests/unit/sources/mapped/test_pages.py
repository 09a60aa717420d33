"""The pages about mappers: generated parts are in sync, and the ten-minute page is run as it stands."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sources.platforms.catalogue import MAPPERS
from sources.platforms.mapped.reference_page import with_generated_parts

DOCS = Path(__file__).resolve().parents[4] / "docs"
TEN_MINUTES = DOCS / "a-new-source-in-ten-minutes.md"


@pytest.mark.parametrize("page", [DOCS / "mapper.md", DOCS / "sources" / "index.md"], ids=lambda page: page.name)
def test_generated_parts_are_in_sync(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    command = f"python -m sources.platforms.mapped.reference_page docs/{page.relative_to(DOCS)}"
    assert text == with_generated_parts(text), f"run: {command}"


def test_every_preview_is_listed_with_its_grade() -> None:
    text = (DOCS / "sources" / "index.md").read_text(encoding="utf-8")
    for name in MAPPERS:
        assert re.search(rf"^\| {name} \| mapper: .* \| C, preview", text, re.MULTILINE)


def test_the_ten_minute_page_goes_from_an_empty_directory_to_balances(tmp_path: Path) -> None:
    text = TEN_MINUTES.read_text(encoding="utf-8")
    files = re.findall(r"[Ss]ave it as `([\w.-]+)`\.\n```\w+\n(.*?)```", text, re.DOTALL)
    assert [name for name, _ in files] == ["order.json", "kiosk.yaml", "kiosk-connection.yaml"]
    for name, content in files:
        (tmp_path / name).write_text(content, encoding="utf-8")
    commands = "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands], cwd=tmp_path, env={"PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    summary = json.loads(next(line for line in done.stdout.splitlines() if line.startswith('{"summary"')))["summary"]
    (balances,) = re.findall(r"```json\n(\{\"accounts.*?\})\n```", text)
    assert summary["trial_balance"] == {"EUR": json.loads(balances)}
    (shown,) = re.findall(r"found:\n```\n(.*?)```", text, re.DOTALL)
    assert shown in done.stdout
    assert "stated 3326, computed 3325, difference 1" in done.stderr
    assert "held, exit code 1" in done.stdout
