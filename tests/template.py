"""One migrated database a checkout, copied by each run: the migrations take half a minute, a copy
half a second."""

import fcntl
import hashlib
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import django
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.backends.utils import CursorWrapper

PREFIX = "relais_template_"
_IMPORT = re.compile(
    r"^(?:from|import) ((?:crm|conversations|ambassadors|maturity|config)[\w.]*)", re.MULTILINE
)


def migrated(base: Path, lock: Path) -> str:
    """Answer with the name of the template for today's migrations, made by whoever comes first."""
    of_this_checkout = f"relais_{hashlib.sha256(bytes(base)).hexdigest()[:8]}_"
    name = of_this_checkout + _digest(base)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # let go of when closed, by a killed run too
        if name not in (known := _known(of_this_checkout)):
            for old in known:
                _ask(f'DROP DATABASE IF EXISTS "{old}" WITH (FORCE)')
            _make(name, under=f"{of_this_checkout}being_made")
    return name


def _digest(base: Path) -> str:
    seen = hashlib.sha256(django.__version__.encode())
    for source in sorted(set(_sources(base))):
        seen.update(source.read_bytes())
    return seen.hexdigest()[:16]


def _sources(base: Path) -> Iterator[Path]:
    """Every migration, and the modules of ours that one imports: the columns come from both."""
    for app in apps.get_app_configs():
        for migration in Path(app.path).glob("migrations/*.py"):
            yield migration
            for module in _IMPORT.findall(migration.read_text()):
                path = base / module.replace(".", "/")
                yield path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _known(prefix: str) -> list[str]:
    with _no_database() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix])
        return [name for (name,) in cursor.fetchall()]


def _ask(statement: str) -> None:
    with _no_database() as cursor:
        cursor.execute(statement)


def _no_database() -> AbstractContextManager[CursorWrapper]:
    return connection._nodb_cursor()  # noqa: SLF001 - what Django makes its test databases with


def _make(name: str, *, under: str) -> None:
    """A database carries its final name only when every migration is through."""
    own = connection.settings_dict["NAME"]
    _ask(f'CREATE DATABASE "{under}"')
    connection.close()
    connection.settings_dict["NAME"] = under
    try:
        call_command("migrate", verbosity=0)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own
    _ask(f'ALTER DATABASE "{under}" RENAME TO "{name}"')
