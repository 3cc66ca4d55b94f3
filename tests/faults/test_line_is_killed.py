"""Whoever holds a network's line dies in the middle of what it says: nothing is lost or doubled."""

import os
import signal
import subprocess
from contextlib import suppress

import pytest

from tests.conversations.channels.wire.worlds.discord import DiscordWorld
from tests.faults.system import System, await_that

pytestmark = pytest.mark.fault
SAID = 400
# The network's name is fixed in the adapter: this process has one that calls our gateway. It holds
# its claim from the moment of connecting, so that the system's own listener has nothing to claim.
HOLDER = """
import time
from datetime import timedelta
import httpx
from django.db import transaction
from conversations.channels import connecting, holding
from conversations.channels.models import Channel
from conversations.channels.wire.discord.adapter import Discord
from conversations.channels.wire.registry import CHANNELS
from crm.organisation.models import Unit
from crm.values import AUTOMATION
def answer(request):
    known = {{"url": "{url}"}} if request.url.path.endswith("gateway/bot") else {{}}
    return httpx.Response(200 if known else 404, json=known)
CHANNELS["discord"] = Discord(httpx.MockTransport(answer), gateways=("127.0.0.1",))
holding.LEASE = timedelta(seconds=3)
claimed = None
with transaction.atomic():
    if not Channel.objects.filter(kind="discord").exists():
        connecting.connect(Unit.objects.create(name="Line"), kind="discord", name="Line",
            values={{"application_id": "1000", "bot_token": "bot-secret"}}, by=AUTOMATION)
        claimed = holding.claim()
while True:
    claimed = claimed or holding.claim()
    if claimed is None:
        time.sleep(0.1)
        continue
    holding.hold(claimed, told_to_stop=lambda: False)
    claimed = None
"""
THERE = """
SELECT count(*) FROM conversations_message m JOIN conversations_channel c ON c.id = m.channel_id
WHERE c.kind = 'discord'
"""
STORED = THERE.replace("conversations_message", "conversations_envelope")
TEXTS = THERE.replace("count(*)", "count(DISTINCT m.text)")


def _holder(system: System, world: DiscordWorld) -> subprocess.Popen[bytes]:
    command = [system.python, "manage.py", "shell", "-c", HOLDER.format(url=world.url)]
    return subprocess.Popen(
        command, cwd=system.base, env=system.environment, stderr=subprocess.DEVNULL
    )


def test_a_holder_that_is_killed_while_the_network_speaks_is_inherited_from(
    system: System,
) -> None:
    world = DiscordWorld()
    first = _holder(system, world)
    second = None
    try:
        await_that(lambda: world.sessions, "the line is open", within=60)
        for number in range(SAID // 2):
            world.say(f"number {number}")
        await_that(lambda: system.value(STORED), "something is stored", within=30)
        os.kill(first.pid, signal.SIGKILL)
        for number in range(SAID // 2, SAID):
            world.say(f"number {number}")
        first.wait()
        second = _holder(system, world)
        await_that(lambda: system.value(THERE) == SAID, "all of it is here", within=60)
    finally:
        for process in (first, second):
            if process is not None:
                with suppress(ProcessLookupError):
                    process.kill()
                process.wait()
    assert (system.value(STORED), system.value(TEXTS)) == (SAID, SAID)
    assert [each["op"] for each in world.told if each["op"] in {2, 6}] == [2, 6]
