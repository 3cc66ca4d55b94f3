"""A light load: prepared bytes over a few kept connections, so that the server is measured."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

from conversations.channels.models import Channel
from conversations.channels.wire import standard_webhooks

CONNECTIONS = 8


def plain(body: bytes) -> bytes:
    return _request("/", {"content-type": "application/json"}, body)


def signed(channel: Channel, body: bytes, number: int) -> bytes:
    headers = standard_webhooks.headers(channel.secret, message_id=f"delivery-{number}", body=body)
    return _request(f"/hooks/{channel.token}/", headers, body)


def _request(path: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "host: localhost", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def send(port: int, requests: list[bytes]) -> None:
    """All of them, each answered 2xx, over CONNECTIONS connections."""
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        for part in range(CONNECTIONS):
            pool.submit(_send_part, port, requests[part::CONNECTIONS])


def _send_part(port: int, requests: list[bytes]) -> None:
    connection = socket.create_connection(("127.0.0.1", port))
    file = connection.makefile("rb")
    for request in requests:
        connection.sendall(request)
        status = file.readline().split()
        if not status[1].startswith(b"2"):
            raise RuntimeError(f"answered {status}")
        length, closing = _rest(file)
        file.read(length)
        if closing:
            connection.close()
            connection = socket.create_connection(("127.0.0.1", port))
            file = connection.makefile("rb")
    connection.close()


def _rest(file: object) -> tuple[int, bool]:
    length, closing = 0, False
    while line := file.readline().strip().lower():  # type: ignore[attr-defined]
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
        closing |= line == b"connection: close"
    return length, closing
