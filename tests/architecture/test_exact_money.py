"""Amounts are whole numbers wherever they go, and the core answers the same each time: looked for in the source itself."""

import ast
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.architecture.exact_money import inexact, unsteady

ROOT = Path(__file__).resolve().parents[2]
CORE = sorted((ROOT / "asiento" / "accounting").rglob("*.py"))
AROUND = sorted(path for package in ("schemas", "streams", "sinks", "sources") for path in (ROOT / package).rglob("*.py"))
ENGINE = ROOT / "streams" / "engine"
"""Moves bytes and measures times: it must not know an amount at all."""
MONEY_WORDS = {"amount", "net", "gross", "postings", "quantity", "balances", "totals"}
ALLOWED: dict[str, dict[str, int]] = {
    # Paths.
    "schemas/generate.py": {"true division": 9},
    "sinks/backup/folders.py": {"true division": 3},
    "sinks/backup/manifest.py": {"true division": 7},
    "sinks/backup/operational_copy.py": {"true division": 5},
    "sinks/backup/proof.py": {"true division": 1},
    "sinks/backup/restore.py": {"true division": 4},
    "sinks/backup/take.py": {"true division": 5},
    "sinks/backup/topic_archive.py": {"true division": 3},
    "sinks/external/connections.py": {"true division": 2},
    "sources/fetcher/config.py": {"true division": 1},
    "sources/platforms/snapshot_files.py": {"true division": 3},
    "sources/sdk/generate.py": {"true division": 3},
    # Times: seconds between two clocks.
    # Waits, rates and odds of the posting state machine: seconds and calls; amounts pass it by unread.
    "sinks/posting/breaker.py": {"float literal": 1, "round()": 1, "true division": 1},
    "sinks/posting/limits.py": {"float literal": 1, "round()": 1, "true division": 1},
    "sinks/posting/poster.py": {"float literal": 1, "round()": 2, "true division": 5},
    "sinks/posting/poster_metrics.py": {"true division": 1},
    "sinks/posting/rules.py": {"float literal": 11},
    "sinks/posting/transitions.py": {"float literal": 1, "round()": 3},
    "sinks/delivery.py": {"true division": 2},
    "sinks/lag.py": {"float literal": 1, "true division": 1},
    "sinks/lag_exporter/broker_reader.py": {"round()": 1},
    "sinks/lag_exporter/lags.py": {"float literal": 3, "round()": 1, "true division": 1},
    "sources/gateway/dispatcher.py": {"round()": 1},
    "sources/gateway/key_client.py": {"float literal": 1},
    "sources/gateway/process.py": {"true division": 2},
    "sources/fetcher/budget.py": {"float literal": 1, "true division": 1},
    "sources/fetcher/client.py": {"float literal": 1, "float()": 1},
    "sources/fetcher/process.py": {"float literal": 1, "round()": 1},
    "sinks/projector/gauges.py": {"float literal": 1, "true division": 1},
    "sinks/tie_out/gauges.py": {"float literal": 5, "true division": 3},
    "sinks/tie_out/process.py": {"float literal": 1},
    "streams/orders.py": {"true division": 1},
    "streams/schema_ids.py": {"float literal": 2, "round()": 1},
    # How alike two words are.
    "sources/platforms/connection.py": {"float literal": 1},
    # Decimal texts of a shop become minor units; what is not exact there is checked against the shop's own totals.
    # Mappers reckon in decimals; what is divided is rounded at once, and amounts that do not fit their currency are problems.
    "sources/platforms/mapped/blocks.py": {"float literal": 1, "import of decimal": 1},
    "sources/platforms/mapped/building.py": {"import of decimal": 1, "true division": 1},
    "sources/platforms/mapped/delimited.py": {"import of decimal": 1},
    "sources/platforms/mapped/evaluation.py": {"import of decimal": 1, "true division": 1},
    "sources/platforms/mapped/rules.py": {"import of decimal": 1},
    "sources/platforms/mapped/telling.py": {"import of decimal": 1},
    "sources/platforms/minor_units.py": {"import of decimal": 1},
    "sources/platforms/commercetools/order_lines.py": {"import of decimal": 1},
    "sources/platforms/order_drafts.py": {"import of decimal": 1},
    "sources/platforms/payload.py": {"import of decimal": 1},
    "sources/platforms/stated_money.py": {"import of decimal": 1},
    "sources/platforms/shopify/money.py": {"import of decimal": 1, "true division": 1},
    "sources/platforms/shopify/order_checks.py": {"import of decimal": 1},
    "sources/platforms/shopify/order_lines.py": {"import of decimal": 1},
    "sources/platforms/shopify/refund_statement.py": {"import of decimal": 1},
    "sources/platforms/figures.py": {"import of decimal": 1},
    "sources/platforms/sold_lines.py": {"import of decimal": 1, "true division": 2},
    "sources/platforms/saleor/adapter.py": {"import of decimal": 1},
    "sources/platforms/saleor/fields.py": {"import of decimal": 1},
    "sources/platforms/sylius/order_lines.py": {"import of decimal": 1},
    "sources/platforms/woocommerce/fees.py": {"import of decimal": 1},
    "sources/platforms/woocommerce/fields.py": {"import of decimal": 1},
    "sources/platforms/woocommerce/order.py": {"import of decimal": 1},
    "sources/platforms/woocommerce/order_lines.py": {"import of decimal": 1},
    "sources/platforms/woocommerce/order_total.py": {"import of decimal": 1},
    "sources/platforms/woocommerce/refund.py": {"import of decimal": 1},
    "sources/platforms/woocommerce/refund_facts.py": {"import of decimal": 1, "true division": 1},
    "sources/platforms/woocommerce/taxes.py": {"import of decimal": 1, "true division": 1},
    # Producers' amounts and numbers become minor units and decimal texts, exactly or not at all.
    "sources/gateway/rest/submission.py": {"import of decimal": 1},
    "sources/sdk/money.py": {"import of decimal": 1},
    "sources/sdk/values.py": {"import of decimal": 1},
    "sources/platforms/square/hand_over.py": {"import of decimal": 1},
    "sources/platforms/square/order_lines.py": {"import of decimal": 1},
    # A made-up shop reckons in exact fractions.
    "sources/synthetic/arithmetic.py": {"import of fractions": 1},
    "sources/synthetic/catalog.py": {"import of fractions": 1},
    "sources/synthetic/intents.py": {"import of fractions": 1},
    "sources/synthetic/pricing.py": {"import of fractions": 1, "true division": 1},
    "sources/synthetic/settlement.py": {"import of fractions": 1},
}
"""All there is of it outside the core, with how often: a new place must be looked at, one that is gone leaves the list."""

