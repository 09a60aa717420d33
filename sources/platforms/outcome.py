"""What an adapter answers about one raw payload."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from sources.platforms.facts import Fetch

ProblemCode: TypeAlias = Literal["hold_discrepancy", "refetch", "reject_malformed"]
"""Figures that do not add up | a pointer or partial payload | amounts that cannot be read without guessing."""

EventTwin: TypeAlias = dict[str, Any]
"""One canonical event as its JSON twin."""


PrivacyKind: TypeAlias = Literal["access", "erase_customer", "erase_shop"]


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """What a platform asks about personal data: `customer` is the platform's own id, `orders` are those whose data is meant."""

    kind: PrivacyKind
    customer: str | None = None
    orders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Nothing:
    """A valid payload without accounting effect; `reason` is for people. privacy: it asks for something else, of operators."""

    reason: str
    privacy: PrivacyRequest | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """A payload that cannot be judged; `pointer` is the JSON pointer of the field in question.

    fetch: with `refetch`, the object that would tell more, where the payload says which one that is.
    """

    code: ProblemCode
    message: str
    pointer: str
    fetch: "Fetch | None" = None


class Unjudged(Exception):
    """Raised deep inside an adapter; its door turns it into the `Problem` it carries."""

    def __init__(self, code: ProblemCode, message: str, pointer: str, fetch: "Fetch | None" = None) -> None:
        super().__init__(message)
        self.problem = Problem(code, message, pointer, fetch)
