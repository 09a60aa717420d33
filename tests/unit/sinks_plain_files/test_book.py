"""A book of text files: one transaction per key, the same files for the same transactions, nothing of anybody's overwritten."""

import random
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sinks.connectors.plain_files.dialect import Dialect
from sinks.external.documents import LedgerDocument
from sinks.external.results import NotSent, Posted, Refusal, Refused
from tests.unit.sinks_plain_files.books import DIALECTS, book, document, keys_in, posted, texts

MONTHS = [f"2025-{month:02}-{day:02}" for month in (4, 5, 6) for day in (1, 2, 15)]
REFUSES_SALES_3_AND_8 = """#!/bin/sh
for word in "$@"; do case "$word" in *.beancount|*.journal) main="$word";; esac; done
cd "$(dirname "$main")"
for file in $(sed -n 's/^include "*\\([^"]*\\)"*$/\\1/p' "$main"); do grep -qE 'sale (3|8)' "$file" && exit 1; done
exit 0
"""
CHANGED_BY_HAND = "was changed by somebody"


@pytest.fixture(params=sorted(DIALECTS))
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """Each of them."""
    return DIALECTS[request.param]


def many(count: int) -> list[LedgerDocument]:
    return [document(number, date=MONTHS[number % len(MONTHS)], amount=100 + number) for number in range(count)]


def file_of(folder: Path, month: str, dialect: Dialect) -> Path:
    return folder / month[:4] / f"{month}.{dialect.suffix}"


def test_the_files_depend_on_the_transactions_alone(dialect: Dialect, tmp_path: Path) -> None:
    documents = many(200)
    posted(book(tmp_path / "at once", dialect, transactions_per_file_max=20), documents)
    random.Random(7).shuffle(documents)
    for start in range(0, 200, 17):
        posted(book(tmp_path / "bit by bit", dialect, transactions_per_file_max=20), documents[start : start + 17])
    assert texts(tmp_path / "at once") == texts(tmp_path / "bit by bit")
    assert keys_in(tmp_path / "bit by bit") == {one.key: 1 for one in documents}


def test_a_file_stays_bounded(dialect: Dialect, tmp_path: Path) -> None:
    posted(book(tmp_path, dialect, transactions_per_file_max=10), [document(number) for number in range(300)])
    units = list(tmp_path.rglob(f"2025-*.{dialect.suffix}"))
    assert len(units) > 30
    assert max(path.read_text(encoding="utf-8").count(" key: ") for path in units) <= 10
    assert not file_of(tmp_path, "2025-06", dialect).exists()


