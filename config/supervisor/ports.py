"""Free ports on loopback: a second checkout moves on to the next one."""

import socket
from contextlib import suppress

HOST = "127.0.0.1"
TRIES = 200


class NoFreePort(Exception):
    """Somebody holds every port we would try."""


def listening(first: int) -> socket.socket:
    """Listen on the first free port; callers wait in its queue while the web server restarts."""
    for port in range(first, first + TRIES):
        door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            door.bind((HOST, port))
            door.listen(512)
            return door
        door.close()
    raise NoFreePort(f"Ports {first} to {first + TRIES - 1} are all taken.")


def free(first: int) -> int:
    """Find the first free port for a program that binds by itself."""
    with listening(first) as door:
        return int(door.getsockname()[1])
