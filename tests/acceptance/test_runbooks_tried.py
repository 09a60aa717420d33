"""Every runbook of a discrepancy code against the real fault: each command of the page is run as it is written, and the page mends it."""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

import pytest

from asiento.accounting.order_events import DeadlinePassed
from schemas.events import event_from_json
from schemas.wording.messages import CODES
from tests.acceptance.runbook_pages import MENDS, OVER, STEPS, STEPS_IN_SPANISH, RunbookPage, page_of
from tests.acceptance.tried_cases import CASES, SOURCE_SENDS, TEN_WEEKS_LATER, WRITE_OFF, Case, Told, held_of, told
from tests.acceptance.tried_shop import CLEARING_RULE, Json, Said, TriedShop
from tests.integration.connection_sink import CONNECTION
from tests.integration.order_stream import wait_until
from tests.unit.accounting.playing import play

OF_LEDGERS: Final = ("D18", "D23", "D30", "D33", "D34")
"""Codes that no event of an order raises alone: each has a test of its own."""
WRITING: Final = ("events fix", "events replay", "events resolve", "events send", "discrepancies resolve", "postings re")
SEEN: Final = {"NAME": "ana", "WHY": "seen with the shop"}


@dataclass(slots=True)
class Trial:
    """A page that is tried on a standing fault. `values`: placeholder -> what is written there; `differ`: commands that end with 1."""

    shop: TriedShop
    page: RunbookPage
    values: Mapping[str, str]
    unfit: tuple[str, ...] = ()
    differ: tuple[str, ...] = ()
    unsettled: bool = False
    said: list[Said] = field(default_factory=list)

    def steps(self) -> None:
        """All commands of the steps in their order, then those of what mends it; what would change something only shows what it would."""
        for command in (*self.page.commands(STEPS), *self.page.commands(MENDS)):
            if command not in self.unfit:
                self._look(command)
        for command in page_of(self.page.code, "es").commands(STEPS_IN_SPANISH):
            if command.endswith("--lang es"):
                self._look(command)

    def _look(self, command: str) -> None:
        writes = command.removeprefix("asiento ").startswith(WRITING)
        more = ("--dry-run",) if writes and "--dry-run" not in command else ()
        said = self._run(command, *more, code=1 if command in self.differ else 0)
        for name in self._claimed(command):
            assert self.values[name] in said.text, f"{said.words} says nothing of {name} {self.values[name]}:\n{said.text}"

    def _claimed(self, command: str) -> tuple[str, ...]:
        """What a command must name while the fault stands."""
        words = command.split()
        match words[1:3]:
            case ["discrepancies", "list"] if "--older-than" not in words:
                return ("DISCREPANCY_ID",)
            case ["events", "list"] if self.unsettled:
                return ("EVENT_ID",)
            case ["events", "show"]:
                return ("EVENT_ID", "ORDER_KEY")
            case ["orders", "show"]:
                return ("ORDER_KEY",)
            case _:
                return ()

    def mend(self, command: str) -> None:
        """A command of the page, for good."""
        assert command in (*self.page.commands(STEPS), *self.page.commands(MENDS)), f"{command} does not stand on the page"
        self._run(command)

    def over(self) -> None:
        """What the page says of the end holds: its commands end well and name the case no longer."""
        for command in self.page.commands(OVER):
            if command in self.unfit or command.removeprefix("asiento ").startswith(WRITING):
                continue
            said = self._run(command)
            if command.split()[1:3] == ["events", "list"]:
                assert (self.values["EVENT_ID"] in said.text) is ("--state" in command), said.text

    def _run(self, command: str, *more: str, code: int = 0) -> Said:
        said = self.shop.run(command, self.values, *more)
        self.said.append(said)
        assert said.code == code, f"{command}\n{' '.join(said.words)}\nended with {said.code}, not {code}:\n{said.text}"
        return said


