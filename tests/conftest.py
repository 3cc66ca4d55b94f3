"""What every test stands on: the real servers, a database of one's own, no network."""

import fcntl
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.servers.basehttp import WSGIRequestHandler
from django.db.backends.postgresql.operations import DatabaseOperations
from django.utils import timezone, translation
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker

from config import embedded
from crm import limits
from crm.limits import ask_redis_again
from tests import emptying, template

BASE_DIR = Path(__file__).resolve().parent.parent
SLOTS = range(7)  # each takes two of the sixteen databases of Redis; 0 and 1 belong to `make run`
_held: list[int] = []
# A busy machine is no failure; what a test says of itself goes on top.
hypothesis_settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("any machine")
# Only `make test-browser` and `make test-api` install what these suites drive.
NEEDS = {"browser": "playwright", "clients": "schemathesis"}
collect_ignore = [folder for folder, module in NEEDS.items() if not find_spec(module)]

# Minutes each, and a file stays on one processor: begun last, they would run alone at the end.
LONGEST = ("api/test_who_may.py", "maturity/appraisals/test_kept_facts.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not str(item.path).endswith(LONGEST))


def pytest_configure(config: pytest.Config) -> None:
    where = embedded.ensure_local(BASE_DIR)
    slot = _take_slot()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick
    settings.POLLING_AT_ONCE = 1  # one by one, within the test's own transaction
    config.add_cleanup(_own_files())
    settings.WHITENOISE_AUTOREFRESH = True  # else each test client reads every static file first
    WSGIRequestHandler.disable_nagle_algorithm = True  # else each answer waits 40 ms for an ACK
    default = settings.DATABASES["default"]
    default.setdefault("TEST", {})["NAME"] = f"test_relais_{slot}"
    default["OPTIONS"]["options"] += " -c synchronous_commit=off"  # a test database may be lost
    if settings.EMBEDDED_REDIS and where:
        door = f"{where.sockets}/redis.sock"
        settings.CACHES["default"]["LOCATION"] = f"unix://{door}?db={2 + 2 * slot}"
        settings.CELERY_BROKER_URL = f"redis+socket://{door}?virtual_host={3 + 2 * slot}"


def _own_files() -> Callable[[], None]:
    """Runs at the same time never share a file either: one forgets what the other still holds."""
    folder = tempfile.TemporaryDirectory(prefix="relais-files-")
    settings.STORAGES["default"]["OPTIONS"]["location"] = folder.name
    return folder.cleanup


def _take_slot() -> int:
    """Runs at the same time never share a database; the kernel frees the slot of a killed one."""
    folder = embedded.addresses(BASE_DIR).data
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for slot in SLOTS:
        lock = os.open(folder / f"test-{slot}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        _held.append(lock)
        return slot
    raise pytest.UsageError(f"{len(SLOTS)} test runs are already going on in this checkout.")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
    django_db_blocker: DjangoDbBlocker,
) -> None:
    """A run's database is a copy of the migrated one."""
    lock = embedded.addresses(BASE_DIR).data / "test-template.lock"
    with django_db_blocker.unblock():
        settings.DATABASES["default"]["TEST"]["TEMPLATE"] = template.migrated(BASE_DIR, lock)


@pytest.fixture(scope="session", autouse=True)
def _quick_cleaning() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "sql_flush", emptying.sql_flush)
        yield


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Loopback and local sockets only: a test that reaches further fails here, by its address."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        inet = self.family in (socket.AF_INET, socket.AF_INET6)
        if inet and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test wanted to reach {address}")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Limits and breakers counted by one test must not touch the next."""
    cache.clear()
    ask_redis_again()


@pytest.fixture(autouse=True)
def _own_language_and_zone() -> None:
    """A request leaves its reader's behind in the thread."""
    translation.deactivate()
    timezone.deactivate()


@pytest.fixture(autouse=True)
def _one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits count by the minute of the clock: no test may see one end in its middle."""
    now = time.time()
    clock = SimpleNamespace(time=lambda: now, monotonic=time.monotonic)
    monkeypatch.setattr(limits, "time", clock)
