"""What a check of the contract finds."""

from dataclasses import asdict, dataclass
from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong inside a schema: at which field, what, and how to mend it."""

    place: str
    problem: str
    mend: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem and the file that has it; `place` is the field, or empty for the file as a whole."""

    file: str
    place: str
    problem: str
    mend: str

    def to_json(self) -> dict[str, str]:
        """As a JSON object."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.file}{f' {self.place}' if self.place else ''}: {self.problem}; {self.mend}"
