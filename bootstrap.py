"""Set up this checkout: `.venv` from the lock file, and `.env` with secrets of its own.

Standard library only; any Python 3.6 can read it far enough to be told that it is too old.
"""

import base64
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

BASE = Path(__file__).resolve().parent
OLDEST = (3, 11)
UV = "0.13.9"
UV_OLDEST = (0, 9)
GROUPS = {
    "run": ["embedded"],
    "dev": ["embedded", "dev"],
    "api": ["embedded", "dev", "api"],
    "browser": ["embedded", "dev", "e2e"],
}


def main(profile):
    if sys.version_info[:2] < OLDEST:
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"Relais needs Python 3.11 or newer; {sys.executable} is {found}.")
    write_env(BASE / ".env")
    install(find_uv() or install_uv(BASE / ".uv"), profile)
    (BASE / ".venv" / f".stamp-{profile}").touch()


def write_env(path):
    """Random secrets for this checkout alone; a file that exists is never touched."""
    key = base64.urlsafe_b64encode(os.urandom(32)).decode()
    lines = ["RELAIS_LOCAL=1", f"SECRET_KEY={secrets.token_urlsafe(48)}", f"SECRETS_KEY={key}"]
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w") as file:
        file.write("\n".join(lines) + "\n")


def find_uv():
    """The uv of this machine, unless it is too old for our lock file."""
    uv = shutil.which("uv")
    if uv is None:
        return None
    words = subprocess.run([uv, "--version"], capture_output=True, text=True, check=False).stdout
    try:
        version = tuple(int(part) for part in words.split()[1].split(".")[:2])
    except (IndexError, ValueError):
        return None
    return uv if version >= UV_OLDEST else None


def install_uv(folder):
    """Install the pinned uv beside the checkout's own files; nothing outside is touched."""
    uv = folder / "bin" / "uv"
    stamp = folder / f".stamp-{UV}"
    if stamp.exists():
        return str(uv)
    require_ensurepip()
    shutil.rmtree(folder, ignore_errors=True)
    call([sys.executable, "-m", "venv", str(folder)])
    quiet = ["--quiet", "--disable-pip-version-check"]
    call([str(folder / "bin" / "python"), "-m", "pip", "install", *quiet, f"uv=={UV}"])
    stamp.touch()
    return str(uv)


def require_ensurepip():
    try:
        import ensurepip  # noqa: F401, PLC0415 - asked for only here, and only whether it is there
    except ImportError:
        package = "python{}.{}-venv".format(*sys.version_info)
        sys.exit(
            f"This Python cannot make virtual environments ({sys.executable} lacks ensurepip).\n"
            f"On Debian and Ubuntu:  sudo apt install {package}\n"
            "Or install uv (https://docs.astral.sh/uv/) and run make again."
        )


def install(uv, profile):
    """Add what the profile needs; `--inexact` leaves in place what another profile has added."""
    groups = [part for group in GROUPS[profile] for part in ("--group", group)]
    sync = [uv, "sync", "--locked", "--inexact", "--quiet", "--no-default-groups", *groups]
    # without the machine's own certificates uv fails behind a company's proxy
    call([*sync, "--python", sys.executable], UV_SYSTEM_CERTS="1")


def call(command, **more):
    done = subprocess.run(command, cwd=BASE, env={**os.environ, **more}, check=False)
    if done.returncode:
        sys.exit("Failed: " + " ".join(command))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "browser")
