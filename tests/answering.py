"""A small HTTP server on loopback that gives fixed answers by a word of the address."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer


class _Answers(BaseHTTPRequestHandler):
    bodies: Mapping[str, object]

    def do_GET(self) -> None:
        value = next((body for word, body in self.bodies.items() if word in self.path), {"data": {"result": []}})
        code, value = value if isinstance(value, tuple) else (200, value)
        content = value.encode() if isinstance(value, str) else json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Nothing is told."""


@contextmanager
def answering(bodies: Mapping[str, object]) -> Iterator[str]:
    """Answers the first body whose word is in the address, else as a Prometheus that found nothing.

    A text is sent as it is, a pair is (status, body), anything else is JSON.
    """
    server = HTTPServer(("127.0.0.1", 0), type("Answers", (_Answers,), {"bodies": bodies}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