Walker = Callable[[ast.AST], Iterator[tuple[int, str]]]


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.name)
def test_the_core_is_exact_and_answers_the_same_each_time(path: Path) -> None:
    tree = _tree(path)
    assert [*inexact(tree), *unsteady(tree)] == []


def test_amounts_stay_whole_around_the_core() -> None:
    found: dict[str, dict[str, int]] = {}
    for path in AROUND:
        faults = Counter(what for _, what in inexact(_tree(path)))
        if faults and ENGINE not in path.parents:
            found[str(path.relative_to(ROOT))] = dict(faults)
    assert found == ALLOWED


def test_the_engine_knows_no_amount() -> None:
    for path in ENGINE.rglob("*.py"):
        for node in ast.walk(_tree(path)):
            assert not (isinstance(node, ast.Attribute) and node.attr in MONEY_WORDS), f"{path.name}:{node.lineno} {node.attr}"
            assert not (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("asiento.accounting")), path.name


@pytest.mark.parametrize(
    ("walker", "source", "what"),
    [
        (inexact, "rate = 0.21", "float literal"),
        (inexact, "STEP_SECONDS, rate = 1.0, 0.5", "float literal"),
        (inexact, "root = 2j", "float literal"),
        (inexact, "share = amount / 3", "true division"),
        (inexact, "amount /= 3", "true division"),
        (inexact, "from operator import truediv", "true division"),
        (inexact, "share = operator.truediv(amount, 3)", "true division"),
        (inexact, "float(amount)", "float()"),
        (inexact, "round(amount, 2)", "round()"),
        (inexact, "complex(amount)", "complex()"),
        *[(inexact, f"import {module}", f"import of {module}") for module in ("math", "decimal", "fractions", "statistics")],
        (inexact, "from math import floor", "import of math"),
        *[(unsteady, f"import {module}", f"import of {module}") for module in ("random", "time", "os", "secrets", "asyncio")],
        (unsteady, "from time import monotonic", "import of time"),
        (unsteady, "datetime.now(UTC)", "clock: now"),
        (unsteady, "date.today()", "clock: today"),
        (unsteady, "clock = datetime.utcnow", "clock: utcnow"),
        (unsteady, "hash(account)", "hash()"),
        (unsteady, "for key in {1, 2}: pass", "order of a set"),
        (unsteady, "for key in set(keys): pass", "order of a set"),
        (unsteady, "keys = frozenset(found)\nrows = [key for key in keys]", "order of a set"),
        (unsteady, "def rows(keys: set[str]): return list(keys)", "order of a set"),
        (unsteady, "def rows(keys: frozenset[str]): yield from keys", "order of a set"),
        (unsteady, "class A:\n    keys: set[str]\n    def rows(self): return tuple(self.keys)", "order of a set"),
        (unsteady, "rows = [*{1, 2}]", "order of a set"),
        (unsteady, "rows = {key: 1 for key in {1, 2}}", "order of a set"),
        (unsteady, "first = next(iter({1, 2}))", "order of a set"),
        (unsteady, "text = ','.join({'a', 'b'})", "order of a set"),
        (unsteady, "for key in {1, 2} | more: pass", "order of a set"),
        (unsteady, "for place, key in enumerate({1, 2}): pass", "order of a set"),
    ],
)
def test_the_walker_sees(walker: Walker, source: str, what: str) -> None:
    assert what in [fault for _, fault in walker(ast.parse(source))]


@pytest.mark.parametrize(
    "source",
    [
        "STILL_SECONDS_MAX = 30.0",
        "share = amount // 3",
        "rows = sorted({1, 2})",
        "known = sum(amounts[key] for key in {1, 2})",
        "keys = {1, *[2, 3]}",
        "def first(keys: list[int]): return tuple(keys)\ndef second(keys: set[int]): return 1 in keys",
    ],
)
def test_the_walker_lets_pass(source: str) -> None:
    tree = ast.parse(source)
    assert [*inexact(tree), *unsteady(tree)] == []
