"""One system for the whole suite, and a provider of its own for each test."""

import os
from collections.abc import Iterator

import pytest

from tests.faults.customer import MailServer
from tests.faults.provider import Provider
from tests.faults.system import System, await_that

COMPANY = """
import json
from conversations.channels.services import open_channel
from crm.organisation.models import Unit
from crm.values import AUTOMATION
unit = Unit.objects.create(name="Brand")
channel = open_channel(unit, kind="webhook", name="Shop", by=AUTOMATION)
print(json.dumps({"path": f"/hooks/{channel.token}/", "secret": channel.secret}))
"""


@pytest.fixture(scope="session")
def fault_seconds() -> float:
    """How long a server stays away; RELAIS_FAULT_SECONDS=60 for the full minute."""
    return float(os.environ.get("RELAIS_FAULT_SECONDS", "8"))


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.fixture(scope="session")
def running(
    tmp_path_factory: pytest.TempPathFactory, mail_server: MailServer
) -> Iterator[tuple[System, dict[str, str]]]:
    system = System(tmp_path_factory.mktemp("system"), {"EMAIL_URL": mail_server.url})
    try:
        system.start()
        yield system, system.shell(COMPANY)
    finally:
        system.stop()


@pytest.fixture
def system(running: tuple[System, dict[str, str]]) -> System:
    system = running[0]
    await_that(system.is_ready, "recovered from the fault before", within=60)
    return system


@pytest.fixture
def provider(system: System, running: tuple[System, dict[str, str]]) -> Provider:
    company = running[1]
    return Provider(system, company["path"], company["secret"])
