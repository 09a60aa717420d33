"""What is handed over to Oracle Fusion, and what the reports of its jobs mean."""

import csv
from base64 import b64decode, b64encode
from dataclasses import replace
from io import BytesIO, StringIO
from zipfile import ZipFile

import pytest

from asiento.runtime.settings import SettingsError
from sinks.connectors.oracle_fusion.import_file import COLUMNS, file_prefix, group_of
from sinks.connectors.oracle_fusion.jobs import REPORT_BYTES_MAX, job_of, reason_in, report_in
from sinks.connectors.oracle_fusion.ledger import KIND, make
from sinks.external.capabilities import AccountUse
from sinks.external.documents import LedgerDocument, LedgerLine
from sinks.external.port import RemoteAccount
from sinks.external.results import Refusal
from tests.unit.sinks_xero.documents import KEY, document


def _rows(document: LedgerDocument) -> list[list[str]]:
    (request,) = make(KIND.sandbox(), None).render([document], {})
    with ZipFile(BytesIO(b64decode(request.body["DocumentContent"]))) as file:
        return list(csv.reader(StringIO(file.read("GlInterface.csv").decode())))


def _report(**files: str) -> dict[str, object]:
    packed = BytesIO()
    with ZipFile(packed, "w") as file:
        for name, text in files.items():
            file.writestr(name, text)
    return {"items": [{"DocumentContent": b64encode(packed.getvalue()).decode()}]}


def test_the_same_document_gives_the_same_bytes() -> None:
    first, second = (make(KIND.sandbox(), None).render([document()], {})[0].body for _ in range(2))
    assert first == second
    assert b64decode(first["DocumentContent"])[10:14] == bytes([0, 0, 33, 0]), "the time in the file is 1980-01-01 00:00"


def test_rows_have_all_columns_and_name_key_group_and_combination() -> None:
    first, second = _rows(document())
    assert len(first) == len(second) == COLUMNS
    assert (first[0], first[7], first[42]) == ("NEW", "A", KEY)
    assert first[8:12] == ["01", "000", "620", "0000"]
    assert first[66] == str(group_of(KEY, 0))
    (request,) = make(KIND.sandbox(), None).render([document()], {})
    assert request.body["ParameterList"] == f"300000046975980,asiento,300000046975971,{group_of(KEY, 0)},N,N,N"
    assert request.body["FileName"] == f"{file_prefix(KEY)}_0.zip"


@pytest.mark.parametrize(("exponent", "text"), [(0, "1050"), (2, "10.50"), (3, "1.050")])
def test_amounts_are_exact_and_on_their_side(exponent: int, text: str) -> None:
    first, second = _rows(replace(document(), currency_exponent=exponent))
    assert (first[38], first[39], second[38], second[39]) == (text, "", "", text)


def test_texts_are_quoted_on_one_line_and_never_a_formula() -> None:
    text = '=cmd(),"ñ"\nnext ' + "x" * 400
    lines = tuple(LedgerLine(account=code, role="r", amount=amount, description=text) for code, amount in (("1", 5), ("2", -5)))
    first, _ = _rows(replace(document(), lines=lines, reference=text, memo="@" + text))
    assert first[51].startswith('cmd(),"ñ" next xxx')
    assert (len(first[51]), len(first[45])) == (240, 100)
    assert first[46].startswith("cmd()")


def test_each_try_has_a_group_of_at_most_sixteen_digits_and_there_is_an_end() -> None:
    groups = [group_of(KEY, tries) for tries in range(100)]
    assert len(set(groups)) == 100
    assert max(group_of("ffffffff-ffff-ffff-ffff-ffffffffffff", 99), *groups) < 10**16
    with pytest.raises(ValueError, match="100 files"):
        group_of(KEY, 100)


@pytest.mark.parametrize(("answer", "job"), [({"ReqstId": "77"}, "77"), ({"ReqstId": 77}, "77"), ({"ReqstId": "-1"}, None), ({}, None)])
def test_an_import_has_a_job_or_none(answer: dict[str, object], job: str | None) -> None:
    assert job_of(answer) == job


@pytest.mark.parametrize(
    ("line", "refusal", "code"),
    [
        ("EP01 This date is not in any open period", Refusal.PERIOD_CLOSED, "EP01"),
        ("line 3: EF04: combination 01-000-9-0000 is disabled", Refusal.MAPPING, "EF04"),
        ("EU02 unbalanced", Refusal.INVALID, "EU02"),
        ("all is well", Refusal.INVALID, "not_imported"),
    ],
)
def test_reports_say_why(line: str, refusal: Refusal, code: str) -> None:
    told = reason_in(report_in(_report(log="Journal Import\n", out=f"x\n{line}\ny")))
    assert told[:2] == (refusal, code)
    assert "\n" not in told[2]


@pytest.mark.parametrize(
    "answer", [{}, {"items": []}, {"items": [{}]}, {"items": [{"DocumentContent": "%%"}]}, {"items": [{"DocumentContent": "aGk="}]}]
)
def test_a_report_that_cannot_be_read_is_empty(answer: dict[str, object]) -> None:
    assert report_in(answer) == ""


def test_a_report_that_is_a_bomb_is_cut() -> None:
    assert len(report_in(_report(a="x" * (REPORT_BYTES_MAX + 9), b="y" * 9))) <= REPORT_BYTES_MAX + 1


@pytest.mark.parametrize(
    "changes",
    [{"ledger_id": None}, {"segments": "01-000"}, {"segments": "-".join(["{account}"] * 31)}, {"nonsense": "1"}],
)
def test_options_that_are_wrong_are_named(changes: dict[str, str | None]) -> None:
    options = {name: value for name, value in {**KIND.sandbox().options, **changes}.items() if value is not None}
    with pytest.raises(SettingsError, match="segments"):
        make(replace(KIND.sandbox(), options=options), None)


def test_an_address_is_needed() -> None:
    with pytest.raises(SettingsError, match="base_url is missing"):
        make(replace(KIND.sandbox(), base_url=None), None)


def test_accounts_that_add_others_up_take_no_journal() -> None:
    ledger = make(KIND.sandbox(), None)
    account = RemoteAccount(code="1", name="1", kind="summary", active=True)
    assert ledger.account_problem(account, AccountUse.JOURNAL_LINE)
    assert ledger.account_problem(replace(account, kind="detail"), AccountUse.JOURNAL_LINE) is None
