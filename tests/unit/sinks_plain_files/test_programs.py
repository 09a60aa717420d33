"""Books as the real programs see them: accepted, with the same balances to the minor unit, whatever stands in a text."""

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from asiento.accounting.money import CURRENCY_EXPONENTS
from sinks.connectors.catalogue import kind_of
from sinks.connectors.plain_files.blocks import block_of
from sinks.connectors.plain_files.ledger import PlainFilesLedger
from sinks.external.capabilities import AccountUse
from sinks.external.connections import Connection
from sinks.external.documents import LedgerDocument, LedgerLine
from sinks.external.port import RemoteAccount
from tests.unit.sinks_plain_files.books import DIALECTS, book, document, hledger_sums, posted, sums_of

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
HOSTILE = (
    "",
    'say "50; 60" \\ back\\',
    "line\nline\r\nline\ttab\x00nul\x85next\u2028sep",
    "[2025-13-45] date: 2025-99-99, date2: x",
    "(unclosed) (code",
    "Assets:Cash  99.00 EUR",
    '  key: "00000000-0000-0000-0000-000000000000"',
    "%5D %, 100%",
    "= 5 EUR @ 3 | note ; comment",
    "ñandú 日本語 🎉 \u202eright to left",
    'include "/etc/passwd"',
    "!include x\n!pending",
    "x" * 5000,
)
ACCOUNTS = {
    "beancount": ("Assets:Caja-ñ", "Assets:1:2", "Equity:X-", "Expenses:Äß:9é"),
    "hledger": ("Activo:Caja de ñandú", "a", '"q" x:{y}=@|b', "Assets:#1 (x) [y]"),
}


@pytest.fixture(params=sorted(DIALECTS))
def kind(request: pytest.FixtureRequest) -> str:
    """Each of them."""
    return str(request.param)


@pytest.fixture
def program(request: pytest.FixtureRequest, kind: str) -> str:
    """Its program."""
    return str(request.getfixturevalue({"beancount": "bean_check", "hledger": "hledger"}[kind]))


def ledger(kind: str, folder: Path, program: str, **options: str) -> PlainFilesLedger:
    known = kind_of(kind)
    assert known is not None
    made = known.make(Connection(name="books", kind=kind, options={"folder": str(folder), "check_command": program, **options}), None)
    assert isinstance(made, PlainFilesLedger)
    return made


def hostile_documents(kind: str) -> Iterator[LedgerDocument]:
    """Every hostile text in every place, in currencies with every number of decimals."""
    currencies = [("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("MXN", 2)]
    for number, text in enumerate(HOSTILE):
        currency, exponent = currencies[number % len(currencies)]
        amount = 10**14 + number
        lines = tuple(
            LedgerLine(
                account=account,
                role=text or "role",
                amount=amount if side else -amount,
                description=text,
                contact=text or None,
                dimensions=(("channel", text), ("date", text), ("lineno", text), ("role", text), (text or "x", text)),
            )
            for side, account in enumerate(ACCOUNTS[kind][number % 2 * 2 :][:2])
        )
        one = document(
            number, currency=currency, exponent=exponent, memo=text, reference=f"{number} {text}"[:255], group=f"{number} {text}"
        )
        yield replace(one, lines=lines, legal_entity=text or "x")


async def test_hostile_texts_are_accepted_and_come_back(kind: str, program: str, tmp_path: Path) -> None:
    documents = list(hostile_documents(kind))
    connector = ledger(kind, tmp_path, program)
    await connector.post(documents, {})
    there = {one.key: one async for one in connector.documents("2025-06-15", "2025-06-15")}
    assert set(there) == {one.key for one in documents}
    assert not [one for one in there.values() if one.edited]
    assert await connector.balances("2025-06-15") == sums_of(documents)
    assert await connector.balances("2025-06-14") == {}
    if kind == "hledger":
        assert {key: one.reference for key, one in there.items()} == {one.key: one.reference for one in documents}
        assert hledger_sums(program, tmp_path / "main.journal", CURRENCY_EXPONENTS) == sums_of(documents)
        command = [program, "-f", str(tmp_path / "main.journal"), "register", "-O", "csv"]
        rows = subprocess.run(command, capture_output=True, text=True, check=True, env={"LC_ALL": "C.UTF-8"}).stdout.splitlines()
        assert sum('"2025-06-15"' in row for row in rows) == 2 * len(documents)


@given(ANY_TEXT, ANY_TEXT)
def test_any_text_stays_one_transaction(memo: str, name: str) -> None:
    for dialect in DIALECTS.values():
        one = document(1, memo=memo, reference=name, group=name)
        block = block_of(
            replace(one, lines=tuple(replace(line, description=name, role=memo or "x") for line in one.lines)), one.digest, dialect
        )
        assert len(block.legs) == 2
        assert block.key == one.key
        assert not block.edited
        assert "\n\n" not in block.text
        assert [line[:1] for line in block.text.split("\n")].count("2") == 1


NAME_PART = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["A b", "Ab", "9", "x-", "(", "É", "a;", "é", "ǅ", "Ⅷ", "٣"]
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.lists(NAME_PART, min_size=1, max_size=3).map(":".join), min_size=20, max_size=20))
def test_what_passes_as_an_account_is_one_for_the_program(kind: str, program: str, tmp_path: Path, names: list[str]) -> None:
    """All names that pass are used in one book, so that one call of the program judges them."""
    dialect = DIALECTS[kind]
    good = [name for part in names for name in (part, f"Assets:{part}") if dialect.account_problem(name) is None]
    lines = [(name, amount) for name in good for amount in (1, -1)]
    if lines:
        one = document(1, lines=tuple(LedgerLine(account=name, role="x", amount=amount, description="") for name, amount in lines))
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        posted(book(folder, dialect, program), [one])


