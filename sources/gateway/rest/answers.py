"""What the REST door answers where it refuses: a code, and how to mend it; nothing of the request comes back."""

from typing import Final

import orjson
from aiohttp import web

from sources.gateway.rest.idempotency import Answer

ERRORS: Final[dict[str, tuple[int, str]]] = {
    "key_unknown": (401, "the API key is missing or unknown: send Authorization: Bearer <key>"),
    "not_yours": (403, "the API key does not write events of this tenant and source"),
    "receipt_unknown": (404, "no such event here: it did not arrive, or is not projected yet"),
    "body_too_slow": (408, "the body did not arrive whole in time: send it again"),
    "idempotency_key_reused": (409, "this Idempotency-Key was used with another body: use a fresh key for another request"),
    "length_unknown": (411, "say how long the body is: Content-Length, or Transfer-Encoding: chunked"),
    "body_too_large": (413, "the body is larger than one request may be: split it"),
    "too_many_events": (413, "the request has more events than one request may: split it"),
    "body_encoded": (415, "send the body without Content-Encoding"),
    "content_type": (415, "send application/json (one event, or an array), or application/x-ndjson (one event per line)"),
    "idempotency_key_missing": (
        400,
        "Idempotency-Key is missing: send a text of your own, the same when you send the request again",
    ),
    "idempotency_key_malformed": (400, "Idempotency-Key: 1 to 255 printable ASCII characters are expected"),
    "body_unreadable": (400, "the body is not JSON"),
    "event_id_malformed": (400, "an event_id is a UUID"),
    "too_many_requests": (429, "this key sends more than its limit: send it again later"),
    "not_confirmed": (503, "the broker has not confirmed all: send the same request again, nothing is booked twice"),
    "receipts_unavailable": (503, "receipts cannot be read now: ask again later"),
}
"""Code -> status, message."""
RETRY_AFTER_SECONDS: Final = {429: 1, 503: 5}


def error(code: str, message: str | None = None) -> Answer:
    """The answer of an error; `message` instead of the usual one."""
    status, usual = ERRORS[code]
    return Answer(status, orjson.dumps({"error": {"code": code, "message": message or usual}}))


def answer_of(answer: Answer, *, replayed: bool = False) -> web.Response:
    """The response; `replayed`: it was given before."""
    headers = {"Content-Type": "application/json", "Cache-Control": "no-store"}
    if answer.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if answer.status in RETRY_AFTER_SECONDS:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS[answer.status])
    if replayed:
        headers["Idempotency-Replayed"] = "true"
    return web.Response(status=answer.status, body=answer.body, headers=headers)
