"""What is written down about changes of the core: equivalent mutants with the reason, and bugs planted on purpose."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.mutation.mutants import CORE, Mutant

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Equivalent:
    """A mutant that no test can kill: module (below the core), the lines before and after, and why."""

    module: str
    old: str
    new: str
    reason: str


@dataclass(frozen=True)
class Planted:
    """A bug as someone could write it: `old`, which is there once, becomes `new`."""

    name: str
    module: str
    old: str
    new: str

    @property
    def path(self) -> Path:
        """Its module."""
        return CORE / self.module

    def source(self) -> str:
        """The module with the bug. Raises ValueError where the code has moved on."""
        text = self.path.read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.module} has the old text {text.count(self.old)} times, not once")
        return text.replace(self.old, self.new)


@cache
def equivalents() -> tuple[Equivalent, ...]:
    """Those of equivalent.toml."""
    return tuple(Equivalent(**one) for one in tomllib.loads((HERE / "equivalent.toml").read_text(encoding="utf-8"))["equivalent"])


@cache
def planted_bugs() -> tuple[Planted, ...]:
    """Those of planted.toml."""
    return tuple(Planted(**one) for one in tomllib.loads((HERE / "planted.toml").read_text(encoding="utf-8"))["planted"])


def equivalent_reason(mutant: Mutant) -> str | None:
    """Why a mutant says the same as the code; None where nobody has said so."""
    about = (str(mutant.module.relative_to(CORE)), mutant.old, mutant.new)
    return next((one.reason for one in equivalents() if (one.module, one.old, one.new) == about), None)
