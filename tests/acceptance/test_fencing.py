"""A worker frozen inside a transaction past its session: the transaction is aborted, and the ledger never hears of it.

What the topics hold is tested in tests/integration/test_worker_lives.py; this is the way on into the ledger, and what
`verify` says once fencing is switched off.
"""

import orjson

from streams.engine.failure import ExitCode
from tests.acceptance.order_pipeline import OrderPipeline
from tests.integration.order_stream import wait_until
from tests.integration.test_worker_lives import frozen_in_commit_then_woken


def test_an_aborted_transaction_and_its_frozen_worker_book_nothing(pipeline: OrderPipeline) -> None:
    """The successor's producer aborts what the frozen one had written; awake again, it is refused and ends."""
    pipeline.sink.start()
    zombie = frozen_in_commit_then_woken(pipeline.stream, unsafe="")
    assert zombie.wait_exit() == ExitCode.FENCED
    wait_until(lambda: pipeline.ledger_lag() == 0, "every entry is booked")
    pipeline.check_books()


def test_without_fencing_verify_finds_the_second_judgement(pipeline: OrderPipeline) -> None:
    """The control: the same freeze, but nobody is fenced. The records have been judged twice, and `verify` says so."""
    pipeline.sink.start()
    frozen_in_commit_then_woken(pipeline.stream, unsafe="no-fencing")
    wait_until(lambda: pipeline.asiento("verify", "--json").returncode != 0, "the frozen worker's transaction became visible")
    done = pipeline.asiento("verify", "--json")
    assert done.returncode == 1
    assert {"decided_twice", "overlap"} <= set(orjson.loads(done.stdout)["faults"])
