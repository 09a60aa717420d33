"""Finds card numbers in free text: 13 to 19 digits, blanks or dashes between them, with a valid Luhn digit."""

import re
from itertools import accumulate

DIGITS_MIN, DIGITS_MAX = 13, 19
_RUN = re.compile(r"[0-9](?:[ -]*[0-9]){12,}")
_GROUP = re.compile(r"[0-9]+")
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def holds_card_number(text: str) -> bool:
    """Whether groups of digits that follow each other make a card number; time grows linearly with the text."""
    return len(text) >= DIGITS_MIN and any(_run_holds(found.group()) for found in _RUN.finditer(text))


def _run_holds(run: str) -> bool:
    """A window starts where a group starts and ends where a group ends; prefix sums make each window one subtraction."""
    groups = [found.group() for found in _GROUP.finditer(run)]
    digits = [int(digit) for group in groups for digit in group]
    even = list(accumulate((_DOUBLED[d] if i % 2 else d for i, d in enumerate(digits)), initial=0))
    odd = list(accumulate((d if i % 2 else _DOUBLED[d] for i, d in enumerate(digits)), initial=0))
    edges = list(accumulate((len(group) for group in groups), initial=0))
    starts = frozenset(edges)
    for end in edges[1:]:
        sums = even if end % 2 else odd
        for length in range(DIGITS_MIN, min(DIGITS_MAX, end) + 1):
            if end - length in starts and (sums[end] - sums[end - length]) % 10 == 0:
                return True
    return False
