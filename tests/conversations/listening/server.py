"""A server on loopback that answers as a test says, byte by byte where it must."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Request(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.place.asked.append(self)
        self.server.place.answers[self.path.partition("?")[0]](self)

    def do_POST(self) -> None:
        self.said = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.do_GET()

    def log_message(self, *_: Any) -> None:
        pass

    # --- what an answer is made of ---

    def answer(self, body: bytes = b"", status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "transfer_encoding" not in headers:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def raw(self, data: bytes) -> bool:
        """False once the other side has hung up."""
        try:
            self.wfile.write(data)
            self.wfile.flush()
        except OSError:
            self.close_connection = True
            return False
        return True

    def drip(self, data: bytes, *, pause: float, longest: float = 20.0) -> None:
        end = time.monotonic() + longest
        for letter in data:
            if not self.raw(bytes([letter])) or time.monotonic() > end:
                return
            time.sleep(pause)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    place: Outside

    def handle_error(self, *_: Any) -> None:
        """A client that hangs up is what is tested."""


@dataclass
class Outside:
    """answers: by path. asked: every request that came."""

    url: str
    answers: dict[str, Callable[[Request], None]] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)

    def serves(self, path: str, body: bytes, status: int = 200, **headers: str) -> str:
        self.answers[path] = lambda request: request.answer(body, status, **headers)
        return f"{self.url}{path}"

    def redirects(self, path: str, to: str, status: int = 302) -> str:
        return self.serves(path, b"", status, location=to)


@contextmanager
def outside() -> Iterator[Outside]:
    server = Server(("127.0.0.1", 0), Request)
    server.place = Outside(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.place
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def item(number: int, text: str = "Brand") -> str:
    return (
        f"<item><title>{text} {number}</title><guid>g{number}</guid>"
        f"<link>https://news.example/{number}</link>"
        f"<pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate>"
        f"<description>&lt;p&gt;What {number} says&lt;/p&gt;</description></item>"
    )


def rss(*numbers: int, text: str = "Brand") -> bytes:
    items = "".join(item(number, text) for number in numbers)
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0">'
        f"<channel><title>News</title>{items}</channel></rss>"
    ).encode()
