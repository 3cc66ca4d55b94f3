"""Health checks of containers, by path and with the standard library: they run every few seconds.

probe.py http PATH          the web server of this container answers PATH with 200
probe.py file PATH SECONDS  something has touched the file within so many seconds
"""

import http.client
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path


def answers(path: str) -> bool:
    host = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].lstrip(".*") or "localhost"
    connection = http.client.HTTPConnection("127.0.0.1", 8000, timeout=4)
    connection.request("GET", path, headers={"Host": host})
    return connection.getresponse().status == http.client.OK


def is_fresh(path: str, seconds: str) -> bool:
    return time.time() - Path(path).stat().st_mtime < float(seconds)


if __name__ == "__main__":
    checks: dict[str, Callable[..., bool]] = {"http": answers, "file": is_fresh}
    check = checks[sys.argv[1]]
    try:
        healthy = check(*sys.argv[2:])
    except (OSError, http.client.HTTPException):
        healthy = False
    sys.exit(not healthy)
