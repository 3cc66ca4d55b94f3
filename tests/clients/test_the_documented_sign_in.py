"""The worked example of docs/api.md, typed into a shell as it stands there."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from tests.crm.access.oauth_hands import App

pytestmark = pytest.mark.client
PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"


def test_an_app_signs_in_by_the_documented_commands(world, live_server):
    (block,) = re.findall(r"```\n(ID=.*?)```", PAGE.read_text(), re.DOTALL)
    lines = [line for line in block.replace("\\\n", "").splitlines() if not line.startswith("#")]
    app = App(back="http://127.0.0.1/back")
    ready = {"ID": app.client.pk, "URL": live_server.url, "BACK": "http://127.0.0.1:8765/back"}

    def run(*commands: str, **more: str) -> str:
        env = {**os.environ, **ready, **more}
        done = subprocess.run(
            ["bash", "-euc", "\n".join(commands)], env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    _set, verifier, challenge, show, trade, me, refresh, revoke = lines
    shown = run(verifier, challenge, 'echo "$VERIFIER"', show).split()
    secret, where = shown
    browser = Client()
    browser.force_login(world["people"]["asked"].user)
    answer = browser.post(where.removeprefix(live_server.url), {"action": "allow"})
    (code,) = parse_qs(urlsplit(answer["Location"]).query)["code"]
    got = json.loads(run(trade.partition("#")[0], CODE=code, VERIFIER=secret))
    said = json.loads(run(me, ACCESS_TOKEN=got["access_token"]))
    assert said["email"] == world["people"]["asked"].user.email
    again = json.loads(run(refresh, REFRESH_TOKEN=got["refresh_token"]))
    run(revoke, REFRESH_TOKEN=again["refresh_token"])
    late = json.loads(run(me, ACCESS_TOKEN=again["access_token"]))
    assert (late["status"], late["code"]) == (401, "invalid_token")
