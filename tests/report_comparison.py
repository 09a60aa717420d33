"""Compares the tables of a report's page, cell by cell, with what `Facts` counted."""

from collections import Counter

from tests.report_facts import Facts, Page, nearest_rank, shown

GROUPS = {
    "posted": "posted at once",
    "deferred": "waits",
    "rejected": "rejected",
    "duplicate": "duplicate",
    "conflict": "conflict",
    "ignored": "ignored",
    "dead_letter": "refused, never judged",
    "waits": "no outcome yet",
}


def compare(page: Page, facts: Facts, *, seconds: int, start: int = 0, stop: int = 2**62) -> None:
    """Every figure of flow, outcomes, times, money, trial balance and open things; `seconds`: length of a step, for the whole only."""
    assert page.foreign == []
    _flow(page, facts, start, stop)
    _outcomes(page, facts, start, stop)
    _money(page, facts, start, stop)
    _balances(page, facts)
    _open(page, facts)
    if stop == 2**62:
        _times(page, facts, seconds)


def _flow(page: Page, facts: Facts, start: int, stop: int) -> None:
    rows = {row[0]: row[1] for row in page.table("The flow: records, outcomes, entries, booked")}
    outcomes = facts.outcomes(start, stop)
    grouped: Counter[str] = Counter()
    for (outcome, _, now), number in outcomes.items():
        grouped["waited, then posted" if now == "posted" else GROUPS[now or outcome]] += number
    entries = [entry for entry in facts.entries if start <= entry.arrived_at < stop]
    booked = sum(bool(entry.booked) for entry in entries)
    expected = {
        "records arrived": sum(outcomes.values()),
        **grouped,
        "entries": len(entries),
        "entries: booked": booked,
        "entries: not booked yet": len(entries) - booked,
    }
    assert rows == {name: f"{number:,}" for name, number in expected.items()}


def _outcomes(page: Page, facts: Facts, start: int, stop: int) -> None:
    found = Counter({(row[0], row[1], row[3]): row[4] for row in page.table("Outcomes")})
    expected = {
        (GROUPS[outcome], code, "waited, then posted" if now == "posted" else GROUPS[now] if now else ""): f"{number:,}"
        for (outcome, code, now), number in facts.outcomes(start, stop).items()
    }
    assert found == expected


def _money(page: Page, facts: Facts, start: int, stop: int) -> None:
    exponents = {entry.currency: entry.exponent for entry in facts.entries}
    rows = {row[0]: (row[1], row[2], row[3], row[6], row[7], row[8]) for row in page.table("Money in and money booked")}
    expected = {}
    for currency, (captured, booked, debits, ledger) in facts.money(start, stop).items():
        amounts = (captured, booked, booked - captured, debits, ledger, ledger - debits)
        expected[currency] = tuple(shown(amount, exponents[currency]) for amount in amounts)
    assert rows == expected


def _balances(page: Page, facts: Facts) -> None:
    exponents = {entry.currency: entry.exponent for entry in facts.entries}
    for currency, accounts in facts.balances().items():
        *rows, total = page.table(currency)
        expected = {
            account: (shown(amount, exponents[currency]), "") if amount >= 0 else ("", shown(-amount, exponents[currency]))
            for account, amount in accounts.items()
        }
        assert {row[0]: (row[1], row[2]) for row in rows} == expected
        assert total[1] == total[2] == shown(sum(amount for amount in accounts.values() if amount > 0), exponents[currency])


def _open(page: Page, facts: Facts) -> None:
    waiting = [row for row in facts.standing.values() if row["outcome"] == "deferred"]
    for words, found in (
        ("Open discrepancies", Counter((row["code"], row["severity"]) for row in facts.discrepancies)),
        ("Events that wait", Counter((row["code"], "") for row in waiting)),
        ("Refused records", Counter((row["reason"], "") for row in facts.letters)),
    ):
        caption = f"{words}: {sum(found.values())}"
        if not found:
            assert caption in page.words
            continue
        rows = page.table(caption)
        graded = any(severity for _, severity in found)
        assert {(row[0], row[1] if graded else ""): row[-3] for row in rows} == {group: f"{number:,}" for group, number in found.items()}
        assert [sum(int(cell) for cell in row[-7:-3]) for row in rows] == [int(row[-3]) for row in rows]


def _times(page: Page, facts: Facts, seconds: int) -> None:
    *rows, whole = page.table("Over time")
    steps = facts.steps(seconds)
    lags = sorted(lag for _, _, found in steps.values() for lag in found)
    expected = [_step(*step) for step in steps.values()]
    assert [row[1:] for row in rows] == expected
    totals = (sum(step[0] for step in steps.values()), len(lags), lags)
    assert whole[1:] == _step(*totals)


def _step(arrived: int, booked: int, lags: list[int]) -> tuple[str, ...]:
    cells = [f"{shown(nearest_rank(lags, percent), 3)} ms" for percent in (50, 95, 99, 100)] if lags else [""] * 4
    return (f"{arrived:,}", f"{booked:,}", *cells)
