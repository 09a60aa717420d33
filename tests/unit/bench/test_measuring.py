"""The cost of a run from its samples."""

from bench.measuring import Sample, cost_of


def test_steady_leaves_start_and_end_out() -> None:
    """2 s of start, then 10 us of CPU per record for 100 000 records in 10 s, then an idle second."""
    samples = [Sample(0.0, 0, 2.0, 50), *(Sample(1.0 + step, 10_000 * step, 2.0 + 0.1 * step, 50 + step) for step in range(11))]
    cost = cost_of([*samples, Sample(12.0, 100_000, 3.0, 40)], 100_000, 3.5)
    assert round(cost.steady_us, 6) == 10.0
    assert round(cost.all_us, 6) == 35.0
    assert round(cost.per_second) == 10_000
    assert (cost.peak_bytes, cost.grown_bytes) == (60, -11)


def test_too_little_work_counts_as_a_whole() -> None:
    cost = cost_of([Sample(0.0, 0, 0.0, 1), Sample(0.5, 50, 0.2, 1), Sample(1.0, 100, 0.4, 1)], 100, 0.5)
    assert round(cost.steady_us) == 4_000
    assert cost.per_second == 100
