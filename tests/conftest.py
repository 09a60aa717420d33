"""A real broker for the tests that ask for it: one per test process, started by the first of them, stopped at the end.

Under pytest-xdist each of its processes has a broker of its own, on ports of its own. Use `--dist loadfile`: tests that kill the
broker are in one process with the others of their broker, one after the other, and a file's shared installation is built once.
"""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

from asiento.runtime.local_kafka import LocalKafka
from tests import monitoring_programs, plain_text_programs
from tests.kafka_cluster import KafkaCluster
from tests.postgresql import PostgresqlServer
from tests.tryton_server import TrytonBooks, TrytonServer

settings.register_profile("asiento", deadline=None)  # how long an example takes says something of the machine, not of the code
settings.load_profile("asiento")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever asks for a broker is a `kafka` test, so that the fast part never starts one; who asks for PostgreSQL is `slow`."""
    for item in items:
        if {"kafka", "local_kafka", "kafka_cluster"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.kafka)
        if {"postgresql", "postgresql_server", "tryton_server", "tryton_books"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


class FilesOfOneServer(LoadFileScheduling):  # type: ignore[misc]
    """`--dist loadfile`, but for files that need a server that takes a minute to make: they are in one process, and it is made once."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "tryton" if file.rpartition("/")[2].startswith("test_tryton_") else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FilesOfOneServer | None:
    """How `--dist loadfile` shares files among processes."""
    return FilesOfOneServer(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def local_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """The running broker itself, for tests that kill or restart it (they must leave it running)."""
    with LocalKafka(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture(scope="session")
def kafka_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """Three running brokers, for tests that kill and freeze them (they must leave them running and healthy)."""
    with KafkaCluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def kafka(local_kafka: LocalKafka) -> str:
    """Bootstrap servers of the broker."""
    return local_kafka.bootstrap_servers


@pytest.fixture
def topic_prefix() -> str:
    """A prefix for topics, app ids and groups that no other test uses."""
    return f"t{uuid.uuid4().hex[:10]}-"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    """The running PostgreSQL of this test process; skips where there are no binaries."""
    server = PostgresqlServer()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def postgresql(postgresql_server: PostgresqlServer) -> str:
    """The URL of an empty PostgreSQL database of this test's own."""
    return postgresql_server.new_database(f"t{uuid.uuid4().hex[:10]}")


@pytest.fixture(scope="session")
def bean_check() -> str:
    """The command `bean-check`; skips where it cannot be had."""
    return plain_text_programs.bean_check()


@pytest.fixture(scope="session")
def hledger() -> str:
    """The command `hledger`; skips where it cannot be had."""
    return plain_text_programs.hledger()


@pytest.fixture(scope="session")
def prometheus() -> str:
    """The command `prometheus`; skips where it cannot be had. `tests.monitoring_programs` runs the servers."""
    return monitoring_programs.prometheus()


@pytest.fixture(scope="session")
def promtool() -> str:
    """The command `promtool`; skips where it cannot be had."""
    return monitoring_programs.promtool()


@pytest.fixture(scope="session")
def amtool() -> str:
    """The command `amtool`; skips where it cannot be had."""
    return monitoring_programs.amtool()


@pytest.fixture(scope="session")
def tryton_server(postgresql_server: PostgresqlServer) -> Iterator[TrytonServer]:
    """The running Tryton of this test process, on its PostgreSQL."""
    server = TrytonServer(postgresql_server)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def tryton_books(tryton_server: TrytonServer) -> Iterator[TrytonBooks]:
    """New books in a database of this test file's own; a test that needs them empty says `tryton_books.empty()`."""
    with tryton_server.books() as books:
        yield books
