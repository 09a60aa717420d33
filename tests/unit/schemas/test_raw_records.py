"""Raw records and fetch requests keep every byte on their way through Kafka."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.raw_records import (
    FetchRequest,
    RawRecord,
    decode_fetch_request,
    decode_raw_record,
    encode_fetch_request,
    encode_raw_record,
)


@given(body=st.binary(max_size=200), transport_id=st.none() | st.just("d-1"), fetch_error=st.none() | st.just("404"))
def test_a_raw_record_comes_back_as_it_was(body: bytes, transport_id: str | None, fetch_error: str | None) -> None:
    record = RawRecord(
        source_topic="orders/create",
        origin="WEBHOOK",
        signature="VERIFIED",
        transport_id=transport_id,
        received_at=1_764_374_400_000_000,
        body=body,
        fetch_error=fetch_error,
    )
    assert decode_raw_record(encode_raw_record(record)) == record


def test_a_fetch_request_comes_back_as_it_was() -> None:
    request = FetchRequest(
        request_id="3b6a27bc-5c9c-5d44-9a0f-5b6a3f7a1c11",
        source_topic="orders/updated",
        resource="order/450789469",
        reason="an order edit carries no amounts",
        depth=1,
        asked_at=1_764_374_400_000_000,
    )
    assert decode_fetch_request(encode_fetch_request(request)) == request
