"""A receiver of webhooks on this machine."""

import http.server
import json
import ssl
import threading
from typing import Any

HOST = "127.0.0.1"


class _Listening(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """Callers that hang up are part of the tests."""


class Receiver:
    """Keeps what it is sent; `answers` are the statuses it gives, the last of them for good.

    While `open` is not set it keeps callers waiting; `waiting` is how many it keeps, `most` how many it ever kept.
    """

    def __init__(self, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[int | tuple[int, dict[str, str]]] = [200]
        self.open = threading.Event()
        self.open.set()
        self.waiting = self.most = 0
        self._lock = threading.Lock()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status, headers = receiver._taken({key.lower(): value for key, value in self.headers.items()}, body)
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: Any) -> None:
                pass

        self._server = _Listening((HOST, port), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self.url = f"{'https' if tls else 'http'}://{HOST}:{self.port}/hook"
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(0.05), daemon=True)
        self._thread.start()

    def _taken(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str]]:
        with self._lock:
            self.requests.append((headers, body))
            given = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            self.waiting += 1
            self.most = max(self.most, self.waiting)
        self.open.wait(30)
        with self._lock:
            self.waiting -= 1
        return given if isinstance(given, tuple) else (given, {})

    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.requests]

    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.requests]

    def close(self) -> None:
        self.open.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
