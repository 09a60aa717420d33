"""A new version of the frame must not slip in: versions and every touched internal are compared with what is installed."""

from functools import reduce
from importlib import import_module
from importlib.metadata import version
from typing import Any

import pytest
from aiokafka.producer import sender

from streams.engine.pins import NEXT_TRANSACTION_BACKOFF_SECONDS, PINNED_VERSIONS, TOUCHED_INTERNALS, shorten_transaction_backoff


@pytest.mark.parametrize(("package", "pinned"), PINNED_VERSIONS.items())
def test_installed_version_is_the_pinned_one(package: str, pinned: str) -> None:
    assert version(package) == pinned


def _found(touched: str) -> Any:
    module, _, path = touched.partition(":")
    return reduce(lambda holder, name: vars(holder)[name], path.split("."), import_module(module))


@pytest.mark.parametrize("touched", TOUCHED_INTERNALS)
def test_touched_internal_exists_where_it_is_expected(touched: str) -> None:
    assert _found(touched) is not None


def test_backoff_between_transactions_is_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sender, "BACKOFF_OVERRIDE", sender.BACKOFF_OVERRIDE)
    shorten_transaction_backoff()
    assert sender.BACKOFF_OVERRIDE == NEXT_TRANSACTION_BACKOFF_SECONDS
    assert "BACKOFF_OVERRIDE" in sender.AddPartitionsToTxnHandler.handle_response.__code__.co_names
