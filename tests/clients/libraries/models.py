"""The local model server: one address that speaks the formats of all providers. It remembers what it was asked."""

import contextlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from . import formats
from .script import VECTOR, say

_GEMINI = re.compile(r"/v1(?:beta)?/(?:\w+/)?models/([^/:]+):(\w+)")
_BEDROCK = re.compile(r"/model/([^/]+)/(converse|converse-stream|invoke)")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "ModelServer"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._json({"object": "list", "data": [], "models": []})

    def do_POST(self) -> None:
        path = unquote(urlsplit(self.path).path)
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        self.server.asked.append((path, body))
        if found := _GEMINI.fullmatch(path):
            self._gemini(found[1], found[2], body)
        elif found := _BEDROCK.fullmatch(path):
            self._bedrock(found[1], found[2], body)
        elif path.endswith("/chat/completions"):
            said = say(formats.chat_asked(body))
            self._either(body, formats.chat_whole(body, said), formats.chat_stream(body, said))
        elif path.endswith("/responses"):
            said = say(formats.responses_asked(body))
            self._either(body, formats.responses_whole(body, said), formats.responses_stream(body, said))
        elif path.endswith("/messages"):
            said = say(formats.messages_asked(body))
            self._either(body, formats.messages_whole(body, said), formats.messages_stream(body, said))
        elif path.endswith("/embeddings"):
            self._json(formats.embeddings(body))
        elif path == "/api/chat":
            said = say(formats.ollama_asked(body))
            stream = formats.ollama_stream(body, said)
            self._either({"stream": True} | body, formats.ollama_whole(body, said), stream, "application/x-ndjson")
        elif path == "/api/embed":
            self._json({"model": body["model"], "embeddings": [VECTOR], "prompt_eval_count": 11})
        else:
            self._json({"error": {"message": f"no model at {path}", "type": "not_found"}}, 404)

    def _gemini(self, model: str, what: str, body: dict[str, Any]) -> None:
        if what == "batchEmbedContents":
            self._json({"embeddings": [{"values": VECTOR} for _ in body["requests"]]})
        elif what == "embedContent":
            self._json({"embedding": {"values": VECTOR}})
        elif what == "countTokens":
            self._json({"totalTokens": 11})
        else:
            said = say(formats.gemini_asked(body))
            body = {"stream": what == "streamGenerateContent"}
            self._either(body, formats.gemini_whole(model, said), formats.gemini_stream(model, said))

    def _bedrock(self, model: str, what: str, body: dict[str, Any]) -> None:
        if what == "invoke":
            self._json(formats.messages_whole({"model": model}, say(formats.messages_asked(body))))
        elif what == "converse":
            self._json(formats.converse_whole(say(formats.converse_asked(body))))
        else:
            self._stream(
                formats.converse_stream(say(formats.converse_asked(body))), "application/vnd.amazon.eventstream"
            )

    def _either(
        self, body: dict[str, Any], whole: Any, stream: Iterator[bytes], media_type: str = "text/event-stream"
    ) -> None:
        if body.get("stream"):
            self._stream(stream, media_type)
        else:
            self._json(whole)

    def _json(self, answer: Any, status: int = 200) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, stream: Iterator[bytes], media_type: str) -> None:
        self.send_response(200)
        self.send_header("content-type", media_type)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for piece in stream:
            self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")


class ModelServer(ThreadingHTTPServer):
    daemon_threads = True
    asked: list[tuple[str, dict[str, Any]]]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextlib.contextmanager
def running() -> Iterator[ModelServer]:
    server = ModelServer(("127.0.0.1", 0), Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, name="models", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