async def test_the_chart_without_one_is_what_was_opened(kind: str, program: str, tmp_path: Path) -> None:
    connector = ledger(kind, tmp_path, program)
    assert await connector.accounts() == []
    await connector.post([document(1), document(2, currency="JPY", exponent=0)], {})
    used = {line.account for line in document(1).lines}
    assert used <= {account.code for account in await connector.accounts()}
    assert all(connector.account_problem(account, AccountUse.JOURNAL_LINE) is None for account in await connector.accounts())


async def test_what_somebody_changed_is_read_as_it_stands_and_marked(kind: str, program: str, tmp_path: Path) -> None:
    connector = ledger(kind, tmp_path, program)
    await connector.post([document(1, amount=1000), document(2, amount=2000)], {})
    path = next(tmp_path.glob("2025/*"))
    path.write_text(path.read_text(encoding="utf-8").replace("20.00", "21.00"), encoding="utf-8")
    found = {one.key: (one.total, one.edited) async for one in connector.documents("2025-06-01", "2025-06-30")}
    assert found == {document(1).key: (1000, False), document(2).key: (2100, True)}
    assert (await connector.balances("2025-12-31"))["Assets:PspClearing:Stripe", "EUR"] == 3100


def test_unbalanced_text_is_refused_by_the_program(kind: str, program: str, tmp_path: Path) -> None:
    """That the program is really asked: a book that was damaged together with its manifest does not pass."""
    import hashlib

    dialect = DIALECTS[kind]
    posted(book(tmp_path, dialect, program), [document(1)])
    path = next(tmp_path.glob("2025/*"))
    before = path.read_bytes()
    after = before.replace(b"-10.50", b"-10.51")
    path.write_bytes(after)
    manifest = tmp_path / "manifest.json"
    old, new = (hashlib.sha256(text).hexdigest() for text in (before, after))
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    from sinks.external.results import NotSent

    with pytest.raises(NotSent, match="does not accept the book as it stands"):
        book(tmp_path, dialect, program).post([document(2)])
    posted(book(tmp_path, dialect, program, whole=False), [document(3, date="2025-07-01")])


def test_a_rendered_document_shows_its_text_and_its_file(kind: str) -> None:
    known = kind_of(kind)
    assert known is not None
    (request,) = known.make(known.sandbox(), None).render([document(1)], {})
    assert (request.method, request.path) == ("APPEND", f"2025/2025-06.{DIALECTS[kind].suffix}")
    assert document(1).key in request.body
    assert "10.50 EUR" in request.body


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "`folder` is missing"),
        ({"folder": "books"}, "absolute path"),
        ({"folder": "/books[1]"}, "absolute path"),
        ({"folder": "/b", "chart": "chart"}, "`chart` must be an absolute path"),
        ({"folder": "/b", "closed_until": "yesterday"}, "closed_until"),
        ({"folder": "/b", "check": "no"}, "`check`"),
        ({"folder": "/b", "check_command": "'"}, "check_command"),
        ({"folder": "/b", "colour": "red"}, "`colour` is no option"),
    ],
)
def test_wrong_options_are_told(kind: str, options: Mapping[str, str], words: str) -> None:
    from asiento.runtime.settings import SettingsError

    known = kind_of(kind)
    assert known is not None
    with pytest.raises(SettingsError, match=words):
        known.make(Connection(name="books", kind=kind, options=options), None)


async def test_without_a_program_the_name_says_so(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    known = kind_of(kind)
    assert known is not None
    connector = known.make(Connection(name="books", kind=kind, options={"folder": str(tmp_path / "book")}), None)
    assert "unchecked" in connector.capabilities.name
    assert len(await connector.post([document(1)], {})) == 1


def test_an_account_is_judged_by_its_name(kind: str) -> None:
    known = kind_of(kind)
    assert known is not None
    connector = known.make(known.sandbox(), None)
    bad = RemoteAccount(code="Assets:", name="", kind="", active=True)
    assert connector.account_problem(bad, AccountUse.PAYMENT) is not None
