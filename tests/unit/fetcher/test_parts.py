"""The fetcher's parts: paths that stay paths, budgets, progress in any order, its configuration file."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asiento.runtime.yaml_files import RefusedFile
from sources.fetcher.budget import Budget
from sources.fetcher.config import load_fetched_sources
from sources.fetcher.places import PATHS, path_of
from sources.fetcher.progress import DONE_AHEAD_MAX, PartitionProgress


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        ("orders/450789469", "/wp-json/wc/v3/orders/450789469"),
        ("orders/../../users", "/wp-json/wc/v3/orders/..%2F..%2Fusers"),
        ("orders/1?x=2#y", "/wp-json/wc/v3/orders/1%3Fx%3D2%23y"),
        ("orders/..", None),
        ("orders/", None),
        ("user/1", None),
        ("", None),
    ],
)
def test_an_id_stays_one_segment_of_its_path(resource: str, path: str | None) -> None:
    assert path_of(resource, PATHS["woocommerce"]) == path


def test_every_path_has_an_id() -> None:
    assert all(path.startswith("/") and path.count("{id}") == 1 for paths in PATHS.values() for path in paths.values())


def test_requests_leave_evenly_within_the_budget() -> None:
    budget = Budget(60)
    assert [budget.wait_from(100.0) for _ in range(3)] == [0.0, 1.0, 2.0]
    assert budget.wait_from(200.0) == 0.0
    budget.not_before(260.0)
    assert budget.wait_from(210.0) == 50.0


@given(st.permutations(range(8)))
def test_the_committed_offset_is_that_of_the_oldest_request_without_an_answer(order: list[int]) -> None:
    progress, committed, answered = PartitionProgress(), 0, set()
    for offset in range(8):
        progress.begin(offset)
    for offset in order:
        answered.add(offset)
        committed = progress.done(offset) or committed
        assert committed == next(first for first in range(9) if first not in answered)
    assert progress.done(3) is None


def test_a_partition_takes_on_so_much_and_no_more() -> None:
    progress = PartitionProgress()
    for offset in range(DONE_AHEAD_MAX):
        assert not progress.full
        progress.begin(offset)
    assert progress.full


def test_the_file_of_sources(tmp_path: Path) -> None:
    file = tmp_path / "fetch.yaml"
    file.write_text(
        "tenants:\n  acme:\n    shopify:main:\n      base_url: https://acme.example/\n      header: X-Shopify-Access-Token\n"
        "      secret_file: token\n      requests_per_minute: 30\n      paths: {extra: '/x/{id}'}\n"
    )
    source = load_fetched_sources(file)["acme", "shopify:main"]
    assert (source.base_url, source.secret_file, source.requests_per_minute) == ("https://acme.example", tmp_path / "token", 30)
    assert source.paths == {**PATHS["shopify"], "extra": "/x/{id}"}


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("base_url: http://shop.example", "http to this machine only"),
        ("base_url: https://user:pw@shop.example", "base_url"),
        ("base_url: file:///etc/passwd", "base_url"),
        ("base_url: https://a.example\n      header: X-Key", "belong together"),
        ("base_url: https://a.example\n      paths: {order: /orders}", "with {id} in it"),
        ("base_url: https://a.example\n      requests_per_minute: 0", "from 1 to"),
        ("base_url: https://a.example\n      heder: X", "is no key here"),
    ],
)
def test_what_is_wrong_with_a_source_is_said_with_its_place(tmp_path: Path, lines: str, words: str) -> None:
    file = tmp_path / "fetch.yaml"
    file.write_text(f"tenants:\n  acme:\n    shopify:main:\n      {lines}\n")
    with pytest.raises(RefusedFile, match=r"fetch\.yaml:") as caught:
        load_fetched_sources(file)
    assert words in str(caught.value)
