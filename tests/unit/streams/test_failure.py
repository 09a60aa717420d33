"""Exit codes: known causes are told apart from deaths that may be a record's fault."""

import subprocess
import sys

import pytest
from aiokafka.errors import IllegalGenerationError, InvalidProducerEpoch, KafkaConnectionError, ProducerFenced

from streams.engine.failure import KNOWN_CAUSES, ExitCode, cause_of


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ProducerFenced(), ExitCode.FENCED),
        (InvalidProducerEpoch(), ExitCode.FENCED),
        (IllegalGenerationError(), ExitCode.LOST_GENERATION),
        (KafkaConnectionError(), ExitCode.TRANSACTION_FAILED),
        (ValueError(), ExitCode.CHUNK_FAILED),
    ],
)
def test_cause_of_an_error(error: Exception, code: ExitCode) -> None:
    assert cause_of(error, ExitCode.TRANSACTION_FAILED) is code


def test_a_death_that_a_record_may_have_caused_is_no_known_cause() -> None:
    assert not {ExitCode.CHUNK_FAILED, ExitCode.STUCK} & KNOWN_CAUSES


def test_the_process_is_gone_after_one_line() -> None:
    """No finally block, no atexit: nothing half done can be finished."""
    program = """
import atexit
from asiento.runtime.logging import configure_logging
from asiento.runtime.settings import load_settings
from streams.engine.failure import ExitCode, end_process
configure_logging(load_settings({"log_format": "json"}), "streams")
atexit.register(print, "cleaned up")
try:
    end_process(ExitCode.FENCED, "another worker has it", partition=3)
finally:
    print("cleaned up")
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 71
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1
    assert '"exit_code":71' in ended.stderr
