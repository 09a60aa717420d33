"""Explanations of document lines: only where the arithmetic gives exactly the figure."""

import pytest

from sinks.block_arithmetic import Part, explain_documents
from tests.unit.sinks.journal import invoice


@pytest.mark.parametrize(
    ("part", "holds"),
    [
        (Part(amount=33, whole=100, units=3, taken=0, count=1), True),
        (Part(amount=34, whole=100, units=3, taken=1, count=1), True),
        (Part(amount=33, whole=100, units=3, taken=1, count=1), False),
        (Part(amount=1, whole=1, units=2, taken=0, count=1), True),  # halves go up
        (Part(amount=0, whole=1, units=2, taken=1, count=1), True),
        (Part(amount=-1, whole=-1, units=2, taken=0, count=1), True),
        (Part(amount=0, whole=0, units=0, taken=0, count=0), False),
        (Part(amount=100, whole=100, units=3, taken=1, count=3), False),
    ],
)
def test_a_part_holds_where_its_arithmetic_gives_its_amount(part: Part, holds: bool) -> None:
    assert part.holds() is holds


def test_the_parts_of_a_block_add_up() -> None:
    parts = [
        Part(amount=amount, whole=1_000, units=7, taken=taken, count=1) for taken, amount in enumerate((143, 143, 143, 142, 143, 143, 143))
    ]
    assert all(part.holds() for part in parts)
    assert sum(part.amount for part in parts) == 1_000


def test_nothing_is_explained_without_the_state() -> None:
    assert explain_documents([invoice()], None) == {}
