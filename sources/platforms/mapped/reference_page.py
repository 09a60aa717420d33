"""The generated parts of docs/mapper.md and docs/sources/index.md: from the language and the catalogue that the program uses."""

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sources.platforms.catalogue import MAPPERS, PLATFORMS, adapter_of
from sources.platforms.mapped.adapter import MappedAdapter
from sources.platforms.mapped.language import BLOCKS, ITEM_DEFAULTS, KEYS_OF_EVENTS

_PART: Final = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n).*?(\n<!-- end -->)", re.DOTALL)
GRADES_IN_WORDS: Final = {
    "A": "A: tried with real payloads",
    "B": "B: tried with the platform's own samples",
    "C": "C, preview: written from documentation",
}


def with_generated_parts(page: str) -> str:
    """A page with every part between `<!-- generated: NAME -->` and `<!-- end -->` written anew."""
    return _PART.sub(lambda found: f"{found.group(1)}{_PARTS[found['name']]()}{found.group(3)}", page)


def _keys() -> str:
    lines: list[str] = []
    for title, (where, block) in BLOCKS.items():
        lines += [f"### {title}", f"Stands: {where}." if where else "Stands at the top.", ""]
        lines += ["| key | meaning |", "|---|---|"]
        lines += [f"| `{name}`{' (required)' if key.required else ''} | {_cell(key.doc)} |" for name, key in block.items()]
        lines.append("")
    return "\n".join(lines).rstrip()


def _defaults() -> str:
    rows = [f"| {record}.{field} | `{value}` |" for (record, field), value in ITEM_DEFAULTS.items()]
    return "\n".join(["| field | value where the mapper says nothing |", "|---|---|", *rows])


def _business_keys() -> str:
    rows = [f"| {event} | `{key}` |" for event, key in KEYS_OF_EVENTS.items()]
    return "\n".join(["| event | business key where the mapper says none |", "|---|---|", *rows])


def _sources() -> str:
    lines = ["| platform in sources | what | grade | topics |", "|---|---|---|---|"]
    for name in sorted((*PLATFORMS, *MAPPERS)):
        adapter = adapter_of(name)
        assert adapter is not None  # noqa: S101 - the name is from the catalogue
        what, topics = "built in", f"[its own page]({name}.md)"
        if isinstance(adapter, MappedAdapter):
            what, topics = f"mapper: {adapter.mapper.title}", ", ".join(f"`{topic}`" for topic in adapter.topics)
        lines.append(f"| {name} | {what} | {GRADES_IN_WORDS[adapter.grade]} | {topics} |")
    lines += ["", "## Previews", ""]
    for name in MAPPERS:
        adapter = adapter_of(name)
        if isinstance(adapter, MappedAdapter):
            lines += [f"**{adapter.mapper.title}** (`{name}`). {adapter.mapper.about}", ""]
    return "\n".join(lines).rstrip()


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


_PARTS: Final[dict[str, Callable[[], str]]] = {
    "keys": _keys,
    "defaults": _defaults,
    "business-keys": _business_keys,
    "sources": _sources,
}


if __name__ == "__main__":
    for name in sys.argv[1:]:
        Path(name).write_text(with_generated_parts(Path(name).read_text(encoding="utf-8")), encoding="utf-8")
