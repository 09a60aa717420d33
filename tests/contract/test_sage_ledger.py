"""Sage Accounting keeps the contract of connectors, as far as its documentation says how it answers."""

import pytest

from tests.standins.contract_of import StandinContract
from tests.standins.journals import ACCOUNTS, CLOSED_UNTIL, OPEN_DAY

pytestmark = pytest.mark.slow


class TestSage(StandinContract):
    kind = "sage"
    module = "tests.standins.sage"
    accounts = ACCOUNTS
    open_day = OPEN_DAY
    closed_day = CLOSED_UNTIL
