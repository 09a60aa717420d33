"""Finds the payload corpus: environment ASIENTO_CORPUS, else the folder shared/corpus beside the checkout."""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(os.environ.get("ASIENTO_CORPUS") or ROOT.parent / "shared" / "corpus")


def corpus_entries(platform: str) -> list[dict[str, Any]]:
    """The manifest's entries of one platform; empty where the corpus is absent."""
    manifest = CORPUS / "manifest.yaml"
    if not manifest.is_file():
        return []
    entries = yaml.safe_load(manifest.read_text(encoding="utf-8"))["files"]
    return [entry for entry in entries if entry["platform"] == platform]


def require_corpus() -> None:
    """Skip the test, saying why, where the corpus is absent."""
    if not (CORPUS / "manifest.yaml").is_file():
        pytest.skip(f"no payload corpus at {CORPUS} (set ASIENTO_CORPUS)")
