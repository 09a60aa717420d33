"""`dlq show` with whatever bytes: it never fails, never lets a control character through, never shows what nobody may see."""

import unicodedata

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asiento.cli.desk_pages import letter_lines
from asiento.cli.desk_values import letter_page
from asiento.cli.printable import printable
from schemas.dead_letters import DeadLetter, Header
from schemas.events import encode_event_json
from schemas.framing import HEADER_BYTES, frame_header
from schemas.partial_reader import read_partly
from schemas.registry import registry
from sinks.desk.dead_letters import LetterFile
from sinks.desk.letters import read_letter
from sinks.desk.masking import mask_bytes, mask_json, mask_text
from sinks.projector.answers import DeadLetterLine
from tests.unit.desk.offline_desk import OfflineDesk
from tests.unit.schemas import examples

CARD = "4111 1111 1111 1111"
EVENTS = [encode_event_json(one) for one in (examples.placed(), examples.captured(), examples.refunded(), examples.correction())]
SCHEMA_IDS = sorted(registry().by_id)


def mutated(value: bytes, place: int, byte: int, cut: int) -> bytes:
    """An event with one byte changed and its end cut off."""
    at = place % len(value)
    return (value[:at] + bytes([byte]) + value[at + 1 :])[: max(len(value) - cut, 0)]


NEAR_EVENTS = st.builds(mutated, st.sampled_from(EVENTS), st.integers(0, 4096), st.integers(0, 255), st.integers(0, 40))
FRAMED = st.builds(lambda schema_id, body: frame_header(schema_id) + body, st.sampled_from(SCHEMA_IDS), st.binary(max_size=200))
JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
).map(lambda value: orjson.dumps({"type": "OrderPlaced", "x": value}))
VALUES = st.none() | st.binary(max_size=300) | NEAR_EVENTS | FRAMED | JSON_LIKE


def line_of(letter: DeadLetter) -> DeadLetterLine:
    return DeadLetterLine(
        subject="orders.events.v1/0/1",
        source_topic=letter.topic,
        source_partition=0,
        source_offset=1,
        order_key=None,
        reason=letter.reason,
        detail=letter.detail,
        schema_id=None,
        value_bytes=None if letter.value is None else len(letter.value),
        first_seen_at=0,
        worker_version="1",
        partition=0,
        offset=1,
        assignee=None,
        state="OPEN",
        replays=0,
    )


def shown(value: bytes | None, key: bytes | None, headers: tuple[Header, ...], detail: str = "") -> str:
    letter = DeadLetter(
        topic="orders.events.v1",
        partition=0,
        offset=1,
        key=key,
        value=value,
        headers=headers,
        reason="undecodable",
        detail=detail,
        schema_id=None,
        first_seen_at=0,
        worker_version="1",
    )
    page = letter_page(
        LetterFile(line=line_of(letter), letter=letter, hidden=False, reading=read_letter(letter), actions=(), now=None),
        1_000_000,
        "en",
        512,
    )
    document = printable(orjson.dumps(page).decode())
    assert orjson.loads(document) == page
    return "\n".join([document, *(printable(line) for line in letter_lines(page, "es"))])


@settings(max_examples=150, deadline=None)
@given(
    value=VALUES,
    key=st.none() | st.binary(max_size=40),
    headers=st.lists(st.builds(Header, st.text(max_size=20), st.none() | st.binary(max_size=40)), max_size=3),
    detail=st.text(max_size=30),
)
def test_any_bytes_are_shown_and_nothing_steers_the_terminal(
    value: bytes | None, key: bytes | None, headers: list[Header], detail: str
) -> None:
    text = shown(value, key, tuple(headers), detail)
    assert not [character for character in text if character != "\n" and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


@settings(max_examples=150, deadline=None)
@given(value=NEAR_EVENTS)
def test_a_partial_reading_ends_within_the_bytes(value: bytes) -> None:
    record = registry().latest["OrderPlaced"].record
    read = read_partly(record, value[HEADER_BYTES:])
    assert 0 <= read.read_bytes <= max(len(value) - HEADER_BYTES, 0)
    assert read.problems or read.read_bytes == len(value) - HEADER_BYTES


@pytest.mark.parametrize("event", [examples.placed(), examples.captured(), examples.refunded(), examples.correction(), examples.adjusted()])
def test_of_a_whole_event_everything_is_read_as_its_twin(event: dict[str, object]) -> None:
    value = encode_event_json(event)
    read = read_partly(registry().latest[str(event["type"])].record, value[HEADER_BYTES:])
    assert (read.values, read.problems, read.stopped) == (event, (), False)


def test_every_cut_keeps_the_fields_before_it() -> None:
    value = encode_event_json(examples.placed())
    record = registry().latest["OrderPlaced"].record
    for length in range(len(value) - HEADER_BYTES):
        read = read_partly(record, value[HEADER_BYTES : HEADER_BYTES + length])
        assert read.stopped
        for name in list(read.values)[:-1]:
            assert read.values[name] == examples.placed()[name]


def test_no_card_number_and_no_credential_is_shown() -> None:
    headers = (Header("Authorization", b"Bearer abc"), Header("x-api-key", b"k-123"), Header("note", CARD.encode()))
    for value in (
        encode_event_json(examples.placed(lines=[{**examples.LINE, "sku": "x"}])) + CARD.encode(),
        orjson.dumps({"type": "OrderPlaced", "memo": CARD, "password": "hunter2", "card": 4111111111111111}),
        f"free text {CARD} \x1b[31m".encode(),
        b"\xff" + CARD.replace(" ", "-").encode(),
    ):
        text = shown(value, CARD.encode(), headers, f"found {CARD}")
        for secret in ("4111", "34 31 31 31", "Bearer", "k-123", "hunter2"):
            assert secret not in text, text


def test_masks_keep_length_and_ids() -> None:
    assert mask_text(f"a {CARD} b") == "a **** **** **** **** b"
    assert mask_text(examples.EVENT_ID) == examples.EVENT_ID
    assert mask_bytes(b"\x004111111111111111") == b"\x00****************"
    assert mask_json({"amount": 1210, "ok": True, "list": [CARD]}) == {"amount": 1210, "ok": True, "list": ["**** **** **** ****"]}


def test_through_the_whole_command(desk: OfflineDesk) -> None:
    subject = desk.refuse(b"\x1b]0;owned\x07 \x9b31m" + "\u202e\u2028".encode() + CARD.encode())
    for words in ((), ("--json",), ("--lang", "es")):
        output = desk.run("dlq", "show", subject, *words).stdout
        assert "\x1b" not in output
        assert "\x07" not in output
        assert "\u202e" not in output
        assert "4111" not in output


@pytest.mark.parametrize(
    ("text", "expected"), [("a\x1b[0m", "a\\u001b[0m"), ("\u202ex", "\\u202ex"), ("\U000e0001", "\\udb40\\udc01"), ("ñ €", "ñ €")]
)
def test_printable(text: str, expected: str) -> None:
    assert printable(text) == expected
    assert orjson.loads(f'"{printable(text)}"') == text
