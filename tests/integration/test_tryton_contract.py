"""The connector of Tryton against a real Tryton: what every connector must do."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping

import pytest

from sinks.connectors.tryton.ledger import KIND
from sinks.external.connections import Connection
from sinks.external.port import Connector
from sinks.testing.ledger_contract import LedgerContract
from tests.answer_loser import AnswerLoser
from tests.fixed_access import FixedAccess
from tests.tryton_chart import ACCOUNT_OF_ROLE, CLOSED_DAY, CONTACT
from tests.tryton_server import TrytonBooks, TrytonServer

STANDING = (
    "SELECT description FROM account_move WHERE state = 'posted' AND description IS NOT NULL"
    " UNION ALL SELECT description FROM account_invoice WHERE state IN ('posted', 'paid')"
)


class TestTryton(LedgerContract):
    """One database for all tests, emptied before each."""

    accounts = {  # noqa: RUF012
        "cash": ACCOUNT_OF_ROLE["cash"],
        "clearing": ACCOUNT_OF_ROLE["psp_clearing"],
        "revenue": ACCOUNT_OF_ROLE["revenue"],
        "receivable": ACCOUNT_OF_ROLE["accounts_receivable"],
        "returns": ACCOUNT_OF_ROLE["sales_returns"],
    }
    contact = CONTACT
    open_day = "2026-03-02"
    closed_day = CLOSED_DAY

    @pytest.fixture(autouse=True)
    def _books(self, tryton_server: TrytonServer, tryton_books: TrytonBooks) -> Iterator[None]:
        tryton_books.empty()
        self.books, self.server_port = tryton_books, tryton_server.port
        self.secrets = (tryton_books.keys.accountant,)
        with AnswerLoser(tryton_server.port) as proxy:
            self.proxy = proxy
            yield

    async def connector(self) -> Connector:
        base_url = self.books.base_url.replace(f":{self.server_port}/", f":{self.proxy.port}/")
        return KIND.make(Connection(name="erp", kind="tryton", base_url=base_url), FixedAccess(self.books.keys.accountant))

    async def held(self) -> Mapping[str, int]:
        texts = [str(text) for (text,) in self.books.rows(STANDING)]
        return Counter(key for text in texts for key in re.findall(r"([0-9a-f-]{36})\]$", text))

    async def lose_next_answer(self) -> bool:
        self.proxy.lose_next(lambda piece: b"/post?" in piece)
        return True