def test_a_closed_month_is_not_touched_again(dialect: Dialect, tmp_path: Path) -> None:
    posted(book(tmp_path, dialect), [document(1, date="2025-05-31")])
    may = file_of(tmp_path, "2025-05", dialect)
    before = may.stat()
    posted(book(tmp_path, dialect), [document(2, date="2025-06-01")])
    assert (may.stat().st_ino, may.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    posted(book(tmp_path, dialect), [document(3, date="2025-05-30")])
    assert [line[:10] for line in may.read_text(encoding="utf-8").splitlines() if line.startswith("2025")] == ["2025-05-30", "2025-05-31"]


def test_the_same_again_is_answered_and_nothing_written(dialect: Dialect, tmp_path: Path) -> None:
    first = posted(book(tmp_path, dialect), [document(1), document(2)])
    before = texts(tmp_path)
    again = posted(book(tmp_path, dialect), [document(2), document(1)])
    assert [one.earlier for one in (*first, *again)] == [False, False, True, True]
    assert again[0].remote_id == first[1].remote_id
    assert texts(tmp_path) == before


def test_a_call_may_name_a_document_twice(dialect: Dialect, tmp_path: Path) -> None:
    posted(book(tmp_path, dialect), [document(1), document(1)])
    assert keys_in(tmp_path) == {document(1).key: 1}
    answers = book(tmp_path, dialect).post([document(2), document(2, amount=1)])
    assert isinstance(answers[1], Refused)
    assert keys_in(tmp_path) == {document(1).key: 1, document(2).key: 1}


def test_another_content_under_a_key_is_a_conflict_and_the_others_are_booked(dialect: Dialect, tmp_path: Path) -> None:
    posted(book(tmp_path, dialect), [document(1), document(3)])
    answers = book(tmp_path, dialect).post([document(1, amount=1), document(2), document(3)])
    assert isinstance(answers[0], Refused)
    assert answers[0].refusal is Refusal.CONFLICT
    assert answers[1:] == [Posted(remote_id=document(2).key), Posted(remote_id=document(3).key, earlier=True)]
    assert keys_in(tmp_path) == {document(number).key: 1 for number in (1, 2, 3)}


@pytest.mark.parametrize(
    "changes",
    [
        {"date": "2025-02-30"},
        {"date": "../../../x"},
        {"date": "20250615"},
        {"key": "no key"},
        {"key": "{3F2504E0-4F89-11D3-9A0C-0305E82C3301}"},
        {"currency": "EUR;"},
    ],
    ids=str,
)
def test_what_has_no_form_is_refused(dialect: Dialect, tmp_path: Path, changes: dict[str, Any]) -> None:
    (answer,) = book(tmp_path, dialect).post([document(1, **changes)])
    assert isinstance(answer, Refused)
    assert answer.refusal is Refusal.INVALID
    assert texts(tmp_path) == {}


@pytest.mark.parametrize(
    "account", ["Assets:", "Assets::Cash", " Assets:Cash", "Assets:Ca  sh", "Assets:Cash;x", "(Assets:Cash)", "A\nB", ""]
)
def test_a_text_that_is_no_account_is_refused(dialect: Dialect, tmp_path: Path, account: str) -> None:
    one = document(1)
    (answer,) = book(tmp_path, dialect).post([replace(one, lines=(replace(one.lines[0], account=account), one.lines[1]))])
    assert isinstance(answer, Refused)
    assert (answer.refusal, answer.about) == (Refusal.MAPPING, account)


def test_a_closed_day_is_refused_unless_it_stands_there(dialect: Dialect, tmp_path: Path) -> None:
    posted(book(tmp_path, dialect), [document(1, date="2025-05-31")])
    closed = book(tmp_path, dialect, closed_until="2025-05-31")
    assert isinstance(closed.post([document(1, date="2025-05-31")])[0], Posted)
    (answer,) = closed.post([document(2, date="2025-05-31")])
    assert isinstance(answer, Refused)
    assert (answer.refusal, answer.about) == (Refusal.PERIOD_CLOSED, "2025-05-31")
    assert isinstance(closed.post([document(2, date="2025-06-01")])[0], Posted)


@pytest.mark.parametrize("name", ["2025/2025-06", "main", "accounts"])
def test_a_file_that_somebody_changed_stops_posting_until_it_is_back(dialect: Dialect, tmp_path: Path, name: str) -> None:
    open_book = book(tmp_path, dialect)
    posted(open_book, [document(1), document(2, date="2025-07-01")])
    path = tmp_path / f"{name}.{dialect.suffix}"
    before = path.read_bytes()
    path.write_bytes(before.replace(b"1050", b"1051").replace(b"10.50", b"10.51") + b"; mine\n")
    for one in (open_book, book(tmp_path, dialect)):
        with pytest.raises(NotSent, match=f"{name}.{dialect.suffix} {CHANGED_BY_HAND}"):
            one.post([document(3)])
        with pytest.raises(NotSent, match=CHANGED_BY_HAND):
            one.find(document(1))
    assert b"; mine" in path.read_bytes()
    path.write_bytes(before)
    posted(open_book, [document(3)])
    assert sum(keys_in(tmp_path).values()) == 3


def test_the_message_names_the_transaction_that_was_changed(dialect: Dialect, tmp_path: Path) -> None:
    posted(book(tmp_path, dialect), [document(1), document(2), document(4)])
    path = file_of(tmp_path, "2025-06", dialect)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("sale 2", "another sale", 1), encoding="utf-8")
    line = text[: text.index("sale 2")].count("\n") + 1
    with pytest.raises(NotSent, match=f"line {line}: the transaction journal-2"):
        book(tmp_path, dialect).post([document(3)])


