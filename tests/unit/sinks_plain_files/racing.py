"""Posts documents in small batches, as one of several processes that have one book: FOLDER DIALECT FIRST STEP."""

import sys
from pathlib import Path

from tests.unit.sinks_plain_files.books import DIALECTS, book, document, posted

DOCUMENTS = [document(number, date=f"2025-0{number % 3 + 4}-01") for number in range(60)]


def main(folder: Path, name: str, direction: int) -> None:
    """All of them, forwards or backwards."""
    mine = book(folder, DIALECTS[name])
    documents = DOCUMENTS[::direction]
    for start in range(0, len(documents), 5):
        posted(mine, documents[start : start + 5])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
