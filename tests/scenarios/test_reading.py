"""What the reader of scenarios says where it does not understand: always file and line."""

from pathlib import Path

import pytest

from tests.scenarios.player import Player, checked_balances
from tests.scenarios.scenario import Scenario, read_scenario
from tests.scenarios.words import NotUnderstood

ORDER = "order EUR\n  A GOODS 1 50.00\n  total 50.00\n  -> posted\n"
BALANCES = "balances\n  accounts_receivable 0.00\n  contract_liability 0.00\n  refunds_payable 0.00\n"


def _read(directory: Path, text: str) -> Scenario:
    path = directory / "life.txt"
    path.write_text(text, encoding="utf-8")
    return read_scenario(path)


def _play(scenario: Scenario) -> None:
    player = Player(scenario)
    for step in scenario.events:
        player.play(step)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("  A GOODS 1 50.00\n" + BALANCES, "life.txt:1: an indented line needs an event above it"),
        (ORDER + "  A GOODS 1 50.00\n" + BALANCES, "life.txt:5: what belongs to the event stands above"),
        ("show everything\n" + ORDER + BALANCES, "life.txt:1: show knows documents, dimensions, dates"),
        (ORDER, "life.txt:4: the last block must be `balances`"),
        ('capture "P1 50.00\n' + BALANCES, "life.txt:1: No closing quotation"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(NotUnderstood) as raised:
        _read(tmp_path, text)
    assert str(raised.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("pay P1 50.00\n", "life.txt:5: no event is called `pay`; there are adjust, "),
        ("capture P1 50.00 CARD\n", "life.txt:5: the gateway is missing in `capture P1 50.00 CARD`"),
        ("capture P1 50.00 CARD stripe tip=1.00\n", "life.txt:5: `tip=1.00` has no meaning in "),
        ("capture P1 50.00 CARD stripe fee=1.00 fee=2.00\n", "life.txt:5: fee= stands twice in "),
        ("capture P1 50.00 CARD stripe charges\n", "life.txt:5: `charges` has no meaning in "),
        ("capture P1 50.005 CARD stripe\n", "life.txt:5: `50.005` has more than 2 decimals"),
        ("capture P1 fifty CARD stripe\n", "life.txt:5: `fifty` is no amount"),
        ("capture P1 50.00 BARTER stripe\n", "life.txt:5: invalid_field: tender"),
        ("ship S1 A=one\n", "life.txt:5: invalid_field: lines[0].quantity"),
        ("edit 1\n  A GOODS 1 50.00\n", "life.txt:5: the line `total` is missing"),
        ("refund R1\n  A 1\n", "life.txt:6: the scope is missing in `A 1`"),
        ("refund R1\n  A 1 SHIPPED soon\n", "life.txt:6: `soon` has no meaning in `A 1 SHIPPED soon`"),
        ("edit 1\n  A GOODS 1 50.00 tax=ES:IVA:21\n  total 50.00\n", "life.txt:6: `ES:IVA:21` is no tax: "),
        ("refund R1\n  GOODWILL 1.00 tax=ES:21\n", "life.txt:6: `ES:21` is no tax of a refund: "),
        ("refund R1\n  GOODWILL 1.00 tax=ES:VAT:IVA:0.21:shop\n", "life.txt:6: `shop` has no meaning in the tax "),
        ('edit 1\n  A GOODS 1 50.00 about="tea\n', "life.txt:6: No closing quotation"),
        ("correct capture:P9\n", "life.txt:5: no event is called `capture:P9` so far; there are order"),
        ("correct order\n  pay P1\n", "life.txt:6: no event is called `pay`"),
    ],
)
def test_an_event_that_cannot_be_made(tmp_path: Path, text: str, message: str) -> None:
    scenario = _read(tmp_path, ORDER + text + BALANCES)
    with pytest.raises(NotUnderstood) as raised:
        _play(scenario)
    assert str(raised.value).startswith(message)


def test_balances_begin_with_those_of_the_customer(tmp_path: Path) -> None:
    scenario = _read(tmp_path, ORDER + "balances\n  Dr psp_clearing:stripe 1.00\n")
    with pytest.raises(NotUnderstood, match=r"life\.txt:5: the balances begin with accounts_receivable"):
        checked_balances(scenario)


def test_an_account_beyond_the_customers_is_compared(tmp_path: Path) -> None:
    scenario = _read(tmp_path, ORDER + "capture P1 50.00 CASH till\n" + BALANCES + "  Dr cash:default 49.00\n")
    player = Player(scenario)
    for step in scenario.events:
        player.play(step)
    assert player.balances()[1:] == ["contract_liability 50.00", "refunds_payable 0.00", "Dr cash:default 50.00"]
