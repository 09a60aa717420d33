"""A proxy on loopback before a real ledger, which fails as networks and gateways do: from a seed, one decision per call."""

import http.client
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final, Self

from tests.standins.frame import Fault, Faults

RETRY_AFTER_SECONDS: Final = 7
ANSWER_SECONDS_MAX: Final = 60.0
END_SECONDS_MAX: Final = 10.0
WHOLE: Final = "whole"
_MAINTENANCE: Final = b"<!DOCTYPE html><title>Back soon</title>"
_STATUS: Final = {Fault.THROTTLED: 429, Fault.BUSY: 503, Fault.BAD_GATEWAY: 502, Fault.EXPIRED: 401, Fault.FAULT_IN_200: 200}
"""Answers of the proxy itself, to calls that the ledger never sees; that in 200 is a page for people."""
_PASSED_ON: Final = frozenset({"content-type"})
"""Headers of an answer that the connector reads."""


class FaultProxy:
    """Serves `port`, in threads of its own; both sides on 127.0.0.1.

    books: whether a call (method, path) is one of those that book. throttled: told whenever a call was answered 429, before the answer
    leaves. calls: how the calls that book ended, by fault; others: the same of all other calls.
    """

    def __init__(self, target_port: int, faults: Faults, *, books: Callable[[str, str], bool], throttled: Callable[[int], None]) -> None:
        self._target_port = target_port
        self._faults = faults
        self._books = books
        self._throttled = throttled
        self._lock = threading.Lock()
        self.calls: Counter[str] = Counter()
        self.others: Counter[str] = Counter()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": self}))
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join(END_SECONDS_MAX)
        self._server.server_close()

    def next(self, method: str, path: str) -> Fault | None:
        """What becomes of this call."""
        with self._lock:
            fault = self._faults.next()
            (self.calls if self._books(method, path) else self.others)[fault.value if fault else WHOLE] += 1
            if fault is Fault.THROTTLED:
                self._throttled(RETRY_AFTER_SECONDS)
        return fault

    def passed_on(self, call: BaseHTTPRequestHandler, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """The ledger's own answer."""
        far = http.client.HTTPConnection("127.0.0.1", self._target_port, timeout=ANSWER_SECONDS_MAX)
        try:
            headers = {name: value for name, value in call.headers.items() if name.lower() not in ("connection", "accept-encoding")}
            far.request(call.command, call.path, body or None, headers)
            answer = far.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() in _PASSED_ON}
            return answer.status, kept, answer.read()
        finally:
            far.close()


class _Handler(BaseHTTPRequestHandler):
    """One connection of a connector's; `proxy` is set by the class that the server is given."""

    proxy: FaultProxy
    protocol_version = "HTTP/1.1"

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.proxy.next(self.command, self.path)
        if fault in _STATUS:
            headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if fault is Fault.THROTTLED else {}
            self._answer(_STATUS[fault], headers, _MAINTENANCE)
            return
        status, headers, answer = (0, {}, b"") if fault is Fault.DROP_BEFORE else self.proxy.passed_on(self, body)
        if fault in (Fault.DROP_BEFORE, Fault.DROP_AFTER):
            self.close_connection = True
        elif fault is Fault.GATEWAY:
            self._answer(504, {}, b"")
        else:
            self._answer(status, headers, answer)

    do_GET = do_POST = do_PUT = do_DELETE = _handle  # noqa: N815

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(b"" if status == 204 else body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing: `calls` says it."""
