"""The death of a process that is not to die in a unit test."""

import pytest

from streams.engine import consumer, recovery, slots
from streams.engine.failure import ExitCode
from tests.unit.streams.offline_engine import ProcessEnded


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[ExitCode]:
    """The codes that the process would have ended with."""
    codes: list[ExitCode] = []

    def end_process(code: ExitCode, *_: object, **__: object) -> None:
        codes.append(code)
        raise ProcessEnded

    for module in (consumer, recovery, slots):
        monkeypatch.setattr(module, "end_process", end_process)
    return codes
