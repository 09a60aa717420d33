"""Oracle Fusion keeps the contract of connectors, as far as its documentation says how it answers; every journal stands once.

Imports are jobs: `post` never answers Posted, so that the contract is asked of post and look-up together, as the poster uses them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from sinks.external.documents import LedgerDocument
from sinks.external.port import Connector, RemoteIds
from sinks.external.results import NotSent, Posted, PostResult, Refusal, Refused, Unknown
from sinks.testing.ledger_contract import NO_REMOTE_IDS
from tests.journal_faults import JOURNALS_SOAK, assert_each_once, post_journals
from tests.standins.contract_of import StandinContract
from tests.standins.journals import ACCOUNTS, CLOSED_UNTIL, OPEN_DAY

pytestmark = pytest.mark.slow
LOOKS_MAX = 10


class _Awaited:
    """A connector whose handed-over journals are looked up until their jobs have ended."""

    def __init__(self, inside: Connector) -> None:
        self._inside = inside

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inside, name)

    async def post(self, documents: Sequence[LedgerDocument], remote_ids: RemoteIds) -> Sequence[PostResult]:
        """Post one and wait for it."""
        (document,) = documents
        (answer,) = await self._inside.post(documents, remote_ids)
        for _ in range(LOOKS_MAX):
            if not isinstance(answer, Unknown):
                break
            try:
                answer = await self._inside.find(document) or answer
            except NotSent:
                continue
        return [answer]


class TestOracleFusion(StandinContract):
    kind = "oracle_fusion"
    module = "tests.standins.oracle_fusion"
    accounts = ACCOUNTS
    open_day = OPEN_DAY
    closed_day = CLOSED_UNTIL

    async def connector(self) -> Connector:
        awaited: Any = _Awaited(await super().connector())
        connector: Connector = awaited
        return connector

    async def test_a_journal_whose_job_goes_on_is_not_told_missing(self) -> None:
        self.standin.set(looks=4)
        connector, document = await super().connector(), self.journal("slow")
        (answer,) = await connector.post([document], NO_REMOTE_IDS)
        assert isinstance(answer, Unknown)
        assert "job 1" in answer.reason
        with pytest.raises(NotSent, match="job 1 of Fusion is RUNNING"):
            await connector.find(document)
        other = await super().connector()
        with pytest.raises(NotSent, match="no journal yet"):
            await other.find(document)
        found = await connector.find(document)
        assert isinstance(found, Posted)
        assert found.number is not None
        assert found.number.startswith(document.key)
        for one in (connector, other):
            await one.close()

    async def test_a_refused_journal_that_is_sent_again_has_a_group_of_its_own(self) -> None:
        connector, document = await self.connector(), self.journal("again", date=CLOSED_UNTIL)
        (refused,) = await connector.post([document], NO_REMOTE_IDS)
        assert isinstance(refused, Refused)
        assert (refused.refusal, refused.code) == (Refusal.PERIOD_CLOSED, "EP01")
        self.standin.set(closed_until="2024-12-31")
        (answer,) = await connector.post([document], NO_REMOTE_IDS)
        assert isinstance(answer, Posted)
        assert await self.held() == {document.key: 1}
        await connector.close()

    async def test_a_refusal_of_another_process_is_left_to_a_person(self) -> None:
        connector, document = await super().connector(), self.journal("restart", date=CLOSED_UNTIL)
        await connector.post([document], NO_REMOTE_IDS)
        other = await super().connector()
        with pytest.raises(NotSent, match="look at Scheduled Processes"):
            await other.find(document)
        for one in (connector, other):
            await one.close()

    async def test_what_stands_already_is_not_handed_over_again(self) -> None:
        connector, document = await self.connector(), self.journal("twice over")
        await connector.post([document], NO_REMOTE_IDS)
        (answer,) = await connector.post([document], NO_REMOTE_IDS)
        assert isinstance(answer, Posted)
        assert answer.earlier
        assert await self.held() == {document.key: 1}
        await connector.close()

    async def test_each_journal_stands_once(self, tmp_path: Path) -> None:
        assert_each_once(await post_journals(self.standin, self.kind, tmp_path, looks=3))

    @pytest.mark.soak
    async def test_each_of_thousands_stands_once(self, tmp_path: Path) -> None:
        assert_each_once(await post_journals(self.standin, self.kind, tmp_path, JOURNALS_SOAK, looks=3), JOURNALS_SOAK)
