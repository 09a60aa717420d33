"""SAP S/4HANA keeps the contract of connectors, as far as its documentation says how it answers; every journal stands once."""

from pathlib import Path

import pytest

from sinks.external.results import Posted, Uncertain
from sinks.testing.ledger_contract import NO_REMOTE_IDS
from tests.journal_faults import JOURNALS_SOAK, assert_each_once, post_journals
from tests.standins.contract_of import StandinContract
from tests.standins.journals import ACCOUNTS, CLOSED_UNTIL, OPEN_DAY

pytestmark = pytest.mark.slow
BOMB = '<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><b>&b;</b>'
FAULT = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode>'
    "<faultstring>Web service processing error</faultstring></s:Fault></s:Body></s:Envelope>"
)


class TestSapS4Hana(StandinContract):
    kind = "sap_s4hana"
    module = "tests.standins.sap_s4hana"
    accounts = ACCOUNTS
    open_day = OPEN_DAY
    closed_day = CLOSED_UNTIL
    unknown_account = "99999999"

    @pytest.mark.parametrize("body", [BOMB, FAULT, "<html>", "", "nothing"])
    async def test_an_answer_that_says_nothing_is_looked_up(self, body: str) -> None:
        connector, document = await self.connector(), self.journal("odd")
        self.standin.set(body=body)
        with pytest.raises(Uncertain):
            await connector.post([document], NO_REMOTE_IDS)
        assert isinstance(await connector.find(document), Posted)
        await connector.close()

    async def test_amounts_of_other_currencies_are_read_back(self) -> None:
        connector = await self.connector()
        for currency, exponent in (("JPY", 0), ("KWD", 3)):
            document = self.journal(currency, amount=1234, currency=currency, currency_exponent=exponent)
            (answer,) = await connector.post([document], NO_REMOTE_IDS)
            assert isinstance(answer, Posted)
            assert answer.remote_id.startswith("1010-")
            found = await connector.find(document)
            assert isinstance(found, Posted)
            assert (found.remote_id, found.earlier) == (answer.remote_id, True)
        await connector.close()

    async def test_each_journal_stands_once(self, tmp_path: Path) -> None:
        assert_each_once(await post_journals(self.standin, self.kind, tmp_path))

    @pytest.mark.soak
    async def test_each_of_thousands_stands_once(self, tmp_path: Path) -> None:
        assert_each_once(await post_journals(self.standin, self.kind, tmp_path, JOURNALS_SOAK), JOURNALS_SOAK)
