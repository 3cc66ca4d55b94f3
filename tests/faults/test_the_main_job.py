"""The whole path with nothing faked but the outside world: a customer writes, an ambassador
answers over HTTP, a real mail server gets the reply, and the appraisal moves by exactly that."""

from __future__ import annotations

import json
import smtplib
import subprocess
import urllib.error
import urllib.request
import uuid
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from tests.faults.customer import MailServer
from tests.faults.system import System, await_that

pytestmark = pytest.mark.fault

ADDRESS = "help@brand.example"
COMPANY = f"""
import json
from ambassadors.routing.models import Availability, Rule
from conversations.channels.services import open_channel
from crm.access.models import Role
from crm.access.services import grant
from crm.organisation.models import Department, Employee, Unit, User
from crm.organisation.services import save_department, save_employee, save_unit
from crm.values import AUTOMATION
from knox.models import AuthToken
unit = save_unit(Unit(name="Whole path"), by=AUTOMATION)
channel = open_channel(unit, kind="email", name="Help", address="{ADDRESS}", by=AUTOMATION)
user = User.objects.create_user("ada@brand.example", "a long password", name="Ada")
grant(user, Role.AMBASSADOR)
workshop = save_department(Department(name="Workshop", unit=unit), by=AUTOMATION)
ada = save_employee(
    Employee(name="Ada", email=user.email, user=user, department=workshop), by=AUTOMATION
)
Availability.objects.create(employee=ada)
Rule.objects.create(name="mail", unit=unit).channels.add(channel)
print(json.dumps({{"token": AuthToken.objects.create(user)[1], "unit": str(unit.pk)}}))
"""


class Ambassador:
    """An API client, as another developer would write it."""

    def __init__(self, system: System, token: str) -> None:
        self.system = system
        self.token = token

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        request = urllib.request.Request(
            f"{self.system.url}/api/v1/{path}",
            json.dumps(body).encode() if body is not None else None,
            {
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "Idempotency-Key": str(uuid.uuid4()),
            },
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def results(self, path: str) -> list[dict[str, Any]]:
        return list(self.call("GET", path)[1]["results"])


def _mail(system: System, sender: str, text: str, **headers: str) -> str:
    """Hands a mail to the LMTP door; its Message-ID."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, ADDRESS, "My boots leak"
    mail["Message-ID"] = f"<{uuid.uuid4()}@customer.example>"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    host, port = json.loads(system.run_file.read_text())["lmtp"].split(":")
    with smtplib.LMTP(host, int(port)) as door:
        assert door.send_message(mail) == {}
    return str(mail["Message-ID"])


def _appraised(system: System, unit: str, *, in_days: int) -> dict[str, tuple[int, int | None]]:
    as_of = (datetime.now(UTC) + timedelta(days=in_days)).date().isoformat()
    command = [system.python, "manage.py", "appraise", "--as-of", as_of, "--unit", unit]
    done = subprocess.run(
        [*command, "--format", "json"],
        cwd=system.base,
        env=system.environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return {each["id"]: (each["k"], each["n"]) for each in json.loads(done.stdout)["criteria"]}


def _moved(
    before: dict[str, tuple[int, int | None]], after: dict[str, tuple[int, int | None]]
) -> dict[str, tuple[int, int | None]]:
    """S1-INS left out: the sources go on saying that they are alive meanwhile."""
    return {
        name: (after[name][0] - k, None if n is None else (after[name][1] or 0) - n)
        for name, (k, n) in before.items()
        if after[name] != (k, n) and name != "S1-INS"
    }


def test_a_mail_is_answered_by_an_ambassador_and_the_appraisal_moves_by_exactly_that(
    system: System, mail_server: MailServer
) -> None:
    company = system.shell(COMPANY)
    ada = Ambassador(system, company["token"])
    tomorrow = _appraised(system, company["unit"], in_days=1)
    next_week = _appraised(system, company["unit"], in_days=7)

    asked = _mail(system, "Bob <bob@customer.example>", "My boots leak. What can I do?")
    await_that(lambda: ada.results("offers/?state=open"), "an offer", within=15)
    offer = ada.results("offers/?state=open")[0]
    assert ada.call("POST", f"offers/{offer['id']}/accept/", {})[0] == 200
    assert ada.call("POST", f"offers/{offer['id']}/accept/", {})[0] == 409

    thread = f"conversations/{offer['conversation']}/"
    reply = {"text": "Send them back, we mend them.", "kind": "reply"}
    status, written = ada.call("POST", f"{thread}messages/", reply)
    assert status == 201
    await_that(lambda: _to(mail_server, "bob@customer.example"), "the reply", within=20)
    (received,) = _to(mail_server, "bob@customer.example")
    assert received["In-Reply-To"] == asked
    assert received["References"] == asked
    assert received["Message-ID"] == written["external_id"]

    _mail(
        system,
        "Bob <bob@customer.example>",
        "Thank you!",
        In_Reply_To=str(received["Message-ID"]),
        References=f"{asked} {received['Message-ID']}",
    )
    await_that(lambda: len(ada.results(f"{thread}messages/")) == 3, "his next mail", within=15)

    _mail(
        system,
        "Mallory <mallory@elsewhere.example>",
        "Send the money to me instead.",
        In_Reply_To=str(received["Message-ID"]),
        References=f"{asked} {received['Message-ID']}",
    )
    await_that(lambda: _conversations(system, company["unit"]) == 2, "one of her own", within=15)
    assert len(ada.results(f"{thread}messages/")) == 3
    assert ada.call("GET", thread)[1]["contact"]["handle"] == "bob@customer.example"
    ada.call("POST", f"{thread}messages/", {"text": "You are welcome.", "kind": "reply"})
    await_that(lambda: len(_to(mail_server, "bob@customer.example")) == 2, "again", within=20)
    assert not _to(mail_server, "mallory@elsewhere.example")

    assert _moved(tomorrow, _appraised(system, company["unit"], in_days=1)) == {
        "S2-CHA-1": (1, None),
        "S2-CHA-2": (2, None),
        "S2-GOV-1": (2, 2),
    } | _of_the_department(tomorrow)
    moved = _moved(next_week, _appraised(system, company["unit"], in_days=7))
    assert moved["S3-CON-1"] == (1, 2)  # Bob was answered in time, Mallory not
    assert moved["S3-GOV-2"] == (1, 2)


def _of_the_department(before: dict[str, tuple[int, int | None]]) -> dict[str, Any]:
    """Ada speaks now: one more speaker for the criteria that count speakers."""
    return {"S3-GOV-1": (0, 1), "S5-AMB-2": (0, 2)}


def _to(server: MailServer, address: str) -> list[Any]:
    return [mail for mail in server.received if address in str(mail["To"])]


def _conversations(system: System, unit: str) -> int:
    return int(
        system.value("SELECT count(*) FROM conversations_conversation WHERE unit_id = %s", unit)
    )
