"""Generated order lives from outside: every event of them passes both doors as the same event."""

from pathlib import Path

import orjson
import pytest

from schemas.events import decode_event, decode_to_json, encode_event, encode_event_json, event_from_json, event_to_json, parse_event_json
from schemas.refusal import Refusal
from tests.contract.corpus import CORPUS

LIVES = CORPUS.parent / "vectors" / "orders"

pytestmark = pytest.mark.skipif(not LIVES.is_dir(), reason="the order lives (vectors/orders beside the corpus) are not on this machine")


@pytest.mark.parametrize("path", sorted(LIVES.rglob("*events.jsonl")), ids=lambda path: str(path.relative_to(LIVES)))
def test_every_event_passes_both_doors(path: Path) -> None:
    for line in path.read_bytes().splitlines():
        obj = orjson.loads(line)
        value, event = encode_event_json(obj), parse_event_json(line)
        assert not isinstance(event, Refusal)
        assert decode_event(value) == event
        assert isinstance(decode_to_json(value), dict)
        assert decode_event(encode_event(event)) == event == event_from_json(event_to_json(event))
