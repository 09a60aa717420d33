"""Odoo keeps the contract of connectors, as far as its documentation says how it answers."""

import pytest

from sinks.external.results import Posted, Refusal, Refused
from sinks.testing.ledger_contract import NO_REMOTE_IDS
from tests.standins.contract_of import StandinContract
from tests.standins.journals import ACCOUNTS, CLOSED_UNTIL, OPEN_DAY

pytestmark = pytest.mark.slow


class TestOdoo(StandinContract):
    kind = "odoo"
    module = "tests.standins.odoo"
    accounts = ACCOUNTS
    open_day = OPEN_DAY
    closed_day = CLOSED_UNTIL

    async def test_a_draft_that_was_left_is_posted_and_not_made_again(self) -> None:
        connector, document = await self.connector(), self.journal("left")
        self.standin.set(faults={"once": ["", "throttled"]})
        with pytest.raises(Exception, match="429"):
            await connector.post([document], NO_REMOTE_IDS)
        assert [one["kind"] for one in self.standin.state()["held"]] == ["draft"]
        (answer,) = await connector.post([document], NO_REMOTE_IDS)
        assert isinstance(answer, Posted)
        assert [one["kind"] for one in self.standin.state()["held"]] == ["posted"]
        await connector.close()

    async def test_a_draft_of_other_content_is_taken_away(self) -> None:
        connector = await self.connector()
        self.standin.set(faults={"once": ["", "throttled"]})
        with pytest.raises(Exception, match="429"):
            await connector.post([self.journal("changed")], NO_REMOTE_IDS)
        assert await connector.find(self.journal("changed", amount=7)) is None
        assert await self.held() == {}
        await connector.close()

    async def test_an_entry_that_odoo_moved_to_another_day_is_told(self) -> None:
        connector = await self.connector()
        assert await connector.closed_periods()
        self.standin.set(closed_until=OPEN_DAY)
        (answer,) = await connector.post([self.journal("moved")], NO_REMOTE_IDS)
        assert isinstance(answer, Refused)
        assert answer.refusal is Refusal.CONFLICT
        assert "2026-03-03" in answer.message
        await connector.close()

    async def test_an_account_that_was_archived_meanwhile_is_unmapped_and_leaves_no_draft(self) -> None:
        connector = await self.connector()
        await connector.post([self.journal("before")], NO_REMOTE_IDS)
        self.standin.set(archived=[ACCOUNTS["revenue"]])
        (answer,) = await connector.post([self.journal("after")], NO_REMOTE_IDS)
        assert isinstance(answer, Refused)
        assert answer.refusal is Refusal.MAPPING
        assert len(self.standin.state()["held"]) == 1
        await connector.close()

    async def test_an_account_that_was_made_active_again_is_taken_without_a_restart(self) -> None:
        connector, document = await self.connector(), self.journal("waits")
        self.standin.set(archived=[ACCOUNTS["revenue"]])
        (answer,) = await connector.post([document], NO_REMOTE_IDS)
        assert isinstance(answer, Refused)
        self.standin.set(archived=[])
        (answer,) = await connector.post([document], NO_REMOTE_IDS)
        assert isinstance(answer, Posted)
        await connector.close()

    async def test_a_period_that_was_opened_again_is_taken_without_a_restart(self) -> None:
        connector, document = await self.connector(), self.journal("locked")
        self.standin.set(closed_until=OPEN_DAY)
        (answer,) = await connector.post([document], NO_REMOTE_IDS)
        assert isinstance(answer, Refused)
        assert answer.refusal is Refusal.PERIOD_CLOSED
        self.standin.set(closed_until=CLOSED_UNTIL)
        (answer,) = await connector.post([document], NO_REMOTE_IDS)
        assert isinstance(answer, Posted)
        await connector.close()

    async def test_an_entry_that_somebody_took_back_is_neither_posted_again_nor_deleted(self) -> None:
        connector, document = await self.connector(), self.journal("taken back")
        await connector.post([document], NO_REMOTE_IDS)
        for state in ("draft", "cancel"):
            self.standin.set(state=state)
            found = await connector.find(document)
            assert isinstance(found, Refused)
            assert found.refusal is Refusal.CONFLICT
        assert len(self.standin.state()["held"]) == 1
        await connector.close()

    async def test_another_currency_waits_as_unmapped(self) -> None:
        connector = await self.connector()
        (answer,) = await connector.post([self.journal("yen", currency="JPY", currency_exponent=0)], NO_REMOTE_IDS)
        assert isinstance(answer, Refused)
        assert (answer.refusal, answer.about) == (Refusal.MAPPING, "JPY")
        await connector.close()
