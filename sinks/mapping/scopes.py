"""Which postings a rule is about, and which of two rules says it more exactly.

A rule names a role and conditions. Of several rules that match a posting on its day, the most specific one counts, by

1. the role: one that is named before `*`;
2. the number of conditions: more before fewer (a qualifier is one, exact or not);
3. the qualifier: exact before a beginning (`st*`), a longer beginning before a shorter one, any beginning before none;
4. the order of `CONDITIONS`: at the first of them that only one of the rules has, the rule that has it.

Two rules that are equal in all of this and match the same posting have the very same conditions. So overlaps, gaps and what
covers what are decided exactly, without trying postings.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sinks.plaintext.account_names import ROOTS

CONDITIONS: Final = ("entity", "tax_code", "tax_rate", "category", "channel", "warehouse", "store", "currency")
"""Conditions besides the qualifier, in the order in which they decide between rules with equally many."""
ROLES: Final = frozenset(role for roles in ROOTS.values() for role in roles.split())
"""Every role that postings rules book to; a manual journal may name others."""
ANY_ROLE: Final = "*"
"""Any role of a manual journal that the program does not know."""
ANY_ENDING: Final = "*"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text as it is, or the beginning of one."""

    text: str
    beginning: bool = False

    @property
    def rank(self) -> tuple[int, int]:
        """Exact above beginnings, longer beginnings above shorter ones."""
        return (1, len(self.text)) if self.beginning else (2, 0)

    def matches(self, text: str) -> bool:
        """Whether a text is, or begins, like this."""
        return text.startswith(self.text) if self.beginning else text == self.text

    def covers(self, other: "Pattern") -> bool:
        """Whether every text that the other matches is matched."""
        return other.text.startswith(self.text) if self.beginning else self == other

    def __str__(self) -> str:
        return self.text + ANY_ENDING if self.beginning else self.text


def pattern_of(text: str) -> Pattern:
    """The pattern that is written so: `ES:*` or `stripe`."""
    return Pattern(text.removesuffix(ANY_ENDING), beginning=True) if text.endswith(ANY_ENDING) else Pattern(text)


@dataclass(frozen=True, slots=True)
class Scope:
    """Role, pattern of the qualifier (None = any or none), and (condition, value) pairs in the order of `names`.

    Customers are found in the same way, with the customer's reference in the place of the qualifier.
    """

    role: str
    pattern: Pattern | None
    values: tuple[tuple[str, str], ...]

    def rank(self, names: tuple[str, ...] = CONDITIONS) -> tuple[int, ...]:
        """The higher, the more specific."""
        stated = {name for name, _ in self.values}
        count = len(stated) + (self.pattern is not None)
        exactness = self.pattern.rank if self.pattern is not None else (0, 0)
        return (self.role != ANY_ROLE, count, *exactness, *[name in stated for name in names])

    def matches(self, role: str, qualifier: str | None, value: Callable[[str], str | None]) -> bool:
        """Whether a posting of this role and qualifier is meant; `value` answers its other conditions, None = has none such."""
        return (
            (self.role == role or (self.role == ANY_ROLE and role not in ROLES))
            and (self.pattern is None or (qualifier is not None and self.pattern.matches(qualifier)))
            and all(value(name) == wanted for name, wanted in self.values)
        )

    def covers(self, other: "Scope") -> bool:
        """Whether every posting that the other is about is matched. Each name stands for any number of values, so this is exact."""
        return (
            (self.role == other.role or (self.role == ANY_ROLE and other.role not in ROLES))
            and (self.pattern is None or (other.pattern is not None and self.pattern.covers(other.pattern)))
            and set(self.values) <= set(other.values)
        )

    def __str__(self) -> str:
        head = self.role if self.pattern is None else f"{self.role}:{self.pattern}"
        return " ".join([head, *[f"{name}={value}" for name, value in self.values]])


@dataclass(frozen=True, slots=True, order=True)
class Days:
    """Days (ISO) from `first`, itself included, until `end`, itself not; `EVER` and `NEVER` where there is no bound."""

    first: str
    end: str

    def __contains__(self, day: str) -> bool:
        return self.first <= day < self.end

    def __str__(self) -> str:
        start = "from the beginning" if self.first == EVER else f"from {self.first}"
        return f"{start} on" if self.end == NEVER else f"{start} until {self.end}"


EVER: Final = "0000-00-00"
NEVER: Final = "9999-99-99"
ALWAYS: Final = Days(EVER, NEVER)
