"""What is kept is bounded, and the same whether it was kept or made anew."""

from schemas.avro_pieces import LONGS, long_bytes
from schemas.kept import Kept


def test_a_value_is_made_once() -> None:
    numbers = iter("123")
    kept = Kept[str, str](lambda key: key + next(numbers), items_max=2, length_max=3)
    assert [kept["a"], kept["a"], kept["b"]] == ["a1", "a1", "b2"]


def test_a_full_one_starts_anew_and_a_long_value_is_not_kept() -> None:
    kept = Kept[str, str](str.upper, items_max=2, length_max=3)
    assert [kept[key] for key in ("a", "b", "long", "c")] == ["A", "B", "LONG", "C"]
    assert dict(kept) == {"c": "C"}


def test_numbers_are_kept_within_their_bound() -> None:
    for value in range(1 << 20, (1 << 20) + 20_000):
        assert LONGS[value] == long_bytes(value)
    assert len(LONGS) <= 16_384
