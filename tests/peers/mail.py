"""Postfix in front of Dovecot with Pigeonhole, on loopback, for two domains that nobody has.

Postfix takes mail for both and hands it to Dovecot by LMTP; who has no mailbox there bounces.
"""

from __future__ import annotations

import imaplib
import os
import pwd
import signal
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from tests.peers import peer
from tests.peers.prepare import found

BRAND, CUSTOMERS = "brand.test", "customer.test"
MAILBOXES = (f"support@{BRAND}", f"bob@{CUSTOMERS}", f"carol@{CUSTOMERS}")
AWAY = """require ["vacation"];
vacation :days 1 :addresses ["carol@customer.test"] :subject "Away" "Back on Monday.";
"""
DOVECOT = """
protocols = imap lmtp
base_dir = {here}/run
state_dir = {here}/state
log_path = {here}/dovecot.log
ssl = no
disable_plaintext_auth = no
mail_location = maildir:~/mail
first_valid_uid = 1
first_valid_gid = 0
recipient_delimiter = +
hostname = mx.brand.test
submission_host = 127.0.0.1:{smtp}
auth_username_format = %Lu
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {here}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {here}/users
}}
service imap-login {{
  inet_listener imap {{
    address = 127.0.0.1
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
protocol lmtp {{
  mail_plugins = sieve
  postmaster_address = postmaster@brand.test
}}
plugin {{
  sieve = file:~/.dovecot.sieve
  sieve_vacation_send_from_recipient = yes
}}
"""
MAIN = """
compatibility_level = 3.6
queue_directory = {here}/queue
data_directory = {here}/data
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.brand.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = brand.test, customer.test
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
default_transport = error:5.1.2 nobody is reached from here
alias_maps =
alias_database =
recipient_delimiter = +
smtpd_recipient_restrictions = permit_mynetworks, reject
maillog_file = /dev/stdout
"""
MASTER = """
127.0.0.1:{smtp} inet n - n - - smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
lmtp      unix  - - n - - lmtp
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


@dataclass
class Post:
    smtp: int
    imap: int

    @property
    def out(self) -> str:
        return f"smtp://127.0.0.1:{self.smtp}"

    def box(self, address: str) -> str:
        return f"imap://{address.replace('@', '%40')}:secret@127.0.0.1:{self.imap}/INBOX"

    def send(self, mail: EmailMessage) -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp, timeout=20) as server:
            server.send_message(mail)

    def mails(self, address: str) -> list[bytes]:
        with imaplib.IMAP4("127.0.0.1", self.imap) as client:
            client.login(address, "secret")
            client.select(readonly=True)
            numbers = client.search(None, "ALL")[1][0].split()
            return [client.fetch(each, "(BODY.PEEK[])")[1][0][1] for each in numbers]  # type: ignore[index,misc]


@contextmanager
def servers(here: Path) -> Iterator[Post]:
    """here: a folder with a short name, for the paths of sockets."""
    if os.geteuid() != 0:
        raise RuntimeError("Postfix is started by root only: run this suite as root")
    smtp, imap, lmtp = peer.free_port(), peer.free_port(), peer.free_port()
    here.chmod(0o755)
    _dovecot(here, smtp=smtp, imap=imap, lmtp=lmtp)
    _postfix(here, smtp=smtp, lmtp=lmtp)
    dovecot = [str(found("dovecot")), "-F", "-c", str(here / "dovecot.conf")]
    postfix = [str(found("postfix")), "-c", str(here / "postfix"), "start-fg"]
    with (
        peer.running(
            dovecot,
            log=here / "dovecot.out",
            answers=lambda: peer.listens(imap) and peer.listens(lmtp),
        ),
        peer.running(postfix, log=here / "postfix.out", answers=lambda: peer.listens(smtp)),
        _ended(here / "queue" / "pid" / "master.pid"),
    ):
        yield Post(smtp, imap)


@contextmanager
def _ended(pid: Path) -> Iterator[None]:
    """Postfix's master makes a session of its own, which takes all its processes along."""
    try:
        yield
    finally:
        os.killpg(int(pid.read_text()), signal.SIGTERM)


def _dovecot(here: Path, *, smtp: int, imap: int, lmtp: int) -> None:
    nobody = pwd.getpwnam("nobody")
    lines = []
    for address in MAILBOXES:
        home = here / "homes" / address
        home.mkdir(parents=True)
        if address.startswith("carol"):
            (home / ".dovecot.sieve").write_text(AWAY)
        os.chown(home, nobody.pw_uid, nobody.pw_gid)
        lines.append(f"{address}:secret:{nobody.pw_uid}:{nobody.pw_gid}::{home}::\n")
    (here / "users").write_text("".join(lines))
    (here / "dovecot.conf").write_text(DOVECOT.format(here=here, smtp=smtp, imap=imap, lmtp=lmtp))


def _postfix(here: Path, *, smtp: int, lmtp: int) -> None:
    owner = pwd.getpwnam("postfix")
    for name in ("postfix", "queue", "data"):
        (here / name).mkdir()
    os.chown(here / "data", owner.pw_uid, owner.pw_gid)
    (here / "postfix" / "main.cf").write_text(MAIN.format(here=here, lmtp=lmtp))
    (here / "postfix" / "master.cf").write_text(MASTER.format(smtp=smtp))
