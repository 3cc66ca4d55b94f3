"""A whole running Relais in a checkout of its own, started as `make run` does, hit from outside."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from config import embedded

HERE = Path(__file__).resolve().parents[2]
NOT_COPIED = (".git", ".venv", ".uv", ".env", "var", "static-collected", "__pycache__", ".*_cache")
PARTS = {
    "web": "gunicorn",
    "worker": " worker ",
    "beat": " beat ",
    "listen": "manage.py listen",
}
BUSY = 3  # times as long on a machine that has others to serve, which is no failure


def await_that(holds: Callable[[], Any], what: str, *, within: float) -> float:
    """Poll until true; return the seconds it took. within: seconds on a quiet machine."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < BUSY * within, f"not within {within} s: {what}"
        time.sleep(0.1)
    return time.monotonic() - began


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z" and int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def descendants(pid: int) -> list[int]:
    return [one for child in _children(pid) for one in (child, *descendants(child))]


class System:
    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.base = folder / "relais"
        self.log = folder / "run.log"
        self.python = str(self.base / ".venv" / "bin" / "python")
        inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG")}
        self.environment = inherited | {"HOME": str(folder), "SAMPLE": "0"} | environment
        self.process: subprocess.Popen[bytes] | None = None
        self._copy()

    def _copy(self) -> None:
        """The tracked shape of this checkout, with its virtual environment and its own `.env`."""
        shutil.copytree(HERE, self.base, ignore=shutil.ignore_patterns(*NOT_COPIED))
        (self.base / ".venv").symlink_to(HERE / ".venv")
        make_env = "import bootstrap; bootstrap.write_env(bootstrap.BASE / '.env')"
        subprocess.run([sys.executable, "-c", make_env], cwd=self.base, check=True)

    def start(self) -> None:
        self.run_file.unlink(missing_ok=True)  # as `make run` does after a kill
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self.python, "manage.py", "run"],
                cwd=self.base,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        await_that(self._is_up, f"run.json; see {self.log}", within=120)

    def _is_up(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        return self.run_file.exists()

    @property
    def run_file(self) -> Path:
        return self.base / "var" / "run.json"

    @property
    def url(self) -> str:
        return str(json.loads(self.run_file.read_text())["url"])

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def part(self, name: str) -> int | None:
        """The main process of a part, a child of the supervisor."""
        for pid in _children(self.pid):
            if PARTS[name] in _command(pid):
                return pid
        return None

    def server(self, name: str, which: str = "server") -> int:
        """Pid of an embedded server (`postgres`, `redis`) or of its keeper."""
        file = self.base / "var" / "embedded" / f"{name}.ready.json"
        return int(json.loads(file.read_text())[which])

    def everything(self) -> list[int]:
        servers = [self.server(n, w) for n in ("postgres", "redis") for w in ("keeper", "server")]
        return [self.pid, *descendants(self.pid), *servers]

    def kill_part(self, name: str) -> None:
        """The main process and its pool at once, as the kernel does when memory is short."""
        main = self.part(name)
        assert main is not None
        for pid in (main, *descendants(main)):
            os.kill(pid, signal.SIGKILL)

    def kill_everything(self) -> None:
        for pid in self.everything():
            if alive(pid):
                os.kill(pid, signal.SIGKILL)
        assert self.process is not None
        self.process.wait(10)

    def interrupt(self) -> None:
        """Ctrl-C: the terminal sends SIGINT to the whole foreground group."""
        assert self.process is not None
        os.killpg(self.pid, signal.SIGINT)
        self.process.wait(15)

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        self.process.wait(20)

    def shell(self, code: str) -> Any:
        """Run code inside the system's Django; its last printed line is JSON."""
        done = subprocess.run(
            [self.python, "manage.py", "shell", "--no-imports", "-c", code],
            cwd=self.base,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    @contextmanager
    def database(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection from outside, for looking and for holding locks."""
        where = embedded.addresses(self.base)
        connection = psycopg.connect(host=str(where.sockets), user="relais", dbname="relais")
        with closing(connection):
            yield connection

    def is_ready(self) -> bool:
        """Everything answers, and the worker has run a task just now."""
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return float(json.load(answer)["worker"]["age_seconds"]) < 5
        except OSError:
            return False

    def value(self, query: str, *parameters: Any) -> Any:
        with self.database() as connection:
            row = connection.execute(query, parameters).fetchone()  # type: ignore[arg-type]
        return row[0] if row else None

    @contextmanager
    def inserts_held(self) -> Iterator[None]:
        """Readers of envelopes stand still between their claim and their commit."""
        with self.database() as connection:
            connection.execute("LOCK TABLE conversations_message IN SHARE MODE")
            yield
            with suppress(psycopg.OperationalError):  # the server may have been killed meanwhile
                connection.rollback()

    def reader_waits(self) -> bool:
        waiting = (
            "SELECT count(*) FROM pg_locks WHERE NOT granted"
            " AND relation = 'conversations_message'::regclass"
        )
        return bool(self.value(waiting))
