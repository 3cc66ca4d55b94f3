"""Where everything is: `var/run.json` for scripts, the closing banner for people."""

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.urls import NoReverseMatch, reverse

SAMPLE_FILE = "sample.json"


def gather(var: Path, *, url: str, lmtp: str) -> dict[str, Any]:
    """Build the contents of run.json; people and channels stand there once the sample does."""
    sample = _sample(var / SAMPLE_FILE)
    channels = {
        kind: {key: _absolute(url, value) for key, value in channel.items()}
        for kind, channel in sample.get("channels", {}).items()
    }
    return {
        "url": url,
        "admin": url + _path("admin:index", "/admin/"),
        "chat": channels.get("webchat", {}).get("url", ""),
        "executive": url + _path("maturity", "/maturity/"),
        "lmtp": lmtp,
        "people": sample.get("people", {}),
        "channels": channels,
    }


def _sample(file: Path) -> dict[str, Any]:
    with suppress(FileNotFoundError):
        return dict(json.loads(file.read_text()))
    return {}


def _absolute(url: str, value: str) -> str:
    """The port may differ from start to start, so the sample's file keeps paths."""
    return url + value if value.startswith("/") else value


def _path(name: str, otherwise: str) -> str:
    with suppress(NoReverseMatch):
        return reverse(name)
    return otherwise


def write(file: Path, contents: dict[str, Any]) -> None:
    """Put it in place whole, readable by its owner alone."""
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(contents, stream, indent=2, ensure_ascii=False)
    draft.replace(file)


def banner(contents: dict[str, Any]) -> str:
    """What a person who has just typed `make run` wants to know."""
    lines = ["", "Relais runs. Ctrl-C stops it; all data lies under var/.", ""]
    for title, key in (("Inbox", "admin"), ("Web chat", "chat"), ("Executive page", "executive")):
        if contents[key]:
            lines.append(f"  {title:<16}{contents[key]}")
    lines.append(f"  {'API':<16}{contents['url']}/api/v1/docs/")
    lines.append(f"  {'Mail (LMTP)':<16}{contents['lmtp']}")
    lines.append("")
    for role, person in contents["people"].items():
        lines.append(f"  {role:<16}{person['email']}  password {person['password']}")
    if not contents["people"]:
        lines.append("  A first sign-in  .venv/bin/python manage.py createsuperuser")
    if token := contents["people"].get("ambassador", {}).get("token"):
        lines += ["", f"  The ambassador's API token: {token}"]
    return "\n".join([*lines, ""])
