"""The verdict of `bench.check`."""

from bench.check import verdict
from bench.spread import Spread


def test_up_to_fifteen_percent_worse_is_noise() -> None:
    good, words = verdict(Spread(1.14, 1.0, 2.0), 1.0)
    assert good
    assert words.startswith("good: worker : confluent-kafka loop = 1.140 (1.000-2.000), on record 1.000")


def test_more_is_a_fault_told_in_words() -> None:
    good, words = verdict(Spread(1.16, 1.1, 1.2), 1.0)
    assert not good
    assert words.startswith("SLOWER: ")
    assert "bench.costs" in words
