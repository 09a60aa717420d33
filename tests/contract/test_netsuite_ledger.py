"""NetSuite keeps the contract of connectors, as far as its documentation says how it answers."""

import pytest

from sinks.connectors.netsuite.ledger import KIND
from sinks.external.connections import Connection
from sinks.external.results import AuthRefused, Posted, Refusal, Refused, Throttled
from tests.fixed_access import FixedAccess
from tests.standins.contract_of import StandinContract
from tests.standins.journals import ACCOUNTS, CLOSED_UNTIL, OPEN_DAY

pytestmark = pytest.mark.slow


class TestNetSuite(StandinContract):
    kind = "netsuite"
    module = "tests.standins.netsuite"
    accounts = ACCOUNTS
    open_day = OPEN_DAY
    closed_day = CLOSED_UNTIL

    async def test_what_stands_under_a_key_is_not_rewritten(self) -> None:
        connector, document = await self.connector(), self.journal("kept")
        (first,) = await connector.post([document], {})
        (other,) = await connector.post([self.journal("kept", amount=7)], {})
        assert isinstance(first, Posted)
        assert isinstance(other, Refused)
        assert other.refusal is Refusal.CONFLICT
        assert self.standin.state()["held"][0]["total"] == 1050
        await connector.close()

    async def test_a_bad_request_that_is_a_limit_is_waited_for(self) -> None:
        self.standin.set(faults={"once": ["fault_in_200"]})
        connector = await self.connector()
        with pytest.raises(Throttled, match="SSS_REQUEST_LIMIT_EXCEEDED"):
            await connector.post([self.journal("later")], {})
        await connector.close()

    async def test_a_refused_token_stops_the_connection(self) -> None:
        connector = KIND.make(Connection(name="try", kind="netsuite", base_url=self.standin.base_url), FixedAccess("old-token"))
        with pytest.raises(AuthRefused, match="INVALID_LOGIN"):
            await connector.post([self.journal("refused")], {})
        await connector.close()
