"""What the gateway answers: nothing of a request comes back, every refusal says how to mend it."""

from typing import Final

import orjson
from aiohttp import web

_ANSWERS: Final[dict[str, tuple[int, str]]] = {
    "unknown_address": (404, "nothing is here: webhooks go to /in/<tenant>/<platform>:<connection>"),
    "unknown_source": (404, "no such source: compare tenant and source in the address with the gateway's configuration"),
    "method_not_allowed": (405, "send webhooks with POST"),
    "request_malformed": (400, "this is no HTTP request that can be read: check request line, headers and their sizes"),
    "request_too_slow": (408, "the request did not arrive whole in time: send it again"),
    "length_unknown": (411, "say how long the body is: Content-Length, or Transfer-Encoding: chunked"),
    "body_too_large": (413, "the body is larger than this source may send: raise its limit body_bytes_max if it is right"),
    "body_encoded": (415, "send the body as it was signed, without Content-Encoding"),
    "challenge_missing": (400, "challenge_code is missing in the query"),
    "too_many_requests": (429, "this source sends more than its limit: send it again later"),
    "too_many_connections": (503, "too many connections: try again later"),
    "not_safe": (503, "the record could not be made safe: send it again later"),
    "keys_unavailable": (503, "the platform's keys cannot be fetched now: send it again later"),
    "internal": (500, "the gateway failed: send it again later"),
    "signature_missing": (401, "the signature is missing: check that the platform is set up to sign its webhooks"),
    "signature_malformed": (401, "the signature cannot be read: check that platform and scheme of this source belong together"),
    "signature_wrong": (401, "the signature does not fit the body: compare the platform's secret with the one of this source"),
    "signature_too_old": (401, "the request was signed too long ago: check the clocks, or signed_age_seconds_max of this source"),
    "signature_from_the_future": (401, "the request was signed in the future: check the clocks"),
    "key_unknown": (401, "the platform has no key of the name in the signature"),
    "certificate_refused": (401, "the certificate of the signature is not from the platform"),
    "credentials_missing": (401, "the secret is missing: let the platform send it as this source is set up"),
    "credentials_wrong": (401, "the secret is wrong: compare the platform's with the one of this source"),
    "sender_not_allowed": (401, "the sender's address is not among those of this source: check allow_from and proxies"),
    "body_differs": (401, "body and signed query speak of different things"),
}
SERVER: Final = "asiento"
"""All that is told of what answers."""
RETRY_AFTER_SECONDS: Final = {429: 1, 503: 5}


class Refusal(Exception):
    """A request is answered with an error; `code` is one of the table."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def error_body(code: str) -> bytes:
    """The JSON of an error."""
    return orjson.dumps({"error": {"code": code, "message": _ANSWERS[code][1]}})


def status_of(code: str) -> int:
    """The HTTP status of an error."""
    return _ANSWERS[code][0]


def error_response(code: str) -> web.Response:
    """The answer to a request that is refused."""
    status = status_of(code)
    headers = {"Content-Type": "application/json", "Server": SERVER}
    if status in RETRY_AFTER_SECONDS:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS[status])
    if status == 405:
        headers["Allow"] = "POST"
    response = web.Response(status=status, body=error_body(code), headers=headers)
    if status in (400, 408, 411, 413):
        response.force_close()  # what is left of its body is not read
    return response


def accepted_response(body: bytes) -> web.Response:
    """The answer to a request whose record is safe."""
    return web.Response(body=body, headers={"Server": SERVER})


def raw_error(code: str) -> bytes:
    """The same as bytes on the wire, for connections that no request came over."""
    body, status = error_body(code), status_of(code)
    reason = {400: "Bad Request", 408: "Request Timeout", 503: "Service Unavailable"}[status]
    head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body


CODES: Final = tuple(_ANSWERS)