def test_a_change_while_the_program_checks_is_not_overwritten(dialect: Dialect, tmp_path: Path) -> None:
    posted(book(tmp_path / "book", dialect), [document(1)])
    path = file_of(tmp_path / "book", "2025-06", dialect)
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho '; mine' >> '{path}'\n", encoding="utf-8")
    program.chmod(0o755)
    with pytest.raises(NotSent, match=CHANGED_BY_HAND):
        book(tmp_path / "book", dialect, str(program)).post([document(2)])
    assert path.read_text(encoding="utf-8").endswith("; mine\n")


def test_a_missing_file_or_manifest_stops_posting(dialect: Dialect, tmp_path: Path) -> None:
    posted(book(tmp_path / "a", dialect), [document(1)])
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    file_of(tmp_path / "a", "2025-06", dialect).unlink()
    with pytest.raises(NotSent, match=r"2025/2025-06\.\w+ is missing"):
        book(tmp_path / "a", dialect).post([document(1)])
    (tmp_path / "b" / "manifest.json").unlink()
    with pytest.raises(NotSent, match=r"manifest.json is missing"):
        book(tmp_path / "b", dialect).post([document(1)])
    (tmp_path / "b" / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(NotSent, match=r"manifest.json: cannot be read"):
        book(tmp_path / "b", dialect).find(document(1))


def test_files_of_others_in_the_folder_are_left_alone(dialect: Dialect, tmp_path: Path) -> None:
    mine = [tmp_path / f"mine.{dialect.suffix}", tmp_path / "2025" / f"2025-08.{dialect.suffix}"]
    posted(book(tmp_path, dialect), [document(1)])
    for path in mine:
        path.write_text("; mine\n", encoding="utf-8")
    posted(book(tmp_path, dialect, transactions_per_file_max=1), [document(2), document(3)])
    assert [path.read_text(encoding="utf-8") for path in mine] == ["; mine\n", "; mine\n"]


def test_a_program_that_refuses_leaves_nothing(dialect: Dialect, tmp_path: Path) -> None:
    answers = book(tmp_path, dialect, "false").post([document(1), document(2)])
    assert [type(answer) for answer in answers] == [Refused, Refused]
    assert texts(tmp_path) == {}


def test_those_that_the_program_refuses_are_found_and_the_others_booked(dialect: Dialect, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text(REFUSES_SALES_3_AND_8, encoding="utf-8")
    program.chmod(0o755)
    documents = [document(number) for number in range(10)]
    answers = book(tmp_path / "book", dialect, str(program)).post(documents)
    assert [number for number, answer in enumerate(answers) if isinstance(answer, Refused)] == [3, 8]
    assert keys_in(tmp_path / "book") == {one.key: 1 for one in documents if one not in (documents[3], documents[8])}


def test_a_book_that_is_refused_as_it_stands_blames_no_document(dialect: Dialect, tmp_path: Path) -> None:
    posted(book(tmp_path, dialect), [document(1)])
    with pytest.raises(NotSent, match="does not accept the book as it stands"):
        book(tmp_path, dialect, "false").post([document(2)])
    assert keys_in(tmp_path) == {document(1).key: 1}


def test_a_program_that_is_not_there_is_no_refusal(dialect: Dialect, tmp_path: Path) -> None:
    with pytest.raises(NotSent, match="cannot be started"):
        book(tmp_path, dialect, str(tmp_path / "no-program")).post([document(1)])
    assert texts(tmp_path) == {}


def test_only_accounts_of_the_chart_are_taken(tmp_path: Path) -> None:
    chart = tmp_path / "chart.beancount"
    chart.write_text(
        "2025-01-01 open Assets:PspClearing:Stripe EUR, USD\n2025-01-01 open Income:Revenue:Mugs\n2025-07-01 close Income:Revenue:Mugs\n",
        encoding="utf-8",
    )
    kept = book(tmp_path / "book", DIALECTS["beancount"], chart=chart)
    posted(kept, [document(1)])
    wrong = [document(2, currency="JPY", exponent=0), document(3, date="2024-12-31"), document(4, date="2025-07-01")]
    unknown = document(5, lines=tuple(replace(line, account=f"{line.account}:X") for line in document(5).lines))
    answers = kept.post([*wrong, unknown])
    assert [answer.refusal for answer in answers if isinstance(answer, Refused)] == [Refusal.MAPPING] * 4
    assert "open" not in (tmp_path / "book" / "accounts.beancount").read_text(encoding="utf-8")
