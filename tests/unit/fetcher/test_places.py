"""Whatever an adapter asks for, the fetcher knows where to read it, or its page says that the source has to say so."""

import ast
from pathlib import Path

import pytest

from sources.fetcher.places import PATHS
from sources.platforms.catalogue import PLATFORMS
from sources.platforms.mollie.objects import pointer_to

PACKAGE = Path(__file__).resolve().parents[3] / "sources" / "platforms"
SAID_BY_THE_SOURCE = {
    ("shopify", "returns"),  # the REST interface has none
    ("shopify", "reverse_fulfillment_orders"),
    ("sylius", "orders"),  # the paths of an installation are its own
    ("sylius", "payments"),
}
BY_VARIABLE = {"stripe": {"charge", "payment_intent", "refund", "dispute"}, "commercetools": {"order", "payment"}}
"""Kinds that stand in a variable where they are asked for."""


def asked_for(platform: str) -> set[str]:
    """The kinds in front of the slash of every `Fetch(topic, "<kind>/<id>", reason)` of an adapter."""
    found = set(BY_VARIABLE.get(platform, ()))
    for path in (PACKAGE / platform.replace("-", "_")).rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Fetch":
                first = call.args[1].values[0] if isinstance(call.args[1], ast.JoinedStr) else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    found.add(first.value.partition("/")[0])
                    assert first.value.count("/") == 1, f"{path.name}: <kind>/<id> is expected"
    return found


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_kind_that_an_adapter_asks_for_has_a_path(platform: str) -> None:
    without = {kind for kind in asked_for(platform) - PATHS.get(platform, {}).keys() if (platform, kind) not in SAID_BY_THE_SOURCE}
    assert without == set()


def test_something_is_asked_for() -> None:
    assert asked_for("woocommerce") == {"orders", "order_refunds"}
    assert {kind for platform in PLATFORMS for kind in asked_for(platform)} > {"charge", "transactions"}


def test_ids_of_mollie_tell_their_kind() -> None:
    for identity in ("tr_1", "ord_1"):
        fetch = pointer_to(identity, "").problem.fetch
        assert fetch is not None
        assert fetch.resource.partition("/")[0] in PATHS["mollie"]
