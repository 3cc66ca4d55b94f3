"""Installs the peers that `make test-peers` speaks to, as far as they are not here yet.

Debian's packages where this is root, a virtual environment for Synapse, npm's packages for
Bluesky; what can't be installed is said with the command that does it. Standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PEERS = Path(__file__).resolve().parents[2] / "var" / "peers"
SYNAPSE = "matrix-synapse==1.163.2"
BLUESKY = {"@atproto/dev-env": "0.3.215", "@atproto/pds": "0.4.217"}
PACKAGES = {
    "dovecot": "dovecot-imapd dovecot-lmtpd dovecot-sieve dovecot-managesieved",
    "postfix": "postfix",
    "bearerbox": "kannel",
    "node": "nodejs",
    "npm": "npm",
}
FAKE_CENTRE = "/usr/lib/kannel/test/fakesmsc"
SIEVE = "/usr/lib/dovecot/modules/lib90_sieve_plugin.so"
FOLDERS = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


def main() -> None:
    PEERS.mkdir(parents=True, exist_ok=True)
    debian()
    synapse()
    bluesky()


def found(program: str) -> str | None:
    return shutil.which(program, path=FOLDERS)


def debian() -> None:
    missing = [PACKAGES[program] for program in PACKAGES if not found(program)]
    parts = {SIEVE: PACKAGES["dovecot"], FAKE_CENTRE: "kannel-extras"}
    missing += [packages for path, packages in parts.items() if not Path(path).exists()]
    if not missing:
        return
    words = sorted({word for each in missing for word in each.split()})
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *words]
    if os.geteuid() != 0:
        sys.exit(f"These peers are missing. As root:  {' '.join(install)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], env=quiet)
    run(install, env=quiet)


def synapse() -> None:
    home, stamp = PEERS / "synapse", PEERS / "synapse" / f".stamp-{SYNAPSE}"
    if stamp.exists():
        return
    run([sys.executable, "-m", "venv", "--clear", str(home)])
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    run([*pip, "--disable-pip-version-check", SYNAPSE])
    stamp.touch()


def bluesky() -> None:
    home = PEERS / "bluesky"
    names = [f"{name}@{version}" for name, version in BLUESKY.items()]
    stamp = home / f".stamp-{'-'.join(BLUESKY.values())}"
    if stamp.exists():
        return
    home.mkdir(exist_ok=True)
    (home / "package.json").write_text('{"private": true}\n')
    run(["npm", "install", "--no-fund", "--no-audit", "--loglevel=error", *names], cwd=home)
    stamp.touch()


def run(command: list[str], **more: object) -> None:
    print("==", " ".join(command)[:160], flush=True)
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, **more)  # type: ignore[call-overload]
    if done.returncode:
        sys.exit(f"Failed: {' '.join(command)}")


if __name__ == "__main__":
    main()
