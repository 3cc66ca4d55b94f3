"""A real IMAP server for one test, with any password and one maildir a user."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CONFIG = """
protocols = imap
base_dir = {here}/run
state_dir = {here}/state
log_path = {here}/log
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{here}/mail/%u
first_valid_uid = 1
first_valid_gid = 0
default_login_user = {user}
default_internal_user = {user}
default_internal_group = {group}
passdb {{
  driver = static
  args = nopassword=y
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={here}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


def binary() -> str | None:
    return shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")


@contextmanager
def server(here: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Runs until the block ends. `here`: its folder, which keeps the mail."""
    here.mkdir(exist_ok=True)
    (here / "mail").mkdir(exist_ok=True)
    uid = os.getuid()
    account = pwd.getpwnam("nobody") if uid == 0 else pwd.getpwuid(uid)
    if uid == 0:
        os.chown(here / "mail", account.pw_uid, account.pw_gid)
        for folder in [here, *here.parents][:-1]:
            folder.chmod(folder.stat().st_mode | 0o011)
    group = _group(account.pw_gid)
    text = CONFIG.format(here=here, port=port, user=account.pw_name, group=group)
    (here / "dovecot.conf").write_text(text)
    process = subprocess.Popen([str(binary()), "-F", "-c", str(here / "dovecot.conf")])
    try:
        _wait(process, port, here)
        yield process
    finally:
        process.terminate()
        process.wait(30)


def _group(gid: int) -> str:

    return grp.getgrgid(gid).gr_name


def _wait(process: subprocess.Popen[bytes], port: int, here: Path) -> None:
    for _ in range(100):
        if process.poll() is not None:
            raise RuntimeError((here / "log").read_text() if (here / "log").exists() else "died")
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as connection:
                if connection.recv(4) == b"* OK":
                    return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("the IMAP server did not come up")
