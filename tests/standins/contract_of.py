"""The contract of connectors against a stand-in in a process of its own."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest

from sinks.connectors.catalogue import kind_of
from sinks.external.connections import Connection
from sinks.external.port import Connector
from sinks.testing.ledger_contract import LedgerContract
from tests.fixed_access import FixedAccess
from tests.standins.frame import RunningStandin, running


class StandinContract(LedgerContract):
    """One stand-in process for all tests of a class, begun again for each; `set_up` is told to it before the first call."""

    kind: ClassVar[str]
    module: ClassVar[str]
    token: ClassVar[str] = "good-token"
    set_up: ClassVar[Mapping[str, Any]] = {}
    secrets = ("good-token",)
    standin: RunningStandin

    @pytest.fixture(scope="class")
    @classmethod
    def process(cls) -> Iterator[RunningStandin]:
        """The stand-in's process."""
        with running(cls.module) as standin:
            yield standin

    @pytest.fixture(autouse=True)
    def begun_again(self, process: RunningStandin) -> Iterator[None]:
        """Empty books; and at the end, every request has kept the vendor's contract."""
        self.standin = process
        process.reset()
        if self.set_up:
            process.set(**self.set_up)
        yield
        assert process.state()["refusals"] == []

    async def connector(self) -> Connector:
        """Another connector for it."""
        kind = kind_of(self.kind)
        assert kind is not None
        sandbox = kind.sandbox()
        options = Connection(name="try", kind=self.kind, base_url=self.standin.base_url, options=sandbox.options)
        return kind.make(options, FixedAccess(self.token))

    async def held(self) -> Mapping[str, int]:
        """As the stand-in counts."""
        return self.standin.held()

    async def lose_next_answer(self) -> bool:
        """The stand-in drops the connection after it has booked."""
        self.standin.set(faults={"once": ["drop_after"]})
        return True
