"""The kiosk of docs/a-new-source-in-ten-minutes.md: its mapper and payloads, with a state that the mapper may not know yet."""

import re
from pathlib import Path
from typing import Final

from schemas.raw_records import RawRecord, encode_raw_record

_PAGE: Final = (Path(__file__).parents[1] / "docs" / "a-new-source-in-ten-minutes.md").read_text(encoding="utf-8")
_MAPPER: Final = re.findall(r"```yaml\n(mapper: kiosk.*?)```", _PAGE, re.DOTALL)[0]
_PAYLOAD: Final = re.findall(r"```json\n(\{\"number\".*?)```", _PAGE, re.DOTALL)[0]
NOON: Final = 1_772_366_400_000_000
SAID_BY_CUSTOMER: Final = "Please ring at Jane Canary, 12 Elm Street"
"""Personal data in each payload."""


def write_mapper(directory: Path, *, knows_pickup: bool) -> None:
    """The mapper file; `knows_pickup`: with the state that the payloads have."""
    directory.mkdir(exist_ok=True)
    known = "[open, done, pickup]" if knows_pickup else "[open, done]"
    (directory / "kiosk.yaml").write_text(_MAPPER.replace("[open, done]", known), encoding="utf-8")


def kiosk_record(number: str = "K-17", state: str = "pickup") -> tuple[bytes, bytes]:
    """Key and value of the raw record of a sale; no mapper knows any state but `open`, `done` and perhaps `pickup`."""
    told = _PAYLOAD.replace("K-17", number).replace('"state": "done"', f'"state": "{state}", "note": "{SAID_BY_CUSTOMER}"')
    raw = RawRecord(source_topic="orders", origin="WEBHOOK", signature="VERIFIED", received_at=NOON, body=told.encode())
    return f"acme:kiosk:main:{number}".encode(), encode_raw_record(raw)
