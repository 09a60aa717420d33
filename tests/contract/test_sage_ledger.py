"""Sage Accounting keeps the contract of connectors, as far as its documentation says how it answers."""

import pytest

from sinks.external.results import Posted
from tests.standins.contract_of import StandinContract
from tests.standins.journals import ACCOUNTS, CLOSED_UNTIL, OPEN_DAY
from tests.standins.sage import PAGE

pytestmark = pytest.mark.slow


class TestSage(StandinContract):
    kind = "sage"
    module = "tests.standins.sage"
    accounts = ACCOUNTS
    open_day = OPEN_DAY
    closed_day = CLOSED_UNTIL

    async def test_a_journal_behind_the_first_page_of_its_day_is_found(self) -> None:
        connector = await self.connector()
        documents = [self.journal(f"page-{number}") for number in range(PAGE + 2)]
        for document in documents:
            await connector.post([document], {})
        assert isinstance(await connector.find(documents[-1]), Posted)
        assert await connector.find(self.journal("not among them")) is None
        await connector.close()
