"""Canaries: secrets and personal data are planted, the whole path runs and fails with them, and everything it says is searched.

None may appear but where it must: in the raw topic of events, and in the value of a dead letter, which is the refused record.
"""

import base64
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from confluent_kafka import Consumer, Producer, TopicPartition

from asiento.runtime.ports import free_ports
from schemas.access_rights import ADMIN, COMPONENTS, LEDGER, OPERATOR, PROJECTOR, READER, SWEEPER, WORKER
from schemas.dead_letters import decode_dead_letter
from schemas.event_messages import message_from_json
from schemas.framing import frame_header
from schemas.partitioning import partition_for
from schemas.topics import ACCOUNTING_DECISIONS, ORDERS_DLQ, ORDERS_EVENTS, ORDERS_RAW, catalogue
from tests.integration.hand_registry import NOT_FOUND, ServerThread, answer
from tests.integration.order_stream import PARTITIONS, WAIT_SECONDS_MAX, Worker, wait_until
from tests.integration.secure_kafka import ROOT, SecureInstallation, SecureKafka
from tests.unit.schemas import examples

pytestmark = pytest.mark.kafka

SASL, REGISTRY, DATABASE, WRONG = "Cn4rySasl", "Cn4ryRegistry", "Cn4ryDatabase", "Cn4ryWrong"
HEADERS = {
    "Authorization": "Bearer Cn4ryHeaderBearer",
    "cookie": "sid=Cn4ryHeaderCookie",
    "X-Api-Key": "Cn4ryHeaderKey",
    "x-whatever": "Cn4ryHeaderOther",
}
MAIL = "cn4ry.person@example.com"
PERSON = orjson.dumps({"type": "Customer", "email": MAIL, "name": "Cn4ryPerson"})
SECRETS = [SASL, REGISTRY, DATABASE, WRONG, *(value.rpartition(" ")[2].rpartition("=")[2] for value in HEADERS.values())]
PERSONAL = [MAIL, "Cn4ryPerson"]


class Aviary:
    """Everything that was said, by whom; `search` finds what should not be in it."""

    def __init__(self) -> None:
        self.said: dict[str, bytes] = {}

    def add(self, source: str, content: bytes | str) -> None:
        """What a source said."""
        self.said[source] = self.said.get(source, b"") + (content.encode() if isinstance(content, str) else content)

    def search(self, words: list[str]) -> list[str]:
        """`word in source` for each word, as it is, in base64, in hexadecimal or percent-encoded."""
        found = []
        for word in words:
            forms = {word.encode(), word.encode().hex().encode(), urllib.parse.quote(word, safe="").encode()}
            forms |= {base64.b64encode(word.encode()[skip : len(word) - (len(word) - skip) % 3]) for skip in range(3)}
            found += [f"{word} in {source}" for source, content in self.said.items() if any(form in content for form in forms)]
        return found


def test_the_search_finds_what_is_there() -> None:
    aviary = Aviary()
    for number, form in enumerate([SASL, f"a{SASL}", f"ab{SASL}", f"abc{SASL}"]):
        aviary.add(f"base64-{number}", base64.b64encode(form.encode()))
    aviary.add("plain", f"x{SASL}x")
    aviary.add("hexadecimal", f"x{SASL}x".encode().hex())
    assert len(aviary.search([SASL])) == 6


async def _registry(request: web.Request) -> web.StreamResponse:
    assert request.headers["Authorization"] == "Basic " + base64.b64encode(f"reader:{REGISTRY}".encode()).decode()
    return answer(NOT_FOUND, 404)


