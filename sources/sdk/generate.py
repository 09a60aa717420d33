"""Writes what is made of the schemas for producers: `python -m sources.sdk.generate`.

The typed events of this package, and under docs/reference the JSON Schemas, the samples and the AsyncAPI document.
"""

from pathlib import Path
from typing import Final

from sources.sdk.generated_source import events_source, parts_source

ROOT: Final = Path(__file__).resolve().parents[2]


def sources() -> dict[str, str]:
    """Path below the root -> source of a generated module."""
    return {"sources/sdk/parts.py": parts_source(), "sources/sdk/events.py": events_source()}


if __name__ == "__main__":
    for name, text in sources().items():
        (ROOT / name).write_text(text, encoding="utf-8")