@pytest.fixture(scope="module")
def shop(kafka: str, hledger: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TriedShop]:
    """One installation for all pages."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        found = TriedShop(kafka, f"t{uuid.uuid4().hex[:10]}-", tmp_path_factory.mktemp("tried"), hledger, monkeypatch)
        yield found
        found.close()


def _values(case: Case, events: Told, discrepancy: Json, shop: TriedShop) -> dict[str, str]:
    file = shop.file(events.mending)
    ids = {"DISCREPANCY_ID": discrepancy["discrepancy_id"], "EVENT_ID": events.event_id, "ORDER_KEY": events.order_key}
    return {**SEEN, **ids, "FILE": file, "FILE.jsonl": file, **case.words}


@pytest.mark.soak
@pytest.mark.kafka
@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_the_page_of_an_order_s_fault_works_as_written(shop: TriedShop, case: Case) -> None:
    events = told(case)
    shop.arrive(*events.arriving)
    if case.swept:
        shop.stream.wait_drained()
        shop.sweep(TEN_WEEKS_LATER)
    listed = case.listed or case.code
    discrepancy = shop.discrepancy(listed, events.order_key)
    assert discrepancy["event_id"] == events.event_id or case.swept, discrepancy
    unsettled = events.event_id in _unsettled(shop, events)
    trial = Trial(shop, page_of(case.code), _values(case, events, discrepancy, shop), case.unfit, unsettled=unsettled)
    trial.steps()
    for mend in case.mend:
        if mend == SOURCE_SENDS:
            shop.arrive(*events.mending)
            shop.stream.wait_drained()
        else:
            trial.mend(mend)
    closed = shop.wait_closed(listed, discrepancy["discrepancy_id"])
    if WRITE_OFF not in case.mend:  # its action and its event close it alike: whichever is projected first
        assert (closed["resolved_by"] == "stream") is case.by_itself, closed["resolved_by"]
    wait_until(lambda: events.event_id not in _unsettled(shop, events), "the event is settled")
    trial.over()
    shop.stream.wait_drained()
    held = held_of(one.entry for one in shop.stream.entries() if one.entry.order_key == events.order_key)
    assert {role: held[role] for role in case.leaves} == case.leaves


def _unsettled(shop: TriedShop, events: Told) -> set[str]:
    return {one["event_id"] for one in shop.listed("events", "list", "--order", events.order_key)}


@pytest.fixture(scope="module")
def ledgers(shop: TriedShop) -> TriedShop:
    """The same installation with its ledger outside and the comparison running."""
    shop.start_book()
    shop.start_tie_out()
    return shop


def _try_ledger(shop: TriedShop, code: str, discrepancy: Json, values: Json, *, differ: tuple[str, ...] = ()) -> Trial:
    """The steps of a page about a ledger on a fault that stands."""
    values = {**SEEN, "DISCREPANCY_ID": discrepancy["discrepancy_id"], "CONNECTION": CONNECTION, **values}
    trial = Trial(shop, page_of(code), values, differ=differ)
    trial.steps()
    return trial


def _is_over(trial: Trial, discrepancy: Json) -> None:
    closed = trial.shop.wait_closed(trial.page.code, discrepancy["discrepancy_id"])
    assert closed["resolved_by"] == "stream"
    assert trial.page.closes_by_itself
    trial.over()


@pytest.mark.soak
@pytest.mark.kafka
def test_d18_a_row_of_the_ledger_was_changed(ledgers: TriedShop) -> None:
    order_key, entry_id = ledgers.paid_order("D18", 4_711, _now())
    ledgers.wait_booked(entry_id)
    ledgers.wait_state(entry_id, "POSTED")
    ledgers.altered_row(entry_id)
    discrepancy = ledgers.discrepancy("D18", order_key)
    trial = _try_ledger(ledgers, "D18", discrepancy, {}, differ=("asiento tie-out run --once --dry-run", "asiento verify"))
    assert all(entry_id in said.text for said in trial.said if said.words[0] in ("tie-out", "verify"))
    ledgers.book_anew()
    wait_until(lambda: ledgers.pipeline.ledger_lag() == 0, "the new ledger has all entries")
    _is_over(trial, discrepancy)


@pytest.mark.soak
@pytest.mark.kafka
def test_d18_the_ledger_is_restored_from_a_backup(ledgers: TriedShop) -> None:
    order_key, entry_id = ledgers.paid_order("D18-restored", 4_715, _now())
    ledgers.wait_booked(entry_id)
    ledgers.wait_state(entry_id, "POSTED")
    backup = ledgers.directory / "backup"
    taken = ledgers.run(f"asiento backup {backup}", {})
    assert taken.code == 0, taken.text
    ledgers.altered_row(entry_id)
    discrepancy = ledgers.discrepancy("D18", order_key)
    trial = _try_ledger(ledgers, "D18", discrepancy, {}, differ=("asiento tie-out run --once --dry-run", "asiento verify"))
    _, later = ledgers.paid_order("D18-later", 4_716, _now())
    ledgers.restore_ledger(backup)
    ledgers.wait_booked(later)
    wait_until(lambda: ledgers.pipeline.ledger_lag() == 0, "the restored ledger has all entries")
    ledgers.wait_state(later, "POSTED")
    _is_over(trial, discrepancy)


@pytest.mark.soak
@pytest.mark.kafka
def test_d23_the_mapping_has_no_rule(ledgers: TriedShop) -> None:
    mapping = ledgers.mapping
    ledgers.change_mapping(ledgers.whole_mapping.replace(CLEARING_RULE, ""))
    order_key, entry_id = ledgers.paid_order("D23", 4_712, _now())
    discrepancy = ledgers.discrepancy("D23", order_key)
    check = "asiento mapping check FILE.yaml"
    trial = _try_ledger(ledgers, "D23", discrepancy, {"FILE.yaml": str(mapping)}, differ=(check,))
    assert all("psp_clearing" in said.text for said in trial.said if said.words[0] == "mapping" or "--parked-for" in said.words)
    mapping.write_text(ledgers.whole_mapping, encoding="utf-8")
    ledgers.wait_state(entry_id, "POSTED")
    _is_over(trial, discrepancy)


@pytest.mark.soak
@pytest.mark.kafka
def test_d30_money_stands_on_suspense(ledgers: TriedShop) -> None:
    events = told(replace(next(case for case in CASES if case.code == "D09"), form="D30"))
    ledgers.arrive(*events.arriving)
    ledgers.stream.wait_drained()
    ledgers.sweep(TEN_WEEKS_LATER)
    discrepancy = ledgers.discrepancy("D30", account="suspense:unknown_order")
    trial = _try_ledger(ledgers, "D30", discrepancy, {})
    assert all("suspense:unknown_order" in said.text for said in trial.said if said.words[0] == "trial-balance")
    ledgers.arrive(*events.mending)
    _is_over(trial, discrepancy)


@pytest.mark.soak
@pytest.mark.kafka
def test_d33_a_document_was_edited_outside(ledgers: TriedShop) -> None:
    order_key, entry_id = ledgers.paid_order("D33", 4_713, _now())
    ledgers.wait_state(entry_id, "POSTED")
    ledgers.change_book("47.13", "47.99")
    reconcile = "asiento reconcile CONNECTION"
    assert ledgers.run(reconcile, {"CONNECTION": CONNECTION}).code == 1
    discrepancy = ledgers.discrepancy("D33", order_key)
    trial = _try_ledger(ledgers, "D33", discrepancy, {"ENTRY_ID": entry_id, "ORDER_KEY": order_key}, differ=(reconcile,))
    assert any("47.99" in said.text or "to correct it" in said.text for said in trial.said)
    ledgers.change_book("47.99", "47.13")
    trial.mend(reconcile)
    _is_over(trial, discrepancy)


@pytest.mark.soak
@pytest.mark.kafka
def test_d33_a_document_was_copied_outside(ledgers: TriedShop) -> None:
    """One that was deleted is no difference in a ledger of files: a book whose part of ours is not whole is not read."""
    order_key, entry_id = ledgers.paid_order("D33-doubled", 4_724, _now())
    ledgers.wait_state(entry_id, "POSTED")
    reconcile = "asiento reconcile CONNECTION"
    with ledgers.rewritten_book("47.24", times=2):
        assert ledgers.run(reconcile, {"CONNECTION": CONNECTION}).code == 1
        discrepancy = ledgers.discrepancy("D33", order_key)
        trial = _try_ledger(ledgers, "D33", discrepancy, {"ENTRY_ID": entry_id, "ORDER_KEY": order_key}, differ=(reconcile,))
        (said,) = (one.text for one in trial.said if one.words == ("reconcile", CONNECTION))
        assert "doubled" in said
    trial.mend(reconcile)
    _is_over(trial, discrepancy)


@pytest.mark.soak
@pytest.mark.kafka
def test_d34_the_next_open_day_takes_it(ledgers: TriedShop) -> None:
    """The connection says so from now on, and what is parked already is released."""
    ledgers.restart_book(closed_until="2025-12-31")
    order_key, entry_id = ledgers.paid_order("D34-next", 4_725, "2025-12-15T10:00:00Z")
    discrepancy = ledgers.discrepancy("D34", order_key)
    trial = _try_ledger(ledgers, "D34", discrepancy, {})
    ledgers.restart_book(closed_until="2025-12-31", closed_periods="next_open")
    trial.mend('asiento postings release CONNECTION --parked-for period_closed --reason "WHY"')
    ledgers.wait_state(entry_id, "POSTED")
    shown = ledgers.run("asiento postings show CONNECTION ENTRY_ID", {"CONNECTION": CONNECTION, "ENTRY_ID": entry_id}).text
    assert "2026-01-01" in shown
    assert "2025-12-15" in shown, "the original day is in the memo"
    _is_over(trial, discrepancy)
    ledgers.restart_book(closed_until=None)


@pytest.mark.soak
@pytest.mark.kafka
def test_d34_the_period_is_closed_outside(ledgers: TriedShop) -> None:
    ledgers.restart_book(closed_until="2025-12-31")
    order_key, entry_id = ledgers.paid_order("D34", 4_714, "2025-12-15T10:00:00Z")
    discrepancy = ledgers.discrepancy("D34", order_key)
    trial = _try_ledger(ledgers, "D34", discrepancy, {})
    ledgers.restart_book(closed_until=None)
    trial.mend('asiento postings release CONNECTION --parked-for period_closed --reason "WHY"')
    ledgers.wait_state(entry_id, "POSTED")
    _is_over(trial, discrepancy)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_a_case_is_what_its_table_says(case: Case) -> None:
    """By the core alone: its events raise the code, and where it closes by itself what was missing closes it."""
    ids = [one["event_id"] for one in told(case).arriving]
    assert told(case).event_id in ids
    assert len({one["order_id"] for one in (*told(case).arriving, *told(case).mending)}) == 1
    raised = [one for decision in play(*case.events) for one in decision.discrepancies]
    assert (case.listed or case.code, "OPEN") in {(one.code, one.state) for one in raised}
    if case.by_itself:
        later = play(*case.events, *case.mending)[len(case.events) :]
        assert (case.code, "RESOLVED") in {(one.code, one.state) for decision in later for one in decision.discrepancies}
        assert page_of(case.code).closes_by_itself
        held = held_of(entry for decision in play(*case.events, *case.mending) for entry in decision.entries)
        assert {role: held[role] for role in case.leaves} == case.leaves
    for event in (*told(case).arriving, *told(case).mending):
        event_from_json(event)
    assert case.swept == any(isinstance(one, DeadlinePassed) for one in case.events)


def test_every_code_is_tried() -> None:
    assert {*(case.code for case in CASES), *OF_LEDGERS} == set(CODES)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_what_mends_it_and_what_does_not_fit_stand_on_the_page(case: Case) -> None:
    page = page_of(case.code)
    stands = {*page.commands(STEPS), *page.commands(MENDS), SOURCE_SENDS}
    assert stands.issuperset(case.mend)
    assert stands.intersection(case.unfit) or not case.unfit