class Planted:
    """The installation with a canary in every secret; `aviary` hears all of it."""

    def __init__(self, broker: SecureKafka, registry_url: str, operational_url: str, directory: Path) -> None:
        self.aviary = Aviary()
        self.at = SecureInstallation(broker, "canary-", directory)
        (directory / "registry.password").write_text(REGISTRY)
        self.more = {
            "operational_url": operational_url,
            "registry_url": registry_url,
            "registry_username": "reader",
            "registry_password_file": str(directory / "registry.password"),
            "registry_wait_seconds_max": "1",
            "log_level": "debug",
        }
        self.processes: dict[str, tuple[Worker, int]] = {}

    def command(self, user: str, *words: str, codes: tuple[int, ...] = (0,), **more: str) -> str:
        """Run a command to its end; what it says is heard. Answers its stdout."""
        done = self.at.command(user, *words, **{**self.more, **more})
        self.aviary.add(f"{words[0]} {words[1] if len(words) > 1 else ''}", done.stdout + done.stderr)
        assert done.returncode in codes, done.stderr
        return done.stdout

    def letters(self) -> int:
        """How many dead letters are projected; -1 before there is a database."""
        said = self.command(OPERATOR, "dlq", "list", "--json", codes=(0, 1, 3))
        return len(orjson.loads(said)["items"]) if said else -1

    def wait_logged(self, user: str, words: bytes) -> None:
        """Wait until the log of a process has these words."""
        log = self.processes[user][0].log_file
        wait_until(lambda: words in log.read_bytes(), f"{user} logs {words!r}")

    def start(self, user: str, *words: str, **more: str) -> None:
        """Start a process that stays."""
        port = free_ports(1)[0]
        self.processes[user] = self.at.start_as(user, *words, metrics_port=str(port), **{**self.more, **more}), port

    def look(self) -> None:
        """Health pages, metrics and command lines of all processes."""
        for user, (worker, port) in self.processes.items():
            for page in ("metrics", "livez", "readyz", "startupz"):
                self.aviary.add(f"{user} /{page}", _page(f"http://127.0.0.1:{port}/{page}"))
            self.aviary.add(f"{user} argv", Path(f"/proc/{worker.process.pid}/cmdline").read_bytes())

    def hear_logs(self) -> None:
        """The logs of all processes, from their start."""
        for user, (worker, _) in self.processes.items():
            self.aviary.add(f"{user} log", worker.log_file.read_bytes())

    def hear_topics(self) -> None:
        """All topics but those with what came in: keys, headers, values; of dead letters all but the value, the refused record."""
        for topic in catalogue(f"{self.at.prefix}app", PARTITIONS, 1, 1):
            if topic.name in {ORDERS_RAW, ORDERS_EVENTS}:
                continue
            for key, value, headers in _records(self.at.broker.bootstrap_servers, self.at.prefix + topic.name):
                self.aviary.add(topic.name, repr(headers) + repr(key))
                if topic.name == ORDERS_DLQ:
                    letter = decode_dead_letter(value)
                    self.aviary.add(topic.name, repr((letter.headers, letter.detail, letter.reason)))
                else:
                    self.aviary.add(topic.name, value or b"")


def _page(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=10) as answered:  # noqa: S310 - a page of our own
            content: bytes = answered.read()
    except urllib.error.HTTPError as error:
        content = error.read()
    return content


def _records(kafka: str, topic: str) -> Iterator[tuple[bytes | None, bytes | None, Any]]:
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": "canaries", "enable.partition.eof": True, "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
    at_end = 0
    while at_end < PARTITIONS:
        message = consumer.poll(WAIT_SECONDS_MAX)
        assert message is not None, f"{topic} could not be read"
        if message.error() is not None:
            at_end += 1
        else:
            yield message.key(), message.value(), message.headers()
    consumer.close()


@pytest.fixture
def planted(postgresql: str, tmp_path: Path) -> Iterator[Planted]:
    """A broker, a registry and a database, all with canaries for passwords."""
    users = {name: f"{SASL}-{name}" for name in (*COMPONENTS, ROOT)}
    url = postgresql.replace("postgres@", f"postgres:{DATABASE}@")
    with ServerThread(_registry) as registry, SecureKafka(tmp_path / "kafka", users) as broker:
        (tmp_path / "canary").mkdir()
        planted = Planted(broker, registry.url, url, tmp_path / "canary")
        principals = [word for name in COMPONENTS for word in ("--principal", f"{name}=User:{name}")]
        planted.command(ROOT, "topics", "acls", "apply", *principals)
        planted.command(ADMIN, "topics", "apply")
        planted.at.begin()
        yield planted
        planted.at.close()


