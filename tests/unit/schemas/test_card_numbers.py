"""Card numbers in free text."""

import time

import pytest

from schemas.card_numbers import holds_card_number


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "paid with 4111 1111 1111 1111, again",
        "12 4111 1111 1111 1111",
        "4111 1111 1111 1111 99",
        "378282246310005",
        "4222222222222",
        "6304000000000000000",
        "5 5 5 5 5 5 5 5 5 5 5 5 4 4 4 4",
    ],
)
def test_found(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "customer changed their mind",
        "4111111111111112",
        "411111111111",
        "41111111111111110000",  # 20 digits in one piece
        "order 1001 of 2026-01-05",
        "4111.1111.1111.1111",
    ],
)
def test_not_found(text: str) -> None:
    assert not holds_card_number(text)


def test_long_texts_take_linear_time() -> None:
    started = time.process_time()
    holds_card_number("1 " * 100_000)
    assert time.process_time() - started < 5