def send(installation: SecureInstallation) -> None:
    """Good events, one with headers of a gateway, personal data that is no event, an id that only a registry could know."""
    producer = Producer({"bootstrap.servers": installation.broker.bootstrap_servers})
    headers: list[tuple[str, str | bytes | None]] = list(HEADERS.items())
    good = message_from_json(examples.placed(order_id="canary-1"))
    producer.produce(installation.stream.events, good.value, good.key, partition_for(good.key, PARTITIONS), headers=headers)
    for value in (PERSON, frame_header(70_001) + PERSON, good.value[:-3] + PERSON):
        producer.produce(installation.stream.events, value, good.key, partition_for(good.key, PARTITIONS), headers=headers)
    stray = message_from_json(examples.placed(order_id="canary-2"))
    producer.produce(
        installation.stream.events, stray.value, stray.key, (partition_for(stray.key, PARTITIONS) + 1) % PARTITIONS, headers=headers
    )
    assert producer.flush(30) == 0


@pytest.mark.timeout(900)
def test_no_canary_sings(planted: Planted) -> None:
    at, command = planted.at, planted.command
    planted.start(WORKER, "streams", "run")
    planted.start(LEDGER, "sinks", "run", "ledger", log_format="console")
    planted.start(PROJECTOR, "sinks", "run", "projector", log_format="console")
    planted.start(SWEEPER, "sweeper", "run")
    send(at)
    at.stream.wait_drained()
    wait_until(lambda: planted.letters() == 4, "all dead letters are projected")
    planted.look()

    letter = orjson.loads(command(OPERATOR, "dlq", "list", "--json"))["items"][0]["subject"]
    order = f"{examples.ENVELOPE['tenant']}:{examples.ENVELOPE['source']}:canary-1"
    looks = ["config show", "config show --json", "doctor --json", "verify --json", "trial-balance --json", "operational dump"]
    looks += [f"orders show {order} --json", f"backup {at.directory / 'backup'}"]
    with ThreadPoolExecutor(3) as pool:
        shown = pool.submit(command, OPERATOR, "dlq", "show", letter, "--json")
        said = list(pool.map(lambda words: command(READER, *words.split(), codes=(0, 1)), looks))
    assert "Authorization" in shown.result()
    assert "canary-1" in said[looks.index("operational dump")]
    command(OPERATOR, "dlq", "replay", "--refused-as", "wrong_partition", "--reason", "astray", "--by", "ana", "--json")
    for file in (at.directory / "backup").rglob("*"):
        if file.is_file():
            planted.aviary.add(f"backup {file.name}", file.read_bytes())

    wrong = at.directory / "wrong.password"
    wrong.write_text(WRONG)
    command(WORKER, "streams", "run", codes=(3,), kafka_sasl_password_file=str(wrong))
    command(PROJECTOR, "sinks", "run", "projector", codes=(3,), operational_url=f"postgresql://postgres:{DATABASE}@127.0.0.1:1/gone")
    command(READER, "operational", "status", codes=(2,), operational_url=f"postgresql://postgres:{DATABASE}@db.example/books")
    command(READER, "operational", "status", codes=(2,), operational_url=f"postgresql://postgres:{DATABASE}/@127.0.0.1/books")
    command(PROJECTOR, "operational", "rebuild", "--into", f"postgresql://postgres:{DATABASE}@127.0.0.1/b", codes=(2,))
    planted.hear_topics()

    at.take_away(WORKER, at.prefix + ACCOUNTING_DECISIONS)
    send(at)
    assert planted.processes[WORKER][0].wait_exit() > 0
    at.stream.disconnect()
    at.broker.kill()
    for user in (LEDGER, PROJECTOR):
        planted.wait_logged(user, b"NodeNotReadyError")
    planted.hear_logs()
    assert b"Traceback" in planted.aviary.said[f"{WORKER} log"]

    letters = planted.aviary.said[ORDERS_DLQ]
    assert b"not kept: " in letters
    assert planted.aviary.search(SECRETS) == []
    personal = {source: said for source, said in planted.aviary.said.items() if not source.startswith("dlq show")}
    planted.aviary.said = personal
    assert planted.aviary.search(PERSONAL) == []
